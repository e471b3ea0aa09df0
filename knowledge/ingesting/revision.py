"""The next revision of a source: every document staged or kept, every chunk with its vectors, then live in one step."""

from dataclasses import dataclass, replace
from typing import Final

from db import knowledge_chunks, knowledge_documents, knowledge_sources, knowledge_tallies
from db.knowledge_documents import LiveDocument
from knowledge.documents import Unreadable
from knowledge.fetching.refusals import Refused
from knowledge.ingesting import identity, wording
from knowledge.ingesting.concurrency import for_each
from knowledge.ingesting.job import Job, Lost
from knowledge.ingesting.origins import Found, OriginOf
from knowledge.ingesting.preparing import Convert, Prepared, Rules, is_same, prepare
from knowledge.ingesting.vectors import Target, Vectors
from knowledge.ingesting.verdicts import WITHDRAWN, Refusal, Tally, leaves, refuse
from knowledge.retrieval import analysis
from knowledge.settings import KnowledgeSettings

WIDTH: Final = 3
"""Documents of one run that are worked on at a time."""
DEAD_AT_ONCE: Final = 500
"""Chunks that are deleted in one transaction."""
_RULES: Final = "rules"
"""Where a source's settings keep by which rules its live revision was made."""
_ANALYSIS: Final = "analysis"
"""And by which analysis its words; sources that are older than this note have none."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every ingestion of a process works with."""

    origin_of: OriginOf
    convert: Convert
    vectors: Vectors


class Revision:
    """Brings one revision about, or what is left of that to do."""

    def __init__(self, job: Job, tools: Tools, settings: KnowledgeSettings) -> None:
        self._job = job
        self._origin = tools.origin_of(job.company_id, job.source)
        self._convert = tools.convert
        self._vectors = tools.vectors
        self._rules = Rules.of(settings, job.source.language)
        self._target = Target(job.company_id, job.source.source_id, job.revision)
        self._same_rules = job.source.settings.get(_RULES) == self._rules.stamp()
        self._renews = job.source.revision > 0 and job.source.settings.get(_ANALYSIS) != analysis.VERSION

    async def bring_about(self) -> Refusal | None:
        """Read, prepare, publish and tidy up; returns why it was not published, if it was not.

        Raises:
            Refused: the source itself cannot be read.
            EmbeddingUnavailable: the vectors cannot be made now.
            Lost, Stopped: see `job`.
        """
        if self._job.source.revision < self._job.revision:
            await self._read_all()
            await self._vectors.fill(self._target, self._job.transaction, self._job.note_embedded)
            if self._renews:
                await wording.renew(self._job)
            if (refusal := await self._publish()) is not None:
                return refusal
        await self._tidy()
        return None

    async def _read_all(self) -> None:
        job = self._job
        addresses = self._origin.keys()
        keys = {identity.document_id(job.source.source_id, key): key async for key in addresses}
        await self._recall()
        job.wanted &= set(keys)  # an earlier attempt may have read what is no longer named
        job.read = job.progress.documents_done = len(job.wanted)
        job.progress.documents_total = len(keys)

        async def deal_with(document: tuple[str, str]) -> None:
            job.heed()
            await self._deal_with(*document)

        left = [document for document in keys.items() if document[0] not in job.wanted]
        await for_each(left, WIDTH, deal_with)
        await self._heed_listing(set(keys))

    async def _heed_listing(self, seen: set[str]) -> None:
        """Note what could not be listed; where that was so, a document that was not named need not be gone."""
        job, listing = self._job, self._origin.listing()
        for address, code, detail in listing.problems:
            job.problems.note(address, code, detail)
        if listing.is_complete:
            return
        async with job.transaction() as connection:
            unseen = await knowledge_tallies.live(connection, job.company_id, job.source.source_id) - seen
        for document_id in unseen:
            await self._keep_unread(document_id)

    async def _recall(self) -> None:
        """Take over what earlier attempts at the run did."""
        job = self._job
        assert job.run.started_at is not None
        async with job.transaction() as connection:
            job.wanted = await knowledge_tallies.settled(
                connection, job.company_id, job.source.source_id, job.revision, job.run.started_at
            )
        job.progress.documents_failed = 0

    async def _deal_with(self, document_id: str, key: str) -> None:
        job = self._job
        async with job.transaction() as connection:
            live = await knowledge_documents.live(connection, job.company_id, document_id)
        try:
            found = await self._origin.read(key, live if self._same_rules else None)
            prepared = await self._prepare(document_id, found, live)
        except (Refused, Unreadable) as problem:
            await self._note_problem(document_id, key, live is not None, problem)
            return
        if live is not None and (found is None or prepared is None or _same(live, prepared)):
            await self._keep(live, found)
        else:
            assert prepared is not None
            assert found is not None
            await self._stage(prepared, found)
        job.read += 1
        job.wanted.add(document_id)
        job.progress.documents_done += 1

    async def _prepare(self, document_id: str, found: Found | None, live: LiveDocument | None) -> Prepared | None:
        """Return what was read as chunks; None when it is what is live, to the byte."""
        if found is None or (live is not None and live.content_hash == self._rules.fingerprint(found.raw)):
            return None
        return await prepare(
            document_id, found.raw, self._rules, self._convert, self._job.now(), self._job.source.title
        )

    async def _keep(self, live: LiveDocument, found: Found | None) -> None:
        job, validators = self._job, {"etag": found.etag, "modified": found.modified} if found else {}
        async with job.transaction() as connection:
            kept = await knowledge_documents.keep(
                connection, job.company_id, job.source.source_id, job.revision, live.document_id, job.now(),
                content_hash=self._rules.fingerprint(found.raw) if found else None, **validators,
            )  # fmt: skip
        job.progress.documents_unchanged += 1
        job.progress.chunks_kept += kept or 0

    async def _stage(self, prepared: Prepared, found: Found) -> None:
        job = self._job
        document = replace(prepared.document, etag=found.etag, modified=found.modified)
        async with job.transaction() as connection:
            staged = await knowledge_documents.stage(
                connection, job.company_id, job.source.source_id, job.revision, document, prepared.chunks
            )
        job.progress.chunks_added += len(staged.added)
        job.progress.chunks_kept += staged.kept
        job.progress.chunks_removed += staged.removed

    async def _note_problem(self, document_id: str, key: str, is_live: bool, problem: Refused | Unreadable) -> None:
        """Keep the last good version of what could not be read, unless it is gone or may not be used any more."""
        job = self._job
        job.problems.note(key, problem.code, problem.detail)
        job.progress.documents_done += 1
        job.progress.documents_failed += 1
        if problem.code in WITHDRAWN:
            job.withdrawn.add(document_id)
        if is_live and not leaves(problem.code):
            await self._keep_unread(document_id)

    async def _keep_unread(self, document_id: str) -> None:
        job = self._job
        async with job.transaction() as connection:
            live = await knowledge_documents.live(connection, job.company_id, document_id)
            if live is not None:
                await knowledge_documents.keep(
                    connection, job.company_id, job.source.source_id, job.revision, document_id, live.fetched_at
                )
                job.wanted.add(document_id)

    async def _publish(self) -> Refusal | None:
        job = self._job
        place = (job.company_id, job.source.source_id)
        async with job.transaction() as connection:
            live = await knowledge_tallies.live(connection, *place)
            gone = live - job.wanted
            tally = Tally(job.read, len(live), len(live & job.wanted), len(gone & job.withdrawn))
            if (refusal := refuse(tally, loss_allowed=job.run.loss_allowed)) is not None:
                return refusal
            await knowledge_documents.end_others(connection, *place, job.revision, sorted(job.wanted))
            change = await knowledge_tallies.change(connection, *place, job.revision)
            job.progress.chunks_added, job.progress.chunks_kept = change.chunks_added, change.chunks_kept
            job.progress.chunks_removed = change.chunks_removed
            settings = {**job.source.settings, _RULES: self._rules.stamp(), _ANALYSIS: analysis.VERSION}
            await knowledge_sources.update(connection, *place, job.now(), settings=settings)
            # What changes nothing is not published, so that answers kept for this revision stay good.
            if (change.documents_changed or self._renews) and not await knowledge_sources.publish(
                connection, *place, job.revision, job.now()
            ):
                raise Lost
            await job.tell_in(connection)
        return None

    async def _tidy(self) -> None:
        """Delete what no search will see again, vectors first."""
        job = self._job
        place = (job.company_id, job.source.source_id)
        while True:
            async with job.transaction() as connection:
                dead = await knowledge_chunks.dead(connection, *place, DEAD_AT_ONCE)
                if not dead:
                    await knowledge_documents.delete_dead(connection, *place)
                    return
                await self._vectors.forget(connection, job.company_id, dead)
                await knowledge_chunks.delete_dead(connection, job.company_id, dead)


def _same(live: LiveDocument, prepared: Prepared) -> bool:
    return is_same(live, prepared.document, [chunk.chunk_id for chunk in prepared.chunks])
