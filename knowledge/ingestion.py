"""One run of ingestion: read every document of a source, prepare the next revision, publish it in one step, tidy up.

A run may be killed anywhere and is taken up again where it was: documents that it dealt with are known by their rows,
chunks by ids made of their content, vectors by being there. Nothing is visible before the end.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from db import knowledge_runs, knowledge_sources
from db.pool import Database
from knowledge.embedding.embedder import EmbeddingUnavailable
from knowledge.fetching.refusals import Refused
from knowledge.ingesting.job import STALE_SECONDS, Job, Lost, Stopped
from knowledge.ingesting.progress import Progress
from knowledge.ingesting.revision import Revision, Tools
from knowledge.ingesting.verdicts import NOTHING_READ, Refusal
from knowledge.settings import KnowledgeSettings

log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 2.0
"""After this a run that has to wait for another one is looked at again."""
PROVIDER_PAUSE: Final = 20.0
"""Seconds that a run waits for an embedding provider that does not say how long."""
LONGEST_PAUSE: Final = 900.0
"""Seconds after which a waiting run tries again in any case: somebody may have raised the budget."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt at a run ended. `again_in` are seconds after which to try again; None: there is nothing left."""

    outcome: Literal["done", "failed", "waiting", "stopped", "lost", "busy", "over"]
    again_in: float | None = None
    progress: Progress | None = None


class Ingestion:
    """Runs ingestions, of any company, several at a time."""

    def __init__(
        self,
        db: Database,
        tools: Tools,
        settings: KnowledgeSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._tools = tools
        self._settings = settings
        self._now = now

    async def kind(self, company_id: str, run_id: str) -> str | None:
        """Return the kind of a run's source (`knowledge_sources.KINDS`); None when nothing of the run is left to do."""
        async with self._db.transaction(company_id) as connection:
            run = await knowledge_runs.get(connection, company_id, run_id)
            if run is None or run.finished_at is not None:
                return None
            source = await knowledge_sources.get(connection, company_id, run.source_id)
        return source.kind if source is not None else None

    async def run(self, company_id: str, run_id: str, *, stopping: Callable[[], bool] = lambda: False) -> Attempt:
        """Do a run, or what is left of it. What the stores raise when they are away comes through."""
        job = await self._claim(company_id, run_id, stopping)
        if job is None:
            return await self._not_claimed(company_id, run_id)
        try:
            return await self._attempt(job)
        except Lost:
            return Attempt("lost")
        except Exception:
            with suppress(Exception):  # so that another try need not wait until this one counts as silent
                await self._lay_aside(job, "internal_error", "Something went wrong; it is tried again.", 0)
            raise

    async def _attempt(self, job: Job) -> Attempt:
        try:
            async with job.beating():
                refusal = await Revision(job, self._tools, self._settings).bring_about()
        except Stopped:
            return await self._lay_aside(job, "stopped", "The process that worked on it was stopped.", 0)
        except EmbeddingUnavailable as error:
            return await self._wait_for_provider(job, error)
        except Refused as error:  # the source itself; single pages are problems of theirs
            refusal = Refusal(error.code, error.detail)
        return await self._end(job, refusal)

    async def abandon(self, company_id: str, run_id: str, reason: str) -> None:
        """End a run that is given up on, so that nobody waits for it."""
        async with self._db.transaction(company_id) as connection:
            run = await knowledge_runs.get(connection, company_id, run_id)
            if run is None or run.finished_at is not None:
                return
            await knowledge_runs.give_up(connection, company_id, run_id, reason, self._now())
            await knowledge_sources.set_status(connection, company_id, run.source_id, "failed", self._now())

    async def _claim(self, company_id: str, run_id: str, stopping: Callable[[], bool]) -> Job | None:
        now = self._now()
        stale = now - timedelta(seconds=STALE_SECONDS)
        async with self._db.transaction(company_id) as connection:
            run = await knowledge_runs.claim(connection, company_id, run_id, now, stale_before=stale)
            if run is None:
                return None
            source = await knowledge_sources.get(connection, company_id, run.source_id)
            assert source is not None
            assert run.revision is not None
            await knowledge_sources.set_status(connection, company_id, source.source_id, "ingesting", now)
        job = Job(self._db, company_id, run, source, run.revision, stopping, self._now)
        job.progress = Progress.read(run.progress)
        return job

    async def _not_claimed(self, company_id: str, run_id: str) -> Attempt:
        if await self.kind(company_id, run_id) is None:
            return Attempt("over")
        return Attempt("busy", again_in=BUSY_SECONDS)

    async def _end(self, job: Job, refusal: Refusal | None) -> Attempt:
        """End the run, and say of a source with one document what was wrong with that."""
        only = job.problems.only()
        if refusal is not None and refusal.code == NOTHING_READ and only is not None:
            refusal = Refusal(*only)
        run, now = job.run, self._now()
        error, detail = (refusal.code, refusal.detail) if refusal else (None, None)
        async with job.transaction() as connection:
            await job.tell_in(connection)
            await knowledge_runs.finish(
                connection, job.company_id, run.run_id, run.attempt, "failed" if refusal else "done", now,
                error=error, detail=detail,
            )  # fmt: skip
            status = "failed" if refusal else "ready"
            await knowledge_sources.set_status(connection, job.company_id, run.source_id, status, now)
        log.info("ingestion ended", extra={"outcome": error or "done", **job.progress.as_dict()})
        return Attempt("failed" if refusal else "done", progress=job.progress)

    async def _wait_for_provider(self, job: Job, error: EmbeddingUnavailable) -> Attempt:
        seconds = min(error.retry_after or PROVIDER_PAUSE, LONGEST_PAUSE)
        return await self._lay_aside(job, error.code, error.detail, seconds)

    async def _lay_aside(self, job: Job, code: str, detail: str, seconds: float) -> Attempt:
        """Let the run wait; what it prepared stays, and whoever takes it up goes on from there."""
        run, now = job.run, self._now()
        async with self._db.transaction(job.company_id) as connection:
            await job.tell_in(connection)
            await knowledge_runs.wait(
                connection, job.company_id, run.run_id, run.attempt, now,
                error=code, detail=detail, resume_at=now + timedelta(seconds=seconds),
            )  # fmt: skip
        log.warning("ingestion waits", extra={"code": code, "seconds": round(seconds, 1)})
        return Attempt("stopped" if seconds == 0 else "waiting", again_in=seconds)
