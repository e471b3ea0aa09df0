"""Chunks of the knowledge base: staged by an ingestion, live from its publication on, deleted when their time is over.

A chunk's id is derived from its content, so staging one that is there already costs neither a row nor a vector.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from db.pool import Connection
from db.query import change, fetch_all
from db.texts import all_storable, storable

# Adds the chunks that are not there, with their words.
_ADD: Final = """
    INSERT INTO knowledge_chunks (company_id, chunk_id, source_id, document_id, since, heading_path, text, tokens,
                                  language, content_hash, lexemes, search)
    SELECT %(company_id)s, g.chunk_id, %(source_id)s, %(document_id)s, %(revision)s, g.heading_path, g.text, g.tokens,
           g.language, decode(g.content_hash, 'hex'), g.lexemes,
           g.words::tsvector || array_to_tsvector(ARRAY[knowledge_company_word(%(company_id)s)])
    FROM jsonb_to_recordset(%(chunks)s) AS g (chunk_id uuid, heading_path text[], text text, tokens integer,
                                              language text, content_hash text, words text, lexemes integer)
    WHERE NOT EXISTS (SELECT FROM knowledge_chunks c
                      WHERE c.company_id = %(company_id)s AND c.chunk_id = g.chunk_id)
    ON CONFLICT (company_id, chunk_id) DO NOTHING
    RETURNING chunk_id
"""

# Brings back chunks that were about to end with this revision, or had ended before it and are still there.
_REVIVE: Final = """
    UPDATE knowledge_chunks
    SET since = CASE WHEN until < %(revision)s THEN %(revision)s ELSE since END, until = NULL
    WHERE company_id = %(company_id)s AND chunk_id = ANY (%(chunk_ids)s::uuid[]) AND until IS NOT NULL
"""

# Takes back what was staged of a document and is not wanted.
_UNSTAGE: Final = """
    DELETE FROM knowledge_chunks
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND document_id = %(document_id)s
      AND since = %(revision)s AND chunk_id <> ALL (%(wanted)s::uuid[])
"""

# Lets the other live chunks of a document end with this revision.
_END: Final = """
    UPDATE knowledge_chunks SET until = %(revision)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND document_id = %(document_id)s
      AND since < %(revision)s AND until IS NULL AND chunk_id <> ALL (%(wanted)s::uuid[])
"""

# Reads live chunks with what a citation needs.
_LOAD: Final = """
    SELECT c.chunk_id, c.source_id, c.document_id, d.title AS document_title, d.url, d.attribution, s.tags, c.language,
           c.heading_path, c.text, c.tokens
    FROM knowledge_chunks c
    JOIN knowledge_sources s USING (company_id, source_id)
    JOIN knowledge_documents d ON d.company_id = c.company_id AND d.document_id = c.document_id
         AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)
    WHERE c.company_id = %(company_id)s AND c.chunk_id = ANY (%(chunk_ids)s::uuid[])
      AND s.deleted_at IS NULL AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)
"""

# Reads the chunks of a live document in the order of its text.
_OF_DOCUMENT: Final = """
    SELECT c.chunk_id, c.heading_path, c.text, c.tokens, c.language
    FROM knowledge_documents d
    JOIN knowledge_sources s USING (company_id, source_id)
    CROSS JOIN LATERAL unnest(d.chunk_ids) WITH ORDINALITY AS o (chunk_id, place)
    JOIN knowledge_chunks c ON c.company_id = d.company_id AND c.chunk_id = o.chunk_id
    WHERE d.company_id = %(company_id)s AND d.document_id = %(document_id)s AND s.deleted_at IS NULL
      AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)
    ORDER BY o.place LIMIT %(limit)s OFFSET %(offset)s
"""

# Reads a slice of the chunks that are live at a revision, staged ones among them.
_AT_REVISION: Final = """
    SELECT chunk_id, heading_path, text, tokens, language FROM knowledge_chunks
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s
      AND since <= %(revision)s AND (until IS NULL OR until > %(revision)s)
      AND (%(after)s::uuid IS NULL OR chunk_id > %(after)s)
    ORDER BY chunk_id LIMIT %(limit)s
"""

# Gives chunks other words; those that have them stay as they are.
_RENEW_WORDS: Final = """
    UPDATE knowledge_chunks AS c SET search = n.search, lexemes = n.lexemes
    FROM (SELECT g.chunk_id, g.lexemes,
                 g.words::tsvector || array_to_tsvector(ARRAY[knowledge_company_word(%(company_id)s)]) AS search
          FROM jsonb_to_recordset(%(words)s) AS g (chunk_id uuid, words text, lexemes integer)) AS n
    WHERE c.company_id = %(company_id)s AND c.chunk_id = n.chunk_id AND c.search <> n.search
"""

# Finds chunks that no search will see again: their time is over, or their source was removed.
_DEAD: Final = """
    SELECT c.chunk_id FROM knowledge_chunks c JOIN knowledge_sources s USING (company_id, source_id)
    WHERE c.company_id = %(company_id)s AND c.source_id = %(source_id)s
      AND (c.until <= s.revision OR s.deleted_at IS NOT NULL)
    LIMIT %(limit)s
"""

# Deletes those of the given chunks that no search will see again, with their vectors in PostgreSQL.
_DELETE_DEAD: Final = """
    DELETE FROM knowledge_chunks c USING knowledge_sources s
    WHERE c.company_id = %(company_id)s AND c.chunk_id = ANY (%(chunk_ids)s::uuid[])
      AND s.company_id = c.company_id AND s.source_id = c.source_id
      AND (c.until <= s.revision OR s.deleted_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class ChunkWords:
    """The words of a chunk that is there; `words` and `lexemes` as in `NewChunk`."""

    chunk_id: str
    words: str
    lexemes: int


@dataclass(frozen=True, slots=True)
class NewChunk:
    """A chunk as an ingestion hands it over; `language` is an ISO 639-1 code.

    `words` is the text form of a tsvector and `lexemes` the number of words it stands for, repeated ones counted each
    time: both are made by `knowledge.retrieval.analysis.words`.
    """

    chunk_id: str
    heading_path: tuple[str, ...]
    text: str
    tokens: int
    language: str | None
    content_hash: bytes
    words: str
    lexemes: int


@dataclass(frozen=True, slots=True)
class ChunkText:
    """A chunk's text and what is needed to embed or show it."""

    chunk_id: str
    heading_path: list[str]
    text: str
    tokens: int
    language: str | None


@dataclass(frozen=True, slots=True)
class LiveChunk:
    """A live chunk with all that a citation needs."""

    chunk_id: str
    source_id: str
    document_id: str
    document_title: str
    url: str | None
    attribution: str | None
    tags: list[str]
    language: str | None
    heading_path: list[str]
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging a document changed: the ids of new chunks, how many stayed, and how many live ones will end."""

    added: tuple[str, ...]
    kept: int
    removed: int


async def stage(
    connection: Connection,
    company_id: str,
    source_id: str,
    document_id: str,
    revision: int,
    chunks: Sequence[NewChunk],
) -> Staged:
    """Let a document consist of these chunks from `revision` on; the same call again changes nothing.

    Those that are there already are left as they are, new ones are added, the rest ends with this revision. What an
    earlier, unfinished run staged of the document and is not among them is deleted. `revision` is the live one plus 1.
    """
    ids = [chunk.chunk_id for chunk in chunks]
    values: dict[str, Any] = {"company_id": company_id, "source_id": source_id, "document_id": document_id}
    values |= {"revision": revision, "chunk_ids": ids, "wanted": ids}
    await connection.execute(_REVIVE, values)
    cursor = await connection.execute(_ADD, {**values, "chunks": Jsonb([_row(chunk) for chunk in chunks])})
    added = tuple(row[0] for row in await cursor.fetchall())
    await connection.execute(_UNSTAGE, values)
    removed = await change(connection, _END, values)
    return Staged(added, len(set(ids)) - len(added), removed)


async def load(connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> dict[str, LiveChunk]:
    """Return those of the chunks that are live, by id; others are left out."""
    values = {"company_id": company_id, "chunk_ids": list(chunk_ids)}
    return {chunk.chunk_id: chunk for chunk in await fetch_all(connection, LiveChunk, _LOAD, values)}


async def of_document(
    connection: Connection, company_id: str, document_id: str, *, limit: int = 100, offset: int = 0
) -> list[ChunkText]:
    """Return the chunks of a live document in the order of its text; empty when it is not live."""
    values = {"company_id": company_id, "document_id": document_id, "limit": limit, "offset": offset}
    return await fetch_all(connection, ChunkText, _OF_DOCUMENT, values)


async def at_revision(
    connection: Connection,
    company_id: str,
    source_id: str,
    revision: int,
    *,
    after: str | None = None,
    limit: int = 500,
) -> list[ChunkText]:
    """Return a slice, in order of their ids, of the chunks that a revision consists of, be it live or staged.

    `after` is the last id of the slice before. For embedding what has no vector yet (`VectorStore.missing`).
    """
    values = {"company_id": company_id, "source_id": source_id, "revision": revision, "after": after, "limit": limit}
    return await fetch_all(connection, ChunkText, _AT_REVISION, values)


async def renew_words(connection: Connection, company_id: str, words: Sequence[ChunkWords]) -> int:
    """Give chunks the words of another analysis; returns how many had others. Texts and vectors stay."""
    rows = Jsonb([{"chunk_id": each.chunk_id, "words": each.words, "lexemes": each.lexemes} for each in words])
    return await change(connection, _RENEW_WORDS, {"company_id": company_id, "words": rows})


async def dead(connection: Connection, company_id: str, source_id: str, limit: int) -> list[str]:
    """Return ids of chunks that no search will see again; drop their vectors, then `delete_dead` them."""
    values = {"company_id": company_id, "source_id": source_id, "limit": limit}
    return [row[0] for row in await (await connection.execute(_DEAD, values)).fetchall()]


async def delete_dead(connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> int:
    """Delete those of the chunks that no search will see again; returns how many there were. Live ones stay."""
    return await change(connection, _DELETE_DEAD, {"company_id": company_id, "chunk_ids": list(chunk_ids)})


def _row(chunk: NewChunk) -> dict[str, Any]:
    return {
        "chunk_id": chunk.chunk_id,
        "heading_path": all_storable(chunk.heading_path),
        "text": storable(chunk.text),
        "tokens": chunk.tokens,
        "language": chunk.language,
        "content_hash": chunk.content_hash.hex(),
        "words": chunk.words,
        "lexemes": chunk.lexemes,
    }
