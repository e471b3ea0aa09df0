"""Builds the embedders that the settings ask for. Nothing is sent and no model is loaded before the first text.

Each provider is imported where it is built: openai's client or onnxruntime take tens of megabytes that a process whose
settings ask for neither should not pay.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.settings import LlmSettings
from knowledge.embedding.cache import VectorCache
from knowledge.embedding.chain import PAID, chain_of, check_embedders, earlier, retired_of
from knowledge.embedding.embedder import Embedder, Embedders, Space
from knowledge.embedding.failover import Failover
from knowledge.embedding.local import RUNS, LocalProvider
from knowledge.embedding.metrics import EmbeddingMetrics
from knowledge.embedding.provider import Provider
from knowledge.embedding.space_embedder import SpaceEmbedder
from knowledge.embedding.spend import Spend
from knowledge.embedding.wallet import Wallet
from knowledge.settings import EmbeddingSettings


def build_embedders(
    settings: EmbeddingSettings,
    llm: LlmSettings,
    redis: Redis,
    spend: Spend,
    metrics: EmbeddingMetrics | None = None,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Embedders:
    """Return one embedder per space of the chain, the preferred one first; call it once per process.

    Raises:
        SettingsError: a provider of the chain lacks its key, address or package, or the dimension cannot be.
    """
    check_embedders(settings, llm)
    metrics = metrics or EmbeddingMetrics(CollectorRegistry())
    wallet = Wallet(spend, settings.embedding_daily_budget_cents, now)
    executor = ThreadPoolExecutor(RUNS, thread_name_prefix="embedding")
    chain = [_provider(name, settings, llm, executor) for name in chain_of(settings)]
    past = _past(settings, llm, executor, {provider.space for provider in chain})

    def by_space(providers: Sequence[Provider]) -> list[Embedder]:
        return [
            _embedder([item for item in providers if item.space == space], wallet, metrics, redis, settings)
            for space in dict.fromkeys(provider.space for provider in providers)
        ]

    first, *others = by_space(chain)
    closers = tuple(provider.close for provider in (*chain, *past))
    return Embedders(first, tuple(others), tuple(by_space(past)), closers)


def _past(settings: EmbeddingSettings, llm: LlmSettings, executor: Executor, now: Set[Space]) -> list[Provider]:
    """Return who can still ask the spaces of an earlier configuration: EMBEDDING_PREVIOUS_SPACE, and local models."""
    before = earlier(settings)
    servers = [name for name in chain_of(settings) if name in PAID] if before else []
    providers = [_provider(name, before or settings, llm, executor) for name in servers]
    providers += [_provider(name, settings, llm, executor) for name in retired_of(settings)]
    return [provider for provider in providers if provider.space not in now]


def _embedder(
    providers: Sequence[Provider],
    wallet: Wallet,
    metrics: EmbeddingMetrics,
    redis: Redis,
    settings: EmbeddingSettings,
) -> Embedder:
    """Return the embedder of the space that these providers share."""
    space = providers[0].space
    seconds = settings.embedding_cache_timeout if any(item.worth_caching for item in providers) else 0
    return SpaceEmbedder(
        space,
        Failover(providers, wallet, metrics),
        VectorCache(redis, seconds, metrics.cache_failures.inc),
        metrics,
        providers[0].policy,
        tells_queries=any(item.tells_queries for item in providers),
    )


def _provider(name: str, settings: EmbeddingSettings, llm: LlmSettings, executor: Executor) -> Provider:
    if name in PAID:
        from knowledge.embedding.servers import build_server

        return build_server(name, settings, llm)
    return _LOCAL[name](executor)


def _minilm(executor: Executor) -> Provider:
    from knowledge.embedding import minilm

    return LocalProvider("minilm", minilm.SPACE, minilm.load, executor, minilm.MAX_TOKENS)


def _wordllama(executor: Executor) -> Provider:
    from knowledge.embedding import wordllama

    # A vector costs less than asking Redis for it.
    return LocalProvider(
        "wordllama", wordllama.SPACE, wordllama.load, executor, wordllama.MAX_TOKENS, worth_caching=False
    )


def _e5(executor: Executor) -> Provider:
    from knowledge.embedding import e5

    return LocalProvider("e5", e5.SPACE, e5.load, executor, e5.MAX_TOKENS, tells_queries=True)


_LOCAL: Final[Mapping[str, Callable[[Executor], Provider]]] = {"minilm": _minilm, "wordllama": _wordllama, "e5": _e5}
