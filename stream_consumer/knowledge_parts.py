"""The knowledge base in a consumer process: store, embedders and retriever, made once and shared by its roles.

Imported by `wiring` alone and only where a role needs it: models and parsers take a second to import.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.settings import LlmSettings
from db.pool import Database
from knowledge.documents import ConvertLimits
from knowledge.embedding.embedder import Embedders
from knowledge.embedding.ledger import DatabaseSpend
from knowledge.embedding.metrics import EmbeddingMetrics
from knowledge.embedding.wiring import build_embedders
from knowledge.fetching.fetcher import Fetcher
from knowledge.ingesting.converters import Converters
from knowledge.ingesting.origins import origins
from knowledge.ingesting.revision import Tools
from knowledge.ingesting.vectors import Vectors
from knowledge.ingestion import Ingestion
from knowledge.retrieval.metrics import RetrievalMetrics
from knowledge.retrieval.retriever import Retriever
from knowledge.retrieval.warming import warm_up
from knowledge.settings import EmbeddingSettings, KnowledgeSettings
from knowledge.stores.backends import build_store
from knowledge.stores.protocol import VectorStore

CONVERTERS: Final = 2
"""Documents that a process converts at a time; each has a worker process of its own."""


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """What roles share of it."""

    settings: KnowledgeSettings
    store: VectorStore
    embedders: Embedders
    retriever: Retriever


async def open_knowledge(
    settings: KnowledgeSettings,
    embedding: EmbeddingSettings,
    llm: LlmSettings,
    db: Database,
    redis: Redis,
    registry: CollectorRegistry,
    stack: AsyncExitStack,
) -> KnowledgeBase:
    """Make store, embedders and retriever, and what reads questions; all is closed with the stack.

    No model is loaded before it is needed.

    Raises:
        SettingsError: the backend or a provider cannot work as it is set up.
    """
    await asyncio.to_thread(warm_up)
    store = build_store(settings)
    async with db.system() as connection:
        await store.check(connection)
    embedders = build_embedders(embedding, llm, redis, DatabaseSpend(db), EmbeddingMetrics(registry))
    stack.push_async_callback(embedders.close)
    retriever = Retriever(db, store, embedders, top_k=settings.kb_top_k, metrics=RetrievalMetrics(registry))
    return KnowledgeBase(settings, store, embedders, retriever)


async def open_ingestion(base: KnowledgeBase, db: Database, redis: Redis, stack: AsyncExitStack) -> Ingestion:
    """Open what reads sources; its workers and connections are closed with the stack."""
    limits = ConvertLimits(max_bytes=base.settings.kb_max_document_bytes)
    converters = stack.enter_context(Converters(limits, CONVERTERS))
    fetcher = await stack.enter_async_context(Fetcher.open(base.settings, redis=redis))
    vectors = Vectors(base.store, base.embedders)
    tools = Tools(origins(db, fetcher, base.settings), converters.convert, vectors)
    return Ingestion(db, tools, base.settings)
