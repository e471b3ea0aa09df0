"""The graph's store of translations on PostgreSQL, for one company."""

from dataclasses import dataclass
from datetime import UTC, datetime

from db import translations
from db.pool import Database
from stream_consumer.stores import available


@dataclass(frozen=True, slots=True)
class TranslationStore:
    """`graph.talk_context.Translations` of one company."""

    db: Database
    company_id: str

    async def find(self, key: bytes) -> str | None:
        """Return the translation kept under a key, or None."""
        async with available(), self.db.transaction(self.company_id) as connection:
            return await translations.find(connection, self.company_id, key)

    async def keep(self, key: bytes, language: str, text: str) -> None:
        """Keep a translation; one that is there stays."""
        async with available(), self.db.transaction(self.company_id) as connection:
            await translations.keep(connection, self.company_id, key, language, text, datetime.now(UTC))
