"""Founding a company: its row, its keys, its identity secret, and the owner who may log in."""

import secrets
from datetime import datetime
from typing import Final

from pwdlib import PasswordHash

from core.errors import Conflict, InvalidRequest
from core.security import Vault
from db import companies
from db.companies import FoundedCompany, found
from db.pool import Database
from local.installation import Company

MAX_NAME: Final = 200
"""Characters, as the table has it."""
OWNER: Final = "owner@localhost"
"""Login of an owner for whom nobody named an address; further ones in the same database get a few random letters."""


async def found_company(
    database_url: str,
    secret_key: str,
    name: str,
    now: datetime,
    *,
    admin_email: str | None = None,
    admin_password: str | None = None,
) -> Company:
    """Found a company in a migrated database; its keys are returned here and are nowhere else in the clear.

    An address or a password that is not given is made up.

    Raises:
        InvalidRequest: the name is blank or longer than 200 characters.
        Conflict: the address given has an account.
    """
    if not 1 <= len(name.strip()) <= MAX_NAME:
        raise InvalidRequest(f"The name of a company has 1 to {MAX_NAME} characters.")
    password = admin_password or secrets.token_urlsafe(12)
    database = await Database.open(database_url, pool_size=1, name="founding")
    try:
        vault, password_hash = Vault(secret_key), PasswordHash.recommended().hash(password)
        email, founded = await _found(database, vault, name.strip(), now, admin_email, password_hash)
    finally:
        await database.close()
    return Company(
        company_id=founded.company_id,
        public_key=founded.public_key,
        secret_key=founded.secret_key,
        identity_secret=founded.identity_secret,
        admin_email=email,
        admin_password=password,
    )


async def _found(
    database: Database, vault: Vault, name: str, now: datetime, admin_email: str | None, password_hash: str
) -> tuple[str, FoundedCompany]:
    email = admin_email or OWNER
    try:
        return email, await found(database, vault, name, now, admin_email=email, admin_password_hash=password_hash)
    except Conflict:
        if admin_email is not None:
            raise
    email = OWNER.replace("@", f"-{secrets.token_hex(4)}@")
    return email, await found(database, vault, name, now, admin_email=email, admin_password_hash=password_hash)


async def is_known(database_url: str, company_id: str) -> bool:
    """Return whether a migrated database holds the company."""
    database = await Database.open(database_url, pool_size=1, name="founding")
    try:
        async with database.transaction(company_id) as connection:
            return await companies.name(connection, company_id) is not None
    finally:
        await database.close()
