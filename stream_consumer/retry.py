"""When to try again and when to give up, as plain functions of values.

An outage (a store or a provider is away) never counts against an entry: it is waited out. Only failures that are the
entry's own lead to the dead letters.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class ErrorKind(Enum):
    """Whose fault an error is."""

    OUTAGE = "outage"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient to be. Seconds; `jitter` is the share of a wait that chance decides, so that a fleet spreads out."""

    max_attempts: int = 5
    base_seconds: float = 0.25
    cap_seconds: float = 10.0
    jitter: float = 0.5


@dataclass(frozen=True, slots=True)
class Wait:
    """Try again at `until`, in the unit of the `now` that was given (seconds)."""

    until: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Set the entry aside; `reason` is a stable word."""

    reason: str


TOO_MANY_FAILURES: Final = "too_many_failures"
PROCESS_DIED: Final = "process_died"


def backoff(policy: RetryPolicy, tries: int, chance: float) -> float:
    """Return the seconds to wait after `tries` failures in a row (1 or more); `chance` is a random number of [0, 1)."""
    full = min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(tries - 1, 32))
    return full * (1 - policy.jitter * chance)


def decide(policy: RetryPolicy, attempts: int, kind: ErrorKind, now: float, chance: float) -> Wait | GiveUp:
    """Decide after a failure. `attempts` are the entry's own ones, or for an outage how long it has lasted in tries."""
    if kind is ErrorKind.OWN and attempts >= policy.max_attempts:
        return GiveUp(TOO_MANY_FAILURES)
    return Wait(now + backoff(policy, attempts, chance))


def may_try(policy: RetryPolicy, attempts: int) -> GiveUp | None:
    """Decide before an entry with `attempts` unfinished tries is tried again: each may have taken the process along."""
    return GiveUp(PROCESS_DIED) if attempts >= policy.max_attempts else None


def must_isolate(attempts: int, deliveries: int, *, isolate_after: int) -> bool:
    """Tell whether an entry may have killed a process, so that it is tried with no other suspect beside it.

    An entry that was put off (`deliveries` ≤ 1 after its claim) is no suspect. `isolate_after` lets a role with
    long entries run a first redelivery beside others; after that many attempts the entry goes alone.
    """
    return deliveries > 1 and attempts >= isolate_after
