"""What was typed or uploaded as a source: kept, so that it can be read again with other settings."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Connection
from db.query import fetch_one
from db.texts import storable, storable_or_none

# Keeps an upload; a new one replaces the one before.
_SAVE: Final = """
    INSERT INTO knowledge_uploads (company_id, source_id, name, media_type, content, content_hash, created_at)
    VALUES (%(company_id)s, %(source_id)s, %(name)s, %(media_type)s, %(content)b, %(content_hash)s, %(now)s)
    ON CONFLICT (company_id, source_id) DO UPDATE
    SET name = excluded.name, media_type = excluded.media_type, content = excluded.content,
        content_hash = excluded.content_hash, created_at = excluded.created_at
"""

# Reads the upload of a source.
_LOAD: Final = """
    SELECT u.name, u.media_type, u.content, u.content_hash, u.created_at
    FROM knowledge_uploads u JOIN knowledge_sources s USING (company_id, source_id)
    WHERE u.company_id = %(company_id)s AND u.source_id = %(source_id)s AND s.deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """The bytes of a source as they came, under the name that they came with."""

    name: str
    media_type: str | None
    content: bytes
    content_hash: bytes
    created_at: datetime


async def save(
    connection: Connection,
    company_id: str,
    source_id: str,
    *,
    name: str,
    media_type: str | None,
    content: bytes,
    now: datetime,
) -> None:
    """Keep what a source consists of, instead of what it consisted of before."""
    values = {"company_id": company_id, "source_id": source_id, "name": storable(name), "content": content, "now": now}
    values |= {"media_type": storable_or_none(media_type), "content_hash": hashlib.sha256(content).digest()}
    await connection.execute(_SAVE, values)


async def load(connection: Connection, company_id: str, source_id: str) -> Upload | None:
    """Return what a source consists of, or None when nothing was uploaded for it."""
    return await fetch_one(connection, Upload, _LOAD, {"company_id": company_id, "source_id": source_id})
