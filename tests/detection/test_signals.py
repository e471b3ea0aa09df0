"""Each rule by a table of stories, then what holds for all of them: once each, and the same ids on every re-run."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import DetectionRules
from core.ids import turn_id
from core.turns import SignalKind
from detection.signals import detect, detect_idle, rebuild
from detection.window import Window, decode_window, encode_window, fold
from tests.detection.stories import BASELINE, RULES, event, ids, live, ms

NO_BASELINE = None


def rules(**sections):
    return DetectionRules.model_validate(sections)


def run(kind, *times, **facts):
    """Events of one kind at the given seconds, with ids `kind-1`, `kind-2`, …"""
    return [event(kind, at, event_id=f"{kind}-{number}", **facts) for number, at in enumerate(times, start=1)]


def visits(*pages, every=1.0):
    return [event("page_view", n * every, page=page, event_id=f"v{n}") for n, page in enumerate(pages, start=1)]


def told(signals, kind):
    return [ids(signal) for signal in signals if signal.kind == kind]


TWO_CLICKS = rules(dead_click={"clicks": 2}, error_click={"clicks": 2})
STORIES = {
    "rage: each report of the page counts": (run("rage_click", 0, 30, target="#save"), RULES, [["1"], ["2"]]),
    "rage: a burst is one occurrence": (run("rage_click", 0, 1, 1.8, 2.7, 5, target="#save"), RULES, [["1"], ["5"]]),
    "rage: switched off": (run("rage_click", 0), rules(rage_click={"enabled": False}), []),
    "dead: one is chance by configuration": (run("dead_click", 0, target="#save"), TWO_CLICKS, []),
    "dead: two on an element": (run("dead_click", 0, 60, target="#save"), TWO_CLICKS, [["1", "2"]]),
    "dead: two too far apart": (run("dead_click", 0, 60.001, target="#save"), TWO_CLICKS, []),
    "dead: a third is the first of the next two": (
        run("dead_click", 0, 1, 2, 3, target="#save"),
        TWO_CLICKS,
        [["1", "2"], ["3", "4"]],
    ),
    "dead: one is enough": (run("dead_click", 0, 1, target="#save"), RULES, [["1"], ["2"]]),
    "dead: switched off": (run("dead_click", 0, 1), rules(dead_click={"enabled": False}), []),
    "error: one is enough": (run("error_click", 0, target="#go"), RULES, [["1"]]),
    "error: two within five minutes": (run("error_click", 0, 300, target="#go"), TWO_CLICKS, [["1", "2"]]),
    "error: two too far apart": (run("error_click", 0, 301, target="#go"), TWO_CLICKS, []),
    "error: switched off": (run("error_click", 0, 1), rules(error_click={"enabled": False}), []),
    "help": (run("help_click", 0), RULES, [["1"]]),
    "back": (run("back_click", 0), RULES, [["1"]]),
    "cancel": (run("cancel_click", 0), RULES, [["1"]]),
    "an error that the host reports": (run("error_encountered", 0, page=None), RULES, [["1"]]),
    "explicit: an event of the company's choice": (
        run("asked_for_mercy", 0, 20),
        rules(explicit_stuck={"events": ["asked_for_mercy"]}),
        [["1"], ["2"]],
    ),
    "explicit: no longer one by configuration": (run("help_click", 0), rules(explicit_stuck={"events": []}), []),
    "explicit: switched off": (run("help_click", 0), rules(explicit_stuck={"enabled": False}), []),
    "validation: two are no loop": (run("submit_failed", 0, 5, form="#f"), RULES, []),
    "validation: the third": (run("submit_failed", 0, 5, 300, form="#f"), RULES, [["1", "2", "3"]]),
    "validation: three too far apart": (run("submit_failed", 0, 5, 300.001, form="#f"), RULES, []),
    "validation: a slow start, then three": (
        run("submit_failed", 0, 290, 310, 320, form="#f"),
        RULES,
        [["2", "3", "4"]],
    ),
    "validation: again after three more": (
        run("submit_failed", *range(7), form="#f"),
        RULES,
        [["1", "2", "3"], ["4", "5", "6"]],
    ),
    "validation: a page that names no form, field by field": (
        [event("submit_failed", n, target=f"#field{n}", event_id=f"submit_failed-{n}") for n in (1, 2, 3)],
        RULES,
        [["1", "2", "3"]],
    ),
    "validation: the last of three arrives first": (run("submit_failed", 9, 5, 7, form="#f"), RULES, [["2", "3", "1"]]),
    "validation: switched off": (run("submit_failed", 0, 1, 2), rules(validation_loop={"enabled": False}), []),
}


@pytest.mark.parametrize("size", [1, 2, 50], ids=["one by one", "in pairs", "all at once"])
@pytest.mark.parametrize(("events", "company_rules", "expected"), STORIES.values(), ids=STORIES)
def test_counted_events(events, company_rules, expected, size):
    signals = live(events, company_rules, size=size)
    assert [[event_id.split("-")[1] for event_id in ids(signal)] for signal in signals] == expected


def test_late_news_of_the_time_before_a_report_is_no_news():
    late = [event("rage_click", 30, event_id="reported"), event("rage_click", 3, event_id="late")]
    assert [ids(signal) for signal in live(late)] == [["reported"]]
    assert [ids(signal) for signal in live(late, size=2)] == [["late"], ["reported"]]


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([event("submit_failed", n, form=f"#{n}") for n in range(4)], id="failures of several forms"),
        pytest.param(run("click", *range(40)) + run("change", *range(40)), id="a busy, happy user"),
        pytest.param(run("nudge_shown", 0, 1) + run("nudge_dismissed", 2), id="acknowledgements"),
        pytest.param(
            run("inactivity", 0) + run("page_loop", 1) + run("form_abandonment", 2), id="the server's own words"
        ),
    ],
)
def test_no_sign_of_being_stuck(events):
    assert live(events) == []


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([event("dead_click", 0, target="#a"), event("dead_click", 1, target="#b")], id="two elements"),
        pytest.param([event("dead_click", 0, page="/a"), event("dead_click", 1, page="/b")], id="two pages"),
        pytest.param([event("dead_click", 0), event("error_click", 1)], id="two kinds"),
    ],
)
def test_where_two_clicks_are_asked_for_they_are_of_one_kind_on_one_element(events):
    assert live(events, TWO_CLICKS) == []


LOOPS = {
    "three views in fifteen seconds": (visits("/a", "/a", "/a", every=7.5), [["v1", "v2", "v3"]]),
    "three views, slower": (visits("/a", "/a", "/a", every=7.6), []),
    "with others between": (visits("/a", "/b", "/a", "/c", "/a", every=3), [["v1", "v3", "v5"]]),
    "back and forth": (visits("/a", "/b", "/a", "/b", "/a", every=15), [["v1", "v2", "v3", "v4", "v5"]]),
    "back and forth, slower": (visits("/a", "/b", "/a", "/b", "/a", every=15.1), []),
    "three places in turn": (visits("/a", "/b", "/c", "/b", "/a", every=10), []),
    "the same place all the time, slowly": (visits("/a", "/a", "/a", "/a", "/a", every=15), []),
    "another query is another URL": (visits("/a?p=1", "/a?p=2", "/a?p=3"), []),
    "both at once are one loop": (visits("/a", "/b", "/a", "/b", "/a"), [["v1", "v3", "v5"]]),
    "a further loop takes fresh views": (
        visits(*["/a"] * 7, every=2),
        [["v1", "v2", "v3"], ["v4", "v5", "v6"]],
    ),
    "pages without a URL": ([event("page_view", n, page=None) for n in range(5)], []),
}


@pytest.mark.parametrize("size", [1, 3, 50])
@pytest.mark.parametrize(("events", "expected"), LOOPS.values(), ids=LOOPS)
def test_page_loops(events, expected, size):
    assert told(live(events, baseline=NO_BASELINE, size=size), SignalKind.PAGE_LOOP) == expected


def test_a_page_loop_says_how_many_views_in_which_time():
    (signal,) = live(visits("/a", "/a", "/a", every=7), baseline=NO_BASELINE)
    assert signal.measures == {"views": 3, "span_ms": 14_000}


def test_page_loops_by_configuration():
    twice = rules(page_loop={"same_url": 2, "same_url_within_ms": 2000})
    assert told(live(visits("/a", "/a"), twice), SignalKind.PAGE_LOOP) == [["v1", "v2"]]
    assert live(visits("/a", "/a", "/a"), rules(page_loop={"enabled": False}), NO_BASELINE) == []


FORM = [event("page_view", 0), event("change", 10, form="#f", target="#key", event_id="changed")]
LEFT = {
    "left for another page": ([*FORM, event("page_view", 20, page="/help")], [["changed"]]),
    "submitted, then left": ([*FORM, event("submit", 15, form="#f"), event("page_view", 20, page="/help")], []),
    "refused, then left": (
        [*FORM, event("submit_failed", 15, form="#f"), event("page_view", 20, page="/help")],
        [["changed"]],
    ),
    "the same page again": ([*FORM, event("page_view", 20, page="/connect?tab=2")], []),
    "on to a later step": ([*FORM, event("page_view", 20, page="/projects/1/import")], []),
    "on to another page of the same step": (
        [
            event("change", 10, page="/projects/1/import", event_id="c"),
            event("page_view", 20, page="/projects/2/import"),
        ],
        [["c"]],
    ),
    "back to an earlier step": ([*FORM, event("page_view", 20, page="/signup")], [["changed"]]),
    "saved without a submit": (
        [*FORM, event("step_completed", 15, step="connect"), event("page_view", 20, page="/help")],
        [],
    ),
    "another step completed": (
        [*FORM, event("step_completed", 15, step="import"), event("page_view", 20, page="/help")],
        [["changed"]],
    ),
    "left once, though two pages follow": (
        [*FORM, event("page_view", 20, page="/help"), event("page_view", 30, page="/faq")],
        [["changed"]],
    ),
    "a field outside any form": (
        [event("change", 10, form=None), event("page_view", 20, page="/help")],
        [],
    ),
    "taken up again and left again": (
        [
            *FORM,
            event("page_view", 20, page="/help"),
            event("page_view", 30),
            event("change", 40, form="#f", event_id="again"),
            event("page_view", 50, page="/help"),
        ],
        [["changed"], ["again"]],
    ),
    "a view without a URL": ([*FORM, event("page_view", 20, page=None)], []),
}


@pytest.mark.parametrize(("events", "expected"), LEFT.values(), ids=LEFT)
def test_forms_left(events, expected):
    assert told(live(events), SignalKind.FORM_ABANDONMENT) == expected


def test_forms_left_switched_off_or_long_ago():
    left = [*FORM, event("page_view", 20, page="/help")]
    assert live(left, rules(form_abandonment={"enabled": False})) == []
    assert live([*FORM, event("page_view", 4000, page="/help")]) == []


STRAYS = {
    "four pages off the path": (visits("/connect", "/a", "/b", "/c", "/d"), [["v1", "v2", "v3", "v4", "v5"]]),
    "three pages off the path": (visits("/connect", "/a", "/b", "/c"), []),
    "a page viewed twice is one step": (visits("/connect", "/a", "/b", "/b", "/b", "/c"), []),
    "a return to the path": (visits("/connect", "/a", "/b", "/connect", "/c", "/d"), []),
    "once for each time": (visits("/connect", "/a", "/b", "/c", "/d", "/e", "/f"), [["v1", "v2", "v3", "v4", "v5"]]),
    "again after a return": (
        visits("/connect", "/a", "/b", "/c", "/d", "/connect", "/e", "/f", "/g", "/h"),
        [["v1", "v2", "v3", "v4", "v5"], ["v6", "v7", "v8", "v9", "v10"]],
    ),
    "never on the path": (visits("/a", "/b", "/c", "/d", "/e", "/f"), []),
    "after the last step": (visits("/report", "/a", "/b", "/c", "/d"), []),
}


@pytest.mark.parametrize(("events", "expected"), STRAYS.values(), ids=STRAYS)
def test_off_the_path(events, expected):
    assert told(live(events, rules(page_loop={"enabled": False})), SignalKind.BASELINE_DEVIATION) == expected


def stray(*done):
    return live([event("page_view", 0), *done, *visits("/a", "/b", "/c", "/d")])[-1:]


def test_off_the_path_one_is_stuck_at_the_step_ahead():
    (signal,) = stray()
    assert (signal.stuck_point, signal.target_element) == ("connect", "#connect")
    assert signal.page_url.endswith("/d")
    assert signal.measures == {"steps_off_path": 4, "left_step": "connect"}
    (signal,) = stray(event("step_completed", 0.5, step="connect"))
    assert signal.stuck_point == "import"
    (signal,) = stray(event("step_completed", 0.5, step="connect"), event("imported", 0.6))
    assert signal.stuck_point == "report"


def test_off_the_path_needs_the_rule_and_the_baseline():
    wandering = visits("/connect", "/a", "/b", "/c", "/d")
    assert live(wandering, baseline=NO_BASELINE) == []
    assert live(wandering, rules(baseline_deviation={"enabled": False})) == []
    assert len(live(wandering[:2], rules(baseline_deviation={"steps_off_path": 1}))) == 1


PLACES = {
    "a step, the element clicked": (event("help_click", 0, "/connect?x=1", "#help"), "connect", "#help"),
    "a step, its own element": (event("help_click", 0, "/connect"), "connect", "#connect"),
    "a step with a wildcard": (event("help_click", 0, "/projects/9/import/"), "import", None),
    "no step": (event("help_click", 0, "/billing/plans?x=1", "#help"), "/billing/plans", "#help"),
    "no page": (event("help_click", 0, None), "/", None),
    "an endless path": (event("help_click", 0, "/" + "x" * 900), "/" + "x" * 255, None),
}


@pytest.mark.parametrize(("happened", "stuck_point", "target"), PLACES.values(), ids=PLACES)
def test_where_a_user_is_stuck(happened, stuck_point, target):
    (signal,) = live([happened])
    assert (signal.stuck_point, signal.target_element) == (stuck_point, target)


def test_an_event_without_a_page_happened_where_the_user_is():
    (signal,) = live([event("page_view", 0), event("error_encountered", 5, page=None, error="E-17")])
    assert (signal.stuck_point, signal.measures) == ("connect", {"error": "E-17"})
    assert (signal.page_url, signal.evidence[0].page_url) == ("https://app.example/connect", None)


def test_what_the_page_measured_is_kept_within_bounds():
    facts = {"count": 3, "evidence": ["c1", 7, *["c2"] * 20], "error": "x" * 900, "status": 422}
    (signal,) = live([event("rage_click", 0, **facts)])
    assert signal.measures == {"count": 3, "status": 422, "click_ids": ["c1", *["c2"] * 8], "error": "x" * 200}
    (signal,) = live([event("rage_click", 0, count=True, evidence="c1", error=5, status="422")])
    assert signal.measures == {}


def test_a_validation_loop_points_at_the_field_that_failed_last():
    fields = ["#name", None, "#key"]
    (signal,) = live([event("submit_failed", n, target=field, form="#f") for n, field in enumerate(fields)])
    assert (signal.target_element, signal.measures) == ("#key", {"failures": 3, "span_ms": 2000, "form": "#f"})
    assert [evidence.target_element for evidence in signal.evidence] == fields


@pytest.mark.parametrize(
    "kind_and_times",
    [("help_click", [0]), ("dead_click", [0, 1]), ("submit_failed", [0, 1, 2]), ("page_view", [0, 1, 2])],
    ids=lambda value: value[0],
)
def test_what_is_long_past_leads_to_nothing(kind_and_times):
    kind, times = kind_and_times
    events = run(kind, *times)
    window = fold(Window(), events)
    assert detect(deepcopy(window), events, RULES, BASELINE, ms(times[-1] + 1801)) == []
    assert len(detect(window, events, RULES, BASELINE, ms(times[-1] + 1800))) == 1


def test_signals_come_in_order_of_time():
    events = [*run("submit_failed", 1, 2, 3), event("help_click", 2.5), event("rage_click", 0.5)]
    kinds = [signal.kind for signal in live(events, size=50)]
    assert kinds == ["rage_click", "explicit_stuck", "validation_loop"]


def test_a_lost_window_is_rebuilt_without_telling_again():
    past = [*run("submit_failed", 0, 1, 2), event("help_click", 3), event("submit_failed", 4)]
    window = rebuild(past, RULES, BASELINE, ms(10))
    assert live([event("submit_failed", 11)], window=window) == []
    assert len(live([event("submit_failed", 12)], window=window)) == 1


STUCK_KINDS = [
    "rage_click",
    "dead_click",
    "error_click",
    "help_click",
    "submit_failed",
    "page_view",
    "change",
    "submit",
]
stuck_lives = st.lists(
    st.builds(
        event,
        st.sampled_from(STUCK_KINDS),
        st.integers(0, 4000).map(lambda tenth: tenth / 10),
        page=st.sampled_from(["/connect", "/signup", "/a", "/b", "/c", "/d"]),
        target=st.sampled_from([None, "#a"]),
        form=st.sampled_from(["#f", "#g"]),
    ),
    max_size=40,
).map(lambda events: sorted(events, key=lambda one: (one.corrected_ms, one.event_id)))


def turn_ids(signals):
    return [turn_id("c1", "u1", signal.kind, signal.stuck_point, signal.first_evidence_id) for signal in signals]


@given(stuck_lives, st.integers(1, 9))
def test_no_event_begins_two_occurrences_of_a_kind(events, size):
    turns = turn_ids(live(events, size=size))
    assert len(turns) == len(set(turns))


@given(stuck_lives, st.integers(1, 9))
def test_evidence_is_used_once_and_in_order(events, size):
    used = set()
    for signal in live(events, size=size):
        moments = [evidence.at for evidence in signal.evidence]
        assert moments == sorted(moments)
        if signal.kind != SignalKind.BASELINE_DEVIATION:
            fresh = {(signal.kind, event_id) for event_id in ids(signal)}
            assert not fresh & used
            used |= fresh


@given(stuck_lives, st.integers(1, 9))
def test_asking_again_tells_nothing(events, size):
    window = Window()
    live(events, size=size, window=window)
    before = encode_window(window)
    assert live(events, size=size, window=window) == []
    assert encode_window(window) == before


@given(stuck_lives, st.integers(0, 39))
def test_a_crash_before_the_window_is_stored_gives_the_same_turns(events, split):
    window = Window()
    live(events[:split], window=window)
    stored = encode_window(window)
    first = live(events[split:], size=50, window=window) if events[split:] else []
    second = live(events[split:], size=50, window=decode_window(stored)) if events[split:] else []
    assert second == first


@given(stuck_lives, st.integers(2, 40))
def test_the_size_of_batches_does_not_change_what_is_counted(events, size):
    """Leaving a form or the path is judged by where the user stands after the batch; all else by the events alone."""
    judged = {SignalKind.FORM_ABANDONMENT, SignalKind.BASELINE_DEVIATION}
    one_by_one = [signal for signal in live(events) if signal.kind not in judged]
    together = [signal for signal in live(events, size=size) if signal.kind not in judged]
    assert sorted(turn_ids(together)) == sorted(turn_ids(one_by_one))


def test_the_sweeper_and_events_share_what_was_told():
    window = fold(Window(), FORM)
    assert [signal.kind for signal in detect_idle(window, RULES, BASELINE, ms(75))] == ["form_abandonment"]
    assert live([event("page_view", 90, page="/help")], window=window) == []
