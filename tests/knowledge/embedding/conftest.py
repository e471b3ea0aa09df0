"""Embedders over a server that speaks the protocol, a real Redis, and a spending kept in memory or in PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from core.settings import LlmSettings
from knowledge.embedding.embedder import Embedders, Vector
from knowledge.embedding.spend import Reservation, Spend
from knowledge.embedding.wiring import build_embedders
from knowledge.settings import EmbeddingSettings
from tests.llm_server import LlmServer
from tests.llm_server.embeddings import vector_of

COMPANY = "0193a5b0-0000-7000-8000-000000000001"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@dataclass
class MemorySpend:
    """A spending without limits, which remembers what it was told."""

    reserved: list[Reservation] = field(default_factory=list)
    settled: list[tuple[int, float | None, bool]] = field(default_factory=list)

    async def reserve(self, reservation: Reservation, budget_cents: float) -> bool:
        self.reserved.append(reservation)
        return True

    async def settle(self, reservation: Reservation, *, tokens: int, cents: float | None, answered: bool) -> None:
        self.settled.append((tokens, cents, answered))


Build = Callable[..., Embedders]


def settings_of(**values: Any) -> EmbeddingSettings:
    given = {"embedding_providers": ("openai",), "embedding_batch": 64, "embedding_timeout_seconds": 5, **values}
    return EmbeddingSettings(_env_file=None, **given)  # type: ignore[call-arg]


def llm_at(openai: LlmServer | None = None, azure: LlmServer | None = None) -> LlmSettings:
    values: dict[str, Any] = {}
    if openai:
        values |= {"openai_api_key": SecretStr("sk-very-secret"), "openai_base_url": openai.base_url}
    if azure:
        values |= {"azure_openai_api_key": SecretStr("azure-secret"), "azure_openai_endpoint": azure.origin}
    return LlmSettings(_env_file=None, **values)  # type: ignore[call-arg]


def expected(text: str, dimension: int = 1536) -> Vector:
    """What the server's vector of a text is."""
    return np.array(vector_of(text, dimension), dtype=np.float32)


def same(vectors: list[Vector], texts: list[str]) -> bool:
    """Tell whether each vector is that of its text."""
    wanted = [expected(text) for text in texts]
    return len(vectors) == len(wanted) and all(
        np.allclose(mine, theirs, atol=1e-6) for mine, theirs in zip(vectors, wanted, strict=True)
    )


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@pytest.fixture
def other_server() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@pytest.fixture
def spend() -> MemorySpend:
    return MemorySpend()


@pytest.fixture
async def build(redis: Redis, spend: Spend) -> AsyncIterator[Build]:
    """Build embedders; by default one over OpenAI's protocol."""
    built: list[Embedders] = []

    def build(llm: LlmSettings, **values: Any) -> Embedders:
        given = {"redis": redis, "spend": spend, "now": lambda: NOON, "metrics": None}
        options = {key: values.pop(key, default) for key, default in given.items()}
        built.append(build_embedders(settings_of(**values), llm, **options))
        return built[-1]

    yield build
    for embedders in built:
        await embedders.close()
