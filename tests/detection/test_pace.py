"""Silence and slowness: when the sweeper must look, what it finds, and that it finds it once."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import DetectionRules
from detection.baselines import step_at
from detection.signals import detect_idle, next_deadline
from detection.window import Window, decode_window, encode_window, fold
from tests.detection.stories import BASELINE, RULES, SITE, event, ids, ms, window_of

ARRIVAL = event("page_view", 0, event_id="arrival")
CHANGE = event("change", 10, form="#f", target="#key", event_id="change")
UNHURRIED = DetectionRules.model_validate({"baseline_deviation": {"enabled": False}})
QUIET = DetectionRules.model_validate(
    {"baseline_deviation": {"enabled": False}, "inactivity": {"enabled": False}, "form_abandonment": {"enabled": False}}
)

# story, rules, and what becomes due: (second, kind, first evidence)
WAITS = {
    "nothing ever happened": ([], RULES, []),
    "silence on a step, then slowness": (
        [ARRIVAL],
        RULES,
        [(120, "inactivity", "arrival"), (300, "baseline_deviation", "arrival")],
    ),
    "silence begins anew with each event": (
        [ARRIVAL, event("click", 50, event_id="click")],
        UNHURRIED,
        [(170, "inactivity", "click")],
    ),
    "a nudge shown is no event of the user's": (
        [ARRIVAL, event("nudge_shown", 50)],
        UNHURRIED,
        [(120, "inactivity", "arrival")],
    ),
    "a click on a nudge is": (
        [ARRIVAL, event("nudge_clicked", 50, event_id="n")],
        UNHURRIED,
        [(170, "inactivity", "n")],
    ),
    "off the path silence is no matter": ([event("page_view", 0, page="/blog")], RULES, []),
    "a page that is not known": ([event("page_view", 0, page=None)], RULES, []),
    "a hidden tab": ([ARRIVAL, CHANGE, event("page_hidden", 20)], RULES, []),
    "a tab seen again": (
        [ARRIVAL, event("page_hidden", 20), event("page_visible", 50, event_id="back")],
        RULES,
        [(170, "inactivity", "back"), (330, "baseline_deviation", "arrival")],
    ),
    "hidden twice, once without a return": (
        [ARRIVAL, event("page_hidden", 20), event("page_hidden", 25), event("click", 60, event_id="click")],
        RULES,
        [(180, "inactivity", "click"), (340, "baseline_deviation", "arrival")],
    ),
    "hidden while the page was reloaded": (
        [ARRIVAL, event("page_hidden", 20), event("page_view", 21, event_id="reload")],
        RULES,
        [(141, "inactivity", "reload"), (301, "baseline_deviation", "arrival")],
    ),
    "hidden before the step": (
        [event("page_hidden", -50), event("page_visible", -20), ARRIVAL],
        RULES,
        [(120, "inactivity", "arrival"), (300, "baseline_deviation", "arrival")],
    ),
    "a new stay on the step": (
        [ARRIVAL, event("page_view", 100, page="/help"), event("page_view", 130, event_id="return")],
        RULES,
        [(250, "inactivity", "return"), (430, "baseline_deviation", "return")],
    ),
    "a step without a 90th percentile": (
        [event("page_view", 0, page="/signup", event_id="s")],
        RULES,
        [(120, "inactivity", "s")],
    ),
    "a step without a page view": ([event("click", 0, event_id="click")], RULES, [(120, "inactivity", "click")]),
    "a step that is complete": ([ARRIVAL, event("step_completed", 50, step="connect")], RULES, []),
    "a step that was complete before": ([event("step_completed", -500, step="connect"), ARRIVAL], RULES, []),
    "another step that is complete": (
        [ARRIVAL, event("step_completed", 50, step="import", event_id="done")],
        UNHURRIED,
        [(170, "inactivity", "done")],
    ),
    "complete without saying which": (
        [event("page_view", 0, page="/projects/1/import"), event("imported", 5, page="/projects/1/import")],
        RULES,
        [],
    ),
    "complete in the moment of arrival": (
        [event("page_view", 0, page="/projects/1/import"), event("imported", 0, page="/projects/1/import")],
        RULES,
        [],
    ),
    "completed in an earlier stay, without saying which": (
        [event("imported", -5), event("page_view", 0, page="/projects/1/import", event_id="v")],
        RULES,
        [(120, "inactivity", "v")],
    ),
    "a form begun": (
        [ARRIVAL, CHANGE],
        UNHURRIED,
        [(70, "form_abandonment", "change"), (130, "inactivity", "change")],
    ),
    "a form begun, and clicks since": (
        [ARRIVAL, CHANGE, event("click", 30, event_id="click")],
        UNHURRIED,
        [(90, "form_abandonment", "change"), (150, "inactivity", "click")],
    ),
    "a form submitted": (
        [ARRIVAL, CHANGE, event("submit", 20, form="#f", event_id="s")],
        UNHURRIED,
        [(140, "inactivity", "s")],
    ),
    "a form of another page": (
        [ARRIVAL, CHANGE, event("page_view", 20, page="/signup", event_id="v")],
        UNHURRIED,
        [(140, "inactivity", "v")],
    ),
    "a form of a step that is complete": ([ARRIVAL, CHANGE, event("step_completed", 20, step="connect")], RULES, []),
    "a form off the path": (
        [event("page_view", 0, page="/blog"), event("change", 10, page="/blog", event_id="c")],
        RULES,
        [(70, "form_abandonment", "c")],
    ),
    "everything switched off": ([ARRIVAL, CHANGE], QUIET, []),
}


@pytest.mark.parametrize(("events", "rules", "expected"), WAITS.values(), ids=WAITS)
def test_the_sweeper_looks_when_something_is_due_and_finds_it_once(events, rules, expected):
    window, found = window_of(*events), []
    while (deadline := next_deadline(window, rules, BASELINE)) is not None:
        assert detect_idle(window, rules, BASELINE, deadline - 1) == []
        signals = detect_idle(window, rules, BASELINE, deadline)
        assert signals
        found += [(deadline, signal.kind.value, signal.first_evidence_id) for signal in signals]
        assert detect_idle(window, rules, BASELINE, deadline) == []
    assert found == [(ms(second), kind, first) for second, kind, first in expected]


def test_without_a_baseline_only_forms_can_be_idle():
    window = window_of(ARRIVAL, CHANGE)
    signals = detect_idle(window, RULES, None, ms(1000))
    assert [(signal.kind, signal.stuck_point) for signal in signals] == [("form_abandonment", "/connect")]


def test_silence_points_at_the_step_and_a_form_at_its_field():
    window = window_of(ARRIVAL, event("click", 5, target="#logo"), CHANGE)
    form, silence, slow = detect_idle(window, RULES, BASELINE, ms(310))
    assert (form.target_element, form.measures) == ("#key", {"idle_ms": 300_000, "limit_ms": 60_000})
    assert (silence.target_element, silence.measures) == ("#connect", {"idle_ms": 300_000, "limit_ms": 120_000})
    assert (slow.target_element, slow.measures) == ("#connect", {"time_on_step_ms": 310_000, "limit_ms": 300_000})
    assert {signal.stuck_point for signal in (form, silence, slow)} == {"connect"}


def test_every_silence_counts():
    window = window_of(ARRIVAL)
    assert detect_idle(window, UNHURRIED, BASELINE, ms(120))
    fold(window, [event("click", 200, event_id="click")])
    (signal,) = detect_idle(window, UNHURRIED, BASELINE, ms(320))
    assert ids(signal) == ["click"]


def test_two_consumers_at_one_deadline_name_the_same_turns():
    window = window_of(ARRIVAL, CHANGE)
    other = decode_window(encode_window(window))
    mine, theirs = (detect_idle(each, RULES, BASELINE, ms(now)) for each, now in ((window, 500), (other, 507)))
    assert [(one.kind, one.stuck_point, ids(one)) for one in mine] == [
        (one.kind, one.stuck_point, ids(one)) for one in theirs
    ]
    assert window == other


def test_a_sweeper_that_was_down_for_long_stays_silent_and_does_not_spin():
    window = window_of(ARRIVAL)
    late = deepcopy(window)
    assert len(detect_idle(late, UNHURRIED, BASELINE, ms(120 + 1800))) == 1
    assert detect_idle(window, UNHURRIED, BASELINE, ms(120 + 1801)) == []
    assert next_deadline(window, UNHURRIED, BASELINE) is None


def test_time_whose_sightings_are_forgotten_counts_as_hidden():
    switches = [
        event(kind, at) for n in range(30) for kind, at in (("page_hidden", 10 + 10 * n), ("page_visible", 15 + 10 * n))
    ]
    window = window_of(ARRIVAL, *switches)
    deadline = next_deadline(window, DetectionRules.model_validate({"inactivity": {"enabled": False}}), BASELINE)
    assert deadline is not None
    assert deadline >= ms(300 + 30 * 5)


@given(st.lists(st.integers(0, 3), max_size=12))
def test_deadlines_always_lie_ahead_of_what_was_looked_at(gaps):
    window, now = Window(), 0
    for number, gap in enumerate(gaps):
        now += gap * 100
        fold(window, [event(("page_view", "change", "page_hidden", "click")[number % 4], now)])
        detect_idle(window, RULES, BASELINE, ms(now))
        deadline = next_deadline(window, RULES, BASELINE)
        assert deadline is None or deadline > ms(now)


def test_pages_are_matched_once_per_baseline():
    copy = BASELINE.model_copy(update={"steps": BASELINE.steps[1:]})
    assert step_at(BASELINE, f"{SITE}/signup") is BASELINE.steps[0]
    assert step_at(copy, f"{SITE}/signup") is None
    assert step_at(BASELINE, f"{SITE}/signup") is BASELINE.steps[0]
    for n in range(5000):
        assert step_at(BASELINE, f"{SITE}/projects/{n}/import") is BASELINE.steps[2]
