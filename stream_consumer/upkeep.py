"""Keeps the tables tidy: nudges that nobody saw in time end, spent idempotency keys and refresh tokens are forgotten,
and what was stored late of erased users goes as well.

Each company has a transaction of its own, so that one with much to tidy does not hold up the others.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from db import companies, erasures, idempotency, nudges, refresh_tokens
from db.pool import Database

IDEMPOTENCY_KEPT: Final = timedelta(days=1)
"""How long the answer to a write is kept for a client that asks again."""


class Upkeep:
    """The jobs that need doing now and then."""

    def __init__(self, db: Database, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._db = db
        self._now = now

    async def tidy(self) -> int:
        """Do all jobs for all companies; returns how many rows were changed or forgotten."""
        async with self._db.system() as connection:
            company_ids = await companies.list_ids(connection)
        return sum([await self._tidy_company(company_id) for company_id in company_ids])

    async def _tidy_company(self, company_id: str) -> int:
        now = self._now()
        async with self._db.transaction(company_id) as connection:
            return (
                await erasures.repeat(connection, company_id, now)
                + await nudges.expire(connection, now)
                + await idempotency.purge(connection, company_id, now - IDEMPOTENCY_KEPT)
                + await refresh_tokens.purge(connection, company_id, now)
            )
