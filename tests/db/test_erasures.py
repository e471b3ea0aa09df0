"""Erasure reaches every table that knows users, and nothing of anybody else."""

from datetime import timedelta

import psycopg
import pytest

from core.budgets import Allowance
from core.conversations import Role
from core.ids import derive_id, new_id
from core.playbooks import shipped
from db import (
    ai_budgets,
    ai_interactions,
    audit,
    conversations,
    erasures,
    escalations,
    events,
    idempotency,
    messages,
    notifications,
    nudges,
    profile_facts,
    turns,
    users,
)
from db.conversations import NewConversation
from db.erasures import OWN_ROWS, REPEATED_FOR, erase, repeat
from db.messages import NewMessage
from db.users import Seen
from tests.db.conftest import begin_turns

KNOWS_USERS = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND a.attname = 'user_id' AND NOT a.attisdropped
"""
CHANGED = {"ai_interactions"}
"""Tables in which rows stay, without the user."""
OWN_BOOK = {"erasures"}
"""Where an erasure itself is noted, for an hour."""


@pytest.fixture
def owner(database_url):
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def test_no_table_that_knows_users_is_forgotten(owner):
    known = {row[0] for row in owner.execute(KNOWS_USERS).fetchall()}
    assert known == set(OWN_ROWS) | CHANGED | OWN_BOOK


def test_no_table_that_names_turns_or_conversations_is_forgotten(owner):
    query = KNOWS_USERS.replace("= 'user_id'", "IN ('turn_id', 'conversation_id', 'message_id')")
    assert {row[0] for row in owner.execute(query).fetchall()} <= set(OWN_ROWS) | CHANGED


async def fill(db, company, samples, now, user="u1"):
    """Put something of a user into every table that knows users; returns the ids that may remain."""
    turn = samples.turn(company, user_id=user)
    ids = {name: derive_id(name, company, user) for name in ("conversation", "message", "note", "ticket", "call")}
    chosen = shipped()["support"]
    talk = NewConversation(
        conversation_id=ids["conversation"],
        company_id=company,
        user_id=user,
        playbook=chosen.playbook,
        playbook_version=chosen.version,
    )
    said = NewMessage(
        company_id=company,
        conversation_id=ids["conversation"],
        message_id=ids["message"],
        role=Role.USER,
        text=f"I am {user}",
        trace_id="t",
    )
    note = {"event": "x", "channel": "webhook", "payload": {"user": user}, "trace_id": "t", "now": now, "user_id": user}
    stuck = {"turn_id": turn.turn_id, "user_id": user, "stuck_point": "x", "alert": {}, "trace_id": "t", "now": now}
    call = samples.call(name=ids["call"], turn_id=turn.turn_id, user_id=user, conversation_id=ids["conversation"])
    took = {"tokens_in": 10, "tokens_out": 5, "cost_cents": 2.5, "latency_ms": 1, "now": now}
    async with db.transaction(company) as connection:
        await turns.insert(connection, turn, "queued", None, [])
    async with db.transaction(company) as connection:
        await users.touch(connection, [Seen(company, user, f"s-{user}", now)])
        await events.insert(
            connection,
            [samples.event(company, user_id=user), samples.event(company, user_id=user, at=now - timedelta(days=4000))],
        )
        await nudges.insert(connection, samples.nudge(turn), turn, now)
        await escalations.insert(connection, company, escalation_id=ids["ticket"], **stuck)
        await notifications.insert(connection, company, notification_id=ids["note"], **note)
        await conversations.start(connection, talk, now)
        await messages.insert(connection, said, now)
        await ai_budgets.reserve(db, company, call, Allowance(100), now)
        await ai_interactions.settle(connection, company, call.interaction_id, {"text": f"Hello {user}"}, **took)
        await profile_facts.set_consent(connection, company, user, now, remembers=True)
        await profile_facts.set_(connection, company, user, "role", "Nurse", now)
        await idempotency.claim(connection, company, f"k-{user}", b"hash")
        await idempotency.complete(connection, company, f"k-{user}", 200, {"user_id": user, "consent": True})
        await idempotency.claim(connection, company, f"t-{user}", b"hash")
        await idempotency.complete(connection, company, f"t-{user}", 201, {"conversation_id": ids["conversation"]})
        await audit.record(connection, company, "key:1", "user.wishes_changed", user)
        for statement in (
            """INSERT INTO tool_calls (company_id, call_id, turn_id, conversation_id, user_id, tool, arguments, status,
               created_at) VALUES (%(c)s, %(t)s, %(t)s, %(v)s, %(u)s, 'x', '{}', 'done', %(now)s)""",
            """INSERT INTO recommendations (company_id, recommendation_id, conversation_id, turn_id, user_id, draft,
               verdict, created_at) VALUES (%(c)s, %(t)s, %(v)s, %(t)s, %(u)s, '{}', '{}', %(now)s)""",
        ):
            given = {"c": company, "t": turn.turn_id, "v": ids["conversation"], "u": user, "now": now}
            await connection.execute(statement, given)
    return turn.turn_id


def checkpoint(owner, company, turn):
    thread = f"{company}:{turn}"
    owner.execute(
        "INSERT INTO checkpoints.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES (%s, '1', '{}')", (thread,)
    )
    owner.execute(
        """INSERT INTO checkpoints.checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob)
           VALUES (%s, '1', '1', 0, 'x', 'x')""",
        (thread,),
    )
    owner.execute(
        "INSERT INTO checkpoints.checkpoint_blobs (thread_id, channel, version, type) VALUES (%s, 'x', '1', 'x')",
        (thread,),
    )


def everything(owner):
    """Return every table's rows as one text each."""
    tables = owner.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'checkpoints')"
    ).fetchall()
    return {
        table: " ".join(str(row[0]) for row in owner.execute(f'SELECT t::text FROM {schema}."{table}" AS t').fetchall())
        for schema, table in tables
    }


async def test_nothing_of_the_user_is_left_and_nothing_of_others_is_gone(db, acme, rival, owner, samples, now):
    await fill(db, acme, samples, now, user="keeper")
    await fill(db, rival, samples, now, user="eve@example.com")
    before = everything(owner)
    turn = await fill(db, acme, samples, now, user="eve@example.com")
    checkpoint(owner, acme, turn)
    receipt = new_id()
    async with db.transaction(acme) as connection:
        erased = await erase(connection, acme, "eve@example.com", receipt, now)
    assert erased.users == ("eve@example.com",)
    assert erased.rows == {
        **dict.fromkeys(OWN_ROWS, 1),
        "events": 2,
        "ai_interactions": 1,
        "idempotency_keys": 2,
        "audit_log": 1,
        "checkpoints": 3,
    }
    after = everything(owner)
    for table in set(OWN_ROWS) | {"idempotency_keys", "checkpoints", "checkpoint_blobs", "checkpoint_writes"}:
        assert after[table] == before[table], table
    for table, text in after.items():
        ours = text.count("eve@example.com") - (1 if table == "erasures" else 0)
        assert ours == before[table].count("eve@example.com"), table
        assert turn not in text, table
    assert f"erased:{receipt}" in after["audit_log"]


async def test_what_models_cost_stays(db, acme, samples, now):
    await fill(db, acme, samples, now)
    async with db.transaction(acme) as connection:
        await erase(connection, acme, "u1", new_id(), now)
        spent = await ai_interactions.spend(connection, acme, now - timedelta(days=1), now + timedelta(days=1))
        used = await ai_budgets.used(connection, acme, "u1", None, now)
    assert (spent.calls, spent.cost_cents, spent.tokens_in) == (1, 2.5, 10)
    assert (used.company_cents, used.user_cents) == (2.5, 0)


async def test_an_answer_that_comes_after_the_erasure_is_not_kept_and_its_cost_is(db, acme, samples, now):
    call = samples.call(turn_id=new_id(), user_id="u1", conversation_id=new_id())
    await begin_turns(db, acme, call.turn_id)
    await ai_budgets.reserve(db, acme, call, Allowance(100), now)
    took = {"tokens_in": 10, "tokens_out": 5, "cost_cents": 2.5, "latency_ms": 1, "now": now}
    async with db.transaction(acme) as connection:
        await erase(connection, acme, "u1", new_id(), now)
        assert await ai_interactions.settle(connection, acme, call.interaction_id, {"text": "Hello Eve"}, **took)
        assert await ai_interactions.find_done(connection, acme, call.interaction_id) is None
        spent = await ai_interactions.spend(connection, acme, now - timedelta(days=1), now + timedelta(days=1))
    assert (spent.calls, spent.cost_cents) == (1, 2.5)


async def test_visitors_who_became_the_user_go_with_them(db, acme, samples, now):
    for name in ("anon_1", "anon_2", "u1"):
        await fill(db, acme, samples, now, user=name)
    async with db.transaction(acme) as connection:
        await connection.execute("UPDATE users SET anonymous = true WHERE user_id LIKE 'anon%'")
        assert await users.merge(connection, acme, "anon_1", "u1", now)
        erased = await erase(connection, acme, "u1", new_id(), now)
        assert set(erased.users) == {"u1", "anon_1"}
        assert erased.rows["messages"] == 2
        cursor = await connection.execute("SELECT DISTINCT user_id FROM events")
        assert await cursor.fetchall() == [("anon_2",)]


async def test_erasing_nobody_or_again_leaves_an_empty_receipt(db, acme, samples, now):
    await fill(db, acme, samples, now)
    async with db.transaction(acme) as connection:
        assert (await erase(connection, acme, "nobody", new_id(), now)).rows == {}
        assert (await erase(connection, acme, "u1", new_id(), now)).rows
    async with db.transaction(acme) as connection:
        assert (await erase(connection, acme, "u1", new_id(), now)).rows == {}


async def test_what_is_stored_late_is_erased_as_well(db, acme, samples, now):
    await fill(db, acme, samples, now)
    async with db.transaction(acme) as connection:
        await erase(connection, acme, "u1", new_id(), now)
    await fill(db, acme, samples, now - timedelta(seconds=5))
    async with db.transaction(acme) as connection:
        assert await repeat(connection, acme, now + timedelta(minutes=1)) >= len(OWN_ROWS)
        cursor = await connection.execute("SELECT count(*) FROM users")
        assert await cursor.fetchone() == (0,)
        assert await repeat(connection, acme, now + timedelta(minutes=2)) == 0


async def test_what_the_user_does_who_comes_back_stays(db, acme, samples, now):
    await fill(db, acme, samples, now)
    async with db.transaction(acme) as connection:
        await erase(connection, acme, "u1", new_id(), now)
        late, new = (samples.event(acme, at=now + timedelta(seconds=seconds)) for seconds in (-5, 5))
        await users.touch(connection, [Seen(acme, "u1", "s2", now + timedelta(seconds=5))])
        await events.insert(connection, [late, new])
        assert await repeat(connection, acme, now + timedelta(minutes=1)) == 1
        cursor = await connection.execute("SELECT event_id FROM events")
        assert await cursor.fetchall() == [(new.event_id,)]
        cursor = await connection.execute("SELECT user_id FROM users")
        assert await cursor.fetchall() == [("u1",)]


async def test_the_note_of_an_erasure_goes_after_an_hour(db, acme, samples, now):
    async with db.transaction(acme) as connection:
        await erase(connection, acme, "u1", new_id(), now)
        await repeat(connection, acme, now + REPEATED_FOR)
        cursor = await connection.execute("SELECT count(*) FROM erasures")
        assert await cursor.fetchone() == (1,)
        await repeat(connection, acme, now + REPEATED_FOR + timedelta(seconds=1))
        cursor = await connection.execute("SELECT count(*) FROM erasures")
        assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET subject = 'somebody else' WHERE action = 'user.wishes_changed'",
        "UPDATE audit_log SET subject = 'erased:x', actor = 'x' WHERE action = 'user.wishes_changed'",
        "DELETE FROM audit_log",
    ],
)
async def test_the_audit_log_can_be_changed_in_no_other_way(db, acme, statement):
    async with db.transaction(acme) as connection:
        await audit.record(connection, acme, "key:1", "user.wishes_changed", "u1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.transaction(acme) as connection:
            await connection.execute(statement)


async def test_other_entries_of_the_audit_log_keep_their_subject(db, acme):
    async with db.transaction(acme) as connection:
        await audit.record(connection, acme, "key:1", "config.updated", "u1")
        await connection.execute("UPDATE audit_log SET subject = 'erased:x'")
        subjects = {entry["subject"] for entry in (await audit.list_(connection, acme)).items}
    assert "u1" in subjects
    assert "erased:x" not in subjects


async def test_an_erasure_is_all_or_nothing(db, acme, owner, samples, now):
    await fill(db, acme, samples, now)
    before = everything(owner)

    async def fail_after_it():
        async with db.transaction(acme) as connection:
            await erasures.erase(connection, acme, "u1", new_id(), now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_it()
    assert everything(owner) == before
