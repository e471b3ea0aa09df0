"""Playbooks at work: onboarding without a model, a company's own words, and documents in another language."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from psycopg.types.json import Jsonb
from redis.asyncio import Redis

from core.conversations import ConversationState, Message, Role
from core.playbooks import parse_playbook, shipped
from db import conversations, playbooks, recommendations
from db.pool import Database
from graph.context import Found
from graph.phrases import phrase
from local.installation import Company
from tests.graph.reasoners import reasoner_at
from tests.graph.shelf import Shelf, make_passage
from tests.llm_server import LlmServer, failing, saying
from tests.stream_consumer.talking import Chat, answering, ended, handler_of

INVOICES = make_passage(
    "1. Open Invoices.\n2. Press New and pick a customer.", document_title="Send invoices", chunk_id="invoices"
)
INVITE = make_passage("Open Team and enter one address per line.", document_title="Invite your team", chunk_id="team")


async def told(chat: Chat, redis: Redis, text: str) -> str:
    """Say something and return what the agent answers, as one text."""
    before = len(await chat.heard()) if chat.conversation_id else 0
    taken = await chat.say(text)
    assert taken.turn
    await ended(redis, taken.turn)
    return "\n".join(message.text for message in (await chat.heard())[before:] if message.role is not Role.USER)


async def state_of(chat: Chat) -> ConversationState:
    async with chat.database.transaction(chat.company_id) as connection:
        kept = await conversations.get(connection, chat.company_id, chat.conversation_id or "")
    assert kept
    return kept.state


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


async def test_a_new_customer_is_led_to_recommendations(database: Database, redis: Redis, company: Company) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    profile = shipped()["onboarding"].playbook.stages["profile"]
    async with answering(database, redis, knowledge=Shelf((INVOICES, INVITE))):
        assert profile.questions[0].wording("en") in await told(chat, redis, "Hi")
        assert profile.questions[1].wording("en") in await told(chat, redis, "Sales")
        await told(chat, redis, "yes")  # may be remembered
        assert profile.questions[2].wording("en") in await told(chat, redis, "2 to 10")
        for answer in ("skip", "Send invoices", "next week", "Excel", "no"):
            await told(chat, redis, answer)
        shown = await told(chat, redis, "a little")
        after = await told(chat, redis, "1")
    assert phrase("recommendations.intro", "en") in shown
    assert "1. Send invoices" in shown
    assert "Invite your team" in shown
    assert after.startswith(phrase("recommendations.chosen", "en"))
    assert "1. Open Invoices.\n2. Press New and pick a customer [1]." in after
    async with database.transaction(company.company_id) as connection:
        page = await recommendations.list_(connection, company.company_id, conversation_id=chat.conversation_id)
        kept = await conversations.get(connection, company.company_id, chat.conversation_id or "")
    assert {row["status"] for row in page.items} == {"draft"}
    assert {row["draft"]["title"]: row["user_decision"] for row in page.items} == {
        "Send invoices": "accepted", "Invite your team": None,
    }  # fmt: skip
    assert kept
    assert kept.context["answers"]["goal"] == "Send invoices"


async def test_recommendations_wait_for_approval_until_the_user_goes_on(
    database: Database, redis: Redis, company: Company
) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    async with answering(database, redis, knowledge=Shelf((INVITE,))):
        await told(chat, redis, "Hi")
        await told(chat, redis, "Sales")
        await told(chat, redis, "no")  # not to be remembered
        await told(chat, redis, "2 to 10")
        assert "Invite your team" in await told(chat, redis, "what do you recommend?")
        assert await state_of(chat) is ConversationState.AWAITING_USER_APPROVAL
        await told(chat, redis, "Where is the team page?")
        assert await state_of(chat) is ConversationState.IN_PROGRESS


async def test_where_nothing_can_be_recommended_it_is_said_once(
    database: Database, redis: Redis, company: Company
) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    async with answering(database, redis, knowledge=Shelf(())):
        await told(chat, redis, "Hi")
        for answer in ("Sales", "no", "Just me", "skip", "World peace", "skip", "none", "no"):
            await told(chat, redis, answer)
        shown = await told(chat, redis, "no")
        assert phrase("recommendations.none", "en") in shown
        assert phrase("recommendations.none", "en") not in await told(chat, redis, "ok, thanks")


async def test_a_companys_own_playbook_speaks(
    database: Database, redis: Redis, company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    own = parse_playbook(
        {
            "name": "support", "title": "Ours", "persona": "You are ours.", "tone": "Plain.",
            "greeting": {"en": "Ahoy! What can we do?", "ar": "أهلًا بك على متن السفينة"},
            "first_stage": "deck", "stages": {"deck": {"title": "Deck"}}, "tools": ["get_stock", "refund"],
        }
    )  # fmt: skip
    async with database.transaction(company.company_id) as connection:
        await playbooks.save(connection, company.company_id, own, "admin:1", datetime.now(UTC))
    chat = Chat(database, redis, company.company_id)
    async with answering(database, redis):
        assert await told(chat, redis, "hello") == "Ahoy! What can we do?"
        await told(chat, redis, "thanks")
    unknown = [record.tools for record in caplog.records if record.message == "playbook.unknown_tools"]  # type: ignore[attr-defined]
    assert unknown == [["refund"]]
    async with database.transaction(company.company_id) as connection:
        kept = await conversations.get(connection, company.company_id, chat.conversation_id or "")
    assert kept
    assert (kept.stage, kept.playbook_version) == ("deck", "support-v1")


async def test_a_definition_that_cannot_be_read_breaks_no_turn(
    database: Database, redis: Redis, company: Company
) -> None:
    own = shipped()["support"].playbook
    async with database.transaction(company.company_id) as connection:
        await playbooks.save(connection, company.company_id, own, "admin:1", datetime.now(UTC))
        await connection.execute("UPDATE playbooks SET definition = %s", (Jsonb({"name": "support", "odd": 1}),))
    chat = Chat(database, redis, company.company_id)
    handler = handler_of(database, redis)
    async with answering(database, redis, handler=handler):
        assert await told(chat, redis, "hello") == own.greeting["en"]
    assert handler._metrics.playbook_fallbacks._value.get() == 1


async def test_a_conversation_outlives_its_playbook(database: Database, redis: Redis, company: Company) -> None:
    own = parse_playbook({**shipped()["support"].playbook.model_dump(), "name": "returns", "greeting": {"en": "Ahoy!"}})
    async with database.transaction(company.company_id) as connection:
        await playbooks.save(connection, company.company_id, own, "admin:1", datetime.now(UTC))
    chat = Chat(database, redis, company.company_id, playbook="returns")
    async with answering(database, redis, knowledge=Shelf((INVITE,))):
        assert await told(chat, redis, "hello") == "Ahoy!"
        async with database.transaction(company.company_id) as connection:
            await playbooks.withdraw(connection, company.company_id, "returns", "admin:1")
        assert "one address per line" in await told(chat, redis, "How do I invite my team?")


@dataclass
class EnglishShelf(Shelf):
    """Documents in English alone."""

    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Found:
        found = await super().search(company_id, query, language=language, k=k)
        return found if language == "en" else Found()


def say(text: str) -> object:
    return saying(json.dumps({"text": text}, ensure_ascii=False))


async def answers_of(chat: Chat) -> list[Message]:
    return [message for message in await chat.heard() if message.role is Role.ASSISTANT]


async def test_a_document_in_another_language_is_quoted_in_translation(
    database: Database, redis: Redis, company: Company, llm: LlmServer
) -> None:
    shelf = EnglishShelf((make_passage("Live keys have 32 characters. Test keys are refused."),))
    llm.script(say("How long is a live key?"), say("يتكون المفتاح الفعلي من 32 رمزًا. تُرفض مفاتيح الاختبار."))
    chat = Chat(database, redis, company.company_id)
    async with answering(database, redis, knowledge=shelf, reasoner=reasoner_at(llm)):
        said = await told(chat, redis, "كم طول المفتاح الفعلي؟ بريدي mia@example.com")
    assert said.startswith(phrase("other_language_translated", "ar", tongue="بالإنجليزية"))
    assert "يتكون المفتاح الفعلي من 32 رمزًا" in said
    [answer] = await answers_of(chat)
    assert [citation.title for citation in answer.citations] == ["CRM keys"]
    assert "How long is a live key?" in [query for _, query, language in shelf.queries if language == "en"]
    assert "mia@example.com" not in llm.sent()
    async with database.transaction(company.company_id) as connection:
        row = await (await connection.execute("SELECT count(*) FROM translations")).fetchone()
    assert row == (2,)


async def test_without_a_translation_the_user_is_told_that_there_is_no_answer(
    database: Database, redis: Redis, company: Company, llm: LlmServer
) -> None:
    llm.default = failing()
    chat = Chat(database, redis, company.company_id)
    reasoner = reasoner_at(llm, llm_provider=("openai", "rules"))
    async with answering(database, redis, knowledge=EnglishShelf(), reasoner=reasoner):
        said = await told(chat, redis, "كم طول المفتاح الفعلي؟")
    assert said == phrase("unanswerable", "ar")


async def test_an_answer_to_a_question_in_other_words_is_read_by_the_model(
    database: Database, redis: Redis, company: Company, llm: LlmServer
) -> None:
    chat = Chat(database, redis, company.company_id, playbook="onboarding")
    read = {"learned": [{"name": "role", "value": "bakery"}], "goal": "", "obstacles": []}
    async with answering(database, redis, knowledge=Shelf(()), reasoner=reasoner_at(llm)):
        llm.default = saying("And what do you do, if I may ask?")
        await told(chat, redis, "I want to begin with the set-up")
        llm.script(saying(json.dumps(read)))
        await told(chat, redis, "I run a bakery")
    async with database.transaction(company.company_id) as connection:
        kept = await conversations.get(connection, company.company_id, chat.conversation_id or "")
    assert kept
    assert kept.context["answers"] == {"role": "bakery"}
