"""What is older than the settings keep is forgotten: that and nothing else, in every company, batch by batch."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from redis.asyncio import Redis

from core.conversations import HandledBy
from core.ids import derive_id
from core.settings import RetentionSettings
from db import behaviour_retention, conversation_analytics, conversations, messages, tickets
from db.pool import Database
from graph.checkpoints import setup
from local.installation import Company
from stream_consumer import retention
from stream_consumer.retention import Retention
from tests.stream_consumer.test_conversation_sweeps import DAY, NOW, Site
from tests.stream_consumer.test_turns import rows

KEPT = RetentionSettings()
YEAR = timedelta(days=KEPT.retention_conversation_days)
TEXTS = ("conversations", "messages", "tool_calls", "recommendations", "escalations", "turns")
"""Tables that hold a conversation."""
SAID = "my cat is called Tiddles"


@pytest.fixture
def site(database: Database, redis: Redis) -> Site:
    return Site(database, redis)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        yield connection


async def talk(site: Site, company: Company, user: str, ended: datetime | None) -> str:
    """Have a whole conversation: two messages, a thumb, a tool, a recommendation, a ticket, a paid answer."""
    at = (ended or NOW) - timedelta(hours=2)
    accepted = await site.say(company, user, at=at, text=SAID)
    assert accepted.turn
    await site.ticket(company, accepted, None)
    values = {"c": company.company_id, "v": accepted.conversation_id, "t": accepted.turn.turn_id, "u": user, "at": at}
    values |= {"id": derive_id("of", accepted.conversation_id), "said": Jsonb({"text": SAID})}
    async with site.database.transaction(company.company_id) as connection:
        for statement in (
            """INSERT INTO tool_calls (company_id, call_id, turn_id, conversation_id, user_id, tool, arguments, status,
               created_at) VALUES (%(c)s, %(id)s, %(t)s, %(v)s, %(u)s, 'x', %(said)s, 'done', %(at)s)""",
            """INSERT INTO recommendations (company_id, recommendation_id, conversation_id, turn_id, user_id, draft,
               verdict, created_at) VALUES (%(c)s, %(id)s, %(v)s, %(t)s, %(u)s, %(said)s, '{}', %(at)s)""",
            """INSERT INTO ai_interactions (company_id, interaction_id, turn_id, conversation_id, user_id, node,
               provider, model, prompt_version, status, response, tokens_in, tokens_out, cost_cents, created_at)
               VALUES (%(c)s, %(id)s, %(t)s, %(v)s, %(u)s, 'coach', 'openai', 'm', '1', 'done', %(said)s, 7, 3, 1.5,
               %(at)s)""",
            """INSERT INTO messages (company_id, message_id, conversation_id, position, user_id, role, text, rating,
               created_at, trace_id)
               VALUES (%(c)s, %(id)s, %(v)s, 9, %(u)s, 'assistant', 'Hello', 'up', %(at)s, 't')""",
            """UPDATE conversations SET first_answer_ms = 1200, customer_name = 'Tiddles', escalated_at = %(at)s
               WHERE conversation_id = %(v)s""",
        ):
            await connection.execute(statement, values)
        if ended:
            assert await conversations.close(
                connection, company.company_id, accepted.conversation_id, "completed", ended
            )
    return accepted.conversation_id


async def figures(site: Site, company: Company) -> list[Any]:
    async with site.database.transaction(company.company_id) as connection:
        return await conversation_analytics.days(connection, company.company_id, NOW - 2 * YEAR, NOW + DAY)


async def everything(owner: psycopg.AsyncConnection[Any]) -> str:
    """Return all rows of all tables as one text."""
    names = await (await owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).fetchall()
    cursors = [await owner.execute(f"SELECT string_agg(t::text, ' ') FROM \"{name}\" AS t") for (name,) in names]
    return " ".join([str(await cursor.fetchall()) for cursor in cursors])


async def test_of_an_old_conversation_nothing_but_figures_stays(
    site: Site, company: Company, other_company: Company, owner: psycopg.AsyncConnection[Any], database_url: str
) -> None:
    for each in (company, other_company):
        await talk(site, each, "old", NOW - YEAR - DAY)
    before = await figures(site, company)
    assert (before[0].messages, before[0].thumbs_up, before[0].tokens_in) == (2, 1, 7)
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == 2
    assert await figures(site, company) == before
    assert [rows(database_url, f"SELECT * FROM {table}") for table in TEXTS] == [[]] * len(TEXTS)
    left = await everything(owner)
    assert "Tiddles" not in left
    assert "old" not in {row["user_id"] for row in rows(database_url, "SELECT user_id FROM ai_interactions")}
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == 0


async def test_what_is_younger_or_under_way_stays(
    site: Site, company: Company, owner: psycopg.AsyncConnection[Any]
) -> None:
    await talk(site, company, "young", NOW - YEAR + DAY)
    waiting = await talk(site, company, "waiting", None)
    await owner.execute(
        "UPDATE conversations SET created_at = %(at)s, last_message_at = %(at)s, stale_at = %(at)s"
        " WHERE conversation_id = %(id)s",
        {"at": NOW - 3 * YEAR, "id": waiting},
    )
    before = await everything(owner)
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == 0
    assert await everything(owner) == before
    async with site.database.transaction(company.company_id) as connection:
        found = await conversations.get(connection, company.company_id, waiting)
        assert found.handled_by is HandledBy.QUEUE
        assert await tickets.open_of(connection, company.company_id, waiting)
        assert len(await messages.recent(connection, company.company_id, waiting, 9)) == 2


OLD_ROWS = """
    WITH moments AS (
        SELECT n, %(now)s::timestamptz - make_interval(days => %(days)s + n) AS at FROM unnest('{-1,1}'::int[]) AS n)
"""
KINDS = {
    "profile_facts": (
        "retention_profile_days",
        "INSERT INTO profile_facts SELECT %(c)s, 'u' || n, 'role', 'Nurse', NULL, at FROM moments",
    ),
    "translations": (
        "retention_translation_days",
        "INSERT INTO translations SELECT %(c)s, ('h' || n)::bytea, 'ar', 'x', at FROM moments",
    ),
    "ai_spend_days": (
        "retention_spend_days",
        "INSERT INTO ai_spend_days SELECT %(c)s, at::date, 0, 5 FROM moments",
    ),
    "notifications": (
        "retention_conversation_days",
        """INSERT INTO notifications (company_id, notification_id, event, channel, payload, status, created_at,
                                      trace_id)
           SELECT %(c)s, gen_random_uuid(), 'x', 'slack', '{}', 'sent', at, 't' FROM moments""",
    ),
    "turns": (
        "retention_turn_days",
        """INSERT INTO turns (company_id, turn_id, user_id, session_id, kind, status, stuck_point, signal, trace_id,
                              created_at)
           SELECT %(c)s, gen_random_uuid(), 'u', 's', 'behaviour', 'denied', 'x', '{}', 't', at FROM moments""",
    ),
    "escalations": (
        "retention_turn_days",
        """INSERT INTO escalations (company_id, escalation_id, turn_id, user_id, stuck_point, status, alert, created_at,
                                    resolved_at, trace_id)
           SELECT %(c)s, gen_random_uuid(), gen_random_uuid(), 'u', 'x', 'resolved', '{}', at, at, 't' FROM moments""",
    ),
    "nudges": (
        "retention_nudge_days",
        """INSERT INTO nudges (company_id, nudge_id, turn_id, user_id, stuck_point, nudge_type, content, status,
                               created_at, expires_at, trace_id)
           SELECT %(c)s, gen_random_uuid(), gen_random_uuid(), 'u', 'x', 'tooltip', '{}', 'clicked', at, at, 't'
           FROM moments""",
    ),
    "sessions": (
        "retention_session_days",
        "INSERT INTO sessions SELECT %(c)s, 's' || n, 'u', at - interval '1 year', at, NULL FROM moments",
    ),
}


@pytest.mark.parametrize("table", KINDS)
async def test_each_kind_goes_after_its_own_days(
    database: Database, company: Company, other_company: Company, database_url: str, table: str
) -> None:
    setting, insert = KINDS[table]
    for each in (company, other_company):
        values = {"c": each.company_id, "now": NOW, "days": getattr(KEPT, setting)}
        async with database.transaction(each.company_id) as connection:
            await connection.execute(OLD_ROWS + insert, values)  # type: ignore[arg-type]
    assert await Retention(database, KEPT, now=lambda: NOW).forget() == 2
    left = rows(database_url, f"SELECT company_id::text FROM {table}")
    assert {row["company_id"] for row in left} == {company.company_id, other_company.company_id}
    assert len(left) == 2
    shorter = KEPT.model_copy(update={setting: getattr(KEPT, setting) - 2})
    assert await Retention(database, shorter, now=lambda: NOW).forget() == 2


@pytest.mark.parametrize("seen", ["users", "conversations"])
async def test_facts_of_users_who_still_come_are_kept(
    site: Site, company: Company, owner: psycopg.AsyncConnection[Any], seen: str
) -> None:
    long_ago = NOW - 3 * YEAR
    await owner.execute(
        "INSERT INTO profile_facts VALUES (%s, 'u', 'role', 'Nurse', NULL, %s)", (company.company_id, long_ago)
    )
    if seen == "users":
        await owner.execute(
            "INSERT INTO users (company_id, user_id, first_seen_at, last_seen_at) VALUES (%s, 'u', %s, %s)",
            (company.company_id, long_ago, NOW - DAY),
        )
    else:
        await site.say(company, at=NOW - DAY)
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == 0
    much_later = NOW + timedelta(days=KEPT.retention_profile_days)
    assert await Retention(site.database, KEPT, now=lambda: much_later).forget() == 1


LONG_AGO = NOW - timedelta(days=500)
PEOPLE = """
    INSERT INTO users (company_id, user_id, anonymous, merged_into, first_seen_at, last_seen_at) VALUES
        (%(c)s, 'comes', false, NULL, %(at)s, %(now)s), (%(c)s, 'gone', false, NULL, %(at)s, %(at)s),
        (%(c)s, 'visitor', true, 'comes', %(at)s, %(at)s)
"""
CLOSED = """
    INSERT INTO escalations (company_id, escalation_id, turn_id, user_id, stuck_point, status, alert, created_at,
                             resolved_at, trace_id)
    VALUES (%(c)s, gen_random_uuid(), gen_random_uuid(), 'comes', 'x', %(status)s, '{}', %(at)s, %(closed)s, 't')
"""


async def nudged(site: Site, company: Company, status: str = "dismissed", user: str = "comes", **given: Any) -> None:
    """Add a nudge of long ago, and the people whom it may concern."""
    values = {"c": company.company_id, "at": LONG_AGO, "now": NOW, "status": status, "user": user}
    values |= {"counts": True, "shown": None, **given}
    async with site.database.transaction(company.company_id) as connection:
        await connection.execute(PEOPLE, values)
        await connection.execute(
            """INSERT INTO nudges (company_id, nudge_id, turn_id, user_id, stuck_point, nudge_type, content, status,
                                   counts, created_at, expires_at, shown_at, trace_id)
               VALUES (%(c)s, gen_random_uuid(), gen_random_uuid(), %(user)s, 'x', 'tooltip', '{}', %(status)s,
                       %(counts)s, %(at)s, %(at)s, %(shown)s, 't')""",
            values,
        )


@pytest.mark.parametrize(
    ("nudge", "stays"),
    [
        ({}, True),
        ({"user": "visitor"}, True),
        ({"user": "gone"}, False),
        ({"counts": False}, False),
        ({"status": "expired"}, False),
        ({"status": "expired", "shown": LONG_AGO}, True),
        ({"status": "sent", "user": "gone"}, True),
    ],
    ids=str,
)
async def test_a_nudge_stays_while_it_counts(
    site: Site, company: Company, nudge: dict[str, Any], database_url: str, stays: bool
) -> None:
    await nudged(site, company, **nudge)
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == (not stays)
    assert len(rows(database_url, "SELECT FROM nudges")) == stays


@pytest.mark.parametrize(("closed", "gone"), [(LONG_AGO, 2), (NOW, 1), (None, 0)])
async def test_an_escalation_goes_once_it_is_closed_and_after_the_nudges_that_led_to_it(
    site: Site, company: Company, database_url: str, closed: datetime | None, gone: int
) -> None:
    await nudged(site, company)
    values = {"c": company.company_id, "at": LONG_AGO, "closed": closed, "status": "resolved" if closed else "open"}
    async with site.database.transaction(company.company_id) as connection:
        await connection.execute(CLOSED, values)
        # Were it to go before its nudge, the nudge would count anew.
        assert not await behaviour_retention.drop_escalations(connection, company.company_id, NOW, 9)
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == gone
    assert len(rows(database_url, "SELECT FROM escalations")) == (gone < 2)


async def test_turns_under_way_stay_and_calls_of_old_ones_keep_what_they_cost(
    site: Site, company: Company, owner: psycopg.AsyncConnection[Any], database_url: str
) -> None:
    values = {"c": company.company_id, "at": LONG_AGO, "said": Jsonb({"text": SAID})}
    for number, status in enumerate(("queued", "running", "done", "failed")):
        await owner.execute(
            """INSERT INTO turns (company_id, turn_id, user_id, session_id, kind, status, stuck_point, signal, trace_id,
                                  created_at)
               VALUES (%(c)s, %(id)s, 'u', 's', 'behaviour', %(status)s, 'x', %(said)s, 't', %(at)s)""",
            {**values, "id": derive_id("turn", str(number)), "status": status},
        )
    await owner.execute(
        """INSERT INTO ai_interactions (company_id, interaction_id, turn_id, user_id, node, provider, model,
               prompt_version, status, response, tokens_in, cost_cents, created_at)
           VALUES (%(c)s, %(id)s, %(id)s, 'u', 'coach', 'openai', 'm', '1', 'done', %(said)s, 7, 1.5, %(at)s)""",
        {**values, "id": derive_id("turn", "2")},
    )
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == 3
    assert [row["status"] for row in rows(database_url, "SELECT status FROM turns ORDER BY 1")] == ["queued", "running"]
    call = rows(database_url, "SELECT user_id, turn_id, response, tokens_in, cost_cents FROM ai_interactions")[0]
    assert (call["user_id"], call["turn_id"], call["response"]) == (None, None, None)
    assert (call["tokens_in"], float(call["cost_cents"])) == (7, 1.5)
    assert await Retention(site.database, KEPT, now=lambda: NOW).forget() == 0


async def test_a_notification_that_waits_stays(database: Database, company: Company) -> None:
    async with database.transaction(company.company_id) as connection:
        await connection.execute(
            """INSERT INTO notifications (company_id, notification_id, event, channel, payload, created_at, trace_id)
               VALUES (%s, gen_random_uuid(), 'x', 'slack', '{}', %s, 't')""",
            (company.company_id, NOW - 2 * YEAR),
        )
    assert await Retention(database, KEPT, now=lambda: NOW).forget() == 0


async def test_many_go_in_batches_shared_by_two_processes(
    site: Site, company: Company, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(7):
        await talk(site, company, f"u{number}", NOW - YEAR - DAY)
    sweeps = [Retention(site.database, KEPT, now=lambda: NOW).forget() for _ in range(2)]
    assert sum(await asyncio.gather(*sweeps)) == 7
    assert rows(database_url, "SELECT count(*) AS n FROM conversation_figures") == [{"n": 7}]
    assert rows(database_url, "SELECT count(*) AS n FROM conversations") == [{"n": 0}]


async def test_a_process_that_is_to_stop_leaves_the_rest(site: Site, company: Company, database_url: str) -> None:
    await talk(site, company, "u", NOW - YEAR - DAY)
    sweep, stop = Retention(site.database, KEPT, now=lambda: NOW), asyncio.Event()
    stop.set()
    await sweep.heed(stop)
    assert await sweep.forget() == 0
    assert rows(database_url, "SELECT count(*) AS n FROM conversations") == [{"n": 1}]


async def test_checkpoints_of_turns_that_ended_go_after_a_day(
    database: Database, company: Company, owner: psycopg.AsyncConnection[Any], database_url: str
) -> None:
    await setup(database_url)
    now = datetime.now(UTC)
    for name, at in (("old", now - 1.1 * DAY), ("young", now)):
        await owner.execute(
            "INSERT INTO checkpoints.checkpoints (thread_id, checkpoint_id, checkpoint) VALUES (%s, '1', %s)",
            (f"{company.company_id}:{name}", Jsonb({"ts": at.isoformat()})),
        )
    assert await Retention(database, KEPT).forget() == 1
    assert [row["thread_id"][-5:] for row in rows(database_url, "SELECT thread_id FROM checkpoints.checkpoints")] == [
        "young"
    ]
