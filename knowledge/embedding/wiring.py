"""Builds the embedders that the settings ask for. Nothing is sent and no model is loaded before the first text."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import openai
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from core.settings import LlmSettings
from knowledge.embedding import e5, minilm, wordllama
from knowledge.embedding.cache import VectorCache
from knowledge.embedding.chain import chain_of, check_embedders, dimension_of, shortened_to
from knowledge.embedding.embedder import Embedder, Embedders, Space
from knowledge.embedding.failover import Failover
from knowledge.embedding.local import RUNS, LocalProvider
from knowledge.embedding.metrics import EmbeddingMetrics
from knowledge.embedding.provider import Provider
from knowledge.embedding.server import READS_TOKENS, REQUEST_TOKENS, RETRIES, Server
from knowledge.embedding.space_embedder import SpaceEmbedder
from knowledge.embedding.spend import Spend
from knowledge.embedding.texts import BatchPolicy
from knowledge.embedding.wallet import Wallet
from knowledge.settings import EmbeddingSettings

_NO_KEY: Final = "none"
"""For servers that ask for none; the client insists on one."""


@dataclass(frozen=True, slots=True)
class _Given:
    settings: EmbeddingSettings
    llm: LlmSettings
    executor: Executor


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
    cache = VectorCache(redis, settings.embedding_cache_timeout, metrics.cache_failures.inc)
    wallet = Wallet(spend, settings.embedding_daily_budget_cents, now)
    given = _Given(settings, llm, ThreadPoolExecutor(RUNS, thread_name_prefix="embedding"))
    providers = [_PROVIDERS[name](given) for name in chain_of(settings)]
    spaces = dict.fromkeys(provider.space for provider in providers)
    first, *others = [
        _embedder(space, [item for item in providers if item.space == space], cache, wallet, metrics)
        for space in spaces
    ]
    return Embedders(first, tuple(others), tuple(item.client.close for item in providers if isinstance(item, Server)))


def _embedder(
    space: Space, providers: Sequence[Provider], cache: VectorCache, wallet: Wallet, metrics: EmbeddingMetrics
) -> Embedder:
    tells_queries = any(provider.tells_queries for provider in providers)
    failover = Failover(providers, wallet, metrics)
    return SpaceEmbedder(space, failover, cache, metrics, providers[0].policy, tells_queries=tells_queries)


def _minilm(given: _Given) -> Provider:
    return LocalProvider("minilm", minilm.SPACE, minilm.load, given.executor, minilm.MAX_TOKENS)


def _wordllama(given: _Given) -> Provider:
    return LocalProvider("wordllama", wordllama.SPACE, wordllama.load, given.executor, wordllama.MAX_TOKENS)


def _e5(given: _Given) -> Provider:
    return LocalProvider("e5", e5.SPACE, e5.load, given.executor, e5.MAX_TOKENS, tells_queries=True)


def _openai(given: _Given) -> Provider:
    key = given.llm.openai_api_key
    client = openai.AsyncOpenAI(
        api_key=key.get_secret_value() if key else _NO_KEY, base_url=given.llm.openai_base_url, **_patience(given)
    )
    return _server("openai", given.settings.embedding_model, client, given.settings)


def _azure(given: _Given) -> Provider:
    key = given.llm.azure_openai_api_key
    client = openai.AsyncAzureOpenAI(
        azure_endpoint=given.llm.azure_openai_endpoint or "",
        api_key=key.get_secret_value() if key else _NO_KEY,
        api_version=given.llm.azure_openai_api_version,
        **_patience(given),
    )
    deployment = given.settings.azure_embedding_deployment or given.settings.embedding_model
    return _server("azure", deployment, client, given.settings)


def _compatible(given: _Given) -> Provider:
    key = given.settings.embedding_api_key
    client = openai.AsyncOpenAI(
        api_key=key.get_secret_value() if key else _NO_KEY,
        base_url=given.settings.embedding_base_url,
        **_patience(given),
    )
    return _server("compatible", given.settings.embedding_model, client, given.settings)


def _patience(given: _Given) -> dict[str, Any]:
    return {"timeout": given.settings.embedding_timeout_seconds, "max_retries": RETRIES}


def _server(name: str, model: str, client: openai.AsyncOpenAI, settings: EmbeddingSettings) -> Server:
    return Server(
        name=name,
        model=model,
        space=Space(settings.embedding_model, dimension_of(settings)),
        client=client,
        policy=BatchPolicy(settings.embedding_batch, REQUEST_TOKENS, READS_TOKENS),
        patience=2 * settings.embedding_timeout_seconds,
        dimensions=shortened_to(settings),
    )


_PROVIDERS: Final[Mapping[str, Callable[[_Given], Provider]]] = {
    "minilm": _minilm,
    "wordllama": _wordllama,
    "e5": _e5,
    "openai": _openai,
    "azure": _azure,
    "compatible": _compatible,
}
