"""Founding a company: its row, its keys, its identity secret, and the owner who may log in."""

from datetime import datetime

from pwdlib import PasswordHash

from core.security import Vault
from db.companies import found
from db.pool import Database
from local.installation import Company


async def found_company(
    database_url: str, secret_key: str, name: str, admin_email: str, admin_password: str, now: datetime
) -> Company:
    """Found a company in a migrated database; its keys are returned here and are nowhere else in the clear."""
    database = await Database.open(database_url, pool_size=1, name="founding")
    try:
        founded = await found(
            database,
            Vault(secret_key),
            name,
            now,
            admin_email=admin_email,
            admin_password_hash=PasswordHash.recommended().hash(admin_password),
        )
    finally:
        await database.close()
    return Company(
        company_id=founded.company_id,
        public_key=founded.public_key,
        secret_key=founded.secret_key,
        identity_secret=founded.identity_secret,
        admin_email=admin_email,
        admin_password=admin_password,
    )
