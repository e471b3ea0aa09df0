"""The knowledge base as people look at it: sources with their last run, what a source holds."""

from typing import Any, Final

from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import fetch_dict, fetch_dicts

# Reads a page of sources, newest first, or one of them, each with its newest run.
_SOURCES: Final = """
    SELECT s.source_id, s.kind, s.title, s.location, s.tags, s.language, s.status, s.created_by, s.created_at,
           s.updated_at, run.last_run,
           (SELECT count(*) FROM knowledge_documents d
            WHERE d.company_id = s.company_id AND d.source_id = s.source_id
              AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)) AS documents,
           (SELECT count(*) FROM knowledge_chunks c
            WHERE c.company_id = s.company_id AND c.source_id = s.source_id
              AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)) AS chunks
    FROM knowledge_sources s
    LEFT JOIN LATERAL (
        SELECT jsonb_build_object(
            'run_id', r.run_id, 'source_id', r.source_id, 'status', r.status, 'progress', r.progress,
            'problems', r.problems, 'error', r.error, 'detail', r.detail, 'created_at', r.created_at,
            'started_at', r.started_at, 'resume_at', r.resume_at, 'finished_at', r.finished_at,
            'trace_id', r.trace_id) AS last_run
        FROM knowledge_runs r WHERE r.company_id = s.company_id AND r.source_id = s.source_id
        ORDER BY r.created_at DESC, r.run_id DESC LIMIT 1) run ON true
    WHERE s.company_id = %(company_id)s AND s.deleted_at IS NULL
      AND (%(source_id)s::uuid IS NULL OR s.source_id = %(source_id)s::uuid)
      AND (%(cursor_at)s::timestamptz IS NULL OR (s.created_at, s.source_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY s.created_at DESC, s.source_id DESC LIMIT %(limit)s
"""

# Reads a page of a source's live documents, the latest read first.
_DOCUMENTS: Final = """
    SELECT d.document_id, d.url, d.title, d.language, d.licence, d.attribution, cardinality(d.chunk_ids) AS chunks,
           d.fetched_at
    FROM knowledge_documents d JOIN knowledge_sources s USING (company_id, source_id)
    WHERE d.company_id = %(company_id)s AND d.source_id = %(source_id)s AND s.deleted_at IS NULL
      AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)
      AND (%(cursor_at)s::timestamptz IS NULL
           OR (d.fetched_at, d.document_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY d.fetched_at DESC, d.document_id DESC LIMIT %(limit)s
"""

# Tells whether a source is there.
_EXISTS: Final = """
    SELECT 1 AS there FROM knowledge_sources
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND deleted_at IS NULL
"""


async def list_sources(connection: Connection, company_id: str, cursor: str | None = None, limit: int = 50) -> Page:
    """Return a page of sources, newest first, each with its counts and its newest run."""
    values = {"company_id": company_id, "source_id": None, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _SOURCES, values), limit, key="source_id")


async def get_source(connection: Connection, company_id: str, source_id: str) -> dict[str, Any] | None:
    """Return one source with its counts and its newest run; None when it is unknown or was deleted."""
    values = {"company_id": company_id, "source_id": source_id, **page_parameters(None, 1)}
    return await fetch_dict(connection, _SOURCES, values)


async def list_documents(
    connection: Connection, company_id: str, source_id: str, cursor: str | None = None, limit: int = 50
) -> Page | None:
    """Return a page of a source's documents; None when the source is unknown."""
    values = {"company_id": company_id, "source_id": source_id}
    if await fetch_dict(connection, _EXISTS, values) is None:
        return None
    rows = await fetch_dicts(connection, _DOCUMENTS, {**values, **page_parameters(cursor, limit)})
    return page_of(rows, limit, at="fetched_at", key="document_id")
