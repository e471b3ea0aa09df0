"""Answers the searches that the API asks over Redis, in the process that holds the embedding model.

A search is never tried twice: whoever asked waits a few seconds, and asks again if it wants to.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from redis.asyncio import Redis

from core import logs, searches
from core.passages import Passage
from core.searches import SearchRequest
from stream_consumer.entries import DONE, Entry, Failed, Outcome
from stream_consumer.metrics import ConsumerMetrics

log = logging.getLogger(__name__)


class Retrieves(Protocol):
    """What finds passages (`knowledge.retrieval`)."""

    async def retrieve(
        self,
        company_id: str,
        query: str,
        *,
        language: str | None = None,
        k: int | None = None,
        tags: Sequence[str] = (),
    ) -> Sequence[Passage]:
        """Return the best passages, best first."""
        ...


class SearchHandler:
    """Handles entries of `searches_stream`, each on its own."""

    def __init__(
        self,
        redis: Redis,
        retriever: Retrieves,
        metrics: ConsumerMetrics,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._redis = redis
        self._retriever = retriever
        self._metrics = metrics
        self._now_ms = now_ms

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Answer each search that somebody still waits for."""
        return [await self._handle_one(entry) for entry in entries]

    async def abandon(self, entry: Entry, reason: str) -> None:
        """Nothing remembers a search."""

    async def _handle_one(self, entry: Entry) -> Outcome:
        try:
            request = searches.decode_request(entry.payload)
        except ValueError as error:
            return Failed(error)
        if self._now_ms() >= request.deadline_ms:
            self._metrics.searches.labels("late").inc()
            return DONE
        with logs.bind(trace_id=request.trace_id, company_id=request.company_id):
            await self._answer(request.request_id, await self._search(request))
        return DONE

    async def _search(self, request: SearchRequest) -> bytes:
        try:
            found = await self._retriever.retrieve(
                request.company_id, request.query, language=request.language, k=request.k, tags=request.tags
            )
        except Exception:  # whatever it was, whoever waits should be told now
            log.exception("search failed")
            self._metrics.searches.labels("failed").inc()
            return searches.encode_failure()
        self._metrics.searches.labels("answered").inc()
        return searches.encode_answer(tuple(found))

    async def _answer(self, request_id: str, answer: bytes) -> None:
        key = searches.answer_key(request_id)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.rpush(key, answer)
        pipeline.pexpire(key, searches.ANSWER_LIFE_MS)
        await pipeline.execute()
