"""Documents of the knowledge base: one page or file each, with the order of its chunks and what to cite.

A document keeps its id through all revisions of its source; each version is a row. An ingestion says of every document
one of three things: `stage` (new or changed), `keep` (as it was), or nothing at all, and then `end_others` ends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from db import knowledge_chunks
from db.knowledge_chunks import NewChunk, Staged
from db.pool import Connection
from db.query import change, fetch_all, fetch_one, fetch_value
from db.texts import storable, storable_or_none

# Adds the version of this revision, or replaces it when an unfinished run left one.
_STAGE: Final = """
    INSERT INTO knowledge_documents (company_id, document_id, since, source_id, url, title, language, content_hash,
                                     licence, attribution, etag, modified, chunk_ids, fetched_at)
    VALUES (%(company_id)s, %(document_id)s, %(revision)s, %(source_id)s, %(url)s, %(title)s, %(language)s,
            %(content_hash)s, %(licence)s, %(attribution)s, %(etag)s, %(modified)s, %(chunk_ids)s::uuid[],
            %(fetched_at)s)
    ON CONFLICT (company_id, document_id, since) DO UPDATE
    SET url = excluded.url, title = excluded.title, language = excluded.language, content_hash = excluded.content_hash,
        licence = excluded.licence, attribution = excluded.attribution, etag = excluded.etag,
        modified = excluded.modified, chunk_ids = excluded.chunk_ids, fetched_at = excluded.fetched_at, until = NULL
"""

# Lets the live version end with this revision.
_END: Final = """
    UPDATE knowledge_documents SET until = %(revision)s
    WHERE company_id = %(company_id)s AND document_id = %(document_id)s AND since < %(revision)s AND until IS NULL
"""

# Takes back the version that an unfinished run staged.
_UNSTAGE: Final = """
    DELETE FROM knowledge_documents
    WHERE company_id = %(company_id)s AND document_id = %(document_id)s AND since = %(revision)s
"""

# Lets the live version go on, with what the server said this time.
_KEEP: Final = """
    UPDATE knowledge_documents
    SET until = NULL, fetched_at = %(fetched_at)s, content_hash = coalesce(%(content_hash)s, content_hash),
        etag = coalesce(%(etag)s, etag), modified = coalesce(%(modified)s, modified)
    WHERE company_id = %(company_id)s AND document_id = %(document_id)s AND since < %(revision)s
      AND (until IS NULL OR until = %(revision)s)
    RETURNING chunk_ids
"""

# Lets the chunks of a kept document go on.
_KEEP_CHUNKS: Final = """
    UPDATE knowledge_chunks SET until = NULL
    WHERE company_id = %(company_id)s AND chunk_id = ANY (%(chunk_ids)s::uuid[])
      AND since < %(revision)s AND until = %(revision)s
"""

# Takes back the chunks that an unfinished run staged of a kept document.
_UNSTAGE_CHUNKS: Final = """
    DELETE FROM knowledge_chunks
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND document_id = %(document_id)s
      AND since = %(revision)s
"""

# Takes back what was staged of documents that are not in this revision.
_UNSTAGE_OTHERS: Final = """
    DELETE FROM knowledge_documents
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND since = %(revision)s
      AND document_id <> ALL (%(document_ids)s::uuid[])
"""
_UNSTAGE_OTHER_CHUNKS: Final = """
    DELETE FROM knowledge_chunks
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND since = %(revision)s
      AND document_id <> ALL (%(document_ids)s::uuid[])
"""

# Lets the documents that are not in this revision end with it, and their chunks.
_END_OTHERS: Final = """
    UPDATE knowledge_documents SET until = %(revision)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND since < %(revision)s
      AND (until IS NULL OR until = %(revision)s) AND document_id <> ALL (%(document_ids)s::uuid[])
"""
_END_OTHER_CHUNKS: Final = """
    UPDATE knowledge_chunks SET until = %(revision)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND since < %(revision)s
      AND (until IS NULL OR until = %(revision)s) AND document_id <> ALL (%(document_ids)s::uuid[])
"""

# Reads the live version of a document.
_LIVE: Final = """
    SELECT d.document_id, d.url, d.title, d.language, d.content_hash, d.licence, d.attribution, d.etag, d.modified,
           d.chunk_ids, d.fetched_at
    FROM knowledge_documents d JOIN knowledge_sources s USING (company_id, source_id)
    WHERE d.company_id = %(company_id)s AND d.document_id = %(document_id)s AND s.deleted_at IS NULL
      AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)
"""

# Reads a page of the live documents of a source, by address and title.
_LIST: Final = """
    SELECT d.document_id, d.url, d.title, d.language, d.content_hash, d.licence, d.attribution, d.etag, d.modified,
           d.chunk_ids, d.fetched_at
    FROM knowledge_documents d JOIN knowledge_sources s USING (company_id, source_id)
    WHERE d.company_id = %(company_id)s AND d.source_id = %(source_id)s AND s.deleted_at IS NULL
      AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)
    ORDER BY d.url NULLS FIRST, d.title, d.document_id LIMIT %(limit)s OFFSET %(offset)s
"""

# Reads which documents an unfinished run has staged.
_STAGED: Final = """
    SELECT document_id, content_hash FROM knowledge_documents
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND since = %(revision)s
"""

# Deletes versions whose time is over.
_DELETE_DEAD: Final = """
    DELETE FROM knowledge_documents d USING knowledge_sources s
    WHERE d.company_id = %(company_id)s AND d.source_id = %(source_id)s
      AND s.company_id = d.company_id AND s.source_id = d.source_id
      AND (d.until <= s.revision OR s.deleted_at IS NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document as an ingestion hands it over. `content_hash` is the SHA-256 of what was fetched.

    `etag` and `modified` are what its server said, to ask again with.
    """

    document_id: str
    title: str
    content_hash: bytes
    fetched_at: datetime
    url: str | None = None
    language: str | None = None
    licence: str | None = None
    attribution: str | None = None
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class LiveDocument:
    """The live version of a document; `chunk_ids` are in the order of its text."""

    document_id: str
    url: str | None
    title: str
    language: str | None
    content_hash: bytes
    licence: str | None
    attribution: str | None
    etag: str | None
    modified: str | None
    chunk_ids: list[str]
    fetched_at: datetime


async def stage(
    connection: Connection,
    company_id: str,
    source_id: str,
    revision: int,
    document: NewDocument,
    chunks: Sequence[NewChunk],
) -> Staged:
    """Prepare a new or changed document for `revision`, the live one plus 1; the same call again changes nothing.

    `chunks` are in the order of the text. Nothing of it is visible before `knowledge_sources.publish`.
    """
    staged = await knowledge_chunks.stage(connection, company_id, source_id, document.document_id, revision, chunks)
    values = {"company_id": company_id, "source_id": source_id, "revision": revision, **_columns(document)}
    await connection.execute(_END, values)
    await connection.execute(_STAGE, {**values, "chunk_ids": [chunk.chunk_id for chunk in chunks]})
    return staged


async def keep(
    connection: Connection,
    company_id: str,
    source_id: str,
    revision: int,
    document_id: str,
    fetched_at: datetime,
    *,
    content_hash: bytes | None = None,
    etag: str | None = None,
    modified: str | None = None,
) -> int | None:
    """Let a live document go on into `revision` as it is; returns how many chunks it has, None when it is not live.

    Undoes what an unfinished run had prepared for it. `content_hash` is of what was fetched this time, when that
    differs and yet says the same.
    """
    values: dict[str, Any] = {"company_id": company_id, "source_id": source_id, "document_id": document_id}
    values |= {"revision": revision, "fetched_at": fetched_at, "etag": etag, "modified": modified}
    values |= {"content_hash": content_hash}
    chunk_ids: list[str] | None = await fetch_value(connection, _KEEP, values)
    if chunk_ids is None:
        return None
    await connection.execute(_UNSTAGE, values)
    await connection.execute(_KEEP_CHUNKS, {**values, "chunk_ids": chunk_ids})
    await connection.execute(_UNSTAGE_CHUNKS, values)
    return len(chunk_ids)


async def end_others(
    connection: Connection, company_id: str, source_id: str, revision: int, document_ids: Sequence[str]
) -> int:
    """Let `revision` consist of these documents alone; returns how many live chunks end with it.

    The last step before publishing: what the run neither staged nor kept goes, be it live or left by an earlier run.
    """
    values: dict[str, Any] = {"company_id": company_id, "source_id": source_id, "revision": revision}
    values |= {"document_ids": list(document_ids)}
    for statement in (_UNSTAGE_OTHERS, _UNSTAGE_OTHER_CHUNKS, _END_OTHERS):
        await connection.execute(statement, values)
    return await change(connection, _END_OTHER_CHUNKS, values)


async def live(connection: Connection, company_id: str, document_id: str) -> LiveDocument | None:
    """Return the live version of a document, or None."""
    return await fetch_one(connection, LiveDocument, _LIVE, {"company_id": company_id, "document_id": document_id})


async def list_(
    connection: Connection, company_id: str, source_id: str, *, limit: int = 100, offset: int = 0
) -> list[LiveDocument]:
    """Return live documents of a source in order of their addresses."""
    values = {"company_id": company_id, "source_id": source_id, "limit": limit, "offset": offset}
    return await fetch_all(connection, LiveDocument, _LIST, values)


async def staged(connection: Connection, company_id: str, source_id: str, revision: int) -> dict[str, bytes]:
    """Return what is staged for a revision: content hashes by document id, so that a resumed run may skip them."""
    values = {"company_id": company_id, "source_id": source_id, "revision": revision}
    rows = await (await connection.execute(_STAGED, values)).fetchall()
    return {document_id: bytes(content_hash) for document_id, content_hash in rows}


async def delete_dead(connection: Connection, company_id: str, source_id: str) -> int:
    """Delete the versions that no search will see again; returns how many there were."""
    return await change(connection, _DELETE_DEAD, {"company_id": company_id, "source_id": source_id})


def _columns(document: NewDocument) -> dict[str, Any]:
    return {
        "document_id": document.document_id,
        "url": storable_or_none(document.url),
        "title": storable(document.title),
        "language": document.language,
        "content_hash": document.content_hash,
        "licence": storable_or_none(document.licence),
        "attribution": storable_or_none(document.attribution),
        "etag": storable_or_none(document.etag),
        "modified": storable_or_none(document.modified),
        "fetched_at": document.fetched_at,
    }
