"""A company hears once that its model budget runs low, and once that it is spent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from core import streams
from core.budgets import Allowance, Kind
from core.config import CompanyConfig, EscalationRules, LlmRules
from core.ids import new_id
from core.settings import ChannelSettings
from db import ai_budgets, ai_interactions, configs, embedding_spend, notifications
from db.pool import Database
from local.installation import Company
from stream_consumer.budgets import BudgetWatch, due_embedding_warnings, due_warnings
from stream_consumer.companies import Companies

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("spent", "budget", "percents"),
    [(0, 1000, []), (799.9, 1000, []), (800, 1000, [80]), (999, 1000, [80]), (1000, 1000, [80, 100]), (1, 0, [])],
)
def test_which_thresholds_are_reached(spent: float, budget: float, percents: list[int]) -> None:
    assert [warning.percent for warning in due_warnings(spent, budget)] == percents


@dataclass(frozen=True)
class Call:
    interaction_id: str
    turn_id: str | None = None
    node: str = "diagnose"
    provider: str = "openai"
    model: str = "gpt-4.1-mini"
    prompt_version: str = "1"
    estimate_cents: float = 1.0
    tokens_in: int = 0
    max_tokens: int = 0
    user_id: str | None = None
    conversation_id: str | None = None
    kind: Kind | None = None


async def pay(database: Database, company: Company, cents: float, at: datetime) -> None:
    call = Call(new_id())
    held = await ai_budgets.reserve(database, company.company_id, call, Allowance(1e6), at)
    assert held.is_held
    async with database.transaction(company.company_id) as connection:
        await ai_interactions.settle(
            connection,
            company.company_id,
            call.interaction_id,
            {},
            tokens_in=1,
            tokens_out=1,
            cost_cents=cents,
            latency_ms=1,
            now=at,
        )


async def test_each_threshold_is_told_once_a_day(
    database: Database, redis: Redis, company: Company, other_company: Company
) -> None:
    rules = EscalationRules.model_validate({"webhook_url": "https://hooks.example/alerts"})
    config = CompanyConfig(llm=LlmRules(daily_budget_cents=100), escalation=rules)
    async with database.transaction(company.company_id) as connection:
        await configs.save(connection, company.company_id, config, "system", NOON)

    async def look(at: datetime) -> int:
        return await BudgetWatch(database, redis, Companies(database), ChannelSettings(), 1, now=lambda: at).look()

    await pay(database, company, 79, NOON)
    await pay(database, other_company, 79, NOON)
    assert await look(NOON) == 0
    await pay(database, company, 2, NOON)
    assert [await look(NOON), await look(NOON)] == [1, 0]
    await pay(database, company, 30, NOON)
    assert [await look(NOON), await look(NOON)] == [1, 0]
    assert await look(NOON + timedelta(days=1)) == 0

    async with database.transaction(company.company_id) as connection:
        kept = (await notifications.list_(connection, company.company_id)).items
        told = sorted(
            [await notifications.get(connection, company.company_id, str(row["notification_id"])) for row in kept],
            key=lambda each: each.payload["headline"] if each else "",
        )
    assert [each.payload["headline"] for each in told if each] == [
        "100 % of today's model budget is spent",
        "80 % of today's model budget is spent",
    ]
    assert {each.event for each in told if each} == {"budget.threshold"}
    entries = [streams.decode_notification(fields[b"d"]) for _, fields in await redis.xrange(streams.NOTIFICATIONS)]
    assert {key for _, key, _ in entries} == {each.notification_id for each in told if each}


@pytest.mark.parametrize(("granted", "percents"), [(None, []), (500.0, ["80"]), (400.0, ["80", "100"]), (5_000.0, [])])
async def test_the_installation_may_grant_less_than_a_company_allows_itself(
    database: Database, redis: Redis, company: Company, granted: float | None, percents: list[str]
) -> None:
    rules = EscalationRules.model_validate({"webhook_url": "https://hooks.example/alerts"})
    async with database.transaction(company.company_id) as connection:
        config = CompanyConfig(escalation=rules, llm=LlmRules(daily_budget_cents=1000))
        await configs.save(connection, company.company_id, config, "test", NOON)
    await pay(database, company, 420.0, NOON)
    known = Companies(database, daily_budget_cents=granted)
    assert await BudgetWatch(database, redis, known, ChannelSettings(), 1, now=lambda: NOON).look() == len(percents)
    limit = (await known.get([company.company_id]))[company.company_id].config.llm.daily_budget_cents
    assert limit == min(1000, granted or 1000)


@pytest.mark.parametrize(
    ("spent", "budget", "told"),
    [
        ({}, 100, []),
        ({"openai": 79.0, "azure": 80.0}, 100, [("azure", 80)]),
        ({"openai": 98.9}, 100, [("openai", 80)]),
        ({"openai": 99.0}, 100, [("openai", 80), ("openai", 100)]),
        ({"openai": 5.0}, 0, []),
    ],
)
def test_which_thresholds_of_embedding_are_reached(
    spent: dict[str, float], budget: float, told: list[tuple[str, int]]
) -> None:
    assert [(warning.provider, warning.percent) for warning in due_embedding_warnings(spent, budget)] == told


async def embed(database: Database, company: Company, provider: str, cents: float, at: datetime) -> None:
    key, company_id = new_id(), company.company_id
    async with database.transaction(company_id) as connection:
        assert await embedding_spend.reserve(
            connection, company_id, reservation_id=key, provider=provider, cents=cents, budget_cents=1e6, at=at
        )
        await embedding_spend.settle(
            connection, company_id, reservation_id=key, provider=provider, model="m", at=at, tokens=1, cents=cents
        )


async def test_each_threshold_of_each_embedding_provider_is_told_once_a_day(
    database: Database, redis: Redis, company: Company
) -> None:
    rules = EscalationRules.model_validate({"webhook_url": "https://hooks.example/alerts"})
    async with database.transaction(company.company_id) as connection:
        await configs.save(connection, company.company_id, CompanyConfig(escalation=rules), "test", NOON)

    async def look(at: datetime) -> int:
        known = Companies(database)
        watch = BudgetWatch(database, redis, known, ChannelSettings(), 1, embedding_cents=100, now=lambda: at)
        return await watch.look()

    await embed(database, company, "openai", 79, NOON)
    await embed(database, company, "azure", 79, NOON)
    assert await look(NOON) == 0
    await embed(database, company, "openai", 20.5, NOON)
    assert [await look(NOON), await look(NOON)] == [2, 0]
    assert await look(NOON + timedelta(days=1)) == 0
    async with database.transaction(company.company_id) as connection:
        kept = (await notifications.list_(connection, company.company_id)).items
        told = [await notifications.get(connection, company.company_id, str(row["notification_id"])) for row in kept]
    assert sorted(each.payload["headline"] for each in told if each) == [
        "100 % of today's embedding budget for openai is spent",
        "80 % of today's embedding budget for openai is spent",
    ]
