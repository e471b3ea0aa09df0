"""The timeline: one order over all kinds, whatever the size of the page, and fast under row-level security."""

from datetime import timedelta

import pytest

from core.config import CompanyConfig, ConversationRules
from core.conversations import IncomingMessage
from core.errors import InvalidRequest
from core.ids import new_id
from core.turns import ReceiptStep
from db import (
    configs,
    conversation_intake,
    conversation_rows,
    conversation_turns,
    conversations,
    escalations,
    events,
    messages,
    notifications,
    nudges,
    timeline,
    turns,
    users,
)
from db.users import Seen

SECOND = timedelta(seconds=1)


@pytest.fixture
async def story(db, acme, rival, samples, now):
    """Five moments, and at each of them something of every kind; beside it somebody else's."""
    async with db.transaction(acme, rival) as connection:
        for company_id, user_id in ((acme, "u1"), (acme, "u2"), (rival, "u1")):
            await users.touch(connection, [Seen(company_id, user_id, "s1", now)])
            for number in range(5):
                await moment(connection, company_id, user_id, samples, now + number * SECOND)


async def moment(connection, company_id, user_id, samples, at):
    turn = samples.turn(company_id, user_id=user_id, at=at, stuck_point=f"at {at}")
    denied = samples.turn(company_id, user_id=user_id, at=at)
    receipt = [ReceiptStep(step="restrain", outcome="deny", reason="min_gap", at=at)]
    shared = {"trace_id": "t", "now": at, "user_id": user_id}
    await events.insert(connection, [samples.event(company_id, user_id=user_id, at=at) for _ in range(2)])
    said = {"conversation_id": None, "client_message_id": new_id(), "text": "How?", "user_id": user_id, "trace_id": "t"}
    incoming = IncomingMessage(company_id=company_id, **said)
    talked = await conversation_intake.accept(connection, incoming, ConversationRules(), at)
    await conversation_turns.begin(connection, company_id, talked.turn.turn_id, at)
    await turns.insert(connection, turn, "queued", None, [])
    await turns.insert(connection, denied, "denied", "min_gap", receipt)
    await nudges.insert(connection, samples.nudge(turn), turn, at)
    await escalations.insert(
        connection, company_id, escalation_id=new_id(), turn_id=turn.turn_id, stuck_point=f"at {at}", alert={}, **shared
    )
    await notifications.insert(
        connection,
        company_id,
        notification_id=new_id(),
        event="escalation.created",
        channel="webhook",
        payload={},
        **shared,
    )


async def read(db, company_id, user_id, limit):
    items, cursor = [], None
    while True:
        async with db.transaction(company_id) as connection:
            page = await timeline.timeline(connection, company_id, user_id, cursor, limit)
        items += page.items
        assert len(page.items) <= limit
        if (cursor := page.next_cursor) is None:
            return items


async def test_the_whole_story_in_one_order(db, acme, story, now):
    items = await read(db, acme, "u1", 100)
    assert len(items) == 45
    per_moment = ["notification", "escalation", "nudge", "turn", "turn", "turn", "message", "event", "event"]
    assert [item["kind"] for item in items] == per_moment * 5
    assert [item["at"] for item in items[::9]] == [now + n * SECOND for n in (4, 3, 2, 1, 0)]
    assert {item["user_id"] for item in items} == {"u1"}
    denied = next(item for item in items if item["kind"] == "turn" and item["status"] == "denied")
    assert denied["receipt"][0]["reason"] == "min_gap"
    answered = next(item for item in items if item["kind"] == "turn" and item["turn_kind"] == "conversation")
    message = next(item for item in items if item["kind"] == "message")
    assert (message["text"], message["turn_id"]) == ("How?", answered["id"])
    assert message["conversation_id"] == answered["conversation_id"]
    assert next(item for item in items if item["kind"] == "nudge")["content"]["title"] == "Connect your CRM"


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 9, 44, 45, 46])
async def test_no_page_size_skips_or_repeats(db, acme, story, limit):
    assert await read(db, acme, "u1", limit) == await read(db, acme, "u1", 100)


async def test_a_page_is_not_moved_by_what_comes_meanwhile(db, acme, story, samples, now):
    whole = await read(db, acme, "u1", 100)
    async with db.transaction(acme) as connection:
        first = await timeline.timeline(connection, acme, "u1", None, 10)
        await moment(connection, acme, "u1", samples, now + 60 * SECOND)
        second = await timeline.timeline(connection, acme, "u1", first.next_cursor, 100)
    assert first.items + second.items == whole


async def test_what_a_user_did_before_being_identified_belongs_to_the_story(db, acme, story, samples, now):
    async with db.transaction(acme) as connection:
        await events.insert(connection, [samples.event(acme, user_id="anon", at=now - SECOND)])
        await users.merge(connection, acme, "anon", "u1", now)
    items = await read(db, acme, "u1", 6)
    assert len(items) == 46
    assert items[-1]["user_id"] == "anon"


async def test_somebody_unknown_has_no_story(db, acme):
    assert await read(db, acme, "nobody", 10) == []


async def test_a_made_up_cursor_is_refused(db, acme):
    async with db.transaction(acme) as connection:
        with pytest.raises(InvalidRequest):
            await timeline.timeline(connection, acme, "u1", "bm9uc2Vuc2U", 10)


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


QUERIES = {
    "timeline": (timeline._TIMELINE, {"user_id": "u7"}),
    "recent": (events._RECENT, {"companies": None, "users": ["u7", "u8"]}),
    "session": (events._FOR_SESSION, {"session_id": "s7"}),
    "history": (nudges._HISTORY, {"user_id": "u7"}),
    "undelivered": (nudges._UNDELIVERED, {"user_id": "u7"}),
    "standing": (users._STANDING, {"user_id": "u7"}),
    "config": (configs._LOAD, {}),
    "talking": (conversations._IS_TALKING, {"user_id": "u7"}),
    "active": (conversation_rows._ACTIVE, {"user_id": "u7"}),
    "rate": (conversation_intake._LATELY, {"user_id": "u7"}),
    "repeated": (messages._BY_CLIENT, {"user_id": "u7", "client_message_id": "m7", "conversation_id": None}),
    "told": (messages._LATELY, {"user_id": "u7"}),
}
TALK = (
    """INSERT INTO conversations (company_id, conversation_id, user_id, playbook, stage, created_at, last_message_at,
           stale_at) SELECT %(company_id)s, gen_random_uuid(), 'u' || n, 'support', 'start', %(now)s, %(now)s, %(now)s
       FROM generate_series(1, 2000) n""",
    """INSERT INTO messages (company_id, message_id, conversation_id, position, user_id, role, text, client_message_id,
           created_at, trace_id)
       SELECT company_id, gen_random_uuid(), conversation_id, n, user_id, 'user', 'x', 'm' || n, %(now)s, 't'
       FROM conversations CROSS JOIN generate_series(1, 5) n""",
)
"""Many conversations of a few messages each."""
INDEXED = {
    "users", "sessions", "turns", "nudges", "company_configs", "events_2026_11", "conversations", "messages",
}  # fmt: skip


@pytest.fixture
async def crowd(db, acme, rival, samples, now, database_url):
    """Enough rows that a sequential scan would be the worse plan, and statistics that say so."""
    async with db.transaction(acme, rival) as connection:
        rows = [
            samples.event(company, user_id=f"u{n % 200}", session_id=f"s{n % 200}", at=now + n * SECOND)
            for n in range(4000)
            for company in (acme, rival)
        ]
        await events.insert(connection, rows)
        await users.touch(connection, [Seen(row.company_id, row.user_id, row.session_id, now) for row in rows])
        for n in range(1000):
            turn = samples.turn(acme, user_id=f"u{n % 200}", at=now + n * SECOND)
            await turns.insert(connection, turn, "done", "nudged", [])
            await nudges.insert(connection, samples.nudge(turn), turn, now)
        for statement in TALK:
            await connection.execute(statement, {"company_id": acme, "now": now})
        for n in range(500):
            await configs.save(connection, acme, CompanyConfig(confidence_threshold=n / 500), "system", now)
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute("ANALYZE")


async def test_policies_are_evaluated_once_and_indexes_are_used(db, acme, crowd, now):
    for name, (statement, values) in QUERIES.items():
        cursor = {"cursor_at": None, "cursor_rank": None, "cursor_key": None, "limit": 21, "since": now, "now": now}
        parameters = {"company_id": acme, **cursor, **values}
        if "companies" in values:
            parameters["companies"] = [acme, acme]
        async with db.transaction(acme) as connection:
            explained = await connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            found = list(nodes((await explained.fetchone())[0][0]["Plan"]))
        initial = [node for node in found if node.get("Parent Relationship") == "InitPlan"]
        assert initial, name
        assert {node["Actual Loops"] for node in initial} <= {0, 1}, name
        assert [node for node in found if node.get("Parent Relationship") == "SubPlan"] == [], name
        scanned = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan" and node["Actual Loops"]}
        assert not scanned & INDEXED, name
