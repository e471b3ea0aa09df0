"""Taking in messages: once each, in one order, to one turn, refused where they do not belong."""

import asyncio
from datetime import timedelta

import pytest

from core.config import ConversationRules
from core.conversations import (
    ConversationActive,
    ConversationEnded,
    EmptyMessage,
    HandledBy,
    IncomingMessage,
    TooManyMessages,
)
from core.errors import NotFound
from core.ids import new_id
from core.playbooks import shipped
from db import conversation_intake, conversation_requests, conversation_turns, conversations, messages, playbooks
from db.conversation_rows import NewConversation

RULES = ConversationRules()
MINUTE = timedelta(minutes=1)


def incoming(company_id, text="How do I connect?", **changes):
    values = {"company_id": company_id, "user_id": "u1", "conversation_id": None, "text": text, "trace_id": "t1"}
    return IncomingMessage(**{**values, "client_message_id": new_id(), **changes})


async def accept(db, message, now, rules=RULES):
    async with db.transaction(message.company_id) as connection:
        return await conversation_intake.accept(connection, message, rules, now)


async def close(db, company_id, conversation_id, now):
    async with db.transaction(company_id) as connection:
        assert await conversations.close(connection, company_id, conversation_id, "completed", now)


async def begin(db, turn, now):
    async with db.transaction(turn.company_id) as connection:
        return await conversation_turns.begin(connection, turn.company_id, turn.turn_id, now)


async def said(db, company_id, conversation_id):
    async with db.transaction(company_id) as connection:
        return await messages.after(connection, company_id, conversation_id, 0)


async def allow(db, company_id, now, name="support", **limits):
    """Give a company a playbook with other limits."""
    usual = shipped()["support"].playbook
    changed = usual.model_copy(update={"name": name, "limits": usual.limits.model_copy(update=limits)})
    async with db.transaction(company_id) as connection:
        await playbooks.save(connection, company_id, changed, "test", now)


async def test_a_first_message_begins_a_conversation_and_its_turn(db, acme, now):
    accepted = await accept(db, incoming(acme), now)
    assert (accepted.is_new, accepted.began, accepted.publish) == (True, True, True)
    begun = await begin(db, accepted.turn, now)
    kept = begun.conversation
    assert (kept.user_id, kept.playbook, kept.state, kept.last_position) == ("u1", "support", "IN_PROGRESS", 1)
    assert kept.stale_at == now + timedelta(minutes=shipped()["support"].playbook.limits.stale_minutes)
    assert (begun.turn, begun.status, begun.asked) == (accepted.turn, "running", (accepted.message,))


async def test_further_messages_continue_it_and_join_the_turn_until_it_begins(db, acme, now):
    first = await accept(db, incoming(acme, "One"), now)
    second = await accept(db, incoming(acme, "Two", playbook="sales"), now)
    named = await accept(db, incoming(acme, "Three", conversation_id=first.conversation_id), now)
    assert {each.conversation_id for each in (second, named)} == {first.conversation_id}
    assert (second.turn, named.turn, second.began) == (first.turn, first.turn, False)
    assert [second.publish, named.publish] == [False, False]
    begun = await begin(db, first.turn, now)
    assert [message.text for message in begun.asked] == ["One", "Two", "Three"]
    later = await accept(db, incoming(acme, "Four"), now)
    assert later.turn.turn_id != first.turn.turn_id
    assert later.publish
    assert [message.position for message in await said(db, acme, first.conversation_id)] == [1, 2, 3, 4]


async def test_a_turn_that_has_waited_for_a_while_is_published_again(db, acme, now):
    """Whoever made it may have died before it was in the stream."""
    await accept(db, incoming(acme), now)
    assert (await accept(db, incoming(acme), now + timedelta(seconds=2))).publish


@pytest.mark.parametrize("named", [True, False])
async def test_the_same_message_again_is_found(db, acme, now, named):
    message = incoming(acme)
    first = await accept(db, message, now)
    again = message.model_copy(update={"conversation_id": first.conversation_id if named else None})
    repeated = await accept(db, again, now + MINUTE)
    assert (repeated.message, repeated.turn) == (first.message, first.turn)
    assert (repeated.is_new, repeated.began, repeated.publish) == (False, False, True)
    await begin(db, first.turn, now)
    assert not (await accept(db, again, now + MINUTE)).publish
    await close(db, acme, first.conversation_id, now)
    ended = await accept(db, again, now + MINUTE)
    assert (ended.message, ended.is_new) == (first.message, False)
    assert len(await said(db, acme, first.conversation_id)) == 1


async def test_an_id_of_one_user_means_nothing_for_another(db, acme, rival, now):
    mine = await accept(db, incoming(acme, client_message_id="1"), now)
    theirs = await accept(db, incoming(acme, client_message_id="1", user_id="u2"), now)
    elsewhere = await accept(db, incoming(rival, client_message_id="1"), now)
    assert len({each.conversation_id for each in (mine, theirs, elsewhere)}) == 3
    assert all(each.is_new for each in (mine, theirs, elsewhere))


async def test_an_id_may_be_used_in_another_conversation(db, acme, now):
    first = await accept(db, incoming(acme, client_message_id="1"), now)
    await close(db, acme, first.conversation_id, now)
    second = await accept(db, incoming(acme), now)
    third = await accept(db, incoming(acme, client_message_id="1", conversation_id=second.conversation_id), now)
    assert third.is_new


async def test_what_belongs_to_others_is_refused_like_what_does_not_exist(db, acme, rival, now):
    mine = await accept(db, incoming(acme), now)
    refusals = set()
    for message in (
        incoming(acme, conversation_id=mine.conversation_id, user_id="u2"),
        incoming(rival, conversation_id=mine.conversation_id),
        incoming(acme, conversation_id=new_id()),
        incoming(acme, conversation_id="no-uuid"),
        incoming(acme, conversation_id="\0"),
    ):
        with pytest.raises(NotFound) as refused:
            await accept(db, message, now)
        refusals.add((refused.value.code, refused.value.detail))
    assert len(refusals) == 1
    assert len(await said(db, acme, mine.conversation_id)) == 1


async def test_an_ended_conversation_takes_nothing_and_the_next_message_begins_another(db, acme, now):
    first = await accept(db, incoming(acme), now)
    await close(db, acme, first.conversation_id, now)
    with pytest.raises(ConversationEnded):
        await accept(db, incoming(acme, conversation_id=first.conversation_id), now)
    second = await accept(db, incoming(acme), now)
    assert (second.began, second.ended) == (True, None)
    assert second.conversation_id != first.conversation_id


async def test_a_stale_conversation_gives_way_unless_it_is_named_or_waits_for_a_person(db, acme, now):
    later = now + timedelta(days=2)
    old = await accept(db, incoming(acme), now)
    new = await accept(db, incoming(acme), later)
    assert (new.began, new.ended) == (True, old.conversation_id)
    named = await accept(db, incoming(acme, conversation_id=new.conversation_id), later + timedelta(days=2))
    assert named.conversation_id == new.conversation_id
    async with db.transaction(acme) as connection:
        await conversations.set_handled_by(connection, acme, new.conversation_id, HandledBy.QUEUE, later)
    waiting = await accept(db, incoming(acme), later + timedelta(days=9))
    assert (waiting.conversation_id, waiting.ended) == (new.conversation_id, None)


async def test_what_is_said_while_a_person_is_awaited_makes_a_turn_since_it_may_be_a_sign_of_danger(db, acme, now):
    first = await accept(db, incoming(acme), now)
    await begin(db, first.turn, now)
    async with db.transaction(acme) as connection:
        await conversations.set_handled_by(connection, acme, first.conversation_id, HandledBy.QUEUE, now)
    taken = await accept(db, incoming(acme), now)
    assert taken.turn not in {None, first.turn}
    assert (taken.publish, taken.handled_by) == (True, HandledBy.QUEUE)


async def test_what_is_said_to_a_person_makes_no_turn(db, acme, now):
    by = HandledBy.HUMAN
    first = await accept(db, incoming(acme), now)
    async with db.transaction(acme) as connection:
        await conversations.set_handled_by(connection, acme, first.conversation_id, by, now, agent_name="Ada")
    message = incoming(acme)
    taken = await accept(db, message, now)
    assert (taken.turn, taken.publish, taken.handled_by) == (None, False, by)
    again = await accept(db, message, now)
    assert (again.turn, again.publish, again.is_new) == (None, False, False)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("  Hello\r\nyou\r", "Hello\nyou", id="line ends and space"),
        pytest.param("Hel\0lo\x1b[31m\x07", "Hello[31m", id="control characters"),
        pytest.param("\u202egpj.exe\u202c \u2066x\u2069", "gpj.exe x", id="overrides and isolates"),
        pytest.param("a\u200bb\ufeffc\U000e0041", "abc", id="invisible ones"),
        pytest.param("می\u200cخواهم \u200fنعم", "می\u200cخواهم \u200fنعم", id="marks that languages need"),
        pytest.param("👩\u200d💻", "👩\u200d💻", id="emoji of several"),
        pytest.param("tab\tstays", "tab\tstays", id="tab"),
        pytest.param("half \ud83d", "half \ufffd", id="half a character"),
    ],
)
async def test_text_is_kept_without_what_cannot_be_seen(db, acme, now, text, kept):
    message = incoming(acme).model_copy(update={"text": text})
    accepted = await accept(db, message, now)
    (stored,) = await said(db, acme, accepted.conversation_id)
    assert (accepted.message.text, stored.text) == (kept, kept)


@pytest.mark.parametrize("text", [" ", "\0\0", "\u202e\u2066", "\u200d", "\u3164\u2800", "\n\t\r", "\u0301", "\ufe0f"])
async def test_text_that_shows_nothing_is_refused(db, acme, now, text):
    with pytest.raises(EmptyMessage):
        await accept(db, incoming(acme, text), now)
    async with db.transaction(acme) as connection:
        assert (await conversations.list_(connection, acme)).items == []


async def test_ids_and_names_that_a_client_makes_up_harm_nothing(db, acme, now):
    first = await accept(db, incoming(acme, client_message_id="\0'; --"), now)
    assert not (await accept(db, incoming(acme, client_message_id="\0'; --"), now)).is_new
    await close(db, acme, first.conversation_id, now)
    with pytest.raises(NotFound) as refused:
        await accept(db, incoming(acme, playbook="\0"), now)
    assert refused.value.code == "unknown_playbook"


async def test_too_many_in_a_minute_are_refused_and_later_ones_taken(db, acme, now):
    most = shipped()["support"].playbook.limits.messages_per_minute
    for number in range(most):
        await accept(db, incoming(acme), now + timedelta(seconds=number))
    with pytest.raises(TooManyMessages) as refused:
        await accept(db, incoming(acme), now + timedelta(seconds=50))
    assert refused.value.retry_after == 10
    assert (await accept(db, incoming(acme, user_id="u2"), now + timedelta(seconds=50))).is_new
    assert (await accept(db, incoming(acme), now + timedelta(seconds=60))).is_new


async def test_a_repetition_is_not_too_many(db, acme, now):
    most = shipped()["support"].playbook.limits.messages_per_minute
    sent = [incoming(acme) for _ in range(most)]
    for message in sent:
        await accept(db, message, now)
    assert not (await accept(db, sent[0], now)).is_new


async def test_the_limit_holds_over_conversations_and_without_the_playbook(db, acme, now):
    """A user who ends conversations to begin others gets no more; one whose playbook is gone goes on."""
    await allow(db, acme, now, "strict", messages_per_minute=1)
    first = await accept(db, incoming(acme, playbook="strict"), now)
    with pytest.raises(TooManyMessages):
        await accept(db, incoming(acme), now)
    async with db.transaction(acme) as connection:
        await connection.execute("DELETE FROM playbooks")
    assert (await accept(db, incoming(acme), now)).conversation_id == first.conversation_id


async def test_a_hundred_at_once_from_one_user_make_one_conversation_in_one_order(db, acme, now):
    """Half of them are sent twice, as an impatient page does; the clock of one sender is behind."""
    await allow(db, acme, now, messages_per_minute=600)
    sent = [incoming(acme, f"{number}") for number in range(100)]
    results = await asyncio.gather(
        *(accept(db, message, now - number % 3 * MINUTE) for number, message in enumerate([*sent, *sent[::2]]))
    )
    assert len({each.conversation_id for each in results}) == 1
    kept = await said(db, acme, results[0].conversation_id)
    assert [message.position for message in kept] == list(range(1, 101))
    assert sorted(message.text for message in kept) == sorted(message.text for message in sent)
    assert sum(each.is_new for each in results) == 100
    assert sum(each.began for each in results) == 1
    assert len({message.turn_id for message in kept}) == 1


async def test_the_same_message_by_name_and_without_at_once_is_kept_once(db, acme, now):
    """A page that reconnects may send again what is under way, with the conversation or without."""
    place = (await accept(db, incoming(acme), now)).conversation_id
    for _ in range(5):
        message = incoming(acme)
        named = message.model_copy(update={"conversation_id": place})
        results = await asyncio.gather(*(accept(db, each, now) for each in [message, named] * 4))
        assert len({each.message.message_id for each in results}) == 1
        assert sum(each.is_new for each in results) == 1


async def test_starting_by_the_api_and_by_a_message_at_once_makes_one(db, acme, now):
    chosen = shipped()["onboarding"]

    async def start():
        new = NewConversation(
            conversation_id=new_id(),
            company_id=acme,
            user_id="u1",
            playbook=chosen.playbook,
            playbook_version=chosen.version,
        )
        async with db.transaction(acme) as connection:
            return (await conversations.start(connection, new, now)).conversation_id

    results = await asyncio.gather(
        *(start() for _ in range(5)), *(accept(db, incoming(acme), now) for _ in range(5)), return_exceptions=True
    )
    begun = {result for result in results if isinstance(result, str)} | {
        result.conversation_id for result in results if isinstance(result, conversation_intake.Accepted)
    }
    refused = [result for result in results if isinstance(result, Exception)]
    assert len(begun) == 1
    assert all(isinstance(each, ConversationActive) for each in refused)
    assert {each.errors[0]["conversation_id"] for each in refused} <= begun
    assert len(refused) >= 4


async def test_no_message_falls_between_two_turns(db, acme, now):
    """Turns are begun while messages come in: each message is asked in exactly one of them, once it was begun."""
    await allow(db, acme, now, messages_per_minute=600)
    asked = {}

    async def answer(turn):
        asked[turn.turn_id] = [message.text for message in (await begin(db, turn, now)).asked]

    async def send(number):
        taken = await accept(db, incoming(acme, str(number)), now)
        if taken.publish:
            await answer(taken.turn)

    first = await accept(db, incoming(acme, "0"), now)
    await asyncio.gather(answer(first.turn), *(send(number) for number in range(1, 30)))
    async with db.transaction(acme) as connection:
        assert await conversation_turns.queued(connection, acme, first.conversation_id) is None
    assert sorted(text for texts in asked.values() for text in texts) == sorted(map(str, range(30)))


class TestAPersonIsAskedFor:
    @staticmethod
    async def ask(db, company_id, conversation_id, now, user_id="u1"):
        async with db.transaction(company_id) as connection:
            return await conversation_requests.ask_for_person(
                connection, company_id, user_id, conversation_id, "t", now
            )

    async def test_the_turn_that_waits_is_marked_and_the_note_kept_once(self, db, acme, now):
        first = await accept(db, incoming(acme), now)
        asked = [await self.ask(db, acme, first.conversation_id, now) for _ in range(2)]
        assert [each.turn for each in asked] == [first.turn, first.turn]
        begun = await begin(db, first.turn, now)
        assert (begun.request, begun.asked) == ("human", (first.message,))
        assert [message.role for message in await said(db, acme, first.conversation_id)] == ["user", "system"]
        assert (await self.ask(db, acme, first.conversation_id, now)).turn is None

    async def test_while_an_answer_is_written_a_turn_of_its_own_waits(self, db, acme, now):
        first = await accept(db, incoming(acme), now)
        await begin(db, first.turn, now)
        asked = await self.ask(db, acme, first.conversation_id, now)
        assert asked.turn not in {None, first.turn}
        begun = await begin(db, asked.turn, now)
        assert (begun.request, begun.asked) == ("human", ())

    @pytest.mark.parametrize("by", [HandledBy.QUEUE, HandledBy.HUMAN])
    async def test_who_was_called_is_not_called_again(self, db, acme, now, by):
        first = await accept(db, incoming(acme), now)
        async with db.transaction(acme) as connection:
            await conversations.set_handled_by(connection, acme, first.conversation_id, by, now)
        asked = await self.ask(db, acme, first.conversation_id, now)
        assert (asked.turn, asked.handled_by) == (None, by)

    async def test_only_in_ones_own_and_while_it_lasts(self, db, acme, rival, now):
        first = await accept(db, incoming(acme), now)
        for company_id, conversation_id, user_id in (
            (acme, first.conversation_id, "u2"),
            (rival, first.conversation_id, "u1"),
            (acme, new_id(), "u1"),
        ):
            with pytest.raises(NotFound):
                await self.ask(db, company_id, conversation_id, now, user_id)
        await close(db, acme, first.conversation_id, now)
        with pytest.raises(ConversationEnded):
            await self.ask(db, acme, first.conversation_id, now)
