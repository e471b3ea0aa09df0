"""Conversations: begun once, changed as the tables allow, listed in pages, ended for good."""

import asyncio
from datetime import timedelta
from itertools import product

import pytest

from core.config import ConversationRules
from core.conversations import (
    ENDED,
    TRANSITIONS,
    Channel,
    ConversationActive,
    ConversationState,
    HandledBy,
    IllegalStage,
    IllegalTransition,
    IncomingMessage,
)
from core.errors import InvalidRequest, NotFound
from core.ids import new_id
from core.playbooks import shipped
from db import conversation_intake, conversation_turns, conversations, users
from db.conversations import NewConversation

S = ConversationState
DAY = timedelta(days=1)


async def start(db, company_id, now, user_id="u1", playbook="support", **given):
    chosen = shipped()[playbook]
    new = NewConversation(
        conversation_id=new_id(),
        company_id=company_id,
        user_id=user_id,
        playbook=chosen.playbook,
        playbook_version=chosen.version,
        **given,
    )
    async with db.transaction(company_id) as connection:
        return await conversations.start(connection, new, now)


async def call(db, function, company_id, *arguments, **named):
    async with db.transaction(company_id) as connection:
        return await function(connection, company_id, *arguments, **named)


async def put(db, company_id, conversation_id, state):
    async with db.transaction(company_id) as connection:
        await connection.execute("UPDATE conversations SET state = %s, closed_at = NULL, close_code = NULL", (state,))


async def test_it_begins_with_what_the_host_knows(db, acme, now):
    known = {"language": "ar", "channel": Channel.API, "customer_name": "Ada", "phone": "+201", "context": {"plan": 1}}
    begun = await start(db, acme, now, playbook="sales", questions=("Who are you?",), **known)
    assert begun == await call(db, conversations.get, acme, begun.conversation_id)
    assert begun == await call(db, conversations.active_of, acme, "u1")
    assert {name: getattr(begun, name) for name in known} == known
    assert (begun.state, begun.handled_by, begun.stage) == (S.STARTED, HandledBy.AGENT, "greeting")
    assert (begun.questions, begun.playbook_version) == (["Who are you?"], shipped()["sales"].version)
    assert not begun.is_over


async def test_one_is_active_at_a_time_and_a_stale_one_gives_way(db, acme, rival, now):
    first = await start(db, acme, now)
    with pytest.raises(ConversationActive) as refused:
        await start(db, acme, now)
    assert refused.value.errors == ({"conversation_id": first.conversation_id},)
    await start(db, acme, now, user_id="u2")
    await start(db, rival, now)
    second = await start(db, acme, now + DAY)
    ended = await call(db, conversations.get, acme, first.conversation_id)
    assert (ended.state, ended.close_code, ended.is_over) == (S.CANCELLED, "stale", True)
    assert (await call(db, conversations.active_of, acme, "u1")).conversation_id == second.conversation_id


async def test_many_starts_at_once_make_one(db, acme, now):
    results = await asyncio.gather(*(start(db, acme, now) for _ in range(10)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conversation"] + ["ConversationActive"] * 9


async def test_the_table_of_states_is_kept(db, acme, now):
    begun = await start(db, acme, now)
    place = (acme, begun.conversation_id, now)
    for before, to in product(S, S):
        await put(db, acme, begun.conversation_id, before)
        if to is before or to in TRANSITIONS[before]:
            changed = await call(db, conversations.update, *place, state=to)
            ended = (now, to.value.lower()) if to in ENDED - {before} else (None, None)
            assert (changed.state, changed.closed_at, changed.close_code) == (to, *ended)
        else:
            with pytest.raises(IllegalTransition):
                await call(db, conversations.update, *place, state=to)


async def test_fields_are_changed_kept_and_cleared(db, acme, now):
    begun = await start(db, acme, now, customer_name="Ada")
    place = (acme, begun.conversation_id, now)
    changed = await call(db, conversations.update, *place, phone="+201", resolved=True)
    assert (changed.customer_name, changed.phone, changed.resolved) == ("Ada", "+201", True)
    changed = await call(db, conversations.update, *place, customer_name="", resolved=False)
    assert (changed.customer_name, changed.phone, changed.resolved) == (None, "+201", False)
    with pytest.raises(NotFound):
        await call(db, conversations.update, acme, new_id(), now, phone="1")


@pytest.mark.parametrize(
    ("before", "code", "after"),
    [
        (S.STARTED, "completed", S.COMPLETED),
        (S.IN_PROGRESS, "cancelled", S.CANCELLED),
        (S.IN_PROGRESS, "error", S.ERROR),
        (S.IN_PROGRESS, "stale", S.COMPLETED),
        (S.STARTED, "stale", S.CANCELLED),
        (S.AWAITING_USER_APPROVAL, "stale", S.CANCELLED),
        (S.GENERATING_RECOMMENDATIONS, "stale", S.CANCELLED),
    ],
)
async def test_it_ends_once(db, acme, now, before, code, after):
    begun = await start(db, acme, now)
    await put(db, acme, begun.conversation_id, before)
    assert await call(db, conversations.close, acme, begun.conversation_id, code, now)
    assert not await call(db, conversations.close, acme, begun.conversation_id, "cancelled", now + DAY)
    ended = await call(db, conversations.get, acme, begun.conversation_id)
    assert (ended.state, ended.close_code, ended.closed_at) == (after, code, now)
    assert await call(db, conversations.active_of, acme, "u1") is None


async def test_recommendations_that_are_being_made_cannot_be_completed(db, acme, now):
    begun = await start(db, acme, now)
    await put(db, acme, begun.conversation_id, S.GENERATING_RECOMMENDATIONS)
    with pytest.raises(IllegalTransition):
        await call(db, conversations.close, acme, begun.conversation_id, "completed", now)


async def test_the_playbooks_table_decides_on_stages(db, acme, now):
    begun, sales = await start(db, acme, now, playbook="sales"), shipped()["sales"].playbook
    place = (acme, begun.conversation_id, sales)
    assert (await call(db, conversations.advance, *place, "greeting")).stage == "greeting"
    assert (await call(db, conversations.advance, *place, "qualifying")).stage == "qualifying"
    for stage in ("greeting", "closing", "unheard_of", ""):
        with pytest.raises(IllegalStage):
            await call(db, conversations.advance, *place, stage)
    assert (await call(db, conversations.get, acme, begun.conversation_id)).stage == "qualifying"
    with pytest.raises(NotFound):
        await call(db, conversations.advance, acme, new_id(), sales, "qualifying")


async def test_two_who_move_it_at_once_move_it_once(db, acme, now):
    begun, sales = await start(db, acme, now, playbook="sales"), shipped()["sales"].playbook
    for stage in ("qualifying", "needs_analysis"):
        await call(db, conversations.advance, acme, begun.conversation_id, sales, stage)
    place = (acme, begun.conversation_id, sales)
    ways = (call(db, conversations.advance, *place, stage) for stage in ("solution", "qualifying"))
    results = await asyncio.gather(*ways, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Conversation", "IllegalStage"]


async def test_what_is_noted_of_it(db, acme, now):
    begun = await start(db, acme, now)
    place = (acme, begun.conversation_id)
    assert await call(db, conversations.set_language, *place, "ar")
    assert await call(db, conversations.set_playbook_version, *place, "support-v2")
    assert await call(db, conversations.set_summary, *place, "They asked.", 4)
    assert not await call(db, conversations.set_summary, *place, "An older one.", 3)
    noted = await call(db, conversations.get, *place)
    assert (noted.language, noted.playbook_version, noted.summary, noted.summary_until) == (
        "ar", "support-v2", "They asked.", 4,
    )  # fmt: skip
    assert not await call(db, conversations.set_language, acme, new_id(), "en")


async def test_who_answers(db, acme, now):
    begun = await start(db, acme, now)
    place = (acme, begun.conversation_id)
    await call(db, conversations.set_handled_by, *place, HandledBy.QUEUE, now)
    await call(db, conversations.set_handled_by, *place, HandledBy.HUMAN, now + DAY, agent_name="Grace")
    led = await call(db, conversations.get, *place)
    assert (led.handled_by, led.agent_name, led.escalated_at) == (HandledBy.HUMAN, "Grace", now)
    async with db.transaction(acme) as connection:
        await connection.execute("UPDATE conversations SET unanswered = 2")
    await call(db, conversations.set_handled_by, *place, HandledBy.AGENT, now + DAY)
    back = await call(db, conversations.get, *place)
    assert (back.handled_by, back.agent_name, back.unanswered, back.escalated_at) == (HandledBy.AGENT, None, 0, now)
    await call(db, conversations.close, *place, "completed", now)
    assert not await call(db, conversations.set_handled_by, *place, HandledBy.HUMAN, now)


async def test_pages_by_what_is_asked_for(db, acme, rival, now):
    begun = []
    for number in range(7):
        language, phone = "ar" if number % 2 else "en", f"+2{number}"
        given = {"user_id": f"u{number}", "language": language, "phone": phone}
        begun.append(await start(db, acme, now + timedelta(minutes=number), **given))
    await start(db, rival, now)
    await call(db, conversations.close, acme, begun[0].conversation_id, "completed", now)
    await call(db, conversations.set_handled_by, acme, begun[1].conversation_id, HandledBy.QUEUE, now)

    async def ids(**wanted):
        page = await call(db, conversations.list_, acme, **wanted)
        return [row["user_id"] for row in page.items]

    assert await ids() == ["u6", "u5", "u4", "u3", "u2", "u1", "u0"]
    assert await ids(state="COMPLETED") == ["u0"]
    assert await ids(handled_by="queue") == ["u1"]
    assert await ids(language="ar") == ["u5", "u3", "u1"]
    assert await ids(phone="+23") == ["u3"]
    assert await ids(user_id="u2", playbook="support") == ["u2"]
    assert await ids(playbook="sales") == []
    seen, cursor = [], None
    while True:
        page = await call(db, conversations.list_, acme, cursor=cursor, limit=3)
        seen += [row["user_id"] for row in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == await ids()
    with pytest.raises(InvalidRequest):
        await ids(cursor="nonsense")


async def test_what_is_no_id_is_unknown(db, acme):
    for conversation_id in ("", "x", "\0", "00000000-0000-0000-0000-00000000000G", "1" * 36):
        assert await call(db, conversations.get, acme, conversation_id) is None
        with pytest.raises(NotFound):
            await call(db, conversations.lock, acme, conversation_id)


RECOMMENDED = """
    INSERT INTO recommendations
    VALUES (%(company_id)s, %(id)s, %(id)s, %(id)s, 'anon_1', 'draft', '{}', '{}', %(now)s)
"""


class TestAVisitorIsIdentified:
    @staticmethod
    async def say(db, company_id, user_id, at, text="Hello"):
        said = {"conversation_id": None, "client_message_id": new_id(), "text": text, "trace_id": "t"}
        incoming = IncomingMessage(company_id=company_id, user_id=user_id, **said)
        async with db.transaction(company_id) as connection:
            return await conversation_intake.accept(connection, incoming, ConversationRules(), at)

    async def test_what_they_said_and_what_answers_it_moves_over(self, db, acme, now):
        before = await self.say(db, acme, "anon_1", now)
        async with db.transaction(acme) as connection:
            await connection.execute(RECOMMENDED, {"company_id": acme, "id": before.conversation_id, "now": now})
        for _ in range(2):
            assert await call(db, users.merge, acme, "anon_1", "u1", now)
        kept = await call(db, conversations.active_of, acme, "u1")
        assert kept.conversation_id == before.conversation_id
        begun = await call(db, conversation_turns.begin, acme, before.turn.turn_id, now)
        assert begun.turn.user_id == "u1"
        after = await self.say(db, acme, "u1", now)
        assert after.conversation_id == before.conversation_id
        assert await call(db, conversations.active_of, acme, "anon_1") is None
        for table in ("conversations", "messages", "turns", "recommendations"):
            async with db.transaction(acme) as connection:
                cursor = await connection.execute(f"SELECT DISTINCT user_id FROM {table}")
                assert await cursor.fetchall() == [("u1",)], table

    @pytest.mark.parametrize(
        ("known_at", "queued", "survivor"),
        [(-1, None, "anon_1"), (1, None, "u1"), (1, "anon_1", "anon_1"), (-1, "u1", "u1")],
    )
    async def test_of_two_that_are_active_one_goes_on(self, db, acme, now, known_at, queued, survivor):
        begun = {
            "anon_1": await self.say(db, acme, "anon_1", now),
            "u1": await self.say(db, acme, "u1", now + timedelta(minutes=known_at)),
        }
        if queued:
            place = (acme, begun[queued].conversation_id)
            await call(db, conversations.set_handled_by, *place, HandledBy.QUEUE, now)
        assert await call(db, users.merge, acme, "anon_1", "u1", now)
        kept = await call(db, conversations.active_of, acme, "u1")
        assert kept.conversation_id == begun.pop(survivor).conversation_id
        (other,) = begun.values()
        ended = await call(db, conversations.get, acme, other.conversation_id)
        assert (ended.user_id, ended.state, ended.close_code) == ("u1", S.CANCELLED, "cancelled")
