"""Idempotency keys: a write that is sent twice happens once, and both requests get the same answer.

Claim, do the work, and complete in one transaction: a request that comes at the same time waits for the claim, and
finds the answer; a request that fails leaves no claim behind.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Json

from db.pool import Connection
from db.query import change, fetch_dict

# Takes a key; waits while another transaction has just taken it.
_CLAIM: Final = """
    INSERT INTO idempotency_keys (company_id, idempotency_key, request_hash)
    VALUES (%(company_id)s, %(key)s, %(request_hash)s)
    ON CONFLICT (company_id, idempotency_key) DO NOTHING
"""

# Reads what became of a key that was taken before.
_FIND: Final = """
    SELECT request_hash, status_code, response FROM idempotency_keys
    WHERE company_id = %(company_id)s AND idempotency_key = %(key)s
"""

# Keeps the answer.
_COMPLETE: Final = """
    UPDATE idempotency_keys SET status_code = %(status)s, response = %(body)s
    WHERE company_id = %(company_id)s AND idempotency_key = %(key)s
"""

# Gives a key back that was claimed in a transaction of its own and led to nothing.
_RELEASE: Final = """
    DELETE FROM idempotency_keys
    WHERE company_id = %(company_id)s AND idempotency_key = %(key)s AND status_code IS NULL
"""

# Forgets keys whose retries must be over.
_PURGE: Final = "DELETE FROM idempotency_keys WHERE company_id = %(company_id)s AND created_at < %(older_than)s"


@dataclass(frozen=True, slots=True)
class Claimed:
    """The key is ours: do the work, then `complete` or `release`."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The work was done before; this was the answer."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """The key belongs to another request, or to the same one that is still under way in another transaction."""

    under_way: bool


Claim = Claimed | Replay | Conflict


async def claim(connection: Connection, company_id: str, key: str, request_hash: bytes) -> Claim:
    """Take a key for a request, told by its hash, or learn what became of it."""
    values = {"company_id": company_id, "key": key, "request_hash": request_hash}
    if await change(connection, _CLAIM, values):
        return Claimed()
    row = await fetch_dict(connection, _FIND, values)
    if row is None:
        return Conflict(under_way=True)  # released at this very moment; the client may try again
    if row["request_hash"] != request_hash:
        return Conflict(under_way=False)
    if row["status_code"] is None:
        return Conflict(under_way=True)
    return Replay(row["status_code"], row["response"])


async def complete(connection: Connection, company_id: str, key: str, status: int, body: Any) -> None:
    """Keep the answer (`body` is JSON-like) for requests that come again. It must hold no secret."""
    values = {"company_id": company_id, "key": key, "status": status, "body": Json(body)}
    await connection.execute(_COMPLETE, values)


async def release(connection: Connection, company_id: str, key: str) -> None:
    """Give a key back whose work was not done; one that has an answer keeps it."""
    await connection.execute(_RELEASE, {"company_id": company_id, "key": key})


async def purge(connection: Connection, company_id: str, older_than: datetime) -> int:
    """Forget keys taken before a moment; returns how many."""
    return await change(connection, _PURGE, {"company_id": company_id, "older_than": older_than})
