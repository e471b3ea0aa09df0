"""Companies: founding one, and the secrets that belong to it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import psycopg

from core.errors import Conflict
from core.ids import new_id
from core.security import KeyKind, Vault, create_api_key, create_identity_secret, create_webhook_secret, hash_api_key
from db.pool import Connection, Database
from db.query import change, fetch_value

# Stores a new company; its secrets are ciphertext.
_INSERT: Final = """
    INSERT INTO companies (company_id, name, identity_secrets, webhook_secret, created_at)
    VALUES (%(company_id)s, %(name)s, ARRAY[%(identity_secret)s::bytea], %(webhook_secret)s, %(now)s)
"""

# Stores one of the new company's first keys.
_INSERT_KEY: Final = """
    INSERT INTO api_keys (company_id, key_id, kind, key_hash, label, created_at)
    VALUES (%(company_id)s, %(key_id)s, %(kind)s, %(key_hash)s, 'first', %(now)s)
"""

# Stores the new company's owner.
_INSERT_OWNER: Final = """
    INSERT INTO admins (company_id, admin_id, email, password_hash, role, created_at)
    VALUES (%(company_id)s, %(admin_id)s, %(email)s, %(password_hash)s, 'owner', %(now)s)
"""

# Records the founding.
_INSERT_AUDIT: Final = """
    INSERT INTO audit_log (company_id, audit_id, at, actor, action, subject)
    VALUES (%(company_id)s::uuid, %(audit_id)s, %(now)s, 'system', 'company.founded', %(company_id)s::uuid)
"""

# Reads the ciphertexts of the secrets that sign user tokens, newest first.
_IDENTITY_SECRETS: Final = "SELECT identity_secrets FROM companies WHERE company_id = %(company_id)s"

# Puts a new secret before the newest one; the one before that stops being valid.
_ROTATE_IDENTITY: Final = """
    UPDATE companies SET identity_secrets = ARRAY[%(secret)s::bytea] || identity_secrets[1:1]
    WHERE company_id = %(company_id)s
"""

# Reads the ciphertext of the secret that signs webhooks.
_WEBHOOK: Final = "SELECT webhook_secret FROM companies WHERE company_id = %(company_id)s"

# Reads what the company is called.
_NAME: Final = "SELECT name FROM companies WHERE company_id = %(company_id)s"

# Lists every company, for sweeping.
_LIST_IDS: Final = "SELECT company_id FROM companies ORDER BY company_id"


@dataclass(frozen=True, slots=True)
class FoundedCompany:
    """A new company and its secrets in the clear; they are shown this once. Kept out of `repr`, and so out of logs."""

    company_id: str
    public_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    identity_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)


async def found(
    db: Database,
    vault: Vault,
    name: str,
    now: datetime,
    *,
    admin_email: str | None = None,
    admin_password_hash: str | None = None,
) -> FoundedCompany:
    """Found a company with its keys and, when given, its owner; all or nothing.

    Raises Conflict when the e-mail address has an account already.
    """
    company = FoundedCompany(
        company_id=new_id(),
        public_key=create_api_key("public"),
        secret_key=create_api_key("secret"),
        identity_secret=create_identity_secret(),
        webhook_secret=create_webhook_secret(),
    )
    try:
        async with db.system() as connection:
            await _insert(connection, vault, company, name, now)
            if admin_email is not None and admin_password_hash is not None:
                await _insert_owner(connection, company.company_id, admin_email, admin_password_hash, now)
    except psycopg.errors.UniqueViolation:
        raise Conflict("This e-mail address has an account already.") from None
    return company


async def identity_secrets(connection: Connection, company_id: str) -> tuple[bytes, ...]:
    """Return the ciphertexts of the secrets that may sign user tokens, newest first; empty for an unknown company."""
    return tuple(await fetch_value(connection, _IDENTITY_SECRETS, {"company_id": company_id}) or ())


async def rotate_identity_secret(connection: Connection, company_id: str, secret: bytes) -> bool:
    """Make `secret` (ciphertext) the newest; the one that was newest stays valid beside it."""
    return await change(connection, _ROTATE_IDENTITY, {"company_id": company_id, "secret": secret}) > 0


async def webhook_secret(connection: Connection, company_id: str) -> bytes | None:
    """Return the ciphertext of the webhook secret, or None for an unknown company."""
    secret: bytes | None = await fetch_value(connection, _WEBHOOK, {"company_id": company_id})
    return secret


async def name(connection: Connection, company_id: str) -> str | None:
    """Return what the company is called, or None for an unknown one."""
    found_name: str | None = await fetch_value(connection, _NAME, {"company_id": company_id})
    return found_name


async def list_ids(connection: Connection) -> list[str]:
    """Return the ids of all companies; needs a system transaction."""
    return [company_id for (company_id,) in await (await connection.execute(_LIST_IDS)).fetchall()]


async def _insert(connection: Connection, vault: Vault, company: FoundedCompany, name: str, now: datetime) -> None:
    values: dict[str, Any] = {"company_id": company.company_id, "name": name, "now": now, "audit_id": new_id()}
    values["identity_secret"] = vault.encrypt(company.identity_secret)
    values["webhook_secret"] = vault.encrypt(company.webhook_secret)
    await connection.execute(_INSERT, values)
    keys: tuple[tuple[KeyKind, str], ...] = (("public", company.public_key), ("secret", company.secret_key))
    for kind, key in keys:
        row = {"key_id": new_id(), "kind": kind, "key_hash": hash_api_key(key)}
        await connection.execute(_INSERT_KEY, {**values, **row})
    await connection.execute(_INSERT_AUDIT, values)


async def _insert_owner(connection: Connection, company_id: str, email: str, password_hash: str, now: datetime) -> None:
    row = {"company_id": company_id, "admin_id": new_id(), "email": email.strip().lower(), "now": now}
    await connection.execute(_INSERT_OWNER, {**row, "password_hash": password_hash})
