"""What the consumers must know of each company: its configuration and baseline, never older than two seconds.

A cache, so that a batch of ten thousand events a second does not ask PostgreSQL for the same documents. A kill switch
therefore takes effect within the cache's life here; where a nudge is saved, it is read afresh.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from core.baselines import Baseline
from core.config import CompanyConfig
from db import baselines, configs
from db.pool import Connection, Database

LIFE_SECONDS: Final = 2.0
"""How long a company's documents are believed."""
KEPT: Final = 5_000
"""Companies kept at most; the longest unread goes first."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company's documents. The same baseline is the same object from one reading to the next."""

    config: CompanyConfig
    version: int
    baseline: Baseline | None


class Companies:
    """Reads and remembers companies; none may spend more than `daily_budget_cents`, when that is given."""

    def __init__(
        self,
        db: Database,
        *,
        daily_budget_cents: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._daily_budget_cents = daily_budget_cents
        self._clock = clock
        self._known: dict[str, tuple[float, Company]] = {}

    async def get(self, company_ids: Iterable[str]) -> dict[str, Company]:
        """Return the documents of each company; those of an unknown company are the defaults."""
        wanted, now = set(company_ids), self._clock()
        found = {company_id: company for company_id in wanted if (company := self._fresh(company_id, now))}
        if stale := wanted - found.keys():
            async with self._db.transaction(*stale) as connection:
                for company_id in stale:
                    found[company_id] = await self._read(connection, company_id)
                    self._keep(company_id, found[company_id], now)
        return found

    def _fresh(self, company_id: str, now: float) -> Company | None:
        known = self._known.get(company_id)
        return known[1] if known is not None and now - known[0] < LIFE_SECONDS else None

    async def _read(self, connection: Connection, company_id: str) -> Company:
        stored = await configs.load(connection, company_id)
        baseline = await baselines.active(connection, company_id)
        known = self._known.get(company_id)
        if known and known[1].baseline == baseline:
            baseline = known[1].baseline
        return Company(stored.config.within(self._daily_budget_cents), stored.version, baseline)

    def _keep(self, company_id: str, company: Company, now: float) -> None:
        self._known.pop(company_id, None)
        self._known[company_id] = (now, company)
        while len(self._known) > max(KEPT, 1):
            del self._known[next(iter(self._known))]
