"""Searches of the knowledge base, asked of the jobs role over Redis: the API holds no embedding model itself."""

import time
from collections.abc import Awaitable, Sequence
from typing import Any, Final, cast

from redis.asyncio import Redis

from core import searches
from core.ids import new_id
from core.passages import Passage
from core.searches import SearchRequest, SearchUnavailable
from core.streams import FIELD, SEARCHES, shard_of

RETRY_AFTER_SECONDS: Final = 2


class Searches:
    """Asks, and waits for the answer; `timeout` is in seconds and below the socket's own."""

    def __init__(self, redis: Redis, *, timeout: float, shards: int) -> None:
        self._redis = redis
        self._timeout = timeout
        self._shards = shards

    async def ask(
        self,
        company_id: str,
        query: str,
        trace_id: str,
        *,
        k: int | None = None,
        language: str | None = None,
        tags: Sequence[str] = (),
    ) -> tuple[Passage, ...]:
        """Return the passages found, best first; raises SearchUnavailable when nobody answers in time."""
        deadline_ms = int((time.time() + self._timeout) * 1000)
        request = SearchRequest(new_id(), company_id, query, deadline_ms, trace_id, k, language, tuple(tags))
        stream = shard_of(SEARCHES, self._shards, company_id, request.request_id)
        entry = searches.encode_request(request)
        await self._redis.xadd(stream, {FIELD: entry}, maxlen=searches.BACKLOG, approximate=True)
        waiting = cast(
            Awaitable[Any], self._redis.blpop([searches.answer_key(request.request_id)], timeout=self._timeout)
        )
        answer = await waiting
        if answer is None:
            raise SearchUnavailable("Nobody answered the search in time.", retry_after=RETRY_AFTER_SECONDS)
        return searches.decode_answer(answer[1])
