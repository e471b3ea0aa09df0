"""Messages: stored once, in the order of the conversation, rated by whom they were for; tickets that answers close."""

import asyncio
from datetime import timedelta

import pytest

from core.config import ConversationRules
from core.conversations import Citation, HandledBy, IncomingMessage, Role, answer_id
from core.friendly import friendly_id
from core.ids import new_id
from db import conversation_intake, conversation_turns, conversations, messages, tickets
from db.messages import NewMessage

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def asked(db, acme, now):
    """A question that was taken in."""
    return await ask(db, acme, now)


async def ask(db, company_id, now, user_id="u1"):
    incoming = IncomingMessage(
        company_id=company_id,
        user_id=user_id,
        conversation_id=None,
        client_message_id=new_id(),
        text="How?",
        trace_id="t",
    )
    async with db.transaction(company_id) as connection:
        return await conversation_intake.accept(connection, incoming, ConversationRules(), now)


def new(company_id, asked, text="So.", **changes):
    values = {"message_id": new_id(), "role": Role.ASSISTANT, "trace_id": "t", **changes}
    return NewMessage(company_id=company_id, conversation_id=asked.conversation_id, text=text, **values)


async def call(db, function, company_id, *arguments, **named):
    async with db.transaction(company_id) as connection:
        return await function(connection, company_id, *arguments, **named)


async def store(db, function, message, now, **named):
    async with db.transaction(message.company_id) as connection:
        return await function(connection, message, now, **named)


async def test_an_answer_is_stored_once_with_all_that_belongs_to_it(db, acme, now, asked):
    citation = Citation(title="Keys", url="https://help.example/keys", marker=1, chunk_id=new_id())
    message_id = answer_id(asked.turn.turn_id)
    answer = new(acme, asked, "Like so [1].", message_id=message_id, citations=[citation], language="en",
                 turn_id=asked.turn.turn_id, verdicts=[{"rule": "price"}])  # fmt: skip
    first = await store(db, messages.insert_answer, answer, now + MINUTE)
    other = new(acme, asked, "Another run's words.", message_id=message_id)
    again = await store(db, messages.insert_answer, other, now + 2 * MINUTE, is_answered=False)
    assert (first.is_new, again.is_new, again.message) == (True, False, first.message)
    assert (first.message.position, first.message.citations) == (2, (citation,))
    kept = await call(db, conversations.get, acme, asked.conversation_id)
    assert (kept.first_answer_ms, kept.unanswered, kept.last_message_at) == (60_000, 0, now + MINUTE)
    assert [message.role for message in await call(db, messages.of_turn, acme, asked.turn.turn_id)] == [
        Role.USER,
        Role.ASSISTANT,
    ]


async def test_the_time_that_a_person_took_is_not_counted_as_the_agents(db, acme, now, asked):
    await call(db, conversations.set_handled_by, acme, asked.conversation_id, HandledBy.QUEUE, now)
    await call(db, conversations.set_handled_by, acme, asked.conversation_id, HandledBy.AGENT, now + MINUTE)
    await store(db, messages.insert_answer, new(acme, asked), now + 2 * MINUTE)
    assert (await call(db, conversations.get, acme, asked.conversation_id)).first_answer_ms is None


async def test_a_killed_run_and_its_successor_at_once_store_one_answer(db, acme, now, asked):
    answer = new(acme, asked)
    results = await asyncio.gather(*(store(db, messages.insert_answer, answer, now) for _ in range(8)))
    assert sum(each.is_new for each in results) == 1
    assert len(await call(db, messages.after, acme, asked.conversation_id, 0)) == 2


async def test_turns_without_an_answer_are_counted_until_there_is_one(db, acme, now, asked):
    for is_answered, expected in ((False, 1), (False, 2), (True, 0), (False, 1)):
        await store(db, messages.insert_answer, new(acme, asked), now, is_answered=is_answered)
        assert (await call(db, conversations.get, acme, asked.conversation_id)).unanswered == expected


async def test_an_old_message_does_not_turn_the_clock_back(db, acme, now, asked):
    await store(db, messages.insert, new(acme, asked), now - MINUTE)
    kept = await call(db, conversations.get, acme, asked.conversation_id)
    assert (kept.last_message_at, kept.last_position) == (now, 2)


async def test_what_was_said_is_read_from_both_ends(db, acme, now, asked):
    for number in range(2, 8):
        await store(db, messages.insert, new(acme, asked, str(number)), now)
    place = (acme, asked.conversation_id)
    assert [each.position for each in await call(db, messages.recent, *place, 3)] == [5, 6, 7]
    assert [each.position for each in await call(db, messages.recent, *place, 3, before=5)] == [2, 3, 4]
    assert [each.position for each in await call(db, messages.after, *place, 4)] == [5, 6, 7]
    assert [each.position for each in await call(db, messages.after, *place, 0, limit=2)] == [1, 2]


async def test_only_whom_an_answer_was_for_may_rate_it_and_the_last_word_counts(db, acme, rival, now, asked):
    answer = (await store(db, messages.insert_answer, new(acme, asked), now)).message.message_id
    assert await call(db, messages.rate, acme, "u1", answer, "up", now)
    assert await call(db, messages.rate, acme, "u1", answer, "down", now)
    assert (await call(db, messages.get, acme, answer)).rating == "down"
    for company_id, user_id, message_id in (
        (acme, "u2", answer),
        (rival, "u1", answer),
        (acme, "u1", asked.message.message_id),
        (acme, "u1", new_id()),
        (acme, "u1", "\0"),
    ):
        assert not await call(db, messages.rate, company_id, user_id, message_id, "up", now)


async def test_text_that_postgresql_refuses_is_mended(db, acme, now, asked):
    stored = await store(db, messages.insert_answer, new(acme, asked, "a\0b\ud800"), now)
    assert (
        stored.message.text == (await call(db, messages.get, acme, stored.message.message_id)).text == "a\ufffdb\ufffd"
    )


class TestTickets:
    @staticmethod
    async def open(db, company_id, asked, now, **changes):
        values = {"ticket_id": new_id(), "turn_id": asked.turn.turn_id, "user_id": "u1", "reason": "wish"}
        values |= {"conversation_id": asked.conversation_id, "alert": {"headline": "x"}, "expected_by": now + MINUTE}
        return await call(db, tickets.open_ticket, company_id, **{**values, "trace_id": "t", "now": now, **changes})

    async def test_a_conversation_has_one_open_ticket(self, db, acme, now, asked):
        results = await asyncio.gather(*(self.open(db, acme, asked, now) for _ in range(5)))
        assert sum(each.is_new for each in results) == 1
        assert len({each.ticket.ticket_id for each in results}) == 1
        again = await self.open(db, acme, asked, now, ticket_id=results[0].ticket.ticket_id)
        assert not again.is_new
        assert await call(db, tickets.resolve, acme, asked.conversation_id, now)
        assert not await call(db, tickets.resolve, acme, asked.conversation_id, now)
        assert (await self.open(db, acme, asked, now)).is_new

    async def test_two_conversations_have_one_each(self, db, acme, now, asked):
        other = await ask(db, acme, now, "u2")
        assert (await self.open(db, acme, asked, now)).is_new
        assert (await self.open(db, acme, other, now, user_id="u2")).is_new

    async def test_the_first_word_of_a_person_answers_it(self, db, acme, now, asked):
        ticket = (await self.open(db, acme, asked, now)).ticket
        for minutes in (1, 2):
            person = new(acme, asked, "I am Ada.", role=Role.AGENT, author="Ada")
            await store(db, messages.insert_human, person, now + minutes * MINUTE)
        kept = await call(db, tickets.get, acme, ticket.ticket_id)
        assert (kept.answered_at, kept.status) == (now + MINUTE, "acknowledged")
        assert not await call(db, tickets.mark_overdue, acme, ticket.ticket_id, now + MINUTE)

    async def test_a_persons_message_sent_twice_is_one(self, db, acme, now, asked):
        sent = [
            new(acme, asked, "Hello", role=Role.AGENT, author="Ada", client_message_id="c1", message_id=new_id())
            for _ in range(4)
        ]
        assert await call(db, messages.get, acme, "no id") is None
        results = await asyncio.gather(*(store(db, messages.insert_human, message, now) for message in sent))
        assert len({each.message.message_id for each in results}) == 1
        assert sum(each.is_new for each in results) == 1

    async def test_of_several_who_notice_that_it_is_overdue_one_is_told_so(self, db, acme, rival, now, asked):
        ticket = (await self.open(db, acme, asked, now)).ticket
        assert await self.overdue(db, now) == []
        assert await self.overdue(db, now + MINUTE) == [(acme, ticket.ticket_id)]
        marks = (call(db, tickets.mark_overdue, acme, ticket.ticket_id, now + MINUTE) for _ in range(4))
        assert sorted(await asyncio.gather(*marks)) == [False, False, False, True]
        assert await self.overdue(db, now + MINUTE) == []

    @staticmethod
    async def overdue(db, now):
        async with db.system() as connection:
            return [(each.company_id, each.ticket_id) for each in await tickets.overdue(connection, now, 10)]


class TestTurns:
    async def test_a_task_is_found_by_its_id_and_by_the_name_that_people_say(self, db, acme, rival, now, asked):
        turn_id = asked.turn.turn_id
        stored = await call(db, conversation_turns.get, acme, turn_id)
        assert (stored.turn, stored.status, stored.friendly_id) == (asked.turn, "queued", friendly_id(turn_id))
        assert await call(db, conversation_turns.get, acme, stored.friendly_id) == stored
        for company_id, name in ((rival, turn_id), (rival, stored.friendly_id), (acme, new_id()), (acme, "x")):
            assert await call(db, conversation_turns.get, company_id, name) is None

    async def test_of_two_that_share_a_name_the_latest_is_meant(self, db, acme, now, asked):
        other = await ask(db, acme, now + MINUTE, "u2")
        async with db.transaction(acme) as connection:
            await connection.execute("UPDATE turns SET friendly_id = 'calm-otter-1234'")
        assert (await call(db, conversation_turns.get, acme, "calm-otter-1234")).turn == other.turn

    async def test_it_runs_until_it_has_ended(self, db, acme, now, asked):
        place = (acme, asked.turn.turn_id)
        assert (await call(db, conversation_turns.begin, *place, now)).status == "running"
        assert (await call(db, conversation_turns.begin, *place, now)).status == "running"
        understood = {"language": "en", "intent": "question"}
        assert await call(db, conversation_turns.finish, *place, "done", "answered", diagnosis=understood, now=now)
        assert not await call(db, conversation_turns.finish, *place, "failed", "failed", now=now)
        assert (await call(db, conversation_turns.begin, *place, now)).status == "done"
        stored = await call(db, conversation_turns.get, *place)
        assert (stored.outcome, stored.diagnosis, stored.finished_at) == ("answered", understood, now)
        assert await call(db, conversation_turns.begin, acme, new_id(), now) is None

    async def test_how_long_the_user_has_been_writing(self, db, acme, now, asked):
        await ask(db, acme, now + MINUTE)
        waiting = await call(db, conversation_turns.waiting, acme, asked.turn.turn_id)
        assert (waiting.first_message_at, waiting.last_message_at) == (now, now + MINUTE)
        assert (waiting.status, waiting.request) == ("queued", None)
        assert await call(db, conversation_turns.waiting, acme, new_id()) is None

    async def test_what_is_to_be_stopped_is_what_runs_else_what_waits(self, db, acme, now, asked):
        place = (acme, asked.conversation_id)
        assert await call(db, conversation_turns.under_way, *place) == asked.turn
        await call(db, conversation_turns.begin, acme, asked.turn.turn_id, now)
        later = await ask(db, acme, now + MINUTE)
        assert later.turn != asked.turn
        assert await call(db, conversation_turns.under_way, *place) == asked.turn
        await call(db, conversation_turns.finish, acme, asked.turn.turn_id, "done", "answered", now=now)
        assert await call(db, conversation_turns.under_way, *place) == later.turn
        await call(db, conversation_turns.finish, acme, later.turn.turn_id, "done", "answered", now=now)
        assert await call(db, conversation_turns.under_way, *place) is None


async def test_a_person_who_took_over_is_seen_by_the_turn_that_begins(db, acme, now, asked):
    await call(db, conversations.set_handled_by, acme, asked.conversation_id, HandledBy.HUMAN, now, agent_name="Ada")
    begun = await call(db, conversation_turns.begin, acme, asked.turn.turn_id, now)
    assert (begun.conversation.handled_by, begun.conversation.agent_name) == (HandledBy.HUMAN, "Ada")
