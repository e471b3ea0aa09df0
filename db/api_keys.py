"""API keys: found by their hash before the company is known, made and revoked within it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.ids import new_id
from core.security import KeyKind
from db.pool import Connection
from db.query import change, fetch_dicts, fetch_one

# Finds the company of a key that is in use.
_FIND: Final = """
    SELECT company_id, key_id, kind FROM api_keys WHERE key_hash = %(key_hash)s AND revoked_at IS NULL
"""

# Stores a key by its hash.
_CREATE: Final = """
    INSERT INTO api_keys (company_id, key_id, kind, key_hash, label, created_at)
    VALUES (%(company_id)s, %(key_id)s, %(kind)s, %(key_hash)s, %(label)s, %(now)s)
"""

# Ends a key; a second time changes nothing.
_REVOKE: Final = """
    UPDATE api_keys SET revoked_at = %(now)s
    WHERE company_id = %(company_id)s AND key_id = %(key_id)s AND revoked_at IS NULL
"""

# Lists a company's keys without their hashes, newest first.
_LIST: Final = """
    SELECT key_id, kind, label, created_at, revoked_at FROM api_keys
    WHERE company_id = %(company_id)s ORDER BY created_at DESC, key_id DESC
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Whose key it is and what it opens."""

    company_id: str
    key_id: str
    kind: KeyKind


async def find(connection: Connection, key_hash: bytes) -> ApiKey | None:
    """Return the key with that hash unless it was revoked; needs a system transaction."""
    return await fetch_one(connection, ApiKey, _FIND, {"key_hash": key_hash})


async def create(
    connection: Connection, company_id: str, kind: KeyKind, key_hash: bytes, label: str, now: datetime
) -> str:
    """Store a key's hash; returns the key's id."""
    key_id = new_id()
    row = {"company_id": company_id, "key_id": key_id, "kind": kind, "key_hash": key_hash, "label": label, "now": now}
    await connection.execute(_CREATE, row)
    return key_id


async def revoke(connection: Connection, company_id: str, key_id: str, now: datetime) -> bool:
    """End a key; returns whether it was in use until now."""
    return await change(connection, _REVOKE, {"company_id": company_id, "key_id": key_id, "now": now}) > 0


async def list_(connection: Connection, company_id: str) -> list[dict[str, Any]]:
    """Return `key_id`, `kind`, `label`, `created_at`, `revoked_at` of every key, newest first."""
    return await fetch_dicts(connection, _LIST, {"company_id": company_id})
