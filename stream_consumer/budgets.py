"""Tells a company when its model budget of the day runs low (80 %) and when it is spent.

Looked at from time to time rather than after each call: a warning may come a minute late, but no turn waits for it. Its
id derives from company, day and threshold, so that each is told once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from core import streams
from core.config import CompanyConfig
from core.ids import new_id, notification_id
from core.settings import ChannelSettings
from db import ai_interactions, companies, notifications
from db.pool import Connection, Database
from stream_consumer.alerting import channels_of
from stream_consumer.companies import Companies

EVENT: Final = "budget.threshold"
THRESHOLDS: Final = (80, 100)
"""Per cent of the day's budget."""


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """What to tell: the threshold reached, and the figures in US cents."""

    percent: int
    spent_cents: float
    budget_cents: float

    def payload(self) -> dict[str, str]:
        """Return the words of the message."""
        spent, budget = self.spent_cents / 100, self.budget_cents / 100
        rest = "Until midnight UTC turns go to the rules, where the chain has them, or end quietly."
        return {
            "headline": f"{self.percent} % of today's model budget is spent",
            "why": f"${spent:.2f} of ${budget:.2f} went to models since midnight UTC.",
            "suggestion": f"{rest if self.percent >= 100 else ''} The limit is llm.daily_budget_cents.".strip(),
        }


def due_warnings(spent_cents: float, budget_cents: float) -> list[BudgetWarning]:
    """Return a warning for each threshold that the day's spending has reached; none where nothing may be spent."""
    if budget_cents <= 0:
        return []
    reached = [percent for percent in THRESHOLDS if spent_cents >= budget_cents * percent / 100]
    return [BudgetWarning(percent, spent_cents, budget_cents) for percent in reached]


class BudgetWatch:
    """Looks at every company's spending."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        known: Companies,
        settings: ChannelSettings,
        shards: int,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._companies = known
        self._settings = settings
        self._shards = shards
        self._now = now

    async def look(self) -> int:
        """Warn the companies that are due; returns how many notifications are new."""
        async with self._db.system() as connection:
            company_ids = await companies.list_ids(connection)
        return sum([await self._look_at(company_id) for company_id in company_ids])

    async def _look_at(self, company_id: str) -> int:
        now, trace_id = self._now(), new_id()
        config = (await self._companies.get([company_id]))[company_id].config
        async with self._db.transaction(company_id) as connection:
            made = await self._note(connection, company_id, config, trace_id, now)
        for key in made:
            stream = streams.shard_of(streams.NOTIFICATIONS, self._shards, company_id, key)
            await self._redis.xadd(stream, {streams.FIELD: streams.encode_notification(company_id, key, trace_id)})
        return len(made)

    async def _note(
        self, connection: Connection, company_id: str, config: CompanyConfig, trace_id: str, now: datetime
    ) -> list[str]:
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        spent = await ai_interactions.spend(connection, company_id, day, day + timedelta(days=1))
        if not spent.cost_cents:
            return []
        made = []
        for warning in due_warnings(spent.cost_cents, config.llm.daily_budget_cents):
            for channel in channels_of(config.escalation, self._settings):
                key = notification_id(f"{company_id}:{day.date()}:{warning.percent}", EVENT, channel)
                is_new = await notifications.insert(
                    connection,
                    company_id,
                    notification_id=key,
                    event=EVENT,
                    channel=channel,
                    payload=warning.payload(),
                    trace_id=trace_id,
                    now=now,
                )
                made += [key] if is_new else []
        return made
