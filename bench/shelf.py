"""Puts documents into a knowledge base as an ingestion does, for measurements and tests: no fetch, no jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from core.ids import derive_id, new_id
from db import knowledge_chunks, knowledge_documents, knowledge_sources
from db.knowledge_chunks import NewChunk
from db.knowledge_documents import NewDocument
from db.pool import Database
from knowledge.chunking import Chunk, ChunkPolicy, chunk
from knowledge.documents import Document
from knowledge.embedding.embedder import Embedders
from knowledge.embedding.texts import passage_text
from knowledge.retrieval.analysis import words
from knowledge.stores.protocol import VectorStore

POLICY = ChunkPolicy(size=220, overlap=30, cap=400)
"""The defaults of the settings."""


@dataclass
class Shelf:
    """A company's knowledge base that documents are put on, each under a key of its own."""

    db: Database
    store: VectorStore
    embedders: Embedders
    company_id: str
    policy: ChunkPolicy = POLICY
    documents: dict[str, str] = field(default_factory=dict)
    """Keys by chunk id."""

    async def put(
        self,
        documents: Mapping[str, Document],
        *,
        tags: Sequence[str] = (),
        source_id: str | None = None,
        revision: int = 1,
    ) -> str:
        """Publish a source that consists of these documents, with their vectors; returns its id."""
        source = source_id or new_id()
        now = datetime.now(UTC)
        async with self.db.transaction(self.company_id) as connection:
            if revision == 1:
                await knowledge_sources.create(
                    connection,
                    self.company_id,
                    source_id=source,
                    kind="text",
                    title="Help",
                    created_by="system",
                    now=now,
                    tags=tags,
                )
            staged = []
            for key, document in documents.items():
                chunks = self._chunks(source, key, document)
                await knowledge_documents.stage(
                    connection, self.company_id, source, revision, _new(source, key, document, now), chunks
                )
                staged.append(derive_id("document", source, key))
                self.documents |= dict.fromkeys((each.chunk_id for each in chunks), key)
            await knowledge_documents.end_others(connection, self.company_id, source, revision, staged)
        await self._embed(source, revision)
        async with self.db.transaction(self.company_id) as connection:
            await knowledge_sources.publish(connection, self.company_id, source, revision, now)
        return source

    def _chunks(self, source: str, key: str, document: Document) -> list[NewChunk]:
        return [_chunk(source, key, each, document.language) for each in chunk(document, self.policy)]

    async def _embed(self, source: str, revision: int) -> None:
        async with self.db.transaction(self.company_id) as connection:
            chunks = await knowledge_chunks.at_revision(
                connection, self.company_id, source, revision, after=None, limit=100_000
            )
        texts = [passage_text(each.heading_path, each.text) for each in chunks]
        for embedder in self.embedders.every:
            vectors = await embedder.embed(self.company_id, texts)
            items = [(each.chunk_id, vector) for each, vector in zip(chunks, vectors, strict=True)]
            async with self.db.transaction(self.company_id) as connection:
                await self.store.put(connection, self.company_id, embedder.space, items)


def _new(source: str, key: str, document: Document, now: datetime) -> NewDocument:
    return NewDocument(
        derive_id("document", source, key),
        document.title,
        sha256(document.markdown.encode()).digest(),
        now,
        url=document.url,
        language=document.language,
        licence=document.licence,
        attribution=document.attribution,
    )


def _chunk(source: str, key: str, cut: Chunk, language: str | None) -> NewChunk:
    read = words(cut.heading_path, cut.text, language)
    chunk_id = derive_id("chunk", source, key, str(cut.ordinal), cut.content_hash.hex())
    return NewChunk(
        chunk_id, cut.heading_path, cut.text, cut.tokens, language, cut.content_hash, read.vector, read.count
    )
