"""A conversation from the first word to the last: sent, answered, streamed, rated, stopped, handed over, ended."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.chat.conftest import Chat
from tests.browser.chat.standin import HISTORY, SESSION, ChatStandIn
from tests.browser.sdk.standin import Reply, token_for


def test_a_question_is_sent_at_once_and_answered(chat: Chat, standin: ChatStandIn) -> None:
    chat.start("{chat: {playbook: 'support'}}")
    chat.write("How do I connect?")
    chat.until(lambda: standin.stored, "the message")
    [sent] = standin.heard("send_message")
    assert sent["client_message_id"]
    assert sent | {"client_message_id": ""} == {
        "type": "send_message",
        "conversation_id": None,
        "client_message_id": "",
        "text": "How do I connect?",
        "playbook": "support",
    }
    standin.say("Press **Connect**, see `Settings`.")
    chat.says("Press Connect, see Settings.")
    assert chat.lines() == ["How do I connect?", "Press Connect, see Settings."]
    assert chat.log.locator(".theirs strong").inner_text() == "Connect"
    chat.write("Thanks")
    chat.until(lambda: len(standin.heard("send_message")) == 2, "the second message")
    assert standin.heard("send_message")[1]["conversation_id"] == "c1"
    expect(chat.box).to_have_value("")


def test_sentences_are_shown_as_they_come_and_the_whole_answer_takes_their_place(
    chat: Chat, standin: ChatStandIn
) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    expect(chat.root.locator(".dots")).to_be_visible()
    answer = standin.stream("First. ", "Second. ")
    chat.says("First. Second.")
    expect(chat.root.locator(".dots")).to_be_hidden()
    assert chat.root.locator(".theirs .thumb").count() == 0, "nothing to rate yet"
    standin.say("First. Second. Third.", message_id=answer)
    chat.says("Third.")
    assert chat.lines() == ["Hello", "First. Second. Third."]
    expect(chat.root.locator(".stop")).to_be_hidden()


def test_an_answer_begun_anew_takes_the_place_of_its_beginning(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    answer = standin.stream("Old one. ", run="r1")
    chat.says("Old one.")
    standin.stream("New one. ", run="r2", message_id=answer)
    chat.says("New one.")
    standin.stream("Late. ", run="r1", message_id=answer, begin=1)
    standin.stream("More.", run="r2", message_id=answer, begin=1)
    chat.says("New one. More.")
    assert chat.lines()[1:] == ["New one. More."]


def test_sentences_that_come_out_of_order_or_twice_are_put_right(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    answer = standin.stream("Two. ", begin=1)
    standin.stream("One. ", message_id=answer)
    standin.stream("One. ", message_id=answer)
    chat.says("One. Two.")
    assert chat.lines()[1:] == ["One. Two."]


def test_an_answer_can_be_stopped(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Tell me all")
    chat.until(lambda: standin.stored, "the message")
    answer = standin.stream("A long story. ")
    chat.says("A long story.")
    chat.root.get_by_role("button", name="Stop answering").click()
    chat.until(lambda: standin.heard("stop"), "the wish")
    assert standin.heard("stop") == [{"type": "stop", "conversation_id": "c1"}]
    expect(chat.root.locator(".stop")).to_be_hidden()
    standin.say("A long story.", message_id=answer, status="stopped")
    expect(chat.log).to_contain_text("Stopped")
    expect(chat.box).to_be_focused()


def test_that_an_answer_was_stopped_is_shown_at_once_until_the_server_says_so(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Tell me all")
    chat.until(lambda: standin.stored, "the message")
    chat.root.get_by_role("button", name="Stop answering").click()
    note = chat.log.locator(".note")
    expect(note).to_have_text("Stopped")
    expect(note).to_be_visible()
    expect(chat.root.locator(".dots")).to_be_hidden()
    standin.say("Stopped, as you wished.", status="stopped")
    chat.says("Stopped, as you wished.")
    expect(note).to_be_hidden()


def test_thumbs_are_sent_and_taken_back_when_refused(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    answer = standin.say("Hi")
    up, down = (chat.root.get_by_role("button", name=name) for name in ("This helped", "This did not help"))
    down.click()
    chat.until(lambda: standin.heard("feedback"), "the rating")
    assert standin.heard("feedback") == [{"type": "feedback", "message_id": answer["message_id"], "rating": "down"}]
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(up).to_have_attribute("aria-pressed", "false")
    standin.send("error", code="not_found", message_id=answer["message_id"])
    expect(down).to_have_attribute("aria-pressed", "false")
    expect(chat.panel).to_contain_text("That did not work")


def test_citations_are_links_and_markers_lead_to_them(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    citations = [
        {"title": "Connect", "url": "/help/connect", "marker": 1, "attribution": "CC BY"},
        {"title": "No address", "url": None, "marker": 2},
    ]
    standin.say("Use a key [1]. It is secret [2]. Not known [7].", citations=citations)
    chat.says("Use a key")
    marker = chat.root.locator("a.ref")
    expect(marker).to_have_attribute("href", f"{standin.site}/help/connect")
    expect(marker).to_have_attribute("aria-label", "1: Connect")
    assert chat.root.locator(".sources a").all_inner_texts() == ["Connect"]
    assert "No address" in chat.root.locator(".sources").inner_text()
    assert "CC BY" in chat.root.locator(".sources").inner_text()
    assert "Not known [7]." in chat.lines()[1]


def test_history_comes_when_the_chat_opens_and_more_on_request(chat: Chat, standin: ChatStandIn) -> None:
    standin.begin()
    for number in range(70):
        standin.store("user" if number % 2 == 0 else "assistant", f"number {number}.")
    chat.start()
    chat.says("number 69.")
    assert chat.lines()[0] == "number 40."
    height = chat.log.evaluate("log => log.scrollHeight")
    chat.log.evaluate("log => { log.scrollTop = 0 }")
    earlier = chat.root.get_by_role("button", name="Show earlier messages")
    earlier.click()
    chat.says("number 10.")
    assert chat.lines() == [f"number {number}." for number in range(10, 70)]
    assert chat.log.evaluate("log => log.scrollTop") >= height - 600, "what was read stays in sight"
    earlier.click()
    chat.says("number 0.")
    expect(earlier).to_be_hidden()
    history = [request for request in standin.requests if request.path.startswith(HISTORY)]
    assert [request.path.split("before=")[1] for request in history] == ["40", "10"]


def test_a_session_that_ran_out_is_renewed(chat: Chat, standin: ChatStandIn) -> None:
    standin.begin()
    for number in range(40):
        standin.store("assistant", f"number {number}.")
    chat.start()
    chat.says("number 39.")
    refused = []

    def rule(request: object) -> Reply | None:
        if HISTORY in str(request) and not refused:
            refused.append(request)
            return Reply(401, {"code": "token_expired"})
        return None

    standin.rule = rule
    chat.root.get_by_role("button", name="Show earlier messages").click()
    chat.says("number 0.")


def test_a_person_is_asked_for_and_takes_over_and_hands_back(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.say("Hi")
    chat.says("Hi")
    ask = chat.root.get_by_role("button", name="Talk to a person")
    ask.click()
    chat.until(lambda: standin.heard("request_human"), "the wish")
    assert standin.heard("request_human") == [{"type": "request_human", "conversation_id": "c1"}]
    expect(ask).to_be_disabled()
    standin.hand("queue", expected_by="2099-01-05T10:00:00Z", ticket_id="0193a7c2-0000")
    strip = chat.root.locator(".handling")
    expect(strip).to_contain_text("A person will answer by Monday")
    expect(strip).to_contain_text("Reference: 0193a7c2")
    expect(ask).to_be_hidden()
    standin.hand("human", agent="Sara")
    expect(strip).to_have_text("You are talking to Sara.")
    standin.say("Hello, Sara here", role="agent", author="Sara")
    chat.says("Hello, Sara here")
    assert chat.root.locator(".theirs .by").inner_text() == "Sara"
    chat.write("Hello Sara")
    chat.until(lambda: standin.stored[-1]["text"] == "Hello Sara", "the message")
    expect(chat.root.locator(".dots")).to_be_hidden()
    standin.send("typing", by="agent")
    expect(chat.root.locator(".dots")).to_be_visible()
    standin.hand("agent")
    expect(strip).to_be_hidden()
    expect(chat.panel).to_contain_text("The assistant answers again.")
    expect(ask).to_be_enabled()
    standin.hand("queue")
    expect(chat.panel).not_to_contain_text("The assistant answers again.")


def test_who_waits_for_a_person_goes_on_with_the_assistant(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.hand("queue", may_cancel=True)
    button = chat.root.get_by_role("button", name="Never mind, go on with the assistant")
    button.click()
    chat.until(lambda: standin.heard("cancel_human"), "the wish")
    assert standin.heard("cancel_human") == [{"type": "cancel_human", "conversation_id": "c1"}]
    expect(button).to_be_disabled()
    expect(chat.box).to_be_focused()
    standin.hand("agent")
    expect(button).to_be_hidden()
    expect(chat.panel).to_contain_text("The assistant answers again.")
    expect(chat.root.get_by_role("button", name="Talk to a person")).to_be_enabled()
    standin.hand("queue", may_cancel=True)
    expect(button).to_be_enabled()
    standin.send("error", code="person_needed")
    expect(button).to_be_hidden()
    expect(chat.root.locator(".handling")).to_be_visible()
    expect(chat.panel).not_to_contain_text("That did not work")


def test_who_asks_for_a_person_first_says_so(chat: Chat, standin: ChatStandIn) -> None:
    standin.available = False
    chat.start()
    chat.root.get_by_role("button", name="Leave a message for a person").click()
    chat.until(lambda: standin.stored, "the message")
    assert standin.stored[0]["text"] == "I would like to talk to a person."
    assert not standin.heard("request_human")


def test_a_conversation_ends_and_another_begins(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.say("Bye")
    chat.says("Bye")
    standin.end()
    expect(chat.panel).to_contain_text("This conversation has ended.")
    expect(chat.box).to_be_hidden()
    chat.root.get_by_role("button", name="New conversation").click()
    expect(chat.box).to_be_focused()
    chat.write("Hello again")
    chat.until(lambda: len(standin.heard("send_message")) == 2, "the message")
    assert standin.heard("send_message")[1]["conversation_id"] is None
    chat.until(lambda: len(standin.stored) == 3, "the message in its place")
    expect(chat.root.locator(".when", has_text="New conversation")).to_be_visible()
    assert chat.lines() == ["Hello", "Bye", "Hello again"]


@pytest.mark.parametrize("code", ["conversation_ended", "not_found"])
def test_a_message_to_a_conversation_that_is_over_begins_another(chat: Chat, standin: ChatStandIn, code: str) -> None:
    standin.begin()
    standin.store("assistant", "Still there?")
    chat.start()
    chat.says("Still there?")
    standin.error = {"code": code}
    chat.write("Yes")
    chat.until(lambda: len(standin.heard("send_message")) == 2, "another attempt")
    first, second = standin.heard("send_message")
    assert first["client_message_id"] == second["client_message_id"]
    assert (first["conversation_id"], second["conversation_id"]) == ("c1", None)
    expect(chat.root.locator(".trouble")).to_have_count(0)
    assert chat.lines() == ["Still there?", "Yes"]


def test_what_was_refused_says_why_and_can_be_sent_again_also_on_a_page_without_a_chat(
    chat: Chat, standin: ChatStandIn
) -> None:
    chat.start()
    standin.error = {"code": "too_many_messages"}
    chat.write("Too fast")
    trouble = chat.root.locator(".trouble")
    expect(trouble).to_contain_text("too many messages")
    chat.delivered()
    chat.goto("{}")
    chat.says("Too fast")
    expect(trouble).to_contain_text("too many messages")
    chat.root.get_by_role("button", name="Try again").click()
    expect(trouble).to_have_count(0)
    chat.until(lambda: standin.stored, "the message")
    first, second = standin.heard("send_message")
    assert first["client_message_id"] == second["client_message_id"]
    assert chat.lines() == ["Too fast"]


def test_what_waits_outlives_a_reload_also_before_the_user_is_known(chat: Chat, standin: ChatStandIn) -> None:
    known = f"new Promise((done) => {{ window.know = () => done('{token_for('u1')}') }})"
    options = f"{{chat: true, userToken: () => window.known ??= {known}}}"
    chat.goto(options)
    chat.page.evaluate("OnboardingAgent.openChat()")
    chat.write("Early")
    chat.says("Early")
    assert not standin.sockets
    chat.page.wait_for_function("'know' in window")
    chat.page.evaluate("know()")
    chat.until(lambda: standin.stored, "the message")
    standin.error = {"code": "anything"}
    chat.write("Refused")
    expect(chat.root.locator(".trouble")).to_be_visible()
    chat.delivered()
    chat.page.reload()
    chat.page.wait_for_function("'know' in window")
    chat.page.evaluate("know()")
    expect(chat.root.locator(".trouble")).to_be_visible()
    chat.until(lambda: chat.lines() == ["Early", "Refused"], "both")


def test_what_was_refused_can_be_dropped(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    standin.error = {"code": "anything"}
    chat.write("Never mind")
    expect(chat.root.locator(".trouble")).to_have_text("Not sent.")
    chat.delivered()
    chat.root.get_by_role("button", name="Delete").click()
    expect(chat.root.locator(".mine")).to_have_count(0)
    chat.page.reload()
    chat.box.wait_for()
    assert chat.lines() == []


def test_without_a_line_messages_wait_and_go_when_it_is_back(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    standin.refuse = [1013] * 50
    standin.hang_up(1011)
    chat.write("Are you there?")
    expect(chat.log).to_contain_text("Sending…")
    expect(chat.root.locator(".warn")).to_be_visible(timeout=10_000)
    standin.refuse.clear()
    chat.page.evaluate("window.dispatchEvent(new Event('online'))")
    chat.until(lambda: standin.stored, "the message")
    expect(chat.root.locator(".warn")).to_be_hidden()
    expect(chat.log).not_to_contain_text("Sending…")
    assert len(standin.stored) == 1


def test_a_message_that_nobody_confirms_is_sent_once_more_and_then_fails(chat: Chat, standin: ChatStandIn) -> None:
    # Shortens the patience of the page's own clock.
    chat.page.add_init_script(
        "const now = Date.now; const begin = now(); Date.now = () => begin + (now() - begin) * 30"
    )
    standin.deaf = True
    chat.start()
    chat.write("Hello?")
    expect(chat.root.locator(".trouble")).to_have_text("Not sent.", timeout=20_000)
    sent = standin.heard("send_message")
    assert len(sent) == 2
    assert len({frame["client_message_id"] for frame in sent}) == 1
    standin.deaf = False
    chat.root.get_by_role("button", name="Try again").click()
    chat.until(lambda: standin.stored, "the message")


def test_length_is_counted_and_limited_without_losing_a_word(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    count = chat.root.locator(".count")
    chat.box.fill("😀" * 3500)
    expect(count).to_have_text("")
    chat.box.fill("😀" * 4000)
    expect(count).to_have_text("4,000 of 4,000 characters")
    chat.box.fill("x" * 4001)
    expect(count).to_have_text("4,001 of 4,000 characters")
    expect(chat.box).to_have_attribute("aria-invalid", "true")
    chat.box.press("Enter")
    expect(chat.box).to_have_value("x" * 4001)
    chat.box.fill("x" * 4000)
    chat.box.press("Enter")
    chat.until(lambda: standin.stored, "the message")
    assert len(standin.stored[0]["text"]) == 4000


def test_keys_of_the_box(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.box.press("Enter")
    chat.box.fill("   ")
    chat.box.press("Enter")
    chat.box.fill("one")
    chat.box.press("Shift+Enter")
    chat.box.press_sequentially("two")
    compose = """(box, options) => box.dispatchEvent(
        new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, ...options}))"""
    chat.box.evaluate(compose, {"isComposing": True})
    chat.box.evaluate(compose, {"keyCode": 229})
    assert not standin.heard("send_message")
    chat.box.press("Enter")
    chat.until(lambda: standin.stored, "the message")
    assert [message["text"] for message in standin.stored] == ["one\ntwo"]


def test_suggestions_are_offered_until_something_was_said(chat: Chat, standin: ChatStandIn) -> None:
    standin.suggestions = ["How do I connect?", "Import contacts"]
    chat.start("{chat: {greeting: 'What can we do for you?', title: 'Curlewfield help'}}")
    expect(chat.panel).to_contain_text("What can we do for you?")
    expect(chat.root.get_by_role("dialog", name="Curlewfield help")).to_be_visible()
    chat.root.get_by_role("button", name="Import contacts").click()
    chat.until(lambda: standin.stored, "the message")
    assert standin.stored[0]["text"] == "Import contacts"
    expect(chat.root.get_by_role("button", name="How do I connect?")).to_be_hidden()


def test_an_api_that_is_away_is_said_and_tried_again(chat: Chat, standin: ChatStandIn) -> None:
    standin.rule = lambda request: Reply(503, {"code": "unavailable"}) if request.path == SESSION else None
    chat.goto()
    chat.greeted()
    chat.open()
    expect(chat.panel).to_contain_text("did not work")
    standin.rule = None
    standin.begin()
    standin.store("assistant", "Here I am")
    chat.root.get_by_role("button", name="Try again").click()
    chat.says("Here I am")
    expect(chat.panel).not_to_contain_text("did not work")


def test_an_api_that_is_away_does_not_keep_messages_from_being_sent(chat: Chat, standin: ChatStandIn) -> None:
    standin.rule = lambda request: Reply(503, {"code": "unavailable"}) if request.path == SESSION else None
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.say("Hi")
    chat.says("Hi")


def test_the_session_says_who_and_in_which_language(chat: Chat, standin: ChatStandIn) -> None:
    chat.start("{locale: 'de', chat: {playbook: 'sales'}}")
    chat.until(lambda: standin.posts(SESSION), "the session")
    request, *_ = standin.posts(SESSION)
    assert json.loads(request.body) == {"playbook": "sales", "language": "de"}
    assert request.headers["X-API-Key"] == "pk_test"
    assert request.headers["X-User-Token"].count(".") == 2


def test_a_clock_that_is_wrong_changes_nothing(chat: Chat, standin: ChatStandIn) -> None:
    chat.page.add_init_script("const now = Date.now; Date.now = () => now() + 3600_000")
    chat.start()
    chat.write("First")
    chat.until(lambda: len(standin.stored) == 1, "the message")
    standin.say("Second")
    chat.says("Second")
    chat.write("Third")
    chat.until(lambda: len(standin.stored) == 3, "the message")
    standin.say("Fourth")
    chat.says("Fourth")
    assert chat.lines() == ["First", "Second", "Third", "Fourth"]
    chat.page.keyboard.press("Escape")
    standin.say("Fifth")
    expect(chat.launcher).to_have_attribute("aria-label", "Open chat, unread messages: 1")
