"""Where the chat stands: behind a launcher, within the page, in several tabs; and when its script is loaded at all."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chat.conftest import Chat
from tests.browser.chat.standin import SESSION, ChatStandIn
from tests.browser.sdk.standin import Reply, nudge, token_for
from tests.browser.sdk.watching import settle, state

LOADED = "performance.getEntriesByType('resource').some(({name}) => name.includes('-chat'))"
MOUNT = "OnboardingAgent.mountChat(document.getElementById('support'))"


def test_a_page_that_does_not_chat_loads_nothing(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto("{}")
    chat.connected()
    chat.page.wait_for_timeout(500)
    assert not chat.page.evaluate(LOADED)
    assert not standin.posts(SESSION)
    expect(chat.root).to_have_count(0)


def test_the_host_opens_the_chat_where_there_is_no_launcher(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto("{}", body="<button id='help' onclick='OnboardingAgent.openChat()'>Help</button>")
    chat.page.click("#help")
    expect(chat.panel).to_be_visible()
    expect(chat.box).to_be_focused()
    expect(chat.launcher).to_be_hidden()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    assert chat.page.evaluate("document.activeElement.id") == "help"


def test_a_call_that_comes_before_the_start_waits(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto(None)  # type: ignore[arg-type]
    chat.page.evaluate("OnboardingAgent.openChat()")
    chat.page.evaluate(f"OnboardingAgent.init({standin.options})")
    expect(chat.panel).to_be_visible()


def test_a_nudge_leads_to_the_chat_and_is_quoted_there(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto("{}")
    chat.connected()
    chat.until(lambda: state(chat.page)["onStage"], "the stage")
    standin.push(nudge("n1", title="Stuck?", body="The key begins with crm.", nudge_type="chat"))
    chat.page.locator("onboarding-agent").get_by_role("button", name="Reply").click()
    expect(chat.panel).to_be_visible()
    chat.says("The key begins with crm.")
    assert chat.root.locator(".thumb").count() == 0
    chat.write("Where do I find it?")
    chat.until(lambda: standin.stored, "the message")
    standin.say("In settings")
    chat.says("In settings")
    assert [line.split("\n")[0] for line in chat.lines()] == ["Stuck?", "Where do I find it?", "In settings"]
    assert {"type": "nudge.ack", "nudge_id": "n1", "status": "clicked"} in standin.frames


def test_a_person_who_writes_first_is_heard_on_a_page_without_a_chat(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto("{}")
    chat.connected()
    chat.until(lambda: state(chat.page)["onStage"], "the stage")
    standin.begin()
    standin.say("Need a hand?", role="agent", author="Sara")
    peek = chat.root.locator(".peeked")
    expect(peek).to_contain_text("Need a hand?")
    expect(chat.launcher).to_have_attribute("aria-label", "Open chat, unread messages: 1")
    chat.page.reload()
    expect(peek).to_contain_text("Sara")
    peek.click()
    chat.says("Need a hand?")
    expect(chat.box).to_be_focused()
    chat.page.keyboard.press("Escape")
    expect(chat.launcher).to_have_attribute("aria-label", "Open chat")
    expect(peek).to_be_hidden()


def test_an_open_panel_is_open_after_the_next_page_load_and_takes_no_focus(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    chat.delivered()
    chat.page.goto(standin.host("<h1>Another page</h1>", path="/next", init="{}"))
    chat.says("Hello")
    expect(chat.panel).to_be_visible()
    assert chat.page.evaluate("document.activeElement.localName") == "body"


def test_the_chat_as_a_part_of_the_page(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto(body="<main style='height: 500px'><div id='support' style='height: 100%'></div></main>")
    chat.launcher.wait_for()
    chat.page.evaluate(MOUNT)
    region = chat.page.locator("#support").get_by_role("region", name="Assistant")
    expect(region).to_be_visible()
    expect(chat.launcher).to_be_hidden()
    expect(region.get_by_role("button", name="Close chat")).to_be_hidden()
    box = region.bounding_box()
    assert box
    assert box["height"] == 500
    chat.connected()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    chat.page.keyboard.press("Escape")
    expect(region).to_be_visible()
    chat.page.evaluate("OnboardingAgent.mountChat(null)")
    expect(chat.launcher).to_be_visible()
    expect(chat.panel).to_be_hidden()
    chat.open()
    assert chat.lines() == ["Hello"]


def test_a_part_of_the_page_that_goes_leaves_the_launcher(chat: Chat) -> None:
    chat.goto(body="<div id='support'></div>")
    chat.page.evaluate(MOUNT)
    chat.panel.wait_for()
    chat.page.evaluate("document.getElementById('support').remove(); OnboardingAgent.track('gone')")
    expect(chat.launcher).to_be_visible(timeout=10_000)


@pytest.mark.parametrize("place", ["launcher", "open"])
def test_a_user_without_a_chat_has_no_launcher(chat: Chat, standin: ChatStandIn, place: str) -> None:
    refusal = Reply(403, {"code": "conversations_unavailable"})
    standin.rule = lambda request: refusal if request.path == SESSION else None
    chat.goto("{chat: true}" if place == "launcher" else "{}")
    chat.connected()
    if place == "open":
        chat.page.evaluate("OnboardingAgent.openChat()")
        expect(chat.panel).to_contain_text("not available")
        expect(chat.box).to_be_hidden()
        chat.page.keyboard.press("Tab")
        chat.root.get_by_role("button", name="Close chat").click()
    chat.answered()
    expect(chat.launcher).to_be_hidden()
    asked = len(standin.posts(SESSION))
    chat.page.reload()
    chat.page.wait_for_timeout(700)
    expect(chat.launcher).to_be_hidden()
    assert len(standin.posts(SESSION)) == asked, "asked once in a while, not on every page"


def test_conversations_that_are_switched_off_take_the_launcher_away(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    standin.error = {"code": "conversations_unavailable"}
    chat.write("Hello")
    expect(chat.panel).to_contain_text("not available")
    chat.root.get_by_role("button", name="Close chat").click()
    expect(chat.launcher).to_be_hidden()
    standin.begin()
    standin.hand("human", agent="Sara")
    chat.open()
    expect(chat.panel).to_contain_text("You are talking to Sara.")
    expect(chat.box).to_be_visible()


def test_the_launcher_asks_the_api_once_in_a_while(chat: Chat, standin: ChatStandIn) -> None:
    # The page is idle, and asks, once it has its line: a line that comes later makes it ask again, rightly.
    chat.page.add_init_script("window.requestIdleCallback = (run) => { window.idle = run }")
    chat.goto()
    chat.greeted()
    chat.page.evaluate("idle()")
    chat.launcher.wait_for()
    chat.answered()
    for _ in range(3):
        chat.page.reload()
        chat.page.evaluate("idle()")
        chat.launcher.wait_for()
    chat.page.wait_for_timeout(300)
    assert len(standin.posts(SESSION)) == 1


def second(chat: Chat, context: BrowserContext) -> Chat:
    """Open the same page in another tab, with its chat open."""
    other = Chat(context.new_page(), chat.standin)
    other.page.goto(chat.page.url)
    other.open()
    return other


def test_two_tabs_show_one_conversation(chat: Chat, standin: ChatStandIn, context: BrowserContext) -> None:
    chat.start()
    other = second(chat, context)
    other.write("From the second tab")
    chat.says("From the second tab")
    other.until(lambda: standin.stored, "the message")
    answer = standin.stream("A sentence. ")
    other.says("A sentence.")
    chat.says("A sentence.")
    standin.say("A sentence. The end.", message_id=answer)
    other.says("The end.")
    chat.says("The end.")
    chat.write("From the first")
    other.says("From the first")
    other.until(lambda: len(standin.stored) == 3, "the message")
    said = ["From the second tab", "A sentence. The end.", "From the first"]
    other.until(lambda: other.lines() == chat.lines() == said, "the same in both")
    assert len(standin.sockets) == 1
    expect(other.root.locator(".trouble")).to_have_count(0)


def test_what_one_tab_has_read_is_read_in_all(chat: Chat, standin: ChatStandIn, context: BrowserContext) -> None:
    chat.goto("{chat: {onUnread: (count) => { window.waiting = count }}}")
    chat.launcher.wait_for()
    chat.connected()
    other = Chat(context.new_page(), standin)
    other.page.goto(chat.page.url)
    other.launcher.wait_for()
    standin.begin()
    standin.say("One", role="agent")
    standin.say("Two", role="agent")
    for tab in (chat, other):
        tab.until(lambda tab=tab: tab.page.evaluate("window.waiting") == 2, "two unread messages")
    other.open()
    for tab in (chat, other):
        tab.until(lambda tab=tab: tab.page.evaluate("window.waiting") == 0, "none unread")


def test_a_conversation_outlives_the_tab_that_leads(chat: Chat, standin: ChatStandIn, context: BrowserContext) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    other = second(chat, context)
    other.says("Hello")
    sockets = list(standin.sockets)
    chat.page.close()
    other.until(lambda: standin.sockets and standin.sockets != sockets, "the heir's line")
    standin.say("Still here")
    other.says("Still here")
    chat.page = other.page


def test_another_user_sees_nothing_of_the_first_ones_words(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    standin.error = {"code": "anything"}
    chat.write("My secret")
    expect(chat.root.locator(".trouble")).to_be_visible()
    chat.page.evaluate("OnboardingAgent.reset()")
    assert "My secret" not in str(chat.page.evaluate("Object.values(localStorage)"))
    chat.page.evaluate("token => OnboardingAgent.identify({userToken: token})", token_for("u2"))
    chat.until(lambda: chat.lines() == [], "an empty conversation")
    assert "My secret" not in chat.panel.inner_text()


def test_opting_out_and_shutting_down_take_the_chat_away(chat: Chat) -> None:
    chat.start()
    chat.page.evaluate("OnboardingAgent.shutdown()")
    expect(chat.root).to_have_count(0)
    chat.page.evaluate(f"OnboardingAgent.init(Object.assign({chat.standin.options}, {{chat: true}}))")
    expect(chat.panel).to_be_visible()
    chat.page.evaluate("OnboardingAgent.optOut()")
    expect(chat.root).to_have_count(0)


def test_cards_of_nudges_stand_above_the_launcher_and_wait_while_the_chat_is_open(
    chat: Chat, standin: ChatStandIn
) -> None:
    chat.start()
    chat.until(lambda: state(chat.page)["onStage"], "the stage")
    standin.push(nudge("n1"))
    card = chat.page.locator("onboarding-agent .card")
    chat.page.wait_for_timeout(400)
    expect(card).to_have_count(0)
    chat.page.keyboard.press("Escape")
    expect(card).to_be_visible()

    def is_above() -> bool:
        launcher, box = chat.launcher.bounding_box(), card.bounding_box()
        return bool(launcher and box and box["y"] + box["height"] <= launcher["y"])

    chat.until(is_above, "its place above the launcher")


def test_without_channels_between_tabs_the_leading_one_still_chats(page: Page, standin: ChatStandIn) -> None:
    page.add_init_script("delete window.BroadcastChannel")
    chat = Chat(page, standin)
    chat.start()
    chat.write("Hello")
    settle(page, lambda: standin.stored, "the message")
    standin.say("Hi")
    chat.says("Hi")
