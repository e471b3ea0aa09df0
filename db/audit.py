"""The audit log: who changed what. Rows are only ever added; the application's role may not change or remove one."""

from collections.abc import Mapping
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.ids import new_id
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import fetch_dicts

# Adds one entry.
_RECORD: Final = """
    INSERT INTO audit_log (company_id, audit_id, actor, action, subject, detail, trace_id)
    VALUES (%(company_id)s, %(audit_id)s, %(actor)s, %(action)s, %(subject)s, %(detail)s, %(trace_id)s)
"""

# Reads a page of entries, newest first.
_LIST: Final = """
    SELECT audit_id, at, actor, action, subject, detail, trace_id FROM audit_log
    WHERE company_id = %(company_id)s
      AND (%(cursor_at)s::timestamptz IS NULL OR (at, audit_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY at DESC, audit_id DESC LIMIT %(limit)s
"""


async def record(
    connection: Connection,
    company_id: str,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any] | None = None,
    trace_id: str | None = None,
) -> None:
    """Add an entry. `actor` is "key:<id>", "admin:<id>" or "system"; `detail` must hold no secret."""
    row = {"company_id": company_id, "audit_id": new_id(), "actor": actor, "action": action, "subject": subject}
    await connection.execute(_RECORD, {**row, "detail": Jsonb(dict(detail or {})), "trace_id": trace_id})


async def list_(connection: Connection, company_id: str, cursor: str | None = None, limit: int = 50) -> Page:
    """Return a page of entries, newest first."""
    rows = await fetch_dicts(connection, _LIST, {"company_id": company_id, **page_parameters(cursor, limit)})
    return page_of(rows, limit, at="at", key="audit_id")
