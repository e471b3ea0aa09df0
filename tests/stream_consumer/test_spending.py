"""Budgets of conversations and users hold in real turns: refused in words, with a person still to be had."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from core.budgets import Allowance
from core.config import CompanyConfig, ConversationRules
from core.ids import new_id
from core.playbooks import shipped
from db import ai_budgets, ai_interactions, playbooks
from db.pool import Database
from graph.phrases import phrase
from tests.db.conftest import Call
from tests.graph.reasoners import reasoner_at
from tests.llm_server import LlmServer, breaking_off, failing, streaming
from tests.stream_consumer.talking import Chat, answering, ended
from tests.stream_consumer.test_turns import configure, rows

SPENT = phrase("budget_exhausted", "en")
ANSWER = streaming("Live keys have 32 characters [1].")


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        server.default = ANSWER
        yield server


async def allow(database: Database, company_id: str, **limits: Any) -> None:
    """Give conversations of the company these limits."""
    support = shipped()["support"].playbook
    changed = support.model_copy(update={"limits": support.limits.model_copy(update=limits)})
    async with database.transaction(company_id) as connection:
        await playbooks.save(connection, company_id, changed, "system", datetime.now(UTC))


async def spend(chat: Chat, cents: float, tokens: int = 0) -> None:
    """Have spent something in the conversation already."""
    now, call = datetime.now(UTC), Call(new_id(), 0.0, user_id=chat.user_id, conversation_id=chat.conversation_id)
    await ai_budgets.reserve(chat.database, chat.company_id, call, Allowance(1e6), now)
    async with chat.database.transaction(chat.company_id) as connection:
        took = {"tokens_in": tokens, "tokens_out": 0, "cost_cents": cents, "latency_ms": 1, "now": now}
        await ai_interactions.settle(connection, chat.company_id, call.interaction_id, {}, **took)


async def ask(chat: Chat, text: str, **parts: Any) -> str:
    """Say something and return the answer."""
    async with answering(chat.database, chat.redis, **parts):
        taken = await chat.say(text)
        if taken.turn:
            await ended(chat.redis, taken.turn)
    return (await chat.heard())[-1].text


async def test_a_spent_conversation_says_so_and_a_person_can_be_had(
    database: Database, redis: Redis, company: Any, database_url: str, llm: LlmServer
) -> None:
    await allow(database, company.company_id, conversation_cents=5)
    chat = Chat(database, redis, company.company_id)
    assert (await ask(chat, "How long is a live key?", reasoner=reasoner_at(llm))) != SPENT
    await spend(chat, 5)
    paid = len(llm.requests)
    assert await ask(chat, "And how long is a test key?", reasoner=reasoner_at(llm)) == SPENT
    assert len(llm.requests) == paid
    (last,) = rows(database_url, "SELECT outcome, error FROM turns ORDER BY created_at DESC LIMIT 1")
    assert last == {"outcome": "budget_exhausted", "error": "budget_exhausted"}

    await ask(chat, "I want to talk to a human", reasoner=reasoner_at(llm))
    assert rows(database_url, "SELECT handled_by FROM conversations") == [{"handled_by": "queue"}]
    other = Chat(database, redis, company.company_id, user_id="somebody else")
    assert await ask(other, "How long is a live key?", reasoner=reasoner_at(llm)) != SPENT


async def test_a_user_has_a_daily_budget_over_all_conversations(
    database: Database, redis: Redis, company: Any, llm: LlmServer
) -> None:
    await allow(database, company.company_id, user_daily_cents=5)
    chat = Chat(database, redis, company.company_id, conversation_id=None)
    await spend(chat, 5)
    assert await ask(chat, "How long is a live key?", reasoner=reasoner_at(llm)) == SPENT
    assert llm.requests == []


async def test_a_model_of_unknown_price_is_bounded_by_tokens(
    database: Database, redis: Redis, company: Any, database_url: str, llm: LlmServer
) -> None:
    rules = ConversationRules(user_daily_tokens=8000)
    await configure(database, company.company_id, CompanyConfig(conversations=rules))
    chat, own = Chat(database, redis, company.company_id), reasoner_at(llm, openai_model="own-model-3")
    assert await ask(chat, "How long is a live key?", reasoner=own) != SPENT
    await spend(chat, 0, tokens=8000)
    assert await ask(chat, "And a test key?", reasoner=own) == SPENT
    (kept,) = rows(database_url, "SELECT user_id, kind, cost_cents FROM ai_interactions WHERE model = 'own-model-3'")
    assert kept == {"user_id": "u", "kind": "maker_simple", "cost_cents": None}


async def test_rules_at_the_end_of_the_chain_go_on_where_a_budget_is_spent(
    database: Database, redis: Redis, company: Any, llm: LlmServer
) -> None:
    await allow(database, company.company_id, conversation_cents=0)
    chat = Chat(database, redis, company.company_id)
    chain = reasoner_at(llm, llm_provider=("openai", "rules"))
    assert "32 characters" in await ask(chat, "How many characters does a live key have?", reasoner=chain)
    assert llm.requests == []


async def test_an_answer_that_breaks_off_is_paid_for(
    database: Database, redis: Redis, company: Any, database_url: str, llm: LlmServer
) -> None:
    llm.script(breaking_off("Live keys have "), failing(500))
    llm.default = failing(500)
    chat = Chat(database, redis, company.company_id)
    await ask(chat, "How long is a live key?", reasoner=reasoner_at(llm))
    cut = rows(database_url, "SELECT status, tokens_in, cost_cents FROM ai_interactions WHERE tokens_in > 0")
    assert cut, rows(database_url, "SELECT * FROM ai_interactions")
    assert all(row["status"] == "failed" and row["cost_cents"] > 0 for row in cut)
    (day,) = rows(database_url, "SELECT sum(cents) AS cents FROM ai_spend_days")
    assert day["cents"] == sum(row["cost_cents"] for row in cut)
