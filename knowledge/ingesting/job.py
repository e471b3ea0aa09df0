"""One run under way in one worker: what it knows, and its right to write, which it loses to whoever takes over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from core.tasks import end
from db import knowledge_runs
from db.knowledge_runs import Run
from db.knowledge_sources import Source
from db.pool import Connection, Database, is_outage
from knowledge.ingesting.progress import Problems, Progress

BEAT_SECONDS: Final = 3.0
"""How often a worker gives a sign of life."""
STALE_SECONDS: Final = 20.0
"""Silence after which a run may be taken over."""


class Lost(Exception):
    """The run is no longer ours: cancelled, deleted with its source, or taken over. Nothing more may be written."""


class Stopped(Exception):
    """The process is about to stop; the run goes on in another one."""


@dataclass
class Job:
    """A claimed run. `wanted` are the documents that the new revision consists of."""

    db: Database
    company_id: str
    run: Run
    source: Source
    revision: int
    stopping: Callable[[], bool]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Progress = field(default_factory=Progress)
    problems: Problems = field(default_factory=Problems)
    wanted: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    read: int = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction in which the run is ours until it ends; raises Lost when it no longer is."""
        async with self.db.transaction(self.company_id) as connection:
            if not await knowledge_runs.hold(connection, self.company_id, self.run.run_id, self.run.attempt):
                raise Lost
            yield connection

    async def note_embedded(self, vectors: int) -> None:
        """Count vectors that were kept; raises Stopped when the process is about to stop."""
        self.progress.embedded += vectors
        self.heed()

    def heed(self) -> None:
        """Raise Stopped when the process is about to stop."""
        if self.stopping():
            raise Stopped

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Give signs of life, with progress, while the block runs."""
        beats = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            await end([beats])

    async def tell(self) -> bool:
        """Write the progress down; returns False when the run is no longer ours."""
        async with self.db.transaction(self.company_id) as connection:
            return await self.tell_in(connection)

    async def tell_in(self, connection: Connection) -> bool:
        """Write the progress down in a transaction that is open."""
        return await knowledge_runs.beat(
            connection,
            self.company_id,
            self.run.run_id,
            self.run.attempt,
            self.now(),
            progress=self.progress.as_dict(),
            problems=self.problems.as_list(),
        )

    async def _beat(self) -> None:
        is_ours = True
        while is_ours:
            await asyncio.sleep(BEAT_SECONDS)
            with _outages_passed_over():
                is_ours = await self.tell()


@contextmanager
def _outages_passed_over() -> Iterator[None]:
    """Let a sign of life be left out while the database is away."""
    try:
        yield
    except Exception as error:
        if not is_outage(error):
            raise
