"""Tells a company when a budget of its day runs low (80 %) and when it is spent: for models, or for embedding.

Looked at from time to time rather than after each call: a warning may come a minute late, but no turn waits for it. Its
id derives from company, day and threshold, so that each is told once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from redis.asyncio import Redis

from core import streams
from core.config import CompanyConfig
from core.ids import new_id, notification_id
from core.settings import ChannelSettings
from db import ai_interactions, companies, embedding_spend, notifications
from db.pool import Connection, Database
from stream_consumer.alerting import channels_of
from stream_consumer.companies import Companies

EVENT: Final = "budget.threshold"
THRESHOLDS: Final = (80, 100)
"""Per cent of the day's budget."""


NEARLY: Final = 0.99
"""An embedding request that no longer fits is refused before it is made, so that the last of a budget is never spent:
with less than a hundredth left it counts as spent."""


class Told(Protocol):
    """A threshold that was reached; `key` tells it from the others of its company and day."""

    @property
    def key(self) -> str: ...  # noqa: D102 - named in the docstring of the class

    def payload(self) -> dict[str, str]:
        """Return the words of the message."""
        ...


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """What to tell of the models: the threshold reached, and the figures in US cents."""

    percent: int
    spent_cents: float
    budget_cents: float

    @property
    def key(self) -> str:
        """Return what tells this threshold from the others of its day."""
        return str(self.percent)

    def payload(self) -> dict[str, str]:
        """Return the words of the message."""
        spent, budget = self.spent_cents / 100, self.budget_cents / 100
        rest = "Until midnight UTC turns go to the rules, where the chain has them, or end quietly."
        return {
            "headline": f"{self.percent} % of today's model budget is spent",
            "why": f"${spent:.2f} of ${budget:.2f} went to models since midnight UTC.",
            "suggestion": f"{rest if self.percent >= 100 else ''} The limit is llm.daily_budget_cents.".strip(),
        }


@dataclass(frozen=True, slots=True)
class EmbeddingWarning:
    """What to tell of an embedding provider: the threshold reached, and the figures in US cents."""

    provider: str
    percent: int
    spent_cents: float
    budget_cents: float

    @property
    def key(self) -> str:
        """Return what tells this threshold from the others of its day."""
        return f"embedding:{self.provider}:{self.percent}"

    def payload(self) -> dict[str, str]:
        """Return the words of the message."""
        spent, budget = self.spent_cents / 100, self.budget_cents / 100
        rest = "Until midnight UTC searches use another provider or words alone, and ingestions wait."
        return {
            "headline": f"{self.percent} % of today's embedding budget for {self.provider} is spent",
            "why": f"${spent:.2f} of ${budget:.2f} went to {self.provider} since midnight UTC.",
            "suggestion": f"{rest if self.percent >= 100 else ''} The limit is EMBEDDING_DAILY_BUDGET_CENTS.".strip(),
        }


def due_warnings(spent_cents: float, budget_cents: float) -> list[BudgetWarning]:
    """Return a warning for each threshold that the day's spending has reached; none where nothing may be spent."""
    return [BudgetWarning(percent, spent_cents, budget_cents) for percent in _reached(spent_cents, budget_cents)]


def due_embedding_warnings(spent_cents: Mapping[str, float], budget_cents: float) -> list[EmbeddingWarning]:
    """Return a warning for each threshold that the day's spending at each provider has reached."""
    return [
        EmbeddingWarning(provider, percent, spent, budget_cents)
        for provider, spent in sorted(spent_cents.items())
        for percent in _reached(spent, budget_cents * NEARLY)
    ]


def _reached(spent_cents: float, budget_cents: float) -> list[int]:
    if budget_cents <= 0:
        return []
    return [percent for percent in THRESHOLDS if spent_cents >= budget_cents * percent / 100]


class BudgetWatch:
    """Looks at every company's spending; `embedding_cents` is the budget at each embedding provider, 0 for none."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        known: Companies,
        settings: ChannelSettings,
        shards: int,
        *,
        embedding_cents: float = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._companies = known
        self._settings = settings
        self._shards = shards
        self._embedding_cents = embedding_cents
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
        today = now.astimezone(UTC).date()
        made = []
        for warning in await self._due(connection, company_id, config, today):
            for channel in channels_of(config.escalation, self._settings):
                key = notification_id(f"{company_id}:{today}:{warning.key}", EVENT, channel)
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

    async def _due(self, connection: Connection, company_id: str, config: CompanyConfig, today: date) -> list[Told]:
        began, tomorrow = datetime(today.year, today.month, today.day, tzinfo=UTC), today + timedelta(days=1)
        models = await ai_interactions.spend(connection, company_id, began, began + timedelta(days=1))
        spent: dict[str, float] = {}
        for row in await embedding_spend.days(connection, company_id, today, tomorrow):
            spent[row.provider] = spent.get(row.provider, 0) + row.cents
        due: list[Told] = list(due_warnings(models.cost_cents, config.llm.daily_budget_cents))
        return due + list(due_embedding_warnings(spent, self._embedding_cents))
