"""Makes the coming months of `events` while the product runs, so that no one has to remember to run `migrate`, and
drops those whose time is over, if they have one.

Only the owner of the tables may: the login of DATABASE_ADMIN_URL, or of DATABASE_URL where that is the owner. With a
lesser login nothing is lost, since rows wait in the default partition; but it is said once a month, so that somebody
runs `migrate`.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Final

import psycopg

from db.partitions import drop_before, ensure_partitions, months_before
from db.pool import connection_url

log = logging.getLogger(__name__)

MONTHS_AHEAD: Final = 2
"""Less than `migrate` makes, so that a process that starts right after it finds nothing to do."""
_CONNECT_SECONDS: Final = 5
_NOT_NOW: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DuplicateTable,
    psycopg.errors.UniqueViolation,
)
"""A busy table, or another process at the same work; there is time until the month begins."""


class Months:
    """Looks whether a month is missing or too old. `kept` are the whole months kept before this one; None: all."""

    def __init__(
        self, url: str, *, kept: int | None = None, today: Callable[[], date] = lambda: datetime.now(UTC).date()
    ) -> None:
        self._url = connection_url(url)
        self._kept = kept
        self._today = today
        self._told: date | None = None

    async def make(self) -> int:
        """Make and drop what is due; returns how many months. Raises psycopg's errors while PostgreSQL is away."""
        month = self._today().replace(day=1)
        if self._told == month:
            return 0
        try:
            made, dropped = await asyncio.to_thread(partial(self._make, self._today()))
        except _NOT_NOW:
            return 0
        except psycopg.errors.InsufficientPrivilege:
            log.warning("partitions.missing", extra={"remedy": "onboarding-agent migrate"})
            self._told = month
            return 0
        for name in made:
            log.info("partitions.made", extra={"partition": name})
        for name in dropped:
            log.info("partitions.dropped", extra={"partition": name})
        return len(made) + len(dropped)

    def _make(self, today: date) -> tuple[list[str], list[str]]:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=_CONNECT_SECONDS) as connection:
            made = ensure_partitions(connection, MONTHS_AHEAD, today=today)
            if self._kept is None:
                return made, []
            return made, drop_before(connection, months_before(today, self._kept))
