"""Vectors for the chunks that have none yet, in every configured space.

The primary space must be complete before a revision is published. A standby is filled as far as its provider allows:
what it lacks is made up for later by the sweep that also follows a change of the model.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from db import knowledge_chunks
from db.knowledge_chunks import ChunkText
from db.pool import Connection
from knowledge.embedding.embedder import Embedder, Embedders, EmbeddingUnavailable
from knowledge.embedding.texts import passage_text
from knowledge.stores.protocol import VectorStore

log = logging.getLogger(__name__)

SLICE: Final = 128
"""Chunks that are embedded and kept at a time; what a kill can cost."""

Transaction = Callable[[], AbstractAsyncContextManager[Connection]]
"""Opens a transaction of the company in which this run is still ours."""
Tell = Callable[[int], Awaitable[None]]
"""Is told of vectors that were kept; may raise to stop the work."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which chunks: those of one revision of one source."""

    company_id: str
    source_id: str
    revision: int


class Vectors:
    """Fills the store with what is missing."""

    def __init__(self, store: VectorStore, embedders: Embedders) -> None:
        self._store = store
        self._embedders = embedders

    async def fill(self, target: Target, transaction: Transaction, tell: Tell) -> None:
        """Give every chunk of the revision its vectors.

        Raises:
            EmbeddingUnavailable: the primary space cannot be completed now; what was made is kept.
        """
        async for chunks in _slices(target, transaction):
            await self.add(target.company_id, self._embedders.primary, chunks, transaction, tell)
            for standby in self._embedders.standbys:
                await self._try(target.company_id, standby, chunks, transaction, tell)

    async def add(
        self,
        company_id: str,
        embedder: Embedder,
        chunks: Sequence[ChunkText],
        transaction: Transaction,
        tell: Tell,
    ) -> None:
        """Embed those of the chunks that have no vector in the embedder's space; raises EmbeddingUnavailable."""
        async with transaction() as connection:
            missing = await self._store.missing(
                connection, company_id, embedder.space, [chunk.chunk_id for chunk in chunks]
            )
        lacking = [chunk for chunk in chunks if chunk.chunk_id in missing]
        if not lacking:
            return
        vectors = await embedder.embed(company_id, [passage_text(chunk.heading_path, chunk.text) for chunk in lacking])
        items = [(chunk.chunk_id, vector) for chunk, vector in zip(lacking, vectors, strict=True)]
        async with transaction() as connection:
            await self._store.put(connection, company_id, embedder.space, items)
        await tell(len(items))

    async def forget(self, connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> None:
        """Forget the vectors of chunks that go."""
        await self._store.drop(connection, company_id, chunk_ids)

    async def _try(
        self,
        company_id: str,
        standby: Embedder,
        chunks: Sequence[ChunkText],
        transaction: Transaction,
        tell: Tell,
    ) -> None:
        try:
            await self.add(company_id, standby, chunks, transaction, tell)
        except EmbeddingUnavailable as error:
            log.warning("a standby space is left incomplete", extra={"space": standby.space.key, "code": error.code})


async def _slices(target: Target, transaction: Transaction) -> AsyncIterator[list[ChunkText]]:
    after: str | None = None
    while True:
        async with transaction() as connection:
            chunks = await knowledge_chunks.at_revision(
                connection, target.company_id, target.source_id, target.revision, after=after, limit=SLICE
            )
        if not chunks:
            return
        yield chunks
        after = chunks[-1].chunk_id
