"""The jobs role's entries: each points to a run of ingestion, which is done here, or as much of it as can be done now.

PostgreSQL says who may work on a run, so an entry that is delivered twice, or put on the stream again by a sweep, does
no harm: it finds the run taken or over.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Final

from core import logs, streams
from core.streams import IngestJob
from knowledge.ingestion import BUSY_SECONDS, Attempt, Ingestion
from stream_consumer.admission import Admission, Work
from stream_consumer.entries import DONE, Entry, Failed, Outcome, Postponed
from stream_consumer.metrics import ConsumerMetrics

log = logging.getLogger(__name__)

LONGEST_RETURN: Final = 5.0
"""A run that waits longer than this leaves the stream; the sweep for runs left behind brings it back in time."""
PAGED: Final = ("url", "sitemap")
"""Kinds of sources whose runs wait for servers."""


class IngestionsHandler:
    """Handles entries of `jobs_stream`, each on its own; `slots` runs at a time, whatever the number of shards."""

    def __init__(self, ingestion: Ingestion, metrics: ConsumerMetrics, slots: int) -> None:
        self._ingestion = ingestion
        self._metrics = metrics
        self._admission = Admission(slots)
        self._stopping = False

    async def heed(self, stop: asyncio.Event) -> None:
        """Let runs be laid aside once the process is to stop: they may last for hours."""
        await stop.wait()
        self._stopping = True

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Do the run of each entry."""
        return [await self._handle_one(entry) for entry in entries]

    async def abandon(self, entry: Entry, reason: str) -> None:
        """End the run of an entry that is given up on, so that nobody waits for it."""
        try:
            job = streams.decode_job(entry.payload)
        except ValueError:
            return
        await self._ingestion.abandon(job.company_id, job.run_id, reason)

    async def _handle_one(self, entry: Entry) -> Outcome:
        try:
            job = streams.decode_job(entry.payload)
        except ValueError as error:
            return Failed(error)
        with logs.bind(trace_id=job.trace_id, company_id=job.company_id, run_id=job.run_id):
            attempt = await self._attempt_in_turn(job)
        if attempt.outcome == "busy":
            stays = self._admission.put_off(job.run_id, is_fresh=not entry.claimed)
            return Postponed(BUSY_SECONDS) if stays else DONE
        if attempt.again_in is None or attempt.again_in > LONGEST_RETURN:
            return DONE
        return Postponed(attempt.again_in)

    async def _attempt_in_turn(self, job: IngestJob) -> Attempt:
        """Do a run if there is a place for it now; it is busy otherwise."""
        kind = await self._ingestion.kind(job.company_id, job.run_id)
        if kind is None:
            return Attempt("over")
        if not self._admission.begin(job.run_id, Work(job.company_id, kind in PAGED)):
            return Attempt("busy")
        try:
            return await self._attempt(job)
        finally:
            self._admission.end(job.run_id)

    async def _attempt(self, job: IngestJob) -> Attempt:
        started = time.monotonic()
        attempt = await self._ingestion.run(job.company_id, job.run_id, stopping=lambda: self._stopping)
        if attempt.outcome in ("busy", "over"):
            return attempt
        self._metrics.ingestion_seconds.observe(time.monotonic() - started)
        self._metrics.ingestions.labels(attempt.outcome).inc()
        if attempt.progress is not None:
            for what in ("documents_done", "documents_failed", "chunks_added", "chunks_removed", "embedded"):
                self._metrics.ingested.labels(what).inc(getattr(attempt.progress, what))
        return attempt
