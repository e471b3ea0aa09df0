"""Sources of the knowledge base: what a company pointed us at, and which revision of it is live.

A search sees the rows of a source's live revision (0002_knowledge.sql). An ingestion stages the next one and publishes
it with one UPDATE here, so that a search sees the old revision or the new one, never half of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_all, fetch_dicts, fetch_one, fetch_value
from db.texts import all_storable, storable, storable_or_none

KINDS: Final = ("text", "file", "url", "sitemap")
STATUSES: Final = ("pending", "ingesting", "ready", "failed")
"""`pending`: never read. `ingesting`: a run is under way. `ready`, `failed`: how the last one ended. What an earlier
one published stays live through all of them."""

# Adds a source.
_CREATE: Final = """
    INSERT INTO knowledge_sources (company_id, source_id, kind, title, location, tags, language, settings, created_by,
                                   created_at, updated_at)
    VALUES (%(company_id)s, %(source_id)s, %(kind)s, %(title)s, %(location)s, %(tags)s, %(language)s, %(settings)s,
            %(created_by)s, %(now)s, %(now)s)
    ON CONFLICT (company_id, source_id) DO NOTHING
"""

# Reads one source.
_GET: Final = """
    SELECT source_id, kind, title, location, tags, language, revision, status, settings, created_by, created_at,
           updated_at
    FROM knowledge_sources
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NULL
"""

# Finds the source that reads from an address.
_FIND: Final = """
    SELECT source_id FROM knowledge_sources
    WHERE company_id = %(company_id)s AND kind = %(kind)s AND location = %(location)s AND deleted_at IS NULL
    ORDER BY created_at LIMIT 1
"""

# Reads a page of sources, newest first.
_LIST: Final = """
    SELECT source_id, kind, title, location, tags, language, revision, status, settings, created_by, created_at,
           updated_at
    FROM knowledge_sources
    WHERE company_id = %(company_id)s AND deleted_at IS NULL
      AND (%(tag)s::text IS NULL OR %(tag)s = ANY (tags))
      AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, source_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, source_id DESC LIMIT %(limit)s
"""

# Changes what was given and leaves the rest; an empty text takes the language away.
_UPDATE: Final = """
    UPDATE knowledge_sources
    SET title = coalesce(%(title)s, title), tags = coalesce(%(tags)s::text[], tags),
        language = nullif(coalesce(%(language)s, language), ''), settings = coalesce(%(settings)s, settings),
        updated_at = %(now)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NULL
"""

# Says how the reading of a source stands.
_SET_STATUS: Final = """
    UPDATE knowledge_sources SET status = %(status)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NULL
"""

# Tells whether anything can be found at all.
_ANY_LIVE: Final = """
    SELECT EXISTS (SELECT FROM knowledge_sources
                   WHERE company_id = %(company_id)s AND revision > 0 AND deleted_at IS NULL)
"""

# Makes what was staged live, in one row.
_PUBLISH: Final = """
    UPDATE knowledge_sources SET revision = %(revision)s, status = 'ready', updated_at = %(now)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NULL
      AND revision = %(revision)s - 1
"""

# Hides a source at once.
_REMOVE: Final = """
    UPDATE knowledge_sources SET deleted_at = %(now)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NULL
"""

# Finds hidden sources of all companies, the longest hidden first.
_REMOVED: Final = """
    SELECT company_id, source_id FROM knowledge_sources WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT %(limit)s
"""

# Deletes a hidden source that has no chunks any more, with its documents, runs and upload.
_DELETE: Final = """
    DELETE FROM knowledge_sources s
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM knowledge_chunks c WHERE c.company_id = s.company_id AND c.source_id = s.source_id)
"""

# Counts what is live of a source.
_SIZE: Final = """
    SELECT (SELECT count(*) FROM knowledge_documents d
            WHERE d.company_id = s.company_id AND d.source_id = s.source_id
              AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)) AS documents,
           count(c.chunk_id) AS chunks, coalesce(sum(c.tokens), 0)::bigint AS tokens
    FROM knowledge_sources s LEFT JOIN knowledge_chunks c
      ON c.company_id = s.company_id AND c.source_id = s.source_id
         AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)
    WHERE s.company_id = %(company_id)s AND s.source_id = %(source_id)s AND s.deleted_at IS NULL
    GROUP BY s.company_id, s.source_id, s.revision
"""

# Sums up which revision of which source is live, and with which tags and language: equal sums, equal answers.
_STAMP: Final = """
    SELECT md5(coalesce(string_agg(ROW(source_id, revision, language, tags, title)::text, '|'
                                   ORDER BY source_id), ''))
    FROM knowledge_sources WHERE company_id = %(company_id)s AND deleted_at IS NULL AND revision > 0
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A source; `revision` is the live one, 0 before anything was published, `location` an address or a file's name."""

    source_id: str
    kind: str
    title: str
    location: str | None
    tags: list[str]
    language: str | None
    revision: int
    status: str
    settings: dict[str, Any]
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SourceSize:
    """What is live of a source."""

    documents: int
    chunks: int
    tokens: int


@dataclass(frozen=True, slots=True)
class SourceKey:
    """Where to find a source of any company."""

    company_id: str
    source_id: str


async def create(
    connection: Connection,
    company_id: str,
    *,
    source_id: str,
    kind: str,
    title: str,
    created_by: str,
    now: datetime,
    location: str | None = None,
    tags: Sequence[str] = (),
    language: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> bool:
    """Add a source, of which nothing is live yet; returns False when the id is taken. `kind` is one of KINDS."""
    values: dict[str, Any] = {"company_id": company_id, "source_id": source_id, "kind": kind, "title": storable(title)}
    values |= {"location": storable_or_none(location), "tags": all_storable(tags), "language": language, "now": now}
    values |= {"settings": Jsonb(dict(settings or {})), "created_by": created_by}
    return await change(connection, _CREATE, values) > 0


async def get(connection: Connection, company_id: str, source_id: str) -> Source | None:
    """Return a source, or None when there is none or it was removed."""
    return await fetch_one(connection, Source, _GET, {"company_id": company_id, "source_id": source_id})


async def find(connection: Connection, company_id: str, kind: str, location: str) -> str | None:
    """Return the id of the oldest source of that kind and location, or None."""
    values = {"company_id": company_id, "kind": kind, "location": location}
    found: str | None = await fetch_value(connection, _FIND, values)
    return found


async def list_(
    connection: Connection, company_id: str, *, tag: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page:
    """Return a page of sources as dicts with the fields of Source, newest first."""
    values = {"company_id": company_id, "tag": tag, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _LIST, values), limit, key="source_id")


async def update(
    connection: Connection,
    company_id: str,
    source_id: str,
    now: datetime,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    language: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> bool:
    """Change what is given; an empty `language` takes it away. Tags hold from the next search on.

    Returns False when there is no such source.
    """
    values: dict[str, Any] = {"company_id": company_id, "source_id": source_id, "title": storable_or_none(title)}
    values |= {"tags": None if tags is None else all_storable(tags), "language": language, "now": now}
    values |= {"settings": None if settings is None else Jsonb(dict(settings))}
    return await change(connection, _UPDATE, values) > 0


async def set_status(connection: Connection, company_id: str, source_id: str, status: str, now: datetime) -> bool:
    """Say how the reading stands (STATUSES); what is live does not change. False when there is no such source."""
    values = {"company_id": company_id, "source_id": source_id, "status": status, "now": now}
    return await change(connection, _SET_STATUS, values) > 0


async def publish(connection: Connection, company_id: str, source_id: str, revision: int, now: datetime) -> bool:
    """Make the staged `revision` live; returns False when it is not the next one, or the source is gone.

    Searches that began before this transaction ends see the old revision, later ones the new. Call it with
    `knowledge_runs.hold` in the same transaction, so that a worker that lost its run publishes nothing.
    """
    values = {"company_id": company_id, "source_id": source_id, "revision": revision, "now": now}
    return await change(connection, _PUBLISH, values) > 0


async def remove(connection: Connection, company_id: str, source_id: str, now: datetime) -> bool:
    """Hide a source from now on; its rows are deleted later (`removed`, `knowledge_chunks.dead`, `delete`)."""
    values = {"company_id": company_id, "source_id": source_id, "now": now}
    return await change(connection, _REMOVE, values) > 0


async def removed(connection: Connection, limit: int) -> list[SourceKey]:
    """Return removed sources of all companies that still have rows; needs a system transaction."""
    return await fetch_all(connection, SourceKey, _REMOVED, {"limit": limit})


async def delete(connection: Connection, company_id: str, source_id: str) -> bool:
    """Delete a removed source and all that hangs on it; False while it has chunks, or when it is not removed."""
    return await change(connection, _DELETE, {"company_id": company_id, "source_id": source_id}) > 0


async def size(connection: Connection, company_id: str, source_id: str) -> SourceSize | None:
    """Return how much of a source is live, or None when there is no such source."""
    return await fetch_one(connection, SourceSize, _SIZE, {"company_id": company_id, "source_id": source_id})


async def stamp(connection: Connection, company_id: str) -> str:
    """Return a text that differs whenever a search of the company may answer otherwise than before."""
    found: str = await fetch_value(connection, _STAMP, {"company_id": company_id})
    return found


async def any_live(connection: Connection, company_id: str) -> bool:
    """Tell whether a company has published any source; where it has not, a search finds nothing."""
    found: bool = await fetch_value(connection, _ANY_LIVE, {"company_id": company_id})
    return found
