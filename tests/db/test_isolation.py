"""No company sees or changes another's rows. Tables are read from the catalogue: a new one without a policy fails."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from core.baselines import Baseline
from core.budgets import Allowance
from core.config import CompanyConfig, ConversationRules
from core.conversations import IncomingMessage
from core.ids import derive_id, new_id
from core.nudges import NudgeStatus
from db import (
    admins,
    ai_budgets,
    ai_interactions,
    baselines,
    companies,
    configs,
    conversation_intake,
    embedding_spend,
    erasures,
    escalations,
    events,
    idempotency,
    knowledge_documents,
    knowledge_runs,
    knowledge_sources,
    knowledge_uploads,
    notifications,
    nudges,
    refresh_tokens,
    turns,
    users,
)
from db.knowledge_chunks import NewChunk
from db.knowledge_documents import NewDocument
from db.pool import Database
from db.users import Seen

TABLES = """
    SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
           EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indkey[0] = a.attnum)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attname = 'company_id'
    ORDER BY c.relname
"""
SYSTEM_READS = {
    "companies": {"company_id", "name", "created_at"},
    "api_keys": {"company_id", "key_id", "kind", "key_hash", "revoked_at"},
    "admins": {"company_id", "admin_id", "email", "password_hash", "role", "disabled_at"},
    "refresh_tokens": {"company_id", "token_hash"},
    "turns": {"company_id", "turn_id", "user_id", "status", "updated_at", "kind", "conversation_id"},
    "conversations": {"company_id", "conversation_id", "user_id", "state", "handled_by", "stale_at"},
    "escalations": {
        "company_id",
        "escalation_id",
        "conversation_id",
        "user_id",
        "status",
        "expected_by",
        "answered_at",
        "overdue_at",
    },
    "notifications": {"company_id", "notification_id", "status", "updated_at", "trace_id"},
    "knowledge_runs": {"company_id", "run_id", "source_id", "status", "heartbeat_at", "resume_at", "trace_id"},
    "knowledge_sources": {"company_id", "source_id", "deleted_at"},
}
SYSTEM_ADDS = {"companies", "api_keys", "admins", "audit_log"}


@pytest.fixture
def owner(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


async def fill(db, company_id, samples, now):
    """Put a row of the company into every table."""
    turn = samples.turn(company_id)
    nudge = samples.nudge(turn)
    step = {"key": "connect", "title": "Connect", "url_pattern": "/x"}
    note = {"event": "x", "channel": "webhook", "payload": {}, "trace_id": "t", "now": now, "user_id": "u1"}
    stuck = {"turn_id": turn.turn_id, "user_id": "u1", "stuck_point": "x", "alert": {}, "trace_id": "t", "now": now}
    async with db.transaction(company_id) as connection:
        admin_id = await admins.create(connection, company_id, f"{company_id}@x.test", "h", "owner", now)
        await refresh_tokens.store(connection, company_id, company_id.encode(), admin_id, new_id(), now)
        await configs.save(connection, company_id, CompanyConfig(), "system", now)
        await baselines.save(connection, company_id, Baseline(name="Path", steps=[step]), "system", now)
        await users.touch(connection, [Seen(company_id, "u1", "s1", now)])
        await events.insert(connection, [samples.event(company_id)])
        await turns.insert(connection, turn, "queued", None, [])
        await nudges.insert(connection, nudge, turn, now)
        await escalations.insert(connection, company_id, escalation_id=new_id(), **stuck)
        await notifications.insert(connection, company_id, notification_id=new_id(), **note)
        call, cost = samples.call(), {"tokens_in": 1, "tokens_out": 1, "cost_cents": 1, "latency_ms": 1, "now": now}
        await ai_budgets.reserve(db, company_id, call, Allowance(100), now)
        await ai_interactions.settle(connection, company_id, call.interaction_id, {}, **cost)
        await idempotency.claim(connection, company_id, "k", b"hash")
        await erasures.erase(connection, company_id, "somebody who left", new_id(), now)
        await fill_knowledge(connection, company_id, now)
        await fill_conversations(connection, company_id, now)


CONVERSATION_ROWS = (
    "INSERT INTO playbooks VALUES (%(company_id)s, 'support', 1, '{}', true, %(now)s, 'system')",
    "INSERT INTO tools VALUES (%(company_id)s, 'lookup_record', '{}', 'x', true, 1, %(now)s, 'system')",
    """INSERT INTO tool_calls (company_id, call_id, turn_id, conversation_id, user_id, tool, arguments, status,
       created_at) VALUES (%(company_id)s, %(id)s, %(id)s, %(id)s, 'u1', 'lookup_record', '{}', 'done', %(now)s)""",
    "INSERT INTO profile_facts VALUES (%(company_id)s, 'u1', 'role', 'Nurse', NULL, %(now)s)",
    """INSERT INTO recommendations VALUES
       (%(company_id)s, %(id)s, %(id)s, %(id)s, 'u1', 'draft', '{}', '{}', %(now)s)""",
    "INSERT INTO translations VALUES (%(company_id)s, 'hash', 'ar', 'x', %(now)s)",
    "INSERT INTO conversation_figures VALUES (%(company_id)s, %(now)s, %(id)s, false, NULL, NULL, 1, 1, 0, 0)",
)


async def fill_conversations(connection, company_id, now):
    """Put a conversation there with all that belongs to one."""
    said = {"user_id": "u1", "conversation_id": None, "client_message_id": "m1", "text": "Secret", "trace_id": "t"}
    incoming = IncomingMessage(company_id=company_id, **said)
    await conversation_intake.accept(connection, incoming, ConversationRules(), now)
    for row in CONVERSATION_ROWS:
        await connection.execute(row, {"company_id": company_id, "id": derive_id(company_id, "talk"), "now": now})


async def fill_knowledge(connection, company_id, now):
    """Put a live source of one document and one chunk there, with its vector, and one that embedding cost something."""
    source_id, chunk_id, ids = new_id(), new_id(), ("day", new_id())
    source = {"source_id": source_id, "kind": "text", "title": "T", "created_by": "system", "now": now}
    upload = {"name": "t.md", "media_type": None, "content": b"secret", "now": now}
    document = NewDocument(new_id(), "T", b"hash", now)
    chunk = NewChunk(chunk_id, ("T",), "Secret words", 2, "en", b"hash", "'secret':1", 1)
    request = {"provider": "openai", "cents": 1.0, "at": now}
    vector = {"company_id": company_id, "chunk_id": chunk_id}
    await knowledge_sources.create(connection, company_id, **source)
    await knowledge_uploads.save(connection, company_id, source_id, **upload)
    await knowledge_documents.stage(connection, company_id, source_id, 1, document, [chunk])
    await knowledge_sources.publish(connection, company_id, source_id, 1, now)
    await knowledge_runs.queue(connection, company_id, run_id=new_id(), source_id=source_id, trace_id="t", now=now)
    for reservation_id in ids:
        reservation_id = derive_id(company_id, reservation_id)
        await embedding_spend.reserve(connection, company_id, reservation_id=reservation_id, budget_cents=10, **request)
    done = derive_id(company_id, "day")
    await embedding_spend.settle(connection, company_id, reservation_id=done, model="m", tokens=1, **request)
    await connection.execute(
        "INSERT INTO knowledge_spaces (company_id, space, dimension) VALUES (%(company_id)s, 's:2', 2)", vector
    )
    await connection.execute(
        "INSERT INTO knowledge_vectors_array VALUES (%(company_id)s, %(chunk_id)s, 's:2', '{1,0}')", vector
    )
    await connection.execute(
        "INSERT INTO knowledge_vectors_pg VALUES (%(company_id)s, %(chunk_id)s, 's:2', 2, '[1,0]')", vector
    )


@pytest.fixture
async def filled(db, acme, rival, samples, now):
    for company_id in (acme, rival):
        await fill(db, company_id, samples, now)


def tables(owner):
    return [name for name, *_ in owner.execute(TABLES).fetchall()]


def count_of(table, where="true"):
    return sql.SQL("SELECT count(*) FROM {} WHERE ").format(sql.Identifier(table)) + sql.SQL(where)


def test_every_table_of_a_company_is_keyed_by_it_and_forces_its_policy(owner):
    found = owner.execute(TABLES).fetchall()
    assert len(found) >= 26
    assert [row[0] for row in found if row[1:] != (True, True, True)] == []


async def test_each_company_sees_its_own_rows_alone(db, owner, filled, acme, rival):
    for table in tables(owner):
        everything = owner.execute(count_of(table, "company_id = %s"), (rival,)).fetchone()
        assert everything != (0,), f"give the test a row of {table}"
        async with db.transaction(acme) as connection:
            theirs = await (await connection.execute(count_of(table, "company_id = %s"), (rival,))).fetchone()
            others = await (await connection.execute(count_of(table, "company_id <> %s"), (acme,))).fetchone()
            ours = await (await connection.execute(count_of(table))).fetchone()
        assert (theirs, others) == ((0,), (0,)), table
        assert ours[0] > 0, table


async def test_without_a_company_nothing_is_visible(db, owner, filled):
    for table in tables(owner):
        async with db.transaction() as connection:
            assert await (await connection.execute(count_of(table))).fetchone() == (0,), table


async def test_the_companies_of_one_transaction_are_forgotten_by_the_next(database_url, filled, acme):
    one = await Database.open(database_url, pool_size=1, name="test")
    async with one.transaction(acme) as connection:
        assert await (await connection.execute("SELECT count(*) FROM users")).fetchone() == (1,)
    async with one._pool.connection() as connection:
        assert await (await connection.execute("SELECT count(*), current_user FROM users")).fetchall() == [
            (0, "onboarding_app")
        ]
    await one.close()


@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET company_id = company_id WHERE company_id = %s", "DELETE FROM {} WHERE company_id = %s"]
)
async def test_another_companys_rows_cannot_be_changed(db, owner, filled, acme, rival, statement):
    for table in tables(owner):
        before = owner.execute(count_of(table)).fetchone()
        try:
            async with db.transaction(acme) as connection:
                cursor = await connection.execute(sql.SQL(statement).format(sql.Identifier(table)), (rival,))
                assert cursor.rowcount == 0, table
        except psycopg.errors.InsufficientPrivilege:
            pass
        assert owner.execute(count_of(table)).fetchone() == before, table


async def test_nothing_can_be_put_among_another_companys_rows(db, owner, filled, acme, rival):
    for table in tables(owner):
        name = sql.Identifier(table)
        read = sql.SQL("SELECT to_jsonb(t) FROM {} t WHERE company_id = %s").format(name)
        row = owner.execute(read, (rival,)).fetchone()
        copy = sql.SQL("INSERT INTO {0} SELECT * FROM jsonb_populate_record(NULL::{0}, %s)").format(name)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.transaction(acme) as connection:
                await connection.execute(copy, (Jsonb(row[0]),))
        move = sql.SQL("UPDATE {} SET company_id = %s WHERE company_id = %s").format(name)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.transaction(acme) as connection:
                await connection.execute(move, (rival, acme))


def test_a_table_without_a_policy_would_be_noticed(owner):
    owner.execute("CREATE TABLE forgotten (company_id uuid, name text)")
    assert [row[0] for row in owner.execute(TABLES).fetchall() if row[1:] != (True, True, True)] == ["forgotten"]


def test_no_right_on_a_partition(owner, acme):
    query = """
        SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r
        WHERE c.relispartition AND r.rolname IN ('onboarding_app', 'onboarding_system')
          AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
    """
    assert owner.execute("SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'").fetchone()[0] >= 6
    assert owner.execute(query).fetchall() == []


def test_the_roles_can_bypass_nothing(owner):
    flags = """
        SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles
        WHERE rolname LIKE 'onboarding%' ORDER BY rolname
    """
    nothing = (False,) * 5
    roles = ("onboarding_app", "onboarding_search", "onboarding_system")
    assert owner.execute(flags).fetchall() == [(role, *nothing) for role in roles]
    owned = "SELECT relname FROM pg_class WHERE relowner::regrole::text LIKE 'onboarding%'"
    assert owner.execute(owned).fetchall() == []
    member = "SELECT roleid::regrole FROM pg_auth_members WHERE member::regrole::text LIKE 'onboarding%'"
    assert owner.execute(member).fetchall() == []
    truncate = """
        SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
          AND has_table_privilege('onboarding_app', oid, 'TRUNCATE, TRIGGER, REFERENCES')
    """
    assert owner.execute(truncate).fetchall() == []


def test_the_system_reads_its_columns_and_no_more(owner):
    query = """
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
          AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege('onboarding_system', c.oid, a.attnum, %s)
    """
    found: dict[str, set[str]] = {}
    for table, column in owner.execute(query, ("SELECT",)).fetchall():
        found.setdefault(table, set()).add(column)
    assert found == SYSTEM_READS
    assert {table for table, _ in owner.execute(query, ("INSERT",)).fetchall()} == SYSTEM_ADDS
    assert owner.execute(query, ("UPDATE",)).fetchall() == []


def test_full_text_search_reads_words_and_nothing_else(owner):
    readable = """
        SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v')
          AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege('onboarding_search', c.oid, a.attnum, %s)
    """
    found: dict[str, set[str]] = {}
    for table, column in owner.execute(readable, ("SELECT",)).fetchall():
        found.setdefault(table, set()).add(column)
    assert set(found) == {"knowledge_chunks", "knowledge_sources"}
    assert not found["knowledge_chunks"] & {"text", "heading_path"}
    assert not found["knowledge_sources"] & {"title", "location", "settings"}
    assert owner.execute(readable, ("INSERT, UPDATE",)).fetchall() == []
    assert owner.execute("SELECT has_schema_privilege('onboarding_search', 'public', 'CREATE')").fetchone() == (False,)


def test_what_runs_with_the_rights_of_another_role_is_for_the_application_alone(owner):
    definers = """
        SELECT proname, proowner::regrole::text, proconfig::text LIKE '%search_path=pg_catalog, public, pg_temp%',
               has_function_privilege('onboarding_app', oid, 'EXECUTE'),
               EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee NOT IN (proowner, 'onboarding_app'::regrole))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
    """
    found = owner.execute(definers).fetchall()
    assert len(found) >= 2
    assert [each for each in found if each[1:] != ("onboarding_search", True, True, False)] == []


async def test_full_text_search_looks_at_the_companies_itself(db, filled, acme, rival):
    ask = "SELECT coalesce(sum(chunks), 0) FROM knowledge_text_frequencies(%s, '{secret}'::tsquery[], 10)"
    for companies_of_it, asked, expected in (((acme,), rival, 0), ((), rival, 0), ((acme, rival), rival, 1)):
        async with db.transaction(*companies_of_it) as connection:
            assert await (await connection.execute(ask, (asked,))).fetchone() == (expected,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.system() as connection:
            await connection.execute(ask, (rival,))


async def test_a_company_takes_its_knowledge_with_it(db, owner, filled, acme, rival):
    names = [name for name in tables(owner) if name.startswith(("knowledge", "embedding"))]
    assert len(names) >= 10
    owner.execute("DELETE FROM companies WHERE company_id = %s", (acme,))
    for table in names:
        assert owner.execute(count_of(table, "company_id = %s"), (acme,)).fetchone() == (0,), table
        assert owner.execute(count_of(table, "company_id = %s"), (rival,)).fetchone() != (0,), table


async def test_the_system_reads_no_secret_and_no_content(db, filled):
    for statement in (
        "SELECT identity_secrets FROM companies",
        "SELECT text FROM messages",
        "SELECT summary FROM conversations",
        "SELECT alert FROM escalations",
        "SELECT signal FROM turns",
        "SELECT 1 FROM users",
        "SELECT 1 FROM events",
        "UPDATE turns SET status = 'done'",
        "DELETE FROM companies",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with db.system() as connection:
                await connection.execute(statement)
    async with db.system() as connection:
        assert len(await companies.list_ids(connection)) == 2


async def test_the_role_is_given_back_after_a_system_transaction(db, acme):
    async with db.system():
        pass
    async with db.transaction(acme) as connection:
        row = await (await connection.execute("SELECT current_user, count(*) FROM companies")).fetchone()
    assert row == ("onboarding_app", 1)


async def test_a_session_that_lost_its_role_is_bound_again(database_url, filled, acme):
    one = await Database.open(database_url, pool_size=1, name="test")
    async with one.transaction(acme) as connection:
        await connection.execute("RESET ROLE")
    async with one.transaction(acme) as connection:
        row = await (await connection.execute("SELECT current_user, count(*) FROM users")).fetchone()
    await one.close()
    assert row == ("onboarding_app", 1)


async def test_reports_cannot_reach_into_another_company(db, filled, acme, rival, now):
    async with db.transaction(rival) as connection:
        theirs = (await nudges.list_(connection, rival)).items[0]["nudge_id"]
    async with db.transaction(acme) as connection:
        report = nudges.StatusReport(rival, theirs, NudgeStatus.CLICKED, now)
        assert await nudges.report(connection, [report]) == []
    async with db.transaction(rival) as connection:
        assert (await nudges.list_(connection, rival)).items[0]["status"] == "pending"
