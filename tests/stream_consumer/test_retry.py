import pytest

from stream_consumer.retry import (
    ErrorKind,
    GiveUp,
    RetryPolicy,
    Wait,
    backoff,
    decide,
    may_try,
    must_isolate,
)

POLICY = RetryPolicy(max_attempts=3, base_seconds=1, cap_seconds=10, jitter=0.5)


@pytest.mark.parametrize(
    ("tries", "chance", "seconds"),
    [(1, 0.0, 1), (2, 0.0, 2), (3, 0.0, 4), (4, 0.0, 8), (5, 0.0, 10), (10_000, 0.0, 10), (3, 0.5, 3), (3, 1.0, 2)],
)
def test_waits_double_up_to_the_cap_and_chance_shortens_them(tries: int, chance: float, seconds: float) -> None:
    assert backoff(POLICY, tries, chance) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("attempts", "kind", "decision"),
    [
        (1, ErrorKind.OWN, Wait(101)),
        (2, ErrorKind.OWN, Wait(102)),
        (3, ErrorKind.OWN, GiveUp("too_many_failures")),
        (4, ErrorKind.OWN, GiveUp("too_many_failures")),
        (3, ErrorKind.OUTAGE, Wait(104)),
        (999, ErrorKind.OUTAGE, Wait(110)),
    ],
)
def test_only_its_own_failures_lead_to_giving_an_entry_up(attempts: int, kind: ErrorKind, decision: object) -> None:
    assert decide(POLICY, attempts, kind, 100, 0.0) == decision


@pytest.mark.parametrize(("attempts", "verdict"), [(0, None), (2, None), (3, GiveUp("process_died"))])
def test_an_entry_whose_every_try_ended_a_process_is_not_tried_again(attempts: int, verdict: object) -> None:
    assert may_try(POLICY, attempts) == verdict


@pytest.mark.parametrize(
    ("attempts", "deliveries", "isolate_after", "alone"),
    [
        (0, 2, 0, True),  # redelivered: it may have killed its reader
        (0, 1, 0, False),  # put off by a handler
        (5, 1, 0, False),
        (0, 2, 1, False),  # a role of long entries lets the first redelivery run beside others
        (1, 2, 1, True),
    ],
)
def test_what_may_have_killed_a_process_is_tried_alone(
    attempts: int, deliveries: int, isolate_after: int, alone: bool
) -> None:
    assert must_isolate(attempts, deliveries, isolate_after=isolate_after) is alone
