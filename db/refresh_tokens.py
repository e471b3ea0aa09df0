"""Refresh tokens: each is spent once; one that comes back was stolen, and its whole family ends."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.pool import Connection
from db.query import change, fetch_one, fetch_value

# Stores a token by its hash.
_STORE: Final = """
    INSERT INTO refresh_tokens (company_id, token_hash, admin_id, family_id, expires_at)
    VALUES (%(company_id)s, %(token_hash)s, %(admin_id)s, %(family_id)s, %(expires_at)s)
"""

# Spends a token that is neither spent, revoked nor too old; of two at once, one finds a row.
_SPEND: Final = """
    UPDATE refresh_tokens SET spent_at = %(now)s
    WHERE company_id = %(company_id)s AND token_hash = %(token_hash)s
      AND spent_at IS NULL AND revoked_at IS NULL AND expires_at > %(now)s
    RETURNING company_id, admin_id, family_id, expires_at
"""

# Ends every token of the family of a token that was spent before.
_REVOKE_REUSED: Final = """
    UPDATE refresh_tokens SET revoked_at = %(now)s
    WHERE company_id = %(company_id)s AND revoked_at IS NULL AND family_id = (
        SELECT family_id FROM refresh_tokens
        WHERE company_id = %(company_id)s AND token_hash = %(token_hash)s AND spent_at IS NOT NULL
    )
"""

# Ends every token of a family, at logout.
_REVOKE_FAMILY: Final = """
    UPDATE refresh_tokens SET revoked_at = %(now)s
    WHERE company_id = %(company_id)s AND family_id = %(family_id)s AND revoked_at IS NULL
"""

# Finds the company of a token, before it is known.
_FIND_COMPANY: Final = "SELECT company_id FROM refresh_tokens WHERE token_hash = %(token_hash)s"

# Forgets tokens that could not be spent any more.
_PURGE: Final = "DELETE FROM refresh_tokens WHERE company_id = %(company_id)s AND expires_at < %(now)s"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A token that was just spent: whose it was, and the family in which its successor belongs."""

    company_id: str
    admin_id: str
    family_id: str
    expires_at: datetime


async def store(
    connection: Connection, company_id: str, token_hash: bytes, admin_id: str, family_id: str, expires_at: datetime
) -> None:
    """Keep a fresh token's hash."""
    row = {"company_id": company_id, "token_hash": token_hash, "admin_id": admin_id, "family_id": family_id}
    await connection.execute(_STORE, {**row, "expires_at": expires_at})


async def spend(connection: Connection, company_id: str, token_hash: bytes, now: datetime) -> RefreshToken | None:
    """Spend a token; None when it is unknown, too old, revoked or spent before.

    One that was spent before revokes its family: let the transaction commit before refusing the request.
    """
    values = {"company_id": company_id, "token_hash": token_hash, "now": now}
    token = await fetch_one(connection, RefreshToken, _SPEND, values)
    if token is None:
        await connection.execute(_REVOKE_REUSED, values)
    return token


async def revoke_family(connection: Connection, company_id: str, family_id: str, now: datetime) -> int:
    """End every token of a family; returns how many were still good."""
    return await change(connection, _REVOKE_FAMILY, {"company_id": company_id, "family_id": family_id, "now": now})


async def find_company(connection: Connection, token_hash: bytes) -> str | None:
    """Return the company of a token, or None; needs a system transaction."""
    company_id: str | None = await fetch_value(connection, _FIND_COMPANY, {"token_hash": token_hash})
    return company_id


async def purge(connection: Connection, company_id: str, now: datetime) -> int:
    """Forget tokens that have expired; returns how many."""
    return await change(connection, _PURGE, {"company_id": company_id, "now": now})
