"""Messages of users, from the row and the stream to the answer in the outbox, over real PostgreSQL and real Redis."""

from typing import Any

from redis.asyncio import Redis

from core.conversations import Role, answer_id
from db.pool import Database
from tests.graph.shelf import ARTICLE_URL
from tests.stream_consumer.talking import Chat, answering, ended
from tests.stream_consumer.test_turns import rows


async def test_a_question_is_answered_from_the_documents_with_its_source(
    database: Database, redis: Redis, company: Any, database_url: str
) -> None:
    chat = Chat(database, redis, company.company_id)
    await chat.connect()
    async with answering(database, redis):
        taken = await chat.say("How many characters does a live key have?")
        assert taken.turn
        await ended(redis, taken.turn)
    asked, answer = await chat.heard()
    assert (asked.role, answer.role) == (Role.USER, Role.ASSISTANT)
    assert "32 characters" in answer.text
    assert "[1]" in answer.text
    (citation,) = answer.citations
    assert (citation.title, citation.url, citation.marker) == ("CRM keys", ARTICLE_URL, 1)
    assert answer.message_id == answer_id(taken.turn.turn_id)
    frame = (await chat.frames())[-1]
    assert (frame["type"], frame["role"], frame["message_id"]) == ("message", "assistant", answer.message_id)
    assert "".join(delta["text"] for delta in await chat.passing()).strip() == answer.text
    (row,) = rows(database_url, "SELECT status, outcome, reasoner, error FROM turns")
    assert row == {"status": "done", "outcome": "answered", "reasoner": "rules", "error": None}
