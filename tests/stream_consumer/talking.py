"""Users who write in the chat, and a consumer that answers them: for tests over real PostgreSQL and real Redis."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core import streams
from core.config import ConversationRules
from core.conversation_line import ConversationLine
from core.conversations import ConversationTurn, IncomingMessage, Message
from core.frames import message_frame
from core.ids import new_id
from core.outbox import Outbox
from core.security import Vault
from core.settings import ChannelSettings, ConversationSettings
from db import conversation_intake, messages
from db.conversation_intake import Accepted
from db.pool import Database
from graph.build import build_graph
from graph.reasoner import Reasoner
from graph.reasoners.rules import RulesReasoner
from knowledge.fetching.connections import Connections, resolve
from stream_consumer.companies import Companies
from stream_consumer.conversation_stores import ConversationStore, PageDelivery
from stream_consumer.conversations import ConversationsHandler, ConversationStores
from stream_consumer.locks import Locks
from stream_consumer.loop import LoopPolicy
from stream_consumer.memory import Summaries
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.stores import EscalationStore, JournalStore, NudgeStore, OutboxDelivery
from stream_consumer.tools.toolbox import Toolbox
from stream_consumer.turns import Stores
from tests.graph.shelf import Shelf
from tests.stream_consumer.harness import Running, eventually, running
from tests.stream_consumer.test_turns import SLOTS

GATEWAY = "gateway-of-the-test"


@dataclass
class Chat:
    """One user's side of a conversation."""

    database: Database
    redis: Redis
    company_id: str
    user_id: str = "u"
    conversation_id: str | None = None
    playbook: str | None = None
    accepted: list[Accepted] = field(default_factory=list)

    async def say(self, text: str, *, publish: bool = True, **fields: Any) -> Accepted:
        """Send a message as the gateway does: stored in one transaction, then its turn published."""
        given = {"client_message_id": new_id(), "trace_id": "trace", **fields}
        incoming = IncomingMessage(
            company_id=self.company_id,
            user_id=self.user_id,
            conversation_id=self.conversation_id,
            text=text,
            playbook=self.playbook,
            **given,
        )
        async with self.database.transaction(self.company_id) as connection:
            taken = await conversation_intake.accept(connection, incoming, ConversationRules(), datetime.now(UTC))
        self.conversation_id = taken.conversation_id
        self.accepted.append(taken)
        outbox = Outbox(self.redis)
        await outbox.publish(self.company_id, self.user_id, message_frame(taken.message), key=taken.message.message_id)
        if publish and taken.publish and taken.turn:
            await self.redis.xadd(streams.CONVERSATIONS, {b"d": streams.encode_conversation_turn(taken.turn)})
        return taken

    async def heard(self) -> list[Message]:
        """Return all that was said in the conversation, in order."""
        assert self.conversation_id
        async with self.database.transaction(self.company_id) as connection:
            return await messages.after(connection, self.company_id, self.conversation_id, 0)

    async def frames(self) -> list[dict[str, Any]]:
        """Return the durable frames that the user's pages got."""
        return [json.loads(frame.data) for frame in await Outbox(self.redis).after(self.company_id, self.user_id, 0)]

    async def connect(self) -> None:
        """Be connected to a gateway, so that passing frames go somewhere."""
        key = streams.connections_key(self.company_id, self.user_id)
        await self.redis.hset(key, "connection", f"{GATEWAY}|99999999999999")  # type: ignore[misc]

    async def passing(self, kind: str = "message.delta") -> list[dict[str, Any]]:
        """Return the passing frames of a kind that reached the gateway."""
        entries = await self.redis.xrange(streams.deliveries_key(GATEWAY))
        frames = [json.loads(fields[b"d"]) for _, fields in entries]
        return [frame for frame in frames if frame["type"] == kind]

    async def stop(self) -> None:
        """Press the button that stops an answer."""
        turn = self.accepted[-1].turn
        assert turn
        await self.redis.set(streams.stop_key(self.company_id, self.user_id), turn.turn_id, ex=60)


def handler_of(
    database: Database,
    redis: Redis,
    reasoner: Reasoner | None = None,
    knowledge: Any = None,
    tools_of: Any = None,
    **changes: Any,
) -> ConversationsHandler:
    """A handler over real stores; documents and tools are the test's."""
    metrics, companies = ConsumerMetrics(CollectorRegistry()), Companies(database)
    settings = ConversationSettings(_env_file=None)  # type: ignore[call-arg]
    stores = Stores(
        partial(JournalStore, database),
        NudgeStore(database),
        EscalationStore(database, redis, ChannelSettings(), 1),
        OutboxDelivery(Outbox(redis)),
        knowledge or Shelf(),
    )
    line = ConversationLine(redis, shards=1)
    talking = ConversationStores(
        line,
        changes.get("conversations") or ConversationStore(database, redis, ChannelSettings(), 1, line),
        PageDelivery(redis, metrics),
        tools_of or _tools(database, redis),
        Summaries(database, reasoner or RulesReasoner(), stores.journal, companies, settings),
        moderator=changes.get("moderator"),
    )
    return ConversationsHandler(
        database,
        redis,
        build_graph(changes.get("saver") or InMemorySaver()),
        reasoner or RulesReasoner(),
        stores,
        talking,
        companies,
        Locks(redis),
        metrics,
        settings,
    )


def _tools(database: Database, redis: Redis) -> Any:
    """The built-in tools and whatever the company defined, over connections of this test."""
    vault = Vault("a-secret-key-of-the-tests-0123456789")
    return Toolbox(database, redis, vault, Connections((), resolve)).runtime


@asynccontextmanager
async def answering(
    database: Database, redis: Redis, policy: LoopPolicy = SLOTS, **parts: Any
) -> AsyncIterator[Running]:
    """Run a consumer of conversation turns in the background."""
    handler = parts.get("handler") or handler_of(database, redis, **parts)
    async with running(redis, handler, policy, stream=streams.CONVERSATIONS) as consumer:
        yield consumer


async def ended(redis: Redis, turn: ConversationTurn) -> None:
    """Wait until a turn has ended, as the API does; again and again, since the client's patience is short."""
    async with asyncio.timeout(60):
        while not await redis.blpop([streams.turn_ended_key(turn.turn_id)], 2):
            pass


async def idle(redis: Redis) -> None:
    """Wait until no turn of a conversation waits or runs."""

    async def is_idle() -> bool:
        left = await redis.xpending(streams.CONVERSATIONS, streams.GROUP)
        groups = await redis.xinfo_groups(streams.CONVERSATIONS)
        return not left["pending"] and not groups[0]["lag"]

    await eventually(is_idle)
