"""The backend Chroma, in a directory of its own, for who wants vectors out of PostgreSQL.

Chroma knows nothing of our transactions: what it holds of a chunk that was rolled back, removed or deleted does no
harm, since every answer is checked against what is live in PostgreSQL. So it is asked for more than is wanted, and for
more again when too few are live and selected. Its client is blocking and has a thread of its own, one call at a time.

One collection holds one company and space. The directory belongs to one machine: many machines need another backend. A
process does not see by itself what another one wrote, since Chroma keeps its index in memory. Every change therefore
gives the space another version in PostgreSQL, and who finds one that it has not seen opens the directory anew.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import chromadb
from chromadb.api.client import Client
from chromadb.api.collection_configuration import CreateCollectionConfiguration
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from chromadb.errors import ChromaError, NotFoundError

from core.errors import SettingsError
from db.pool import Connection
from knowledge.embedding.embedder import Space, Vector
from knowledge.stores import live
from knowledge.stores.protocol import EVERYTHING, MAX_NEIGHBOURS, Item, Neighbour, Selection
from knowledge.stores.vectors import Matrix, matrix_of, split

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

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._client = _client(directory)
        self._seen: dict[tuple[str, str], str | None] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chroma")

    @classmethod
    def open(cls, directory: Path) -> "ChromaStore":
        """Open the directory, made where missing; raises SettingsError when it cannot be used."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            return cls(directory)
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
        for start in range(0, len(rows), SLICE):
            some = rows[start : start + SLICE]
            ids = [chunk_ids[row] for row in some]
            await self._run(self._upsert, company_id, space.key, ids, matrix[some])
        await live.touch_spaces(connection, company_id, space.key)

    async def missing(
        self, connection: Connection, company_id: str, space: Space, chunk_ids: Sequence[str]
    ) -> set[str]:
        """See VectorStore."""
        asked = list(await live.known_among(connection, company_id, chunk_ids))
        held: set[str] = set()
        for start in range(0, len(asked), SLICE):
            held.update(await self._run(self._held, company_id, space.key, asked[start : start + SLICE]))
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
        version, wanted = await live.version(connection, company_id, space.key), k
        while True:
            wanted *= CANDIDATES_PER_RESULT
            near = await self._run(self._nearest, company_id, space.key, version, query, wanted)
            chosen = await live.live_among(connection, company_id, [each for each, _ in near], selection)
            found = [(chunk_id, similarity) for chunk_id, similarity in near if chunk_id in chosen]
            if len(found) >= k or len(near) < wanted:
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
            for start in range(0, len(chunk_ids), SLICE):
                await self._run(self._delete, company_id, space_key, list(chunk_ids[start : start + SLICE]))
        await live.touch_spaces(connection, company_id)

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
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    # What follows runs in the thread. Each finds its collection anew: one that was found before the directory was
    # opened again is closed.

    def _find(self, company_id: str, space_key: str) -> Collection | None:
        try:
            return self._client.get_collection(_name(company_id, space_key), embedding_function=None)
        except NotFoundError:
            return None

    def _upsert(self, company_id: str, space_key: str, chunk_ids: list[str], matrix: Matrix) -> None:
        name = _name(company_id, space_key)
        collection = self._client.get_or_create_collection(name, configuration=_CONFIGURATION, embedding_function=None)
        collection.upsert(chunk_ids, matrix)

    def _held(self, company_id: str, space_key: str, chunk_ids: list[str]) -> list[str]:
        collection = self._find(company_id, space_key)
        return [] if collection is None else list(collection.get(ids=chunk_ids, include=[])["ids"])

    def _nearest(
        self, company_id: str, space_key: str, version: str | None, query: Matrix, wanted: int
    ) -> list[Neighbour]:
        """Return fewer than `wanted` only when there are no more."""
        self._catch_up((company_id, space_key), version)
        collection = self._find(company_id, space_key)
        if collection is None or (count := min(wanted, collection.count())) == 0:
            return []
        found = collection.query(query_embeddings=query, n_results=count, include=["distances"])
        distances = found["distances"]
        assert distances is not None  # it was asked for
        near = zip(found["ids"][0], (1 - float(each) for each in distances[0]), strict=True)
        return sorted(near, key=lambda neighbour: (-neighbour[1], neighbour[0]))

    def _catch_up(self, key: tuple[str, str], version: str | None) -> None:
        """Open the directory anew when the vectors are of another version than when they were last asked for."""
        if self._seen.get(key, version) != version:
            self._client.close()
            self._client = _client(self._directory)
            self._seen.clear()
        self._seen[key] = version

    def _delete(self, company_id: str, space_key: str, chunk_ids: list[str]) -> None:
        if (collection := self._find(company_id, space_key)) is not None:
            collection.delete(ids=chunk_ids)

    def _remove(self, company_id: str, space_key: str) -> None:
        if self._find(company_id, space_key) is not None:
            self._client.delete_collection(_name(company_id, space_key))


def _client(directory: Path) -> Client:
    settings = Settings(anonymized_telemetry=False, is_persistent=True)
    client = chromadb.PersistentClient(path=str(directory), settings=settings)
    assert isinstance(client, Client)  # its declared type lacks `close`
    return client


def _name(company_id: str, space_key: str) -> str:
    """Return the collection's name: Chroma allows few characters, and a space's key may hold any."""
    return f"{company_id}.{hashlib.sha256(space_key.encode()).hexdigest()[:24]}"
