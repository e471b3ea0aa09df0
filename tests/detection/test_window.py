"""The window: the same result whichever way events arrive, small, and the same after a trip through Redis."""

from copy import deepcopy

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detection import window as limits
from detection.log import Log, entry_of, scope_of
from detection.window import (
    Window,
    decode_window,
    encode_window,
    fold,
    open_forms,
    remember_nudges,
)
from tests.detection.stories import BASELINE, RULES, event, live, ms, window_of

KINDS = [
    "click",
    "change",
    "submit",
    "submit_failed",
    "page_view",
    "page_hidden",
    "page_visible",
    "rage_click",
    "dead_click",
    "help_click",
    "imported",
    "nudge_shown",
    "nudge_clicked",
    "nudge_sent",
]

events_of_any_kind = st.lists(
    st.builds(
        event,
        st.sampled_from(KINDS),
        st.integers(0, 1500).map(lambda tenth: tenth / 10),
        page=st.sampled_from([None, "/connect", "/signup", "/projects/7/import", "/else?x=1"]),
        target=st.sampled_from([None, "#a", "#b"]),
        session=st.sampled_from(["s1", "s2"]),
        form=st.sampled_from([None, "", "#f", "#g"]),
        step=st.sampled_from(["connect", 7]),
    ),
    max_size=15,
)


@given(events_of_any_kind, st.randoms(use_true_random=False))
def test_order_and_batches_do_not_matter(events, chance):
    shuffled = list(events)
    chance.shuffle(shuffled)
    one_by_one = Window()
    for each in shuffled:
        fold(one_by_one, [each])
    assert one_by_one == window_of(*events)


@given(events_of_any_kind, st.randoms(use_true_random=False))
def test_folding_again_changes_nothing(events, chance):
    window = window_of(*events)
    before = deepcopy(window)
    again = chance.choices(events, k=20) if events else []
    assert fold(decode_window(encode_window(window)), [*again, *events]) == before


def test_folding_again_what_was_let_go_changes_nothing():
    events = [event("click", at) for at in range(200)] + [event("page_view", 200 + at) for at in range(100)]
    window = window_of(*events)
    before = deepcopy(window)
    for each in events:
        fold(window, [each])
    assert window == before


def test_a_repeat_with_another_correction_of_the_clock_is_known_by_its_id():
    window = window_of(event("submit_failed", 10, event_id="x"), event("click", 11))
    fold(window, [event("submit_failed", 10.3, event_id="x", received=60)])
    assert [entry.at_ms for entry in window.troubles.entries] == [ms(10)]


@given(events_of_any_kind)
def test_encoding_loses_nothing(events):
    window = Window()
    live(events, window=window)
    remember_nudges(window, "connect", 2)
    assert decode_window(encode_window(window)) == window


@pytest.mark.parametrize(
    "blob",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="another shape"),
        pytest.param(b"[]", id="no version"),
        pytest.param(orjson.dumps([limits.FORMAT + 1, *range(9)]), id="a later version"),
        pytest.param(orjson.dumps([limits.FORMAT]), id="fields missing"),
        pytest.param(orjson.dumps([limits.FORMAT, "", None, None, 0, [], {}, {}, {}, {}]), id="logs missing"),
        pytest.param(orjson.dumps([limits.FORMAT, "", [1], None, 0, [[0, []]] * 4, {}, {}, {}, {}]), id="short entry"),
        pytest.param(
            orjson.dumps([limits.FORMAT, "", None, None, 0, [[0, [[1, "e"]]]] * 4, {}, {}, {}, {}]),
            id="short log entry",
        ),
        pytest.param(orjson.dumps([limits.FORMAT, "", None, None, 0, [[0, []]] * 4, [], {}, {}, {}]), id="no mapping"),
        pytest.param(encode_window(window_of(event("click", 1)))[:-9], id="cut off"),
    ],
)
def test_what_is_not_a_window_is_refused(blob):
    with pytest.raises(ValueError):  # noqa: PT011 - orjson's and ours are both plain
        decode_window(blob)


def test_an_empty_window_survives_the_trip():
    assert decode_window(encode_window(Window())) == Window()


def test_a_window_stays_small_whatever_comes():
    kinds = ["click", "change", "page_view", "page_hidden", "submit_failed", "submit", "help_click"]
    events = [
        event(kinds[n % 7], n / 10, page=f"/{n}", target="#" + "x" * 600, form=f"#{'f' * 600}{n}") for n in range(2000)
    ] + [event(f"custom_{n}", 300 + n / 10) for n in range(200)]
    window = Window()
    live(events, size=50, window=window)
    for n in range(100):
        remember_nudges(window, f"point {n}", n)
    assert len(window.views.entries) == limits.MAX_VIEWS
    assert len(window.sightings.entries) == limits.MAX_SIGHTINGS
    assert len(window.troubles.entries) == limits.MAX_TROUBLES
    assert len(window.recent.entries) == limits.MAX_RECENT
    assert len(window.forms) == limits.MAX_FORMS
    assert len(window.milestones) == limits.MAX_MILESTONES
    assert len(window.fired) <= limits.MAX_FIRED
    assert len(window.nudges) == limits.MAX_COUNTERS
    assert list(window.nudges.items())[-1] == ("point 99", 99)
    assert len(encode_window(window)) < 256 * 1024


def test_old_events_go_but_page_views_stay():
    window = window_of(event("page_view", 0), event("help_click", 1), event("click", 2))
    fold(window, [event("click", 2 + limits.RETENTION_MS / 1000)])
    logs = (window.views, window.sightings, window.troubles, window.recent)
    held = sorted(entry for log in logs for entry in log.entries)
    assert [entry.event_type for entry in held] == ["page_view", "click", "click"]


def test_a_long_form_does_not_push_out_its_failures():
    failures = [event("submit_failed", 40 * attempt, form="#f") for attempt in range(3)]
    typing = [event("change", at / 2, form="#f", target=f"#field{at}") for at in range(160)]
    window = Window()
    for each in sorted([*failures, *typing], key=lambda one: one.corrected_ms):
        fold(window, [each])
    assert len(window.troubles.entries) == 3


@pytest.mark.parametrize(
    ("kind", "alive"),
    [
        ("click", True),
        ("page_visible", True),
        ("nudge_clicked", True),
        ("workspace_renamed", True),
        ("nudge_sent", False),
        ("nudge_shown", False),
        ("nudge_dismissed", False),
        ("nudge_snoozed", False),
        ("page_hidden", False),
        ("user_merged", False),
    ],
)
def test_signs_of_life(kind, alive):
    window = window_of(event("click", 0), event(kind, 5))
    assert window.last_seen_ms == ms(5 if alive else 0)


def test_the_latest_sign_of_life_names_session_and_page():
    window = window_of(event("click", 9, page="/report", session="new"), event("click", 3, session="old"))
    fold(window, [event("imported", 12, page=None, session="new")])
    assert window.session_id == "new"
    assert window.page is not None
    assert window.page.page_url.endswith("/report")


def test_a_clock_that_runs_ahead_counts_as_the_time_of_arrival():
    entry = entry_of(event("click", 86_400, received=7))
    assert entry.at_ms == ms(7)


@pytest.mark.parametrize(
    ("story", "hidden"),
    [
        pytest.param([], True, id="nobody was seen yet"),
        pytest.param([("page_view", 0)], False, id="looking"),
        pytest.param([("page_view", 0), ("page_hidden", 5)], True, id="hidden"),
        pytest.param([("page_hidden", 5), ("page_visible", 9)], False, id="back"),
        pytest.param([("page_hidden", 5), ("page_view", 6)], False, id="another page of the site"),
        pytest.param([("page_visible", 9), ("page_hidden", 5)], False, id="out of order"),
        pytest.param([("click", 5), ("page_hidden", 5)], True, id="a click that hides the tab"),
    ],
)
def test_visibility(story, hidden):
    assert window_of(*(event(kind, at) for kind, at in story)).is_hidden is hidden


@pytest.mark.parametrize(
    ("story", "is_open"),
    [
        pytest.param([event("change", 1, form="#f")], True, id="changed"),
        pytest.param([event("change", 1, form="#f"), event("submit", 2, form="#f")], False, id="submitted"),
        pytest.param([event("change", 2, form="#f"), event("submit", 2, form="#f")], False, id="told with the submit"),
        pytest.param([event("submit", 2, form="#f"), event("change", 1, form="#f")], False, id="submit came first"),
        pytest.param([event("submit", 2, form="#f"), event("change", 3, form="#f")], True, id="changed again"),
        pytest.param([event("change", 1, form="#f"), event("submit", 2, form="#g")], True, id="another form"),
        pytest.param([event("change", 1, form="#f"), event("submit", 2)], False, id="a submit that names no form"),
        pytest.param([event("change", 1, form="#f"), event("submit", 2, page="/x")], True, id="submit elsewhere"),
        pytest.param([event("change", 1, form="#f"), event("submit_failed", 2, form="#f")], True, id="refused"),
        pytest.param([event("change", 1)], True, id="a page that names no forms"),
        pytest.param([event("change", 1), event("submit", 2, form="#f")], False, id="unnamed, submitted by name"),
        pytest.param([event("change", 1, form=None)], False, id="a field outside any form"),
        pytest.param([event("change", 1, form=["#f"])], False, id="nonsense for a form"),
    ],
)
def test_open_forms(story, is_open):
    assert bool(list(open_forms(window_of(*story)))) is is_open


def test_long_names_stay_apart():
    one, other = (scope_of("https://app.example/p", "x" * 400 + end) for end in "ab")
    assert one != other
    assert len(one) < 140


def test_a_log_ignores_what_it_let_go():
    log = Log([entry_of(event("click", at, event_id=f"c{at}")) for at in range(5)])
    log.trim(2, 0)
    assert log.insert(entry_of(event("click", 1, event_id="c1")))
    assert [entry.event_id for entry in log.entries] == ["c3", "c4"]
    assert not log.insert(entry_of(event("click", 3, event_id="c3")))


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
hostile_events = st.lists(
    st.builds(
        event,
        st.sampled_from(KINDS) | st.text(min_size=1, max_size=12),
        st.floats(-4000, 4000),
        page=st.none() | st.text(max_size=30),
        target=st.none() | st.text(max_size=30),
        event_id=st.sampled_from(["a", "b", "c"]) | st.none(),
        received=st.floats(-4000, 4000),
        form=anything,
        step=anything,
        count=anything,
        evidence=anything,
        error=anything,
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=200)
@given(hostile_events, st.integers(1, 8))
def test_no_event_can_break_detection(events, size):
    window = Window()
    live(events, size=size, window=window)
    restored = decode_window(encode_window(window))
    assert restored == window
    live(events, RULES, None, size, restored)
    live(events, RULES, BASELINE, size, restored)
