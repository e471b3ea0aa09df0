"""A page that chats, and a look at what became of it in the stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from core import streams
from core.config import CompanyConfig, ConversationRules
from core.conversations import ConversationTurn, HandledBy, Message, Role
from core.ids import new_id
from core.playbooks import shipped
from db import configs, conversation_turns, conversations, messages, playbooks, tickets
from db.messages import NewMessage
from db.pool import Database
from local.installation import Company
from tests.ws_gateway.harness import Client


async def say(client: Client, text: str = "How do I connect?", *, key: str, to: str | None = None, **more: Any) -> None:
    await client.send(type="send_message", conversation_id=to, client_message_id=key, text=text, **more)


async def said(
    client: Client, text: str = "How do I connect?", *, key: str = "m1", to: str | None = None, **more: Any
) -> dict[str, Any]:
    """Say something and return what the gateway answers to it."""
    await say(client, text, key=key, to=to, **more)
    return await answer(client, key)


async def answer(client: Client, key: str) -> dict[str, Any]:
    """Return the answer to a message that was sent; frames before it are passed over."""
    while True:
        frame = await client.frame()
        if frame.get("client_message_id") == key and frame["type"] in {"message.accepted", "error"}:
            return frame


async def answers(client: Client, number: int) -> list[dict[str, Any]]:
    """Return the next answers to messages, in the order in which they come."""
    found: list[dict[str, Any]] = []
    while len(found) < number:
        frame = await client.frame()
        if frame["type"] in {"message.accepted", "error"}:
            found.append(frame)
    return found


async def refused(client: Client, **frame: Any) -> dict[str, Any]:
    """Send a frame and return the error that answers it."""
    await client.send(**frame)
    while (found := await client.frame())["type"] != "error":
        pass
    return found


async def shown(client: Client, number: int = 1) -> list[dict[str, Any]]:
    """Return the next messages that a page is shown."""
    found: list[dict[str, Any]] = []
    while len(found) < number:
        frame = await client.frame()
        if frame["type"] == "message":
            found.append(frame)
    return found


@dataclass
class Archive:
    """What the stores hold of the conversations of one company, and what others do in them meanwhile."""

    database: Database
    redis: Redis
    company: Company

    @property
    def company_id(self) -> str:
        return self.company.company_id

    async def said(self, conversation_id: str) -> list[Message]:
        async with self.database.transaction(self.company_id) as connection:
            return await messages.after(connection, self.company_id, conversation_id, 0)

    async def all(self) -> list[Mapping[str, Any]]:
        async with self.database.transaction(self.company_id) as connection:
            return (await conversations.list_(connection, self.company_id)).items

    async def turns(self) -> list[ConversationTurn]:
        """Return what was published, in order."""
        entries: Any = await self.redis.xrange(streams.CONVERSATIONS)
        return [streams.decode_conversation_turn(fields[streams.FIELD]) for _, fields in entries]

    async def configure(self, **rules: Any) -> None:
        config = CompanyConfig(conversations=ConversationRules(**rules))
        async with self.database.transaction(self.company_id) as connection:
            await configs.save(connection, self.company_id, config, "test", datetime.now(UTC))

    async def allow(self, **limits: Any) -> None:
        """Give the company a support playbook with other limits."""
        usual = shipped()["support"].playbook
        changed = usual.model_copy(update={"limits": usual.limits.model_copy(update=limits)})
        async with self.database.transaction(self.company_id) as connection:
            await playbooks.save(connection, self.company_id, changed, "test", datetime.now(UTC))

    async def close(self, conversation_id: str) -> None:
        async with self.database.transaction(self.company_id) as connection:
            await conversations.close(connection, self.company_id, conversation_id, "completed", datetime.now(UTC))

    async def hand(self, conversation_id: str, to: HandledBy) -> None:
        async with self.database.transaction(self.company_id) as connection:
            await conversations.set_handled_by(connection, self.company_id, conversation_id, to, datetime.now(UTC))

    async def call(self, conversation_id: str) -> None:
        """Have the user wait for a person."""
        now = datetime.now(UTC)
        async with self.database.transaction(self.company_id) as connection:
            await tickets.open_ticket(
                connection, self.company_id, ticket_id=new_id(), turn_id=new_id(), user_id="u1",
                conversation_id=conversation_id, reason="wish", alert={}, expected_by=None, trace_id="t", now=now,
            )  # fmt: skip
        await self.hand(conversation_id, HandledBy.QUEUE)

    async def begin(self, turn_id: str) -> None:
        async with self.database.transaction(self.company_id) as connection:
            await conversation_turns.begin(connection, self.company_id, turn_id, datetime.now(UTC))

    async def finish(self, turn_id: str) -> None:
        async with self.database.transaction(self.company_id) as connection:
            now = datetime.now(UTC)
            await conversation_turns.finish(connection, self.company_id, turn_id, "done", "answered", now=now)

    async def reply(self, conversation_id: str, text: str = "Like so.") -> Message:
        """Store what the agent answers."""
        reply = NewMessage(
            company_id=self.company_id,
            conversation_id=conversation_id,
            message_id=new_id(),
            role=Role.ASSISTANT,
            text=text,
            trace_id="t",
        )
        async with self.database.transaction(self.company_id) as connection:
            return (await messages.insert_answer(connection, reply, datetime.now(UTC))).message
