"""Translations that were paid for once. Of the original only a hash is kept."""

from datetime import datetime
from typing import Final

from db.pool import Connection
from db.query import change, fetch_value
from db.texts import storable

# Reads a translation.
_FIND: Final = "SELECT text FROM translations WHERE company_id = %(company_id)s AND source_hash = %(source_hash)s"

# Keeps a translation; one that is there stays.
_KEEP: Final = """
    INSERT INTO translations (company_id, source_hash, language, text, created_at)
    VALUES (%(company_id)s, %(source_hash)s, %(language)s, %(text)s, %(now)s)
    ON CONFLICT DO NOTHING
"""

# Forgets what was translated long ago, the oldest first.
_DROP_BEFORE: Final = """
    DELETE FROM translations WHERE company_id = %(company_id)s AND source_hash = ANY (ARRAY(
        SELECT source_hash FROM translations
        WHERE company_id = %(company_id)s AND created_at < %(before)s ORDER BY created_at LIMIT %(limit)s))
"""


async def find(connection: Connection, company_id: str, source_hash: bytes) -> str | None:
    """Return the translation kept under a hash (`graph.translation.translation_key`), or None."""
    found: str | None = await fetch_value(connection, _FIND, {"company_id": company_id, "source_hash": source_hash})
    return found


async def keep(
    connection: Connection, company_id: str, source_hash: bytes, language: str, text: str, now: datetime
) -> None:
    """Keep a translation; one that is there stays."""
    row = {"company_id": company_id, "source_hash": source_hash, "language": language, "text": storable(text)}
    await connection.execute(_KEEP, {**row, "now": now})


async def drop_before(connection: Connection, company_id: str, before: datetime, limit: int) -> int:
    """Forget up to `limit` translations made before a moment; returns how many."""
    return await change(connection, _DROP_BEFORE, {"company_id": company_id, "before": before, "limit": limit})
