"""Chat over real sockets: what a user says is stored once, in order, and told to whom it concerns."""

from typing import Any

import pytest
from redis.asyncio import Redis

from core import streams
from core.conversations import ConversationTurn, Role
from db import messages
from db.pool import Database
from local.installation import Company
from tests.ws_gateway.harness import Client, Inside

pytestmark = pytest.mark.usefixtures("redis")


async def say(client: Client, text: str = "How do I connect?", *, key: str = "m1", to: str | None = None) -> None:
    await client.send(type="send_message", conversation_id=to, client_message_id=key, text=text)


async def said(client: Client, text: str = "How do I connect?", *, key: str = "m1", to: str | None = None) -> Any:
    """Say something and return what the gateway answers to it."""
    await say(client, text, key=key, to=to)
    return await answer(client, key)


async def answer(client: Client, key: str) -> dict[str, Any]:
    while True:
        frame = await client.frame()
        if frame.get("client_message_id") == key and frame["type"] in {"message.accepted", "error"}:
            return frame


async def shown(client: Client) -> dict[str, Any]:
    while (frame := await client.frame())["type"] != "message":
        pass
    return frame


async def turns(redis: Redis) -> list[ConversationTurn]:
    entries = await redis.xrange(streams.CONVERSATIONS)
    return [streams.decode_conversation_turn(fields[streams.FIELD]) for _, fields in entries]


async def stored(database: Database, company: Company, conversation_id: str) -> list[Any]:
    async with database.transaction(company.company_id) as connection:
        return await messages.after(connection, company.company_id, conversation_id, 0)


async def test_a_message_is_stored_published_and_accepted(
    gateway: Inside, company: Company, database: Database, redis: Redis
) -> None:
    client = await gateway.join(company)
    accepted = await said(client)
    assert accepted["type"] == "message.accepted"
    (kept,) = await stored(database, company, accepted["conversation_id"])
    assert (kept.message_id, kept.role, kept.text) == (accepted["message_id"], Role.USER, "How do I connect?")
    (turn,) = await turns(redis)
    assert (turn.turn_id, turn.conversation_id, turn.user_id) == (kept.turn_id, kept.conversation_id, "u1")


async def test_other_tabs_see_it(gateway: Inside, company: Company) -> None:
    client, other = await gateway.join(company), await gateway.join(company)
    accepted = await said(client)
    frame = await shown(other)
    assert (frame["role"], frame["text"], frame["client_message_id"]) == ("user", "How do I connect?", "m1")
    assert (frame["message_id"], frame["seq"] > 0) == (accepted["message_id"], True)
