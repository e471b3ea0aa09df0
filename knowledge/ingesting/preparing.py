"""From what was read to what is stored: Markdown, licence, chunks, each with the id that equal content always gets."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from db.knowledge_chunks import NewChunk
from db.knowledge_documents import LiveDocument, NewDocument
from knowledge.chunking import Chunk, ChunkPolicy, chunk
from knowledge.documents import NO_TEXT, Document, Raw, Unreadable
from knowledge.ingesting.identity import chunk_ids, fingerprint
from knowledge.licences import clear
from knowledge.retrieval.analysis import words
from knowledge.settings import KnowledgeSettings

Convert = Callable[[Raw], Awaitable[Document]]
"""Turns a file or page into Markdown; raises Unreadable."""

MAX_TITLE: Final = 500
"""Characters of a document's title that are kept."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with its chunks, ready to be staged."""

    document: NewDocument
    chunks: tuple[NewChunk, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """How a document becomes chunks. `language` is that of the whole source when somebody said so."""

    policy: ChunkPolicy
    blocked: tuple[str, ...]
    attribution: tuple[str, ...]
    language: str | None = None

    @classmethod
    def of(cls, settings: KnowledgeSettings, language: str | None) -> "Rules":
        """Return the rules of the settings for a source of that language."""
        return cls(
            ChunkPolicy(
                size=settings.knowledge_chunk_size,
                overlap=settings.knowledge_chunk_overlap,
                cap=settings.kb_max_chunk_tokens,
            ),
            settings.kb_blocked_license_patterns,
            settings.kb_attribution_patterns,
            language,
        )

    def stamp(self) -> str:
        """Return what tells whether two sets of rules are the same."""
        return fingerprint(Raw(b"", ""), *self._parts()).hex()

    def fingerprint(self, raw: Raw) -> bytes:
        """Return what tells whether a document and the rules for it are the same as the last time."""
        return fingerprint(raw, *self._parts())

    def _parts(self) -> tuple[object, ...]:
        return self.policy, self.blocked, self.attribution, self.language


async def prepare(
    document_id: str, raw: Raw, rules: Rules, convert: Convert, fetched_at: datetime, title: str
) -> Prepared:
    """Convert, clear and cut a document; `title` is for one that has none of its own.

    Raises:
        Unreadable: it cannot be read, has no text, or its licence forbids it.
    """
    converted = await convert(raw)
    named = replace(converted, title=(converted.title.strip() or title)[:MAX_TITLE])
    document, chunks = await asyncio.to_thread(_cut, document_id, named, rules)
    return Prepared(_new_document(document_id, document, rules.fingerprint(raw), fetched_at), chunks)


def is_same(live: LiveDocument, new: NewDocument, ids: list[str]) -> bool:
    """Tell whether a document that was read anew says what the live one says, for all that a reader would notice."""
    facts = ("url", "title", "language", "licence", "attribution")
    return live.chunk_ids == ids and all(getattr(live, fact) == getattr(new, fact) for fact in facts)


def _cut(document_id: str, document: Document, rules: Rules) -> tuple[Document, tuple[NewChunk, ...]]:
    """Runs in a thread: long documents take seconds."""
    cleared = clear(document, rules.blocked, rules.attribution)
    spoken = replace(cleared, language=rules.language) if rules.language else cleared
    chunks = chunk(spoken, rules.policy)
    if not chunks:
        raise Unreadable(NO_TEXT, "The document holds no text.")
    return spoken, _new_chunks(document_id, chunks, spoken.language)


def _new_document(document_id: str, document: Document, content_hash: bytes, fetched_at: datetime) -> NewDocument:
    return NewDocument(
        document_id,
        document.title,
        content_hash,
        fetched_at,
        url=document.url,
        language=document.language,
        licence=document.licence,
        attribution=document.attribution,
    )


def _new_chunks(document_id: str, chunks: tuple[Chunk, ...], language: str | None) -> tuple[NewChunk, ...]:
    ids = chunk_ids(document_id, [each.content_hash for each in chunks])
    return tuple(_new_chunk(chunk_id, each, language) for chunk_id, each in zip(ids, chunks, strict=True))


def _new_chunk(chunk_id: str, chunk: Chunk, language: str | None) -> NewChunk:
    found = words(chunk.heading_path, chunk.text, language)
    return NewChunk(
        chunk_id,
        chunk.heading_path,
        chunk.text,
        chunk.tokens,
        language,
        chunk.content_hash,
        words=found.vector,
        lexemes=found.count,
    )
