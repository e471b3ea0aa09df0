"""Users who are erased while the consumers work at something of theirs: nothing comes back, and nothing hangs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from core.events import AcceptedEvent, to_ms
from core.ids import new_id
from core.streams import CONVERSATIONS, TURNS
from db import erasures, events, users
from db.pool import Database
from db.users import Seen
from graph.reasoners.rules import RulesReasoner
from ingest_api.forgetting import forget_user
from stream_consumer.upkeep import Upkeep
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.talking import Chat, answering
from tests.stream_consumer.test_turns import queue, rows, turn_at, working

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
    """Takes so long that its user is erased meanwhile."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database = database
        self.redis = redis
        self.asked = 0

    async def converse(self, talk: Any, tools: Any, calls: Any, sink: Any) -> Any:
        self.asked += 1
        await erase(self.database, self.redis, talk.turn.company_id)
        return await super().converse(talk, tools, calls, sink)

    async def coach(self, case: Any, diagnosis: Any, calls: Any) -> Any:
        self.asked += 1
        await erase(self.database, self.redis, case.turn.company_id)
        return await super().coach(case, diagnosis, calls)


async def is_empty(redis: Redis, stream: str) -> bool:
    return await redis.xlen(stream) == 0


async def test_an_answer_to_a_user_who_is_gone_is_dropped(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    reasoner, chat = Erasing(database, redis), Chat(database, redis, company.company_id)
    async with answering(database, redis, reasoner=reasoner):
        await chat.say("How many characters does a live key have?")
        await eventually(lambda: is_empty(redis, CONVERSATIONS))
    assert reasoner.asked == 1
    assert await redis.xlen(f"{CONVERSATIONS}:dead") == 0
    assert rows(database_url, LEFT) == []
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


async def test_a_nudge_for_a_user_who_is_gone_goes_with_the_next_upkeep(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    async with working(database, redis, Erasing(database, redis)):
        await queue(database, redis, turn_at(company.company_id, "u"))
        await eventually(lambda: is_empty(redis, TURNS))
    await Upkeep(database).tidy()
    assert rows(database_url, LEFT) == []


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
