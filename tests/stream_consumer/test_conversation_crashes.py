"""Real consumer processes, killed in the midst of an answer: the next one completes it, once, and pays for it once."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from core.conversations import Role, answer_id
from core.streams import CONVERSATIONS, conversation_lock_key
from db.pool import Database
from graph.phrases import phrase
from tests.llm_server import LlmServer, streaming
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.talking import Chat, answering, ended
from tests.stream_consumer.test_crashes import crash, done, successor
from tests.stream_consumer.test_turns import rows

ANSWER = "Welcome! How can I help you today?"
BEFORE_IT_IS_KEPT = [
    "db.conversation_turns:begin:after",
    "stream_consumer.conversation_stores:PageDelivery.delta:after",
    "stream_consumer.stores:JournalStore.settle:before",
]
AFTER_IT_IS_KEPT = [
    "stream_consumer.stores:JournalStore.settle:after",
    "db.messages:insert_answer:after",
    "stream_consumer.conversation_stores:ConversationStore.store_answer:after",
    "db.conversation_turns:finish:after",
]


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer(default=streaming("Welcome! ", "How can I help ", "you today?")) as server:
        yield server


def with_model(environment: dict[str, str], llm: LlmServer) -> dict[str, str]:
    chosen = {"LLM_PROVIDER": "openai", "OPENAI_BASE_URL": llm.base_url, "OPENAI_API_KEY": "sk-test"}
    return {**environment, **chosen}


async def heard_after(chat: Chat, redis: Redis, environment: dict[str, str], point: str) -> list[str]:
    """Let a process die at a point and another one finish; return what the agent said."""
    crash(environment, "turns", point)
    await redis.delete(conversation_lock_key(chat.company_id, chat.user_id))  # it would expire in fifteen seconds
    async with successor(environment, "turns"):
        await eventually(lambda: done(redis, CONVERSATIONS), seconds=60)
    return [message.text for message in await chat.heard() if message.role is Role.ASSISTANT]


@pytest.mark.slow
@pytest.mark.parametrize("point", [*BEFORE_IT_IS_KEPT, *AFTER_IT_IS_KEPT])
async def test_an_answer_survives_a_kill_at_any_step(
    database: Database,
    redis: Redis,
    company: Any,
    database_url: str,
    environment: dict[str, str],
    llm: LlmServer,
    point: str,
) -> None:
    chat = Chat(database, redis, company.company_id)
    taken = await chat.say("Hello, is anybody there?")
    assert taken.turn
    assert await heard_after(chat, redis, with_model(environment, llm), point) == [ANSWER]
    assert len(llm.requests) == (2 if point in BEFORE_IT_IS_KEPT[1:] else 1)
    frames = [frame for frame in await chat.frames() if frame.get("role") == "assistant"]
    assert [frame["message_id"] for frame in frames] == [answer_id(taken.turn.turn_id)]
    (turn,) = rows(database_url, "SELECT status, outcome FROM turns")
    assert turn == {"status": "done", "outcome": "answered"}
    calls = rows(database_url, "SELECT status FROM ai_interactions")
    assert calls == [{"status": "done"}]


@pytest.mark.slow
@pytest.mark.parametrize(
    "point",
    [
        "db.tickets:open_ticket:after",
        "stream_consumer.conversation_stores:ConversationStore.hand_over:after",
    ],
)
async def test_a_person_is_called_once(
    database: Database, redis: Redis, company: Any, database_url: str, environment: dict[str, str], point: str
) -> None:
    chat = Chat(database, redis, company.company_id)
    await chat.say("Let me talk to a human")
    said = await heard_after(chat, redis, environment, point)
    assert said == [phrase("person_called", "en", duration="30 minutes")]
    assert len(rows(database_url, "SELECT 1 FROM escalations")) == 1
    assert [frame["type"] for frame in await chat.frames()].count("handoff") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", ["db.tickets:withdraw:after", "core.conversation_line:ConversationLine.tell_message:after"]
)
async def test_a_wish_for_a_person_is_taken_back_once(
    database: Database, redis: Redis, company: Any, database_url: str, environment: dict[str, str], point: str
) -> None:
    chat = Chat(database, redis, company.company_id)
    async with answering(database, redis):
        taken = await chat.say("Let me talk to a human")
        assert taken.turn
        await ended(redis, taken.turn)
    await chat.say("never mind")
    said = await heard_after(chat, redis, environment, point)
    assert said == [phrase("person_called", "en", duration="30 minutes"), phrase("person_withdrawn", "en")]
    told = [frame["handled_by"] for frame in await chat.frames() if frame["type"] == "handoff"]
    assert told == ["queue", "agent"]
    assert rows(database_url, "SELECT status, note FROM escalations") == [
        {"status": "resolved", "note": "Withdrawn by the user."}
    ]
