"""The backend Chroma, in a directory of its own, for who wants vectors out of PostgreSQL.

Chroma knows nothing of our transactions: what it holds of a chunk that was rolled back, removed or deleted does no
harm, since every answer is checked against what is live in PostgreSQL. So it is asked for more than is wanted, and for
more again when too few are live and selected. Its client is blocking and runs in a thread, one call at a time.

One collection holds one company and space. The directory belongs to one machine; processes that share it see each
other's writes, but it is no server: many consumers on many machines need another backend.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import chromadb
import numpy as np
from chromadb.api import ClientAPI
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from core.errors import SettingsError
from db.pool import Connection
from knowledge.embedding.embedder import Space, Vector
from knowledge.stores import live
from knowledge.stores.protocol import EVERYTHING, MAX_NEIGHBOURS, Item, Neighbour, Selection
from knowledge.stores.vectors import matrix_of, split

Result = TypeVar("Result")

CANDIDATES_PER_RESULT: Final = 4
"""How many neighbours are asked for at first, for one that is wanted; as many times more whenever too few are left."""
SLICE: Final = 1000
"""Ids of one request."""
_CONFIGURATION: Final[CreateCollectionConfiguration] = {
    "hnsw": {"space": "cosine", "ef_construction": 100, "max_neighbors": 16, "ef_search": 200}
}


class ChromaStore:
    """Vectors in Chroma; what is live of them, and which spaces a company has, in PostgreSQL."""

    def __init__(self, client: ClientAPI) -> None:
        self._client = client
        self._turn = asyncio.Lock()

    @classmethod
    def open(cls, directory: Path) -> "ChromaStore":
        """Open the directory, made where missing; raises SettingsError when it cannot be used."""
        settings = Settings(anonymized_telemetry=False, is_persistent=True)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            return cls(chromadb.PersistentClient(path=str(directory), settings=settings))
        except (OSError, ValueError, ChromaError) as error:
            raise SettingsError(f"CHROMA_PATH: {directory} cannot be used: {error}") from None

    async def check(self, connection: Connection) -> None:  # noqa: ARG002 - part of the protocol
        """Raise SettingsError when the directory does not answer."""
        try:
            await self._run(self._client.heartbeat)
        except ChromaError as error:
            raise SettingsError(f"CHROMA_PATH: cannot be used: {error}") from None

    async def put(self, connection: Connection, company_id: str, space: Space, items: Sequence[Item]) -> None:
        """See VectorStore."""
        chunk_ids, matrix = split(space, items)
        known = await live.known_among(connection, company_id, chunk_ids)
        rows = [row for row, chunk_id in enumerate(chunk_ids) if chunk_id in known]
        if not rows:
            return
        await live.note_space(connection, company_id, space)
        collection = await self._run(self._make, company_id, space.key)
        for start in range(0, len(rows), SLICE):
            some = rows[start : start + SLICE]
            ids = [chunk_ids[row] for row in some]
            await self._run(collection.upsert, ids, matrix[some])

    async def missing(
        self, connection: Connection, company_id: str, space: Space, chunk_ids: Sequence[str]
    ) -> set[str]:
        """See VectorStore."""
        known = await live.known_among(connection, company_id, chunk_ids)
        collection = await self._run(self._find, company_id, space.key)
        if collection is None:
            return set(chunk_ids)
        held: set[str] = set()
        asked = list(known)
        for start in range(0, len(asked), SLICE):
            held.update(await self._run(_held, collection, asked[start : start + SLICE]))
        return set(chunk_ids) - held

    async def nearest(
        self,
        connection: Connection,
        company_id: str,
        space: Space,
        vector: Vector,
        k: int,
        selection: Selection = EVERYTHING,
    ) -> list[Neighbour]:
        """See VectorStore."""
        query, k = matrix_of(space, [vector]), min(k, MAX_NEIGHBOURS)
        collection = await self._run(self._find, company_id, space.key)
        if collection is None:
            return []
        wanted, size = k, await self._run(collection.count)
        while True:
            wanted = min(wanted * CANDIDATES_PER_RESULT, size)
            candidates = await self._run(_nearest, collection, query, wanted) if wanted else []
            chosen = await live.live_among(connection, company_id, [each for each, _ in candidates], selection)
            found = [(chunk_id, similarity) for chunk_id, similarity in candidates if chunk_id in chosen]
            if len(found) >= k or wanted >= size:
                return found[:k]

    async def covers(self, connection: Connection, company_id: str, space: Space) -> bool:
        """See VectorStore."""
        after: str | None = None
        while some := await live.live_slice(connection, company_id, after, SLICE):
            if await self.missing(connection, company_id, space, some):
                return False
            after = some[-1]
        return True

    async def spaces(self, connection: Connection, company_id: str) -> list[str]:
        """See VectorStore."""
        return await live.spaces(connection, company_id)

    async def drop(self, connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> None:
        """See VectorStore. What Chroma forgot stays forgotten when the transaction is rolled back."""
        for space_key in await live.spaces(connection, company_id):
            collection = await self._run(self._find, company_id, space_key)
            for start in range(0, len(chunk_ids) if collection else 0, SLICE):
                await self._run(_delete, collection, list(chunk_ids[start : start + SLICE]))

    async def drop_space(self, connection: Connection, company_id: str, space_key: str) -> None:
        """See VectorStore. What Chroma forgot stays forgotten when the transaction is rolled back."""
        if space_key in await live.spaces(connection, company_id):
            await self._run(self._remove, company_id, space_key)
            await live.forget_spaces(connection, company_id, space_key)

    async def forget(self, connection: Connection, company_id: str) -> None:
        """See VectorStore. What Chroma forgot stays forgotten when the transaction is rolled back."""
        for space_key in await live.spaces(connection, company_id):
            await self.drop_space(connection, company_id, space_key)

    async def _run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        async with self._turn:
            return await asyncio.to_thread(work, *arguments)

    def _make(self, company_id: str, space_key: str) -> Collection:
        name = _name(company_id, space_key)
        return self._client.get_or_create_collection(name, configuration=_CONFIGURATION, embedding_function=None)

    def _find(self, company_id: str, space_key: str) -> Collection | None:
        try:
            return self._client.get_collection(_name(company_id, space_key), embedding_function=None)
        except NotFoundError:
            return None

    def _remove(self, company_id: str, space_key: str) -> None:
        if self._find(company_id, space_key) is not None:
            self._client.delete_collection(_name(company_id, space_key))


def _name(company_id: str, space_key: str) -> str:
    """Return the collection's name: Chroma allows few characters, and a space's key may hold any."""
    return f"{company_id}.{hashlib.sha256(space_key.encode()).hexdigest()[:24]}"


def _held(collection: Collection, chunk_ids: list[str]) -> list[str]:
    return list(collection.get(ids=chunk_ids, include=[])["ids"])


def _delete(collection: Collection, chunk_ids: list[str]) -> None:
    collection.delete(ids=chunk_ids)


def _nearest(collection: Collection, query: np.ndarray[Any, Any], wanted: int) -> list[Neighbour]:
    found = collection.query(query_embeddings=query, n_results=wanted, include=["distances"])
    distances = found["distances"]
    assert distances is not None  # it was asked for
    neighbours = zip(found["ids"][0], (1 - float(each) for each in distances[0]), strict=True)
    return sorted(neighbours, key=lambda neighbour: (-neighbour[1], neighbour[0]))
