"""Builds what runs turns of both kinds: one graph, one reasoner and one set of stores, and a handler for each stream.

Apart from `wiring`, and imported by it when turns are to be run: the models' client takes a second to import, which
other roles need not spend.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

import httpx2
from redis.asyncio import Redis

from core.conversation_line import ConversationLine
from core.language_detection import warm_up
from core.outbox import Outbox
from core.security import Vault
from db.pool import Database
from graph.build import build_graph
from graph.checkpoints import open_saver
from graph.consulting import SEARCH_SECONDS
from graph.conversing.answering import ANSWER_SECONDS
from graph.guardrails import moderator_for
from graph.reasoners.wiring import build_reasoner, thinking_seconds
from stream_consumer.companies import Companies
from stream_consumer.conversation_stores import ConversationStore, PageDelivery
from stream_consumer.conversations import ConversationsHandler, ConversationStores
from stream_consumer.knowledge_parts import KnowledgeBase
from stream_consumer.knowledge_store import KnowledgeStore
from stream_consumer.locks import Locks
from stream_consumer.memory import Summaries
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.settings import Settings
from stream_consumer.stores import EscalationStore, JournalStore, NudgeStore, OutboxDelivery
from stream_consumer.tools.toolbox import Toolbox
from stream_consumer.turns import Stores, TurnsHandler


@dataclass(frozen=True, slots=True)
class TurnHandlers:
    """Who handles turns: of users who seem stuck, and of users who said something."""

    behaviour: TurnsHandler
    conversations: ConversationsHandler


async def open_turns(
    settings: Settings,
    db: Database,
    redis: Redis,
    companies: Companies,
    metrics: ConsumerMetrics,
    base: KnowledgeBase,
    stack: AsyncExitStack,
) -> TurnHandlers:
    """Return the handlers; what they hold open is closed by the stack."""
    await asyncio.to_thread(warm_up)
    saver = await stack.enter_async_context(open_saver(settings.store.database_url.get_secret_value()))
    seconds = max(thinking_seconds(settings.llm), ANSWER_SECONDS) + 3 * SEARCH_SECONDS
    graph, reasoner = build_graph(saver, thinking_seconds=seconds), build_reasoner(settings.llm)
    shards, locks = settings.store.stream_shards, Locks(redis)
    stores = _stores(settings, db, redis, metrics, base)
    vault = Vault(settings.security.secret_key.get_secret_value())
    toolbox = await stack.enter_async_context(
        Toolbox.open(db, redis, vault, allow_private=settings.conversations.allow_private_tools)
    )
    web = await stack.enter_async_context(httpx2.AsyncClient())
    line = ConversationLine(redis, shards=shards)
    talking = ConversationStores(
        line,
        ConversationStore(db, redis, settings.channels, shards, line),
        PageDelivery(redis, metrics),
        toolbox.runtime,
        Summaries(db, reasoner, stores.journal, companies, settings.conversations),
        moderator=moderator_for(settings.llm, web),
    )
    return TurnHandlers(
        TurnsHandler(db, graph, reasoner, stores, companies, locks, metrics),
        ConversationsHandler(
            db, redis, graph, reasoner, stores, talking, companies, locks, metrics, settings.conversations
        ),
    )


def _stores(settings: Settings, db: Database, redis: Redis, metrics: ConsumerMetrics, base: KnowledgeBase) -> Stores:
    return Stores(
        partial(JournalStore, db, metrics=metrics),
        NudgeStore(db),
        EscalationStore(db, redis, settings.channels, settings.store.stream_shards),
        OutboxDelivery(Outbox(redis)),
        KnowledgeStore(db, base.retriever),
    )
