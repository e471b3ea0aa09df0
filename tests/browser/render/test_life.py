"""What is told of a nudge, and in which order nudges come on screen."""

import pytest
from playwright.sync_api import expect

from tests.browser.render.conftest import Screen

FIELD = '<label>Key <input id="target"></label>'
HIDE_TAB = """() => {
  window.tab = 'hidden';
  Object.defineProperty(document, 'visibilityState', { get: () => tab });
}"""
SHOW_TAB = "() => { tab = 'visible'; document.dispatchEvent(new Event('visibilitychange')); }"


def test_shown_is_told_once_then_one_ending(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show()
    screen.wait_for_report("shown")
    screen.page.evaluate("scrollTo(0, 1)")
    close = screen.card.get_by_role("button", name="Close")
    close.dblclick()
    expect(screen.card).to_have_count(0)
    assert screen.reports() == [["n1", "shown", None], ["n1", "dismissed", None]]


@pytest.mark.parametrize(("kind", "status"), [("dismiss", "dismissed"), ("snooze", "snoozed"), ("chat", "clicked")])
def test_each_action_has_its_ending(screen: Screen, kind: str, status: str) -> None:
    screen.open(FIELD)
    screen.show(actions=[{"label": "This", "kind": kind}])
    screen.at("anchored").get_by_role("button", name="This").click()
    screen.wait_for_report(status)
    assert screen.reports() == [["n1", "shown", None], ["n1", status, "This"]]
    assert screen.page.evaluate("actions") == [["n1", kind]]


def test_nothing_is_shown_in_a_hidden_tab(screen: Screen) -> None:
    screen.open(FIELD)
    screen.page.evaluate(HIDE_TAB)
    screen.show()
    screen.page.wait_for_timeout(600)
    assert screen.reports() == []
    expect(screen.card).to_have_count(0)
    screen.page.evaluate(SHOW_TAB)
    screen.wait_for_report("shown")


def test_a_tab_hidden_while_waiting_is_not_shown_yet(screen: Screen) -> None:
    screen.open("<p></p>")
    screen.show()
    screen.page.evaluate(HIDE_TAB)
    screen.page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button id=target>Late</button>')"
    )
    screen.at("anchored")
    assert screen.reports() == []
    screen.page.evaluate(SHOW_TAB)
    screen.wait_for_report("shown")
    screen.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert len(screen.reports()) == 1


@pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00Z", "soon"])
def test_expired_nudges_are_dropped_unseen(screen: Screen, expires_at: str) -> None:
    screen.open(FIELD)
    screen.show("old", expires_at=expires_at)
    screen.show("new")
    screen.wait_for_report("shown", "new")
    assert screen.reports() == [["new", "shown", None]]


def test_a_nudge_that_expires_while_it_waits_for_its_target_is_dropped(screen: Screen) -> None:
    screen.open("<p></p>")
    soon = screen.page.evaluate("new Date(Date.now() + 500).toISOString()")
    screen.show("old", expires_at=soon)
    expect(screen.card).to_have_count(1)
    screen.show("new", target_element=None)
    screen.page.wait_for_function("(soon) => Date.now() > Date.parse(soon)", arg=soon)
    screen.page.evaluate("document.querySelector('main').innerHTML = '<button id=target>Late</button>'")
    screen.wait_for_report("shown", "new")
    assert screen.reports() == [["new", "shown", None]]


def test_one_surface_at_a_time_in_order(screen: Screen) -> None:
    screen.open(FIELD)
    for one in ("a", "b", "a", "c"):
        screen.show(one, title=one)
    for one in ("a", "b", "c"):
        expect(screen.card.get_by_role("heading")).to_have_text(one, timeout=5_000)
        expect(screen.card).to_have_count(1)
        screen.at("anchored").get_by_role("button", name="Close").click()
    expect(screen.card).to_have_count(0)
    assert [one[:2] for one in screen.reports()] == [[n, s] for n in "abc" for s in ("shown", "dismissed")]


def test_newer_help_for_the_same_place_takes_its_place_at_once(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show("old", stuck_point="here")
    screen.wait_for_report("shown", "old")
    screen.show("other", stuck_point="there")
    screen.show("new", title="Better", stuck_point="here")
    expect(screen.card).to_have_count(1)
    expect(screen.card.get_by_role("heading")).to_have_text("Better")
    screen.wait_for_report("shown", "new")
    screen.card.get_by_role("button", name="Close").click()
    screen.wait_for_report("shown", "other")
    assert [one[:2] for one in screen.reports()] == [
        ["old", "shown"],
        ["new", "shown"],
        ["new", "dismissed"],
        ["other", "shown"],
    ]


def test_newer_help_that_has_expired_takes_nobodys_place(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show("old", title="Still good", stuck_point="here")
    screen.wait_for_report("shown", "old")
    screen.show("late", stuck_point="here", expires_at="2020-01-01T00:00:00Z")
    expect(screen.card.get_by_role("heading")).to_have_text("Still good")


def test_hide_takes_it_away_without_a_word(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show("a")
    screen.show("b")
    screen.at("anchored")
    screen.wait_for_report("shown", "a")
    screen.page.evaluate("renderer.hide('b'); renderer.hide('a'); renderer.hide('unknown')")
    expect(screen.card).to_have_count(0)
    screen.page.wait_for_timeout(900)
    assert screen.reports() == [["a", "shown", None]]
    expect(screen.card).to_have_count(0)


def test_an_email_draft_is_never_shown(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show(nudge_type="email_draft")
    screen.page.wait_for_timeout(500)
    expect(screen.card).to_have_count(0)
    assert screen.reports() == []


def test_who_answers_a_chat_nudge_is_taken_to_the_chat(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show(nudge_type="chat", body="Shall I help?", actions=[{"label": "Not now", "kind": "snooze"}])
    card = screen.at("corner")
    expect(card).to_contain_text("Shall I help?")
    card.get_by_role("button", name="Reply").click()
    expect(screen.card).to_have_count(0)
    assert screen.page.evaluate("talked") == ["n1"]
    assert screen.reports() == [["n1", "shown", None], ["n1", "clicked", "Reply"]]


@pytest.mark.parametrize("kind", ["tooltip", "chat"])
def test_the_action_that_leads_to_the_chat(screen: Screen, kind: str) -> None:
    screen.open(FIELD)
    screen.show(nudge_type=kind, actions=[{"label": "Ask", "kind": "chat"}])
    card = screen.at("anchored" if kind == "tooltip" else "corner")
    assert card.get_by_role("button", name="Reply").count() == 0
    card.get_by_role("button", name="Ask").click()
    assert screen.page.evaluate("[talked, actions]") == [["n1"], [["n1", "chat"]]]


def test_without_a_chat_there_is_nothing_to_reply_in(screen: Screen) -> None:
    screen.open(FIELD, start={"talks": False})
    screen.show(nudge_type="chat")
    assert screen.at("corner").get_by_role("button").all_inner_texts() == ["×"]


def test_cards_keep_off_what_stands_at_the_lower_edge(screen: Screen) -> None:
    screen.open(FIELD)
    screen.page.evaluate("renderer.reserve(72)")
    screen.show(target_element=None)
    assert screen.box(screen.at("corner"))["bottom"] <= 640 - 72


def test_a_checklist_without_steps_is_still_readable(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show(nudge_type="checklist", body="Only words")
    card = screen.at("corner")
    expect(card).to_contain_text("Only words")
    assert card.get_by_role("checkbox").count() == 0


SUBMIT_MS = 2000
"""The page has so long to say what was wrong with a submit."""

SPA = """
<main id="app"><form id="form"><label>Key <input id="target"></label><button>Save</button></form></main>
<script>document.querySelector('form').addEventListener('submit', (event) => event.preventDefault())</script>"""


@pytest.mark.parametrize(
    "go",
    [
        "history.pushState(null, '', '/next')",
        "history.replaceState(null, '', '/next'); document.querySelector('#app').replaceChildren('Next step')",
        "location.hash = '#/next'",
    ],
)
def test_a_tooltip_goes_with_its_page_and_nobody_dismissed_it(screen: Screen, go: str) -> None:
    screen.open(SPA)
    screen.show()
    screen.at("anchored")
    screen.wait_for_report("shown")
    screen.page.evaluate(go)
    expect(screen.card).to_have_count(0, timeout=3_000)
    assert screen.reports() == [["n1", "shown", None]]


def test_what_waits_for_its_turn_goes_with_its_page_too(screen: Screen) -> None:
    screen.open(SPA)
    screen.show("first", nudge_type="chat", target_element=None)
    screen.show("second")
    screen.at("corner")
    screen.page.evaluate("history.pushState(null, '', '/next')")
    screen.show("third", nudge_type="chat", title="Third")
    screen.card.get_by_role("button", name="Close").click()
    expect(screen.card.get_by_role("heading")).to_have_text("Third")
    screen.wait_for_report("shown", "third")
    assert [one[0] for one in screen.reports()] == ["first", "first", "third"]


def test_what_belongs_to_the_page_stays_when_only_the_query_changes(screen: Screen) -> None:
    screen.open(SPA)
    screen.show()
    screen.wait_for_report("shown")
    screen.page.evaluate("history.replaceState(null, '', '?page=2#part')")
    screen.page.wait_for_timeout(800)
    expect(screen.at("anchored")).to_be_visible()


def test_a_submit_without_errors_ends_the_tooltip_of_its_form(screen: Screen) -> None:
    screen.open(SPA)
    screen.show()
    screen.wait_for_report("shown")
    screen.hurry(SUBMIT_MS)
    screen.page.get_by_role("button", name="Save").click()
    expect(screen.card).to_have_count(0, timeout=6_000)
    assert screen.page.evaluate("hurried") == 1
    assert screen.reports() == [["n1", "shown", None]]


@pytest.mark.parametrize("trouble", ["<p role=alert>Wrong key</p>", "<input aria-invalid=true>"])
def test_a_submit_that_ends_in_an_error_keeps_it(screen: Screen, trouble: str) -> None:
    screen.open(SPA)
    screen.show()
    screen.wait_for_report("shown")
    # In the task of the submit itself, so that the trouble cannot be late.
    insert = "(html) => onsubmit = () => document.querySelector('form').insertAdjacentHTML('beforeend', html)"
    screen.page.evaluate(insert, trouble)
    screen.hurry(SUBMIT_MS)
    screen.page.get_by_role("button", name="Save").click()
    screen.page.wait_for_function("hurried")
    screen.page.wait_for_timeout(SUBMIT_MS // 10 + 500)
    expect(screen.at("anchored")).to_be_visible()


def test_a_target_removed_for_good_takes_its_tooltip_along_unless_somebody_reads_it(screen: Screen) -> None:
    screen.open(SPA)
    screen.show()
    screen.wait_for_report("shown")
    screen.card.hover()
    screen.page.evaluate("document.querySelector('form').remove()")
    screen.at("corner")
    screen.card.hover()
    screen.leap(4_000)
    screen.page.wait_for_timeout(700)
    expect(screen.card).to_be_visible()
    screen.page.mouse.move(1, 1)
    expect(screen.card).to_have_count(0, timeout=3_000)
    assert screen.reports() == [["n1", "shown", None]]


def test_other_cards_outlive_their_page(screen: Screen) -> None:
    screen.open(SPA)
    screen.show(nudge_type="chat", target_element=None)
    screen.wait_for_report("shown")
    screen.page.evaluate("history.pushState(null, '', '/next')")
    screen.page.wait_for_timeout(800)
    expect(screen.at("corner")).to_be_visible()


def test_destroy_leaves_nothing_behind(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show()
    screen.show("n2")
    screen.at("anchored")
    screen.wait_for_report("shown")
    screen.page.evaluate("renderer.destroy()")
    screen.page.wait_for_timeout(800)
    assert screen.page.locator("onboarding-agent").count() == 0
    screen.page.keyboard.press("Escape")
    assert screen.reports() == [["n1", "shown", None]]


def test_a_report_that_throws_does_not_reach_the_page(screen: Screen) -> None:
    screen.open(FIELD)
    screen.page.evaluate("window.reports = { some: () => false, push() { throw new Error('report') } }")
    screen.show()
    screen.page.wait_for_function("Rendering.errorCount() > 0")
    screen.at("anchored").get_by_role("button", name="Close").click()
    expect(screen.card).to_have_count(0)
    screen.page.evaluate("window.forgiven = Rendering.errorCount()")
