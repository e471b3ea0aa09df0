"""What the jobs role does for the knowledge base without being asked: runs left behind, sources removed, a new model.

Each sweep is run by one process at a time (`requeue.Requeue.run`), and again and again, so that a crash in the middle
of one costs nothing but the time until the next.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from core import streams
from core.streams import IngestJob
from db import companies, knowledge_chunks, knowledge_runs, knowledge_sources
from db.knowledge_sources import SourceKey
from db.pool import Connection, Database
from knowledge.embedding.embedder import Embedders, EmbeddingUnavailable
from knowledge.ingesting.vectors import Target, Vectors
from knowledge.stores.protocol import VectorStore

log = logging.getLogger(__name__)

SILENT_SECONDS: Final = 60.0
"""Silence after which a run counts as left behind."""
RUNS_AT_ONCE: Final = 500
SOURCES_AT_ONCE: Final = 100
CHUNKS_AT_ONCE: Final = 500


async def publish_run(redis: Redis, job: IngestJob, shards: int) -> None:
    """Put a run on the stream."""
    stream = streams.shard_of(streams.JOBS, shards, job.company_id, job.run_id)
    await redis.xadd(stream, {streams.FIELD: streams.encode_job(job)})


class KnowledgeSweeps:
    """The sweeps; each returns how much it found to do."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        shards: int,
        store: VectorStore,
        embedders: Embedders,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._shards = shards
        self._store = store
        self._embedders = embedders
        self._vectors = Vectors(store, embedders)
        self._now = now
        self._complete: dict[str, str] = {}
        self._stopping = False

    async def heed(self, stop: asyncio.Event) -> None:
        """Let the filling of a new model's space be left off once the process is to stop."""
        await stop.wait()
        self._stopping = True

    async def requeue_runs(self) -> int:
        """Publish runs that nobody works on; returns how many."""
        now = self._now()
        stale = now - timedelta(seconds=SILENT_SECONDS)
        async with self._db.system() as connection:
            left = await knowledge_runs.unfinished(connection, now, stale_before=stale, limit=RUNS_AT_ONCE)
        for run in left:
            async with self._db.transaction(run.company_id) as connection:
                await knowledge_runs.requeue(connection, run.company_id, run.run_id, now)
            await publish_run(self._redis, IngestJob(run.company_id, run.run_id, run.trace_id), self._shards)
        return len(left)

    async def purge_removed(self) -> int:
        """Delete the rows and vectors of sources that were removed; returns how many sources."""
        async with self._db.system() as connection:
            removed = await knowledge_sources.removed(connection, SOURCES_AT_ONCE)
        for key in removed:
            await self._purge(key)
        return len(removed)

    async def _purge(self, key: SourceKey) -> None:
        while True:
            async with self._db.transaction(key.company_id) as connection:
                dead = await knowledge_chunks.dead(connection, key.company_id, key.source_id, CHUNKS_AT_ONCE)
                if not dead:
                    await knowledge_sources.delete(connection, key.company_id, key.source_id)
                    return
                await self._store.drop(connection, key.company_id, dead)
                await knowledge_chunks.delete_dead(connection, key.company_id, dead)

    async def fill_spaces(self) -> int:
        """Embed live chunks into configured spaces that lack them, as after a change of the model.

        The other spaces serve meanwhile. Returns how many companies were worked on.
        """
        async with self._db.system() as connection:
            company_ids = await companies.list_ids(connection)
        return sum([await self._fill_company(company_id) for company_id in company_ids])

    async def _fill_company(self, company_id: str) -> int:
        """Fill a company's spaces; one that was found complete is looked at again only when something was published."""
        stamp = await self._stamp(company_id)
        if self._complete.get(company_id) == stamp:
            return 0
        lacking = await self._lacking(company_id)
        if lacking and not await self._fill(company_id):
            return 1
        self._complete[company_id] = stamp
        return 1 if lacking else 0

    async def _stamp(self, company_id: str) -> str:
        async with self._db.transaction(company_id) as connection:
            return await knowledge_sources.stamp(connection, company_id)

    async def _lacking(self, company_id: str) -> list[str]:
        async with self._db.transaction(company_id) as connection:
            return [
                embedder.space.key
                for embedder in self._embedders.every
                if not await self._store.covers(connection, company_id, embedder.space)
            ]

    async def _fill(self, company_id: str) -> bool:
        """Return whether every configured space is complete now."""
        log.info("vectors are being made for a space that lacks them", extra={"company_id": company_id})
        try:
            async for target in self._targets(company_id):
                await self._vectors.fill(target, self._opens(company_id), self._count)
        except (EmbeddingUnavailable, _Stopped) as reason:
            log.info("left off", extra={"company_id": company_id, "reason": type(reason).__name__})
            return False
        return not await self._lacking(company_id)

    async def _targets(self, company_id: str) -> AsyncIterator[Target]:
        cursor: str | None = None
        while True:
            async with self._db.transaction(company_id) as connection:
                page = await knowledge_sources.list_(connection, company_id, cursor=cursor, limit=SOURCES_AT_ONCE)
            for source in page.items:
                yield Target(company_id, source["source_id"], source["revision"])
            cursor = page.next_cursor
            if cursor is None:
                return

    def _opens(self, company_id: str) -> Callable[[], AbstractAsyncContextManager[Connection]]:
        @asynccontextmanager
        async def transaction() -> AsyncIterator[Connection]:
            async with self._db.transaction(company_id) as connection:
                yield connection

        return transaction

    async def _count(self, _vectors: int) -> None:
        if self._stopping:
            raise _Stopped


class _Stopped(Exception):
    """The process is to stop."""
