"""Translations are kept once, for one company."""

from datetime import datetime

from db import translations
from db.pool import Database

KEY = b"\x01" * 32


async def test_a_translation_is_kept_once(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        assert await translations.find(connection, acme, KEY) is None
        await translations.keep(connection, acme, KEY, "ar", "مرحبًا \0", now)
        await translations.keep(connection, acme, KEY, "ar", "another", now)
        assert await translations.find(connection, acme, KEY) == "مرحبًا \ufffd"


async def test_another_company_does_not_find_it(db: Database, acme: str, rival: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await translations.keep(connection, acme, KEY, "ar", "مرحبًا", now)
    async with db.transaction(rival) as connection:
        assert await translations.find(connection, rival, KEY) is None
        assert await translations.find(connection, acme, KEY) is None
