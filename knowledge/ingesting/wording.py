"""Makes the words of chunks anew that an older analysis read: from the stored texts, nothing is fetched or embedded."""

import asyncio
from collections.abc import Sequence
from typing import Final

from db import knowledge_chunks
from db.knowledge_chunks import ChunkText, ChunkWords
from knowledge.ingesting.job import Job
from knowledge.retrieval.analysis import words

CHUNKS_AT_ONCE: Final = 500


async def renew(job: Job) -> int:
    """Read all chunks of the job's revision by the present analysis; returns how many got other words.

    Repeatable: chunks that have these words already are not written.
    """
    renewed, last = 0, None
    while True:
        job.heed()
        async with job.transaction() as connection:
            texts = await knowledge_chunks.at_revision(
                connection, job.company_id, job.source.source_id, job.revision, after=last, limit=CHUNKS_AT_ONCE
            )
            read = await asyncio.to_thread(_read, texts)
            renewed += await knowledge_chunks.renew_words(connection, job.company_id, read)
        if len(texts) < CHUNKS_AT_ONCE:
            return renewed
        last = texts[-1].chunk_id


def _read(texts: Sequence[ChunkText]) -> list[ChunkWords]:
    found = [(text.chunk_id, words(text.heading_path, text.text, text.language)) for text in texts]
    return [ChunkWords(chunk_id, read.vector, read.count) for chunk_id, read in found]
