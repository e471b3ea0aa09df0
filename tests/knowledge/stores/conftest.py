"""A database with two companies, each backend in turn, and a library that puts chunks with vectors on its shelves."""

import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from core.ids import derive_id, new_id
from core.security import Vault
from db import companies, knowledge_documents, knowledge_sources
from db.knowledge_chunks import NewChunk
from db.knowledge_documents import NewDocument
from db.pool import Database
from knowledge.embedding.embedder import Space, Vector
from knowledge.retrieval.analysis import words
from knowledge.settings import KnowledgeSettings
from knowledge.stores.backends import build_store
from knowledge.stores.protocol import Selection, VectorStore
from tests.conftest import as_url

NOW = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)
SPACE = Space("fake", 256)


@pytest.fixture(scope="session")
def shared_database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """A migrated database for all tests here: each has companies of its own, and sees nothing of the others."""
    name = f"stores_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
        yield as_url(make_conninfo(**{**conninfo_to_dict(postgres_url), "dbname": name}))
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
async def db(shared_database_url: str) -> AsyncIterator[Database]:
    database = await Database.open(shared_database_url, pool_size=10, name="test")
    yield database
    await database.close()


@pytest.fixture
async def acme(db: Database, secret_key: str) -> str:
    return (await companies.found(db, Vault(secret_key), "Acme", NOW)).company_id


@pytest.fixture
async def rival(db: Database, secret_key: str) -> str:
    return (await companies.found(db, Vault(secret_key), "Rival", NOW)).company_id


@pytest.fixture(params=["pgvector", "postgres_array", "chroma"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> VectorStore:
    settings = KnowledgeSettings(onboarding_vector_backend=request.param, chroma_path=str(tmp_path / "chroma"))
    return build_store(settings)


def vector(*towards: float, dimension: int = SPACE.dimension) -> Vector:
    """Return a vector of length 1 that points where the first numbers say."""
    numbers = np.zeros(dimension, dtype=np.float32)
    numbers[: len(towards)] = towards
    return (numbers / np.linalg.norm(numbers)).astype(np.float32)


def angle(degrees: float) -> Vector:
    """Return the vector that lies so many degrees from `angle(0)`."""
    radians = np.deg2rad(degrees)
    return vector(float(np.cos(radians)), float(np.sin(radians)))


@dataclass
class Library:
    """Publishes sources of one document whose chunks have the vectors that a test wants."""

    db: Database
    store: VectorStore
    sources: dict[str, int] = field(default_factory=dict)

    async def add(
        self,
        company_id: str,
        vectors: Sequence[Vector],
        *,
        tags: Sequence[str] = (),
        language: str | None = None,
        space: Space = SPACE,
        publish: bool = True,
    ) -> tuple[str, list[str]]:
        """Make a source whose chunks have these vectors; returns its id and theirs."""
        source_id = new_id()
        async with self.db.transaction(company_id) as connection:
            await knowledge_sources.create(
                connection,
                company_id,
                source_id=source_id,
                kind="text",
                title="A text",
                created_by="system",
                now=NOW,
                tags=tags,
            )
        return source_id, await self.revise(
            company_id, source_id, vectors, language=language, space=space, publish=publish
        )

    async def revise(
        self,
        company_id: str,
        source_id: str,
        vectors: Sequence[Vector],
        *,
        language: str | None = None,
        space: Space = SPACE,
        publish: bool = True,
    ) -> list[str]:
        """Stage the next revision of a source, and publish it; returns the ids of its chunks."""
        revision = self.sources.get(source_id, 0) + 1
        chunks = [chunk(source_id, one, language) for one in vectors]
        document = NewDocument(derive_id("document", source_id), "A text", b"hash", NOW)
        items = [(one.chunk_id, numbers) for one, numbers in zip(chunks, vectors, strict=True)]
        async with self.db.transaction(company_id) as connection:
            await knowledge_documents.stage(connection, company_id, source_id, revision, document, chunks)
            await self.store.put(connection, company_id, space, items)
        if publish:
            await self.publish(company_id, source_id)
        return [one.chunk_id for one in chunks]

    async def publish(self, company_id: str, source_id: str) -> None:
        """Make what was staged live."""
        self.sources[source_id] = self.sources.get(source_id, 0) + 1
        async with self.db.transaction(company_id) as connection:
            assert await knowledge_sources.publish(connection, company_id, source_id, self.sources[source_id], NOW)

    async def nearest(
        self, company_id: str, query: Vector, k: int = 10, *, space: Space = SPACE, **selection: Any
    ) -> list[str]:
        """Return the ids of the nearest chunks, nearest first."""
        async with self.db.transaction(company_id) as connection:
            found = await self.store.nearest(connection, company_id, space, query, k, Selection(**selection))
        return [chunk_id for chunk_id, _ in found]


def chunk(source_id: str, numbers: Vector, language: str | None = None) -> NewChunk:
    """Return a chunk whose content, and so whose id, is told by its vector."""
    name = numbers.tobytes().hex()
    text = f"Words {name[:16]}"
    read = words(("A text",), text, language)
    return NewChunk(
        derive_id("chunk", source_id, name, str(language)),
        ("A text",),
        text,
        3,
        language,
        b"hash",
        read.vector,
        read.count,
    )


@pytest.fixture
def library(db: Database, store: VectorStore) -> Library:
    return Library(db, store)
