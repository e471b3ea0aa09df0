"""What conversations remember, over real stores: facts as far as users agree, summaries, what just happened."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from core.config import CompanyConfig
from core.conversations import Message, Role
from core.events import AcceptedEvent, to_ms
from core.ids import derive_id, new_id
from core.streams import CONVERSATIONS, TURNS
from db import conversations, events, messages, profile_facts, wishes
from db.messages import NewMessage
from db.pool import Database
from graph.phrases import phrase
from graph.reasoners.rules import RulesReasoner
from tests.graph.reasoners import reasoner_at
from tests.llm_server import LlmServer, failing, saying, streaming
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.talking import Chat, answering, ended
from tests.stream_consumer.test_turns import configure, queue, rows, turn_at, working

ASK = phrase("remember_ask", "en")
SUMMARY = "The user is Ann ([EMAIL_1]), who sets up a clinic."


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


async def talk(chat: Chat, *texts: str, **parts: Any) -> list[Message]:
    """Say one thing after another and return all that was said."""
    async with answering(chat.database, chat.redis, **parts):
        for text in texts:
            taken = await chat.say(text)
            assert taken.turn
            await ended(chat.redis, taken.turn)
    return await chat.heard()


async def facts(chat: Chat) -> dict[str, str]:
    async with chat.database.transaction(chat.company_id) as connection:
        found = await profile_facts.list_(connection, chat.company_id, chat.user_id)
    return {fact.name: fact.value for fact in found}


def said_by_agent(heard: list[Message]) -> list[str]:
    return [message.text for message in heard if message.role is Role.ASSISTANT]


async def test_facts_are_kept_once_the_user_agreed_and_erased_at_a_word(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    heard = await talk(chat, "hello", "A clinic near Leeds; write to ann@example.com")
    assert said_by_agent(heard).count(ASK) == 1
    assert heard[-1].text == ASK
    frames = [frame for frame in await chat.frames() if frame.get("message_id") == heard[-1].message_id]
    assert [frame["text"] for frame in frames] == [ASK]
    assert await facts(chat) == {}

    heard = await talk(chat, "yes please")
    assert said_by_agent(heard)[-1].startswith(phrase("remember_yes", "en"))
    (kept,) = (await facts(chat)).values()
    assert kept == "A clinic near Leeds; write to ann@example.com"

    heard = await talk(chat, "Forget what you know about me")
    assert said_by_agent(heard)[-1] == phrase("remember_forgotten", "en")
    assert await facts(chat) == {}
    assert rows(database_url, "SELECT context ? 'answers' AS known FROM conversations") == [{"known": False}]
    heard = await talk(chat, "We are twelve people")
    assert await facts(chat) == {}
    assert said_by_agent(heard).count(ASK) == 1


async def test_a_user_who_refuses_is_not_asked_again_and_what_they_said_stays_in_the_conversation(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    heard = await talk(chat, "hello", "A nurse", "no", "We are twelve people")
    agent = said_by_agent(heard)
    assert agent.count(ASK) == 1
    assert agent[-2].startswith(phrase("remember_no", "en"))
    assert "How many people" in agent[-2], "what was asked before is asked again"
    assert "industry" in agent[-1]
    (row,) = rows(database_url, "SELECT context -> 'answers' AS answers FROM conversations")
    assert row["answers"] == {"role": "A nurse", "team_size": "twelve people"}
    assert await facts(chat) == {}


async def test_facts_of_an_earlier_conversation_need_not_be_said_again(
    database: Database, redis: Redis, company: Any
) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    heard = await talk(chat, "hello", "A clinic", "yes")
    first_question = said_by_agent(heard)[0]
    async with database.transaction(company.company_id) as connection:
        await conversations.close(connection, company.company_id, str(chat.conversation_id), "completed", now())
    later = Chat(database, redis, company.company_id, playbook="onboarding")
    heard = await talk(later, "hello")
    assert later.conversation_id != chat.conversation_id
    asked = said_by_agent(heard)[0]
    assert asked.rsplit(". ", 1)[-1] != first_question.rsplit(". ", 1)[-1]


def now() -> datetime:
    return datetime.now(UTC)


async def fill(chat: Chat, count: int) -> None:
    """Have said much in the conversation before."""
    async with chat.database.transaction(chat.company_id) as connection:
        for number in range(count):
            new = NewMessage(
                company_id=chat.company_id,
                conversation_id=str(chat.conversation_id),
                message_id=derive_id("message", str(chat.conversation_id), str(number)),
                role=Role.USER if number % 2 == 0 else Role.ASSISTANT,
                text=f"Line {number} of ann@example.com",
                trace_id="t",
            )
            await messages.insert(connection, new, now())


async def summary_of(chat: Chat) -> tuple[str, int]:
    async with chat.database.transaction(chat.company_id) as connection:
        found = await conversations.get(connection, chat.company_id, str(chat.conversation_id))
    assert found
    return found.summary, found.summary_until


async def test_old_messages_are_summed_up_after_the_answer_and_models_read_the_summary(
    database: Database, redis: Redis, company: Any, llm: LlmServer
) -> None:
    chat = Chat(database, redis, company.company_id)
    async with answering(database, redis, reasoner=reasoner_at(llm)):
        llm.script(streaming("Hello."))
        taken = await chat.say("hello, I am new")
        assert taken.turn
        await ended(redis, taken.turn)
        await fill(chat, 18)
        llm.script(streaming("Well."), saying(json.dumps({"summary": SUMMARY})), streaming("Good."))
        taken = await chat.say("How do I import?")
        assert taken.turn
        await ended(redis, taken.turn)
        await eventually(lambda: _is(summary_of(chat), lambda found: found[1] > 0))
        summary, until = await summary_of(chat)
        assert summary == SUMMARY.replace("[EMAIL_1]", "ann@example.com")
        assert until == len(await chat.heard()) - 10
        taken = await chat.say("And then?")
        assert taken.turn
        await ended(redis, taken.turn)
    asked = [str(request.body["messages"]) for request in llm.requests]
    assert not any("ann@example.com" in text for text in asked)
    assert "who sets up a clinic" in asked[-1]
    assert "Line 3 of" not in asked[-1]
    assert "Line 17 of" in asked[-1]


async def _is(value: Any, check: Any) -> bool:
    return bool(check(await value))


async def test_a_summary_is_made_by_rule_where_no_model_can(
    database: Database, redis: Redis, company: Any, llm: LlmServer
) -> None:
    chat = Chat(database, redis, company.company_id)
    llm.default = failing(500)
    async with answering(database, redis, reasoner=reasoner_at(llm)):
        taken = await chat.say("hello, I am new")
        assert taken.turn
        await ended(redis, taken.turn)
        await fill(chat, 18)
        taken = await chat.say("How do I import?")
        assert taken.turn
        await ended(redis, taken.turn)
        await eventually(lambda: _is(summary_of(chat), lambda found: found[1] > 0))
    summary, _ = await summary_of(chat)
    assert summary.startswith("User: hello, I am new")
    assert "Line 2 of ann@example.com" in summary


class Faulty(RulesReasoner):
    async def summarise(self, older: Any, calls: Any) -> Any:
        raise ZeroDivisionError("a fault of ours")


async def test_a_summary_that_fails_costs_nobody_the_answer(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    chat = Chat(database, redis, company.company_id)
    async with answering(database, redis, reasoner=Faulty()):
        await chat.say("hello, I am new")
        await fill(chat, 18)
        taken = await chat.say("How many characters does a live key have?")
        assert taken.turn
        await ended(redis, taken.turn)
        await eventually(lambda: _is(redis.xlen(CONVERSATIONS), lambda waiting: waiting == 0))
    assert await redis.xlen(f"{CONVERSATIONS}:dead") == 0
    assert (await summary_of(chat)) == ("", 0)
    assert rows(database_url, "SELECT DISTINCT status FROM turns") == [{"status": "done"}]


async def test_a_company_on_rules_pays_for_no_summary(
    database: Database, redis: Redis, company: Any, llm: LlmServer
) -> None:
    await configure(database, company.company_id, CompanyConfig(reasoner="rules"))
    chat = Chat(database, redis, company.company_id)
    async with answering(database, redis, reasoner=reasoner_at(llm)):
        await chat.say("hello, I am new")
        await fill(chat, 18)
        taken = await chat.say("How do I import?")
        assert taken.turn
        await ended(redis, taken.turn)
        await eventually(lambda: _is(summary_of(chat), lambda found: found[1] > 0))
    assert llm.requests == []


async def put_in_pages(chat: Chat) -> None:
    """Have the user fail at a form a moment ago."""
    at = to_ms(now() - timedelta(minutes=2))
    failed = [
        AcceptedEvent(
            chat.company_id, new_id(), chat.user_id, "s1", "submit_failed", "#crm", "https://app.example/connect-crm",
            at, at, at, {"form": "#crm"}, "t",
        )
        for _ in range(3)
    ]  # fmt: skip
    async with chat.database.transaction(chat.company_id) as connection:
        await events.insert(connection, failed)


@pytest.mark.parametrize("consents", [True, False])
async def test_a_model_reads_what_the_user_just_did_unless_they_do_not_wish_it(
    database: Database, redis: Redis, company: Any, llm: LlmServer, consents: bool
) -> None:
    chat = Chat(database, redis, company.company_id)
    await put_in_pages(chat)
    async with database.transaction(company.company_id) as connection:
        await wishes.set_wishes(connection, company.company_id, chat.user_id, now(), consent=consents)
    llm.default = streaming("Let me see.")
    async with answering(database, redis, reasoner=reasoner_at(llm)):
        taken = await chat.say("Why does this not work?")
        assert taken.turn
        await ended(redis, taken.turn)
    asked = str(llm.requests[0].body["messages"])
    assert ("the form #crm on /connect-crm was refused 3 times" in asked) == consents


async def test_the_coach_of_a_nudge_reads_what_was_said_in_the_chat(
    database: Database, redis: Redis, company: Any, llm: LlmServer
) -> None:
    chat = Chat(database, redis, company.company_id, user_id="u")
    await talk(chat, "The CRM key of ann@example.com is refused")
    async with working(database, redis, reasoner_at(llm)):
        await queue(database, redis, turn_at(company.company_id, "u"))
        await eventually(lambda: _is(redis.xlen(TURNS), lambda waiting: waiting == 0))
    asked = [str(request.body["messages"][-1]["content"]) for request in llm.requests]
    assert any('"said_in_chat":"just now: The CRM key of [email] is refused"' in text for text in asked), asked
