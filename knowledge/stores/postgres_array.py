"""The backend without an extension: vectors as `real[]`, compared one by one, which misses nothing.

A company's live vectors are kept in memory as one matrix, as long as they fit; the copy is good as long as the stamp of
the company's sources and the version of its vectors stay what they were. A company whose vectors do not fit is read
block by block for each search: slower, and no less right.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from core.errors import SettingsError
from db import knowledge_sources
from db.pool import Connection
from db.query import fetch_value
from knowledge.embedding.embedder import Space, Vector
from knowledge.stores import live
from knowledge.stores.blocks import Block, ranked, size_of, top
from knowledge.stores.protocol import EVERYTHING, MAX_NEIGHBOURS, Item, Neighbour, Selection
from knowledge.stores.vector_table import VectorTable
from knowledge.stores.vectors import matrix_of, packed, split, unpacked

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""What the copies of all companies may take; the one unused for longest goes first."""
BLOCK: Final = 2000
"""Vectors read at a time."""
_REAL_ARRAY: Final = 1021

# Tells whether the table is there.
_STANDING: Final = "SELECT to_regclass('public.knowledge_vectors_array') IS NOT NULL"

# Keeps vectors, whose numbers come as one array, for those ids that are chunks.
_PUT: Final = """
    INSERT INTO knowledge_vectors_array (company_id, chunk_id, space, embedding)
    SELECT %(company_id)s, g.chunk_id, %(space)s,
           (%(numbers)s)[(g.place - 1) * %(dimension)s + 1 : g.place * %(dimension)s]
    FROM unnest(%(chunk_ids)s::uuid[]) WITH ORDINALITY AS g (chunk_id, place)
    JOIN knowledge_chunks c ON c.company_id = %(company_id)s AND c.chunk_id = g.chunk_id
    ON CONFLICT (company_id, chunk_id, space) DO UPDATE SET embedding = excluded.embedding
"""

# Reads all live vectors of a space, with what a selection asks about.
_READ: Final = """
    SELECT v.chunk_id, c.source_id, c.tags, c.language, v.embedding
    FROM knowledge_vectors_array v JOIN knowledge_live_chunks c USING (company_id, chunk_id)
    WHERE v.company_id = %(company_id)s AND v.space = %(space)s
"""


class _VectorLoader(Loader):
    """Reads a `real[]` as a vector, in one step instead of one per number."""

    format = Format.BINARY

    def load(self, data: Buffer) -> Vector:
        return unpacked(bytes(data))


@dataclass(frozen=True, slots=True)
class _Copy:
    """A company's live vectors of a space, as they were at a stamp."""

    stamp: str
    blocks: tuple[Block, ...]


class PostgresArrayStore(VectorTable):
    """Vectors in `knowledge_vectors_array`, and copies of them in memory, `memory_bytes` at most."""

    table = "knowledge_vectors_array"

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._copies: OrderedDict[tuple[str, str], _Copy] = OrderedDict()
        self._reading = asyncio.Lock()

    async def check(self, connection: Connection) -> None:
        """Raise SettingsError when the table is missing."""
        if not await fetch_value(connection, _STANDING, {}):
            raise SettingsError(
                "ONBOARDING_VECTOR_BACKEND: the database is not up to date; run `onboarding-agent migrate`"
            )

    async def put(self, connection: Connection, company_id: str, space: Space, items: Sequence[Item]) -> None:
        """See VectorStore."""
        chunk_ids, matrix = split(space, items)
        if not chunk_ids:
            return
        values: dict[str, Any] = {"company_id": company_id, "space": space.key, "dimension": space.dimension}
        await live.note_space(connection, company_id, space)
        await connection.execute(_PUT, {**values, "chunk_ids": chunk_ids, "numbers": packed(matrix)})
        await live.touch_spaces(connection, company_id, space.key)

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
        query, k = matrix_of(space, [vector])[0], min(k, MAX_NEIGHBOURS)
        best: list[Neighbour] = []
        async with aclosing(self._blocks(connection, company_id, space)) as blocks:
            async for block in blocks:
                best = ranked([*best, *top(block, query, k, selection)], k)
        return best

    async def _blocks(self, connection: Connection, company_id: str, space: Space) -> AsyncGenerator[Block]:
        """Give a company's live vectors: from the copy when it is good, else read anew, one company at a time."""
        stamp = await self._stamp(connection, company_id, space)
        if (copy := self._copy(company_id, space, stamp)) is None:
            async with self._reading:
                copy = self._copy(company_id, space, stamp)
                if copy is None:
                    async with aclosing(self._read(connection, company_id, space, stamp)) as blocks:
                        async for block in blocks:
                            yield block
                    return
        for block in copy.blocks:
            yield block

    async def _read(self, connection: Connection, company_id: str, space: Space, stamp: str) -> AsyncGenerator[Block]:
        """Read a company's live vectors, all as they were at one moment, and keep a copy when they fit."""
        kept: list[Block] | None = []
        async with connection.cursor(name="live_vectors", binary=True) as cursor:
            cursor.adapters.register_loader(_REAL_ARRAY, _VectorLoader)
            await cursor.execute(_READ, {"company_id": company_id, "space": space.key})
            while rows := await cursor.fetchmany(BLOCK):
                block = _block(rows)
                if kept is not None:
                    kept.append(block)
                    kept = kept if size_of(kept) <= self._memory_bytes else None
                yield block
        if kept is not None:
            self._keep(company_id, space, _Copy(stamp, tuple(kept)))

    async def _stamp(self, connection: Connection, company_id: str, space: Space) -> str:
        version = await live.version(connection, company_id, space.key)
        return f"{await knowledge_sources.stamp(connection, company_id)} {version}"

    def _copy(self, company_id: str, space: Space, stamp: str) -> _Copy | None:
        copy = self._copies.get((company_id, space.key))
        if copy is None or copy.stamp != stamp:
            return None
        self._copies.move_to_end((company_id, space.key))
        return copy

    def _keep(self, company_id: str, space: Space, copy: _Copy) -> None:
        self._copies[company_id, space.key] = copy
        self._copies.move_to_end((company_id, space.key))
        while sum(size_of(each.blocks) for each in self._copies.values()) > self._memory_bytes:
            self._copies.popitem(last=False)

    async def drop(self, connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> None:
        """See VectorStore."""
        await super().drop(connection, company_id, chunk_ids)
        await live.touch_spaces(connection, company_id)


def _block(rows: Sequence[tuple[Any, ...]]) -> Block:
    chunk_ids, source_ids, tags, languages, vectors = zip(*rows, strict=True)
    return Block(
        [str(each) for each in chunk_ids],
        [str(each) for each in source_ids],
        [frozenset(each) for each in tags],
        list(languages),
        np.stack(vectors),
    )
