"""Users who are erased while the consumers work at something of theirs: nothing comes back, and nothing hangs."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from core.config import CompanyConfig, EscalationRules
from core.events import AcceptedEvent, to_ms
from core.ids import new_id
from core.streams import CONVERSATIONS, TURNS
from core.turns import TurnGone
from db import erasures, events, turns, users
from db.pool import Database
from db.users import Seen
from graph.checkpoints import open_saver
from graph.journal import LlmCall
from graph.reasoner import Reasoned
from graph.reasoners.rules import RulesReasoner
from graph.talk import Reply, ToolCall
from ingest_api.forgetting import forget_user
from stream_consumer.upkeep import Upkeep
from tests.db.conftest import begin_turns
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.talking import Chat, answering
from tests.stream_consumer.test_turns import configure, queue, rows, turn_at, working

LEFT = """
    SELECT 'conversations' AS what FROM conversations UNION ALL SELECT 'messages' FROM messages
    UNION ALL SELECT 'turns' FROM turns UNION ALL SELECT 'nudges' FROM nudges
    UNION ALL SELECT 'users' FROM users UNION ALL SELECT 'events' FROM events
    UNION ALL SELECT 'escalations' FROM escalations UNION ALL SELECT 'tool_calls' FROM tool_calls
    UNION ALL SELECT 'facts' FROM profile_facts UNION ALL SELECT 'notifications' FROM notifications
    UNION ALL SELECT 'answers' FROM ai_interactions WHERE response IS NOT NULL OR user_id IS NOT NULL
"""


async def erase(database: Database, redis: Redis, company_id: str, user_id: str = "u") -> None:
    """Erase a user as the API does."""
    async with database.transaction(company_id) as connection:
        await erasures.erase(connection, company_id, user_id, new_id(), datetime.now(UTC))
    await forget_user(redis, 1, company_id, {user_id})


async def keys_of(redis: Redis, user_id: str = "u") -> list[bytes]:
    """Return the keys of Redis that are a user's; locks end by themselves within seconds."""
    return [key async for key in redis.scan_iter(f"*:{user_id}}}") if b"lock:" not in key]


class Erasing(RulesReasoner):
    """Takes so long that its user is erased meanwhile, and may have come back; then goes on as if nothing had been."""

    def __init__(self, database: Database, redis: Redis, *, comes_back: bool = False, goes_on: str = "answers") -> None:
        self.database = database
        self.redis = redis
        self.comes_back = comes_back
        self.goes_on = goes_on
        self.asked = 0

    async def converse(self, talk: Any, tools: Any, calls: Any, sink: Any) -> Any:
        await self._erase(talk.turn.company_id, calls)
        if self.goes_on == "uses a tool":
            asked = ToolCall("1", "search_knowledge", '{"query": "keys"}')
            return Reasoned(Reply("", tool_calls=(asked,)), "rules", "1")
        return await super().converse(talk, tools, calls, sink)

    async def coach(self, case: Any, diagnosis: Any, calls: Any) -> Any:
        await self._erase(case.turn.company_id, calls)
        return await super().coach(case, diagnosis, calls)

    async def draft_alert(self, case: Any, diagnosis: Any, calls: Any) -> Any:
        await self._erase(case.turn.company_id, calls)
        return await super().draft_alert(case, diagnosis, calls)

    async def _erase(self, company_id: str, calls: Any) -> None:
        self.asked += 1
        await erase(self.database, self.redis, company_id)
        if self.comes_back:
            await come_back(self.database, company_id)
        if self.goes_on == "asks a model":
            call = LlmCall(new_id(), calls.turn_id, "coach", "openai", "m", "1", 1.0, datetime.now(UTC))
            await calls.journal.reserve(replace(call, user_id="u"), calls.allowance)


async def come_back(database: Database, company_id: str, user_id: str = "u") -> None:
    """Be seen again, which is the one thing that is stored of the user then."""
    now = datetime.now(UTC)
    ms = to_ms(now)
    seen = AcceptedEvent(company_id, new_id(), user_id, "s", "click", None, None, ms, ms, ms, {}, "t")
    async with database.transaction(company_id) as connection:
        await events.insert(connection, [seen])
        await users.touch(connection, [Seen(company_id, user_id, "s", now)])


BACK = ["users", "events"]
"""What there is of somebody who came back."""


async def threads(database_url: str) -> list[Any]:
    """Return what the graph keeps of turns."""
    return rows(database_url, "SELECT thread_id FROM checkpoints.checkpoints")


async def is_empty(redis: Redis, stream: str) -> bool:
    return await redis.xlen(stream) == 0


@pytest.mark.parametrize("comes_back", [False, True], ids=["gone", "back"])
@pytest.mark.parametrize("goes_on", ["answers", "uses a tool", "asks a model"])
async def test_nothing_is_kept_of_an_answer_to_a_user_who_was_erased_meanwhile(
    database: Database,
    redis: Redis,
    company: Any,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    comes_back: bool,
    goes_on: str,
) -> None:
    reasoner = Erasing(database, redis, comes_back=comes_back, goes_on=goes_on)
    chat = Chat(database, redis, company.company_id)
    async with open_saver(database_url) as saver, answering(database, redis, reasoner=reasoner, saver=saver):
        await chat.say("How many characters does a live key have?")
        await eventually(lambda: is_empty(redis, CONVERSATIONS))
    assert reasoner.asked == 1
    assert "entry failed" not in caplog.text
    assert [row["what"] for row in rows(database_url, LEFT)] == (BACK if comes_back else [])
    assert await threads(database_url) == []
    assert await keys_of(redis) == []


async def test_a_turn_that_waited_for_a_user_who_is_gone_ends(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    chat = Chat(database, redis, company.company_id)
    await chat.say("How many characters does a live key have?")
    await erase(database, redis, company.company_id)
    async with answering(database, redis):
        await eventually(lambda: is_empty(redis, CONVERSATIONS))
    assert await redis.xlen(f"{CONVERSATIONS}:dead") == 0
    assert rows(database_url, LEFT) == []


@pytest.mark.parametrize("comes_back", [False, True], ids=["gone", "back"])
@pytest.mark.parametrize("goes_on", ["nudges", "asks a model", "calls a person"])
async def test_nothing_is_kept_of_a_turn_whose_user_was_erased_meanwhile(
    database: Database,
    redis: Redis,
    company: Any,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    comes_back: bool,
    goes_on: str,
) -> None:
    if goes_on == "calls a person":
        rules = EscalationRules(after_nudges=0, webhook_url="https://hooks.example/x")
        await configure(database, company.company_id, CompanyConfig(escalation=rules))
    reasoner = Erasing(database, redis, comes_back=comes_back, goes_on=goes_on)
    async with open_saver(database_url) as saver, working(database, redis, reasoner, saver=saver):
        await queue(database, redis, turn_at(company.company_id, "u"))
        await eventually(lambda: is_empty(redis, TURNS))
    assert reasoner.asked == 1
    assert "entry failed" not in caplog.text
    assert [row["what"] for row in rows(database_url, LEFT)] == (BACK if comes_back else [])
    assert await threads(database_url) == []
    assert await keys_of(redis) == []


async def test_an_erasure_waits_for_what_a_turn_is_writing(database: Database, company: Any, database_url: str) -> None:
    turn = new_id()
    await begin_turns(database, company.company_id, turn, user_id="u")
    async with database.transaction(company.company_id) as connection:
        await turns.hold(connection, company.company_id, turn)

        async def erased() -> None:
            async with database.transaction(company.company_id) as other:
                await erasures.erase(other, company.company_id, "u", new_id(), datetime.now(UTC))

        erasure = asyncio.create_task(erased())
        await eventually(lambda: is_waiting(database_url))
        await connection.execute(
            """INSERT INTO tool_calls (company_id, call_id, turn_id, conversation_id, user_id, tool, arguments, status,
               created_at) VALUES (%(c)s, %(t)s, %(t)s, %(t)s, 'u', 'x', '{}', 'started', now())""",
            {"c": company.company_id, "t": turn},
        )
    await erasure
    assert rows(database_url, LEFT) == []
    async with database.transaction(company.company_id) as connection:
        with pytest.raises(TurnGone):
            await turns.hold(connection, company.company_id, turn)


async def is_waiting(database_url: str) -> bool:
    return bool(rows(database_url, "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


@pytest.mark.parametrize("comes_back", [False, True])
async def test_events_that_are_stored_late_go_with_the_next_upkeep(
    database: Database, redis: Redis, company: Any, database_url: str, comes_back: bool
) -> None:
    await erase(database, redis, company.company_id)
    moments = [datetime.now(UTC) - timedelta(seconds=9)]
    moments += [datetime.now(UTC) + timedelta(seconds=1)] if comes_back else []
    async with database.transaction(company.company_id) as connection:
        for at in moments:
            ms = to_ms(at)
            seen = AcceptedEvent(company.company_id, new_id(), "u", "s", "click", None, None, ms, ms, ms, {}, "t")
            await events.insert(connection, [seen])
            await users.touch(connection, [Seen(company.company_id, "u", "s", at)])
    assert await Upkeep(database).tidy() >= 1
    assert [row["what"] for row in rows(database_url, LEFT)] == (["users", "events"] if comes_back else [])
