"""What a run of ingestion counts: documents that it dealt with, those that were live before it, what it changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from db.pool import Connection
from db.query import fetch_one

# Names the documents that were staged or kept since a run began.
_SETTLED: Final = """
    SELECT document_id FROM knowledge_documents
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND fetched_at >= %(started_at)s
      AND (since = %(revision)s OR (since < %(revision)s AND until IS NULL))
"""

# Names the live documents.
_LIVE: Final = """
    SELECT d.document_id FROM knowledge_documents d JOIN knowledge_sources s USING (company_id, source_id)
    WHERE d.company_id = %(company_id)s AND d.source_id = %(source_id)s
      AND d.since <= s.revision AND (d.until IS NULL OR d.until > s.revision)
"""

# Counts what a revision adds, keeps and takes away, against the one before it.
_CHANGE: Final = """
    SELECT (SELECT count(*) FROM knowledge_documents d
            WHERE d.company_id = %(company_id)s AND d.source_id = %(source_id)s
              AND (d.since = %(revision)s OR d.until = %(revision)s)) AS documents_changed,
           count(*) FILTER (WHERE since = %(revision)s) AS chunks_added,
           count(*) FILTER (WHERE since < %(revision)s AND until IS NULL) AS chunks_kept,
           count(*) FILTER (WHERE until = %(revision)s) AS chunks_removed
    FROM knowledge_chunks WHERE company_id = %(company_id)s AND source_id = %(source_id)s
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What a staged revision changes; `documents_changed` counts versions that begin or end with it."""

    documents_changed: int
    chunks_added: int
    chunks_kept: int
    chunks_removed: int


async def settled(
    connection: Connection, company_id: str, source_id: str, revision: int, started_at: datetime
) -> set[str]:
    """Return the documents that were staged or kept for `revision` since `started_at`."""
    values: dict[str, Any] = {"company_id": company_id, "source_id": source_id, "revision": revision}
    rows = await (await connection.execute(_SETTLED, {**values, "started_at": started_at})).fetchall()
    return {row[0] for row in rows}


async def live(connection: Connection, company_id: str, source_id: str) -> set[str]:
    """Return the ids of a source's live documents."""
    values = {"company_id": company_id, "source_id": source_id}
    return {row[0] for row in await (await connection.execute(_LIVE, values)).fetchall()}


async def change(connection: Connection, company_id: str, source_id: str, revision: int) -> Change:
    """Return what `revision`, prepared but not yet published, changes."""
    values = {"company_id": company_id, "source_id": source_id, "revision": revision}
    found = await fetch_one(connection, Change, _CHANGE, values)
    assert found is not None
    return found
