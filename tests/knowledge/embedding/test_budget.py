"""A company's budget per provider and day holds to the cent, however many ask at once; kept in PostgreSQL."""

import asyncio
import threading
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from core.prices import price_cents
from db import embedding_spend
from db.embedding_spend import EmbeddingDay
from db.pool import Database
from knowledge.embedding.embedder import BUDGET_EXHAUSTED, EmbeddingUnavailable, Vector
from knowledge.embedding.ledger import DatabaseSpend
from knowledge.embedding.spend import Reservation
from knowledge.embedding.texts import estimate_tokens
from local.installation import Company
from tests.knowledge.embedding.conftest import NOON, Build, llm_at, same
from tests.llm_server import LlmServer, embedding, failing, held

TODAY = NOON.date()
MODEL = "text-embedding-3-small"


def cents(tokens: int) -> float:
    price = price_cents("openai", MODEL, tokens, 0)
    assert price is not None
    return price


async def day(database: Database, company: Company, of: date = TODAY) -> list[EmbeddingDay]:
    async with database.transaction(company.company_id) as connection:
        return await embedding_spend.days(connection, company.company_id, of, of + timedelta(days=1))


async def outcome(embedding: asyncio.Task[list[Vector]]) -> str:
    try:
        await embedding
    except EmbeddingUnavailable as error:
        return error.code
    return "embedded"


async def test_no_more_is_asked_at_once_than_the_budget_holds(
    server: LlmServer, build: Build, database: Database, company: Company
) -> None:
    is_refused = threading.Event()
    server.default = held(is_refused)
    texts = [f"{number:02} " + "words of a passage " * 100 for number in range(12)]
    budget = 4.5 * cents(estimate_tokens(texts[:1]))
    embedders = [
        build(llm_at(server), spend=DatabaseSpend(database), embedding_daily_budget_cents=budget) for _ in range(2)
    ]
    tasks = [
        asyncio.create_task(embedders[number % 2].primary.embed(company.company_id, [text]))
        for number, text in enumerate(texts)
    ]
    async with asyncio.timeout(30):
        while sum(task.done() for task in tasks) < 8:  # noqa: ASYNC110 - that all were asked for and none is answered
            await asyncio.sleep(0.02)
    is_refused.set()
    outcomes = [await outcome(task) for task in tasks]
    assert sorted(outcomes) == ["embedded"] * 4 + [BUDGET_EXHAUSTED] * 8
    assert len(server.requests) == 4
    [spent] = await day(database, company)
    sent = sum(len(request.body["input"][0]) // 4 for request in server.requests)
    assert (spent.provider, spent.model, spent.calls, spent.failed) == ("openai", MODEL, 4, 0)
    assert spent.tokens == sent
    assert spent.cents == pytest.approx(cents(sent), abs=1e-5)
    assert spent.cents <= budget


async def test_a_spent_budget_says_until_when_and_the_next_provider_takes_over(
    server: LlmServer, other_server: LlmServer, build: Build, database: Database, company: Company
) -> None:
    now = NOON
    spend = DatabaseSpend(database)
    build_with = {"spend": spend, "now": lambda: now, "embedding_daily_budget_cents": 0.0001}
    alone = build(llm_at(server), **build_with).primary
    with pytest.raises(EmbeddingUnavailable) as caught:
        await alone.embed(company.company_id, ["words " * 200])
    assert (caught.value.code, caught.value.retry_after, caught.value.is_outage) == (BUDGET_EXHAUSTED, 43_200, False)
    assert server.requests == []
    assert await day(database, company) == []
    assert same(await alone.embed(company.company_id, ["a few words"]), ["a few words"])
    both = build(llm_at(server, other_server), embedding_providers=("openai", "azure"), **build_with).primary
    for text in ("more words " * 10, "other word " * 10):
        await both.embed(company.company_id, [text])
    assert {row.provider for row in await day(database, company)} == {"openai", "azure"}


async def test_a_new_day_and_another_company_have_budgets_of_their_own(
    server: LlmServer, build: Build, database: Database, company: Company, other_company: Company
) -> None:
    now = datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)
    budget = 1.2 * cents(estimate_tokens(["words " * 200]))
    embedder = build(
        llm_at(server), spend=DatabaseSpend(database), now=lambda: now, embedding_daily_budget_cents=budget
    ).primary
    await embedder.embed(company.company_id, ["words " * 200])
    with pytest.raises(EmbeddingUnavailable) as caught:
        await embedder.embed(company.company_id, ["other " * 200])
    assert caught.value.retry_after == 1
    await embedder.embed(other_company.company_id, ["other " * 200])
    now += timedelta(seconds=1)
    await embedder.embed(company.company_id, ["again " * 200])
    assert [row.calls for row in await day(database, company)] == [1]
    assert [row.calls for row in await day(database, company, TODAY + timedelta(days=1))] == [1]


async def test_what_a_request_came_to(server: LlmServer, build: Build, database: Database, company: Company) -> None:
    embedder = build(llm_at(server), spend=DatabaseSpend(database)).primary
    text = ("words of a passage " * 20).strip()
    server.script(embedding("sound", usage=False), embedding("fewer"), failing(400))
    await embedder.embed(company.company_id, [text])
    for _ in range(2):
        with pytest.raises(EmbeddingUnavailable):
            await embedder.embed(company.company_id, [text + "!"])
    [spent] = await day(database, company)
    estimates = estimate_tokens([text]) + estimate_tokens([text + "!"])
    assert (spent.calls, spent.failed, spent.tokens) == (3, 2, estimates)
    assert spent.cents == pytest.approx(cents(estimates), abs=1e-5)


async def test_an_unknown_price_is_not_zero(
    server: LlmServer, build: Build, database: Database, company: Company
) -> None:
    embedder = build(
        llm_at(),
        spend=DatabaseSpend(database),
        embedding_providers=("compatible",),
        embedding_base_url=server.base_url,
        embedding_model="bge-m3",
        embedding_dimension=1536,
        embedding_daily_budget_cents=0,
    ).primary
    await embedder.embed(company.company_id, ["Export"])
    [spent] = await day(database, company)
    assert (spent.provider, spent.calls, spent.unpriced, spent.cents) == ("compatible", 1, 1, 0)
    assert spent.tokens == 1


async def test_local_models_and_known_texts_cost_nothing(
    server: LlmServer, build: Build, database: Database, company: Company
) -> None:
    await build(llm_at(server), spend=DatabaseSpend(database)).primary.embed(company.company_id, ["Export"])
    broke = {"spend": DatabaseSpend(database), "embedding_daily_budget_cents": 0.0}
    assert same(await build(llm_at(server), **broke).primary.embed(company.company_id, ["Export"]), ["Export"])
    await build(llm_at(), embedding_providers=("wordllama",), **broke).primary.embed(company.company_id, ["Export"])
    assert [row.calls for row in await day(database, company)] == [1]


class Dying(DatabaseSpend):
    """A spending whose database goes away while the provider answers."""

    async def reserve(self, reservation: Reservation, budget_cents: float) -> bool:
        found = await super().reserve(reservation, budget_cents)
        await self._db.close()
        return found


async def test_what_was_paid_for_is_not_lost_with_the_database(
    server: LlmServer, build: Build, database_url: str, company: Company
) -> None:
    spend = Dying(await Database.open(database_url, pool_size=1, name="test"))
    embedder = build(llm_at(server), spend=spend).primary
    assert same(await embedder.embed(company.company_id, ["Export"]), ["Export"])
    assert same(await embedder.embed(company.company_id, ["Export"]), ["Export"])
    with pytest.raises(psycopg.OperationalError):
        await embedder.embed(company.company_id, ["Import"])
    assert len(server.requests) == 1
