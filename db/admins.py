"""People who may log in to a company."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import psycopg

from core.errors import Conflict
from core.ids import new_id
from db.pool import Connection
from db.query import fetch_one

# Finds an account by its address, before the company is known.
_FIND_BY_EMAIL: Final = """
    SELECT company_id, admin_id, email, password_hash, role, disabled_at FROM admins WHERE email = %(email)s
"""

# Reads one account of the company.
_GET: Final = """
    SELECT company_id, admin_id, email, password_hash, role, disabled_at FROM admins
    WHERE company_id = %(company_id)s AND admin_id = %(admin_id)s
"""

# Stores a new account.
_CREATE: Final = """
    INSERT INTO admins (company_id, admin_id, email, password_hash, role, created_at)
    VALUES (%(company_id)s, %(admin_id)s, %(email)s, %(password_hash)s, %(role)s, %(now)s)
"""


@dataclass(frozen=True, slots=True)
class Admin:
    """An account; one with `disabled_at` may not log in."""

    company_id: str
    admin_id: str
    email: str
    password_hash: str = field(repr=False)
    role: str
    disabled_at: datetime | None


async def find_by_email(connection: Connection, email: str) -> Admin | None:
    """Return the account of an address, whatever its case; needs a system transaction."""
    return await fetch_one(connection, Admin, _FIND_BY_EMAIL, {"email": email.strip().lower()})


async def get(connection: Connection, company_id: str, admin_id: str) -> Admin | None:
    """Return one account of the company, or None."""
    return await fetch_one(connection, Admin, _GET, {"company_id": company_id, "admin_id": admin_id})


async def create(
    connection: Connection, company_id: str, email: str, password_hash: str, role: str, now: datetime
) -> str:
    """Store an account; returns its id. Raises Conflict when the address is taken, in whichever company."""
    row = {"company_id": company_id, "admin_id": new_id(), "email": email.strip().lower(), "role": role, "now": now}
    try:
        async with connection.transaction():
            await connection.execute(_CREATE, {**row, "password_hash": password_hash})
    except psycopg.errors.UniqueViolation:
        raise Conflict("This e-mail address has an account already.") from None
    return str(row["admin_id"])
