"""How often tools may be used: per company and tool as the company says, and per user over all tools.

Counted in Redis, so that all processes count together and a restart forgets nothing.
"""

from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from redis.asyncio import Redis

from core.tools import ToolDefinition
from graph.talk import Talk
from stream_consumer.stores import available

PER_USER: Final = RateLimitItemPerMinute(30, namespace="tool_calls_user")
"""Calls of one user a minute: a conversation that is led quickly makes some ten."""


class CallAdmission:
    """`graph.tools.contracts.Admission`."""

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        storage = RedisStorage("async+redis://", implementation="redispy", connection_pool=pool)  # type: ignore[arg-type]
        self._limiter = FixedWindowRateLimiter(storage)

    async def admit(self, definition: ToolDefinition, talk: Talk) -> bool:
        """Count a call for the user and for the tool; False when either had too many this minute."""
        company_id, user_id = talk.turn.company_id, talk.turn.user_id
        per_tool = RateLimitItemPerMinute(definition.calls_per_minute, namespace="tool_calls")
        async with available():
            return await self._limiter.hit(PER_USER, company_id, user_id) and await self._limiter.hit(
                per_tool, company_id, definition.name
            )
