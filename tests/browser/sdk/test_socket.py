"""The line to the gateway, and nudges in one tab or several."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.sdk.standin import Reply, StandIn, nudge, token_for
from tests.browser.sdk.watching import flush, settle, shows, state, told


def kept(page: Page, nudge_id: str) -> Any:
    """What this browser remembers of a nudge: itself, until it was read, then when that was."""
    find = "id => JSON.parse(localStorage[Object.keys(localStorage).find(key => key.endsWith(':n:' + id))] ?? null)"
    return page.evaluate(find, nudge_id)


def connected(standin: StandIn, page: Page) -> None:
    settle(page, lambda: standin.sockets and state(page)["onStage"], "a connection")


def test_a_nudge_is_shown_acknowledged_and_never_again(standin: StandIn, page: Page) -> None:
    # Three seconds are enough to read it; here they pass faster.
    page.add_init_script(
        "{ const wait = setTimeout; window.setTimeout = (run, ms) => wait(run, ms === 3000 ? 300 : ms) }"
    )
    page.goto(standin.host())
    connected(standin, page)
    standin.push(nudge("n1"))
    settle(page, lambda: shows(page, "About n1"), "the nudge")
    settle(page, lambda: standin.frames, "the acknowledgement")
    assert standin.frames == [{"type": "nudge.ack", "nudge_id": "n1", "status": "shown"}]
    settle(page, lambda: isinstance(kept(page, "n1"), int), "the time to read it")
    page.reload()
    connected(standin, page)
    standin.push(nudge("n1"))
    standin.push(nudge("n2"))
    settle(page, lambda: shows(page, "About n2"), "the other nudge")
    assert not shows(page, "About n1")


def test_a_nudge_that_was_hardly_on_screen_comes_back_after_a_reload(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    connected(standin, page)
    standin.push(nudge("n1"))
    settle(page, lambda: isinstance(kept(page, "n1"), dict) and "page" in kept(page, "n1"), "the nudge")
    page.reload()
    settle(page, lambda: shows(page, "About n1"), "the nudge again")
    page.locator("onboarding-agent button", has_text="×").click()
    settle(page, lambda: standin.frames and standin.frames[-1]["status"] == "dismissed", "its end")
    page.reload()
    connected(standin, page)
    standin.push(nudge("n2"))
    settle(page, lambda: shows(page, "About n2"), "the other nudge")
    assert not shows(page, "About n1")


def test_a_nudge_that_was_hardly_on_screen_does_not_follow_to_another_page(standin: StandIn, page: Page) -> None:
    elsewhere = standin.host(path="/elsewhere")
    page.goto(standin.host())
    connected(standin, page)
    standin.push(nudge("n1"))
    settle(page, lambda: isinstance(kept(page, "n1"), dict) and "page" in kept(page, "n1"), "the nudge")
    page.goto(elsewhere)
    connected(standin, page)
    standin.push(nudge("n2"))
    settle(page, lambda: shows(page, "About n2"), "the other nudge")
    assert not shows(page, "About n1")


WITHOUT_CHANCE = "Math.random = () => 0"
"""The SDK comes back as early as it ever does."""


def test_a_reconnect_resumes_after_the_last_frame(standin: StandIn, page: Page) -> None:
    page.add_init_script(WITHOUT_CHANCE)
    page.goto(standin.host())
    connected(standin, page)
    assert standin.dialled[0]["path"] == "/ws/u1"
    assert "after" not in standin.dialled[0]
    standin.push(nudge("n1"))
    settle(page, lambda: standin.frames, "the acknowledgement")
    standin.hang_up(1012)
    settle(page, lambda: len(standin.dialled) == 2 and standin.sockets, "the reconnect")
    assert (standin.dialled[1]["after"], standin.dialled[1]["epoch"]) == ("1", "epoch-1")
    standin.epoch = "epoch-2"
    standin.seq = 0
    standin.hang_up(1011)
    settle(page, lambda: len(standin.dialled) == 3 and standin.sockets, "the second reconnect")
    standin.push(nudge("n2"))
    settle(
        page, lambda: page.evaluate("Object.keys(localStorage).some(key => key.endsWith(':n:n2'))"), "the second nudge"
    )
    standin.hang_up(1012)
    settle(page, lambda: len(standin.dialled) == 4, "the third reconnect")
    assert (standin.dialled[3]["after"], standin.dialled[3]["epoch"]) == ("1", "epoch-2")


def test_a_refused_token_is_asked_for_again(standin: StandIn, page: Page) -> None:
    standin.refuse = [4401]
    tokens = [token_for("u1"), token_for("u1", 5000)]
    page.goto(
        standin.host(init=f"{{userToken: async () => {tokens}[window.asked = Math.min((window.asked ?? -1) + 1, 1)]}}")
    )
    connected(standin, page)
    assert [dialled["token"] for dialled in standin.dialled] == tokens


@pytest.mark.parametrize("code", [4403, 4429])
def test_some_refusals_are_final_for_long(standin: StandIn, page: Page, code: int) -> None:
    standin.refuse = [code] * 5
    page.add_init_script(WITHOUT_CHANCE)
    page.goto(standin.host())
    settle(page, lambda: standin.dialled, "the first attempt")
    page.wait_for_timeout(1000)  # after any other close it would be back within 250 ms
    assert len(standin.dialled) == 1


LATE = """window.BroadcastChannel = class extends BroadcastChannel {
    set onmessage(run) {
        super.onmessage = (event) => {
            if (event.data.type === 'erased') OnboardingAgent.track('unsent');
            run(event);
        };
    }
}"""
"""In the moment before a tab hears that its user was erased, it keeps something more of them."""


def test_an_erased_user_leaves_nothing_and_does_not_come_back(standin: StandIn, context: BrowserContext) -> None:
    url, first, second = standin.host(), context.new_page(), context.new_page()
    second.add_init_script(LATE)
    first.goto(url)
    settle(first, lambda: state(first)["leading"], "leadership")
    second.goto(url)
    settle(first, lambda: standin.sockets, "a connection")
    standin.push(nudge("n1"))
    settle(first, lambda: shows(first, "About n1") or shows(second, "About n1"), "the nudge")
    standin.down = True
    for each in (first, second):
        each.evaluate("OnboardingAgent.track('unsent')")
    said = {"user": "u1", "text": "Tiddles", "conversation": None, "at": 1, "sent": 1}
    second.evaluate("said => localStorage['oa:pk_test:c:x'] = JSON.stringify(said)", said)
    standin.rule = lambda request: Reply(503) if b"unsent" in request.body else None
    standin.down = False
    standin.hang_up(4410)
    settle(first, lambda: len(standin.dialled) == 2, "somebody new")
    assert standin.dialled[1]["path"] == "/ws/anon-1"
    assert "after" not in standin.dialled[1]
    settle(first, lambda: not shows(first, "About n1") and not shows(second, "About n1"), "the end of the nudge")
    both = (first, second)
    settle(first, lambda: all(state(each)["anonymous"] and not state(each)["queued"] for each in both), "nobody")
    kept = first.evaluate("JSON.stringify(localStorage)")
    assert "u1" not in kept
    assert "Tiddles" not in kept
    standin.rule = lambda _: None
    second.evaluate("OnboardingAgent.track('afterwards')")
    flush(second)
    settle(second, lambda: standin.of("afterwards"), "what the visitor does")
    assert standin.of("afterwards")[0]["user_id"] == "anon-1"
    assert not standin.of("unsent")


def test_frames_of_other_kinds_and_garbage_are_ignored(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    connected(standin, page)
    for text in (
        "not json",
        "null",
        "[]",
        '{"type":"nudge"}',
        '{"type":"unheard.of","seq":3}',
        '{"type":"nudge","nudge":{"nudge_id":"x"}}',
    ):
        standin.sockets[0].send(text)
    standin.push(nudge("n1"))
    settle(page, lambda: shows(page, "About n1"), "the nudge")


def test_what_another_device_saw_is_not_shown_here(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    connected(standin, page)
    standin.push({"type": "nudge.status", "nudge_id": "n1", "status": "shown"})
    standin.push(nudge("n1"))
    standin.push(nudge("n2"))
    settle(page, lambda: shows(page, "About n2"), "the other nudge")
    standin.push({"type": "nudge.status", "nudge_id": "n2", "status": "dismissed"})
    settle(page, lambda: not shows(page, "About n2"), "its end")


def test_what_another_device_saw_leaves_the_queue(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    connected(standin, page)
    standin.push(nudge("n1", stuck_point="here"))
    settle(page, lambda: shows(page, "About n1"), "the nudge")
    standin.push(nudge("n2", stuck_point="there"))
    standin.push(nudge("n3", stuck_point="elsewhere"))
    standin.push({"type": "nudge.status", "nudge_id": "n2", "status": "shown"})
    settle(page, lambda: isinstance(kept(page, "n2"), int), "the word of the other device")
    assert shows(page, "About n1")
    page.locator("onboarding-agent button", has_text="×").click()
    settle(page, lambda: shows(page, "About n3"), "the one after it")
    settle(page, lambda: "n3" in shown_of(standin), "its acknowledgement")
    assert shown_of(standin) == ["n1", "n3"]


def shown_of(standin: StandIn) -> list[str]:
    """Return the nudges that were told to be shown, in order."""
    return [frame["nudge_id"] for frame in standin.frames if frame["status"] == "shown"]


def test_newer_help_for_the_same_place_takes_its_place(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    connected(standin, page)
    standin.push(nudge("n1", stuck_point="here"))
    settle(page, lambda: standin.frames, "the first acknowledgement")
    standin.push(nudge("n2", stuck_point="here"))
    settle(page, lambda: len(standin.frames) == 2, "the second acknowledgement")
    assert shows(page, "About n2")
    settle(page, lambda: not shows(page, "About n1"), "the end of the first, also for screen readers")
    assert [(frame["nudge_id"], frame["status"]) for frame in standin.frames] == [("n1", "shown"), ("n2", "shown")]


def test_two_tabs_have_one_socket_and_show_once(standin: StandIn, context: BrowserContext) -> None:
    url = standin.host()
    first, second = context.new_page(), context.new_page()
    first.goto(url)
    connected(standin, first)
    second.goto(url)
    second.wait_for_timeout(500)
    assert len(standin.sockets) == 1
    assert sorted(state(page)["leading"] for page in (first, second)) == [False, True]
    standin.push(nudge("n1"))
    settle(second, lambda: standin.frames, "the nudge")
    second.wait_for_timeout(500)
    assert [shows(page, "About n1") for page in (first, second)].count(True) == 1
    assert [frame["status"] for frame in standin.frames] == ["shown"]


def test_two_tabs_send_every_event_once(standin: StandIn, context: BrowserContext) -> None:
    url = standin.host()
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto(url)
    for tab in tabs:
        tab.evaluate("for (let i = 0; i < 30; i++) OnboardingAgent.track('shared')")
    settle(tabs[0], lambda: len(standin.of("shared")) == 90, "all events")
    tabs[0].wait_for_timeout(500)
    ids = [event["event_id"] for event in standin.accepted]
    assert len(ids) == len(set(ids))


def test_a_leader_that_is_gone_is_followed_at_once(standin: StandIn, context: BrowserContext) -> None:
    url = standin.host()
    leader, heir = context.new_page(), context.new_page()
    leader.goto(url)
    connected(standin, leader)
    heir.goto(url)
    heir.evaluate("OnboardingAgent.track('orphan')")
    leader.close()
    settle(heir, lambda: state(heir)["leading"], "the succession")
    connected(standin, heir)
    standin.push(nudge("n1"))
    settle(heir, lambda: shows(heir, "About n1"), "the nudge")
    settle(heir, lambda: standin.of("orphan"), "the event")


def test_without_locks_tabs_share_a_lease(standin: StandIn, context: BrowserContext) -> None:
    context.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")
    url = standin.host()
    leader, heir = context.new_page(), context.new_page()
    leader.goto(url)
    connected(standin, leader)
    heir.goto(url)
    heir.wait_for_timeout(1500)
    assert len(standin.sockets) == 1
    assert not state(heir)["leading"]
    # A crash gives nothing back: the lease runs out.
    leader.evaluate("Storage.prototype.removeItem = () => {}")
    leader.close()
    settle(heir, lambda: state(heir)["leading"], "the succession")
    connected(standin, heir)


def test_a_nudge_that_came_while_nobody_looked_waits(standin: StandIn, page: Page) -> None:
    hide = """value => {
        Object.defineProperty(document, 'visibilityState', {value, configurable: true});
        document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));
    }"""
    page.goto(standin.host())
    connected(standin, page)
    page.evaluate(hide, "hidden")
    standin.push(nudge("n1"))
    page.wait_for_timeout(500)
    assert not shows(page, "About n1")
    assert not standin.frames
    page.evaluate(hide, "visible")
    settle(page, lambda: shows(page, "About n1"), "the nudge")


def test_acknowledgements_wait_for_a_connection(standin: StandIn, page: Page) -> None:
    page.goto(standin.host())
    connected(standin, page)
    page.evaluate("v => Object.defineProperty(document, 'visibilityState', {value: v, configurable: true})", "visible")
    standin.push(nudge("n1", actions=[{"label": "Not now", "kind": "snooze", "url": None}]))
    settle(page, lambda: standin.frames and told(page), "the first acknowledgement")
    standin.refuse = [1013] * 2
    standin.hang_up(1011)
    page.locator("onboarding-agent button", has_text="Not now").click()
    settle(page, lambda: len(standin.frames) >= 2, "the second acknowledgement")
    assert [frame["status"] for frame in standin.frames] == ["shown", "snoozed"]
