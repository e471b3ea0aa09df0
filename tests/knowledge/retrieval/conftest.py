"""A knowledge base filled as an ingestion fills it, embedders that may fail, and a retriever over both."""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pytest

from bench.shelf import Shelf
from core.security import Vault
from db import companies
from db.pool import Database
from knowledge.embedding.embedder import UNAVAILABLE, Embedders, EmbeddingUnavailable, Space, Vector
from knowledge.retrieval.analysis import stems
from knowledge.retrieval.retriever import Retriever
from knowledge.stores.pgvector import PgVectorStore

SYNONYMS = {"login": "password", "logon": "password", "money": "invoic", "bill": "invoic"}
"""Words that the embedder of the tests takes for the same; full text does not."""


@dataclass
class Embedding:
    """Texts that share words, or synonyms, are near. Remembers what it was asked, and may be out of order."""

    space: Space = field(default_factory=lambda: Space("words", 256))
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    async def embed(self, company_id: str, texts: Sequence[str], *, is_query: bool = False) -> list[Vector]:
        if self.is_down:
            raise EmbeddingUnavailable(UNAVAILABLE, "The provider is away.")
        if is_query:
            self.asked += texts
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> Vector:
        vector = np.full(self.space.dimension, 1e-3, dtype=np.float32)
        for stem in stems(text, "en"):
            word = SYNONYMS.get(stem, stem)
            seed = int.from_bytes(hashlib.sha256(f"{self.space.model} {word}".encode()).digest()[:8])
            vector += np.random.default_rng(seed).standard_normal(self.space.dimension).astype(np.float32)
        return vector / np.linalg.norm(vector)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(database_url, pool_size=4, name="test")
    yield database
    await database.close()


@pytest.fixture
def primary() -> Embedding:
    return Embedding()


@pytest.fixture
def standby() -> Embedding:
    return Embedding(Space("others", 384))


@pytest.fixture
def embedders(primary: Embedding, standby: Embedding) -> Embedders:
    return Embedders(primary, (standby,))


@pytest.fixture
async def make_shelf(db: Database, embedders: Embedders) -> Callable[[], object]:
    async def make() -> Shelf:
        founded = await companies.found(db, Vault("x" * 32), "Acme", datetime.now(UTC))
        return Shelf(db, PgVectorStore(), embedders, founded.company_id)

    return make


@pytest.fixture
async def shelf(make_shelf: Callable[[], object]) -> Shelf:
    return await make_shelf()  # type: ignore[misc,no-any-return]


@pytest.fixture
def retriever(db: Database, shelf: Shelf, embedders: Embedders) -> Retriever:
    return Retriever(db, shelf.store, embedders)
