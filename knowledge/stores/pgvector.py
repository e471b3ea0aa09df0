"""The default backend: pgvector in the same PostgreSQL, so that a vector and its chunk are one transaction.

A company with few vectors is searched exactly, which is quick and has no recall to lose. A larger one goes through the
HNSW index, which all companies share: the scan goes on until it has seen enough of this company's, and what is not live
or not selected is sorted out afterwards. When too few are left, the selection is narrow, and it is searched exactly.
"""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from psycopg import sql

from core.errors import SettingsError
from db.pool import Connection
from db.query import fetch_value
from knowledge.embedding.embedder import Space, Vector
from knowledge.stores import live
from knowledge.stores.protocol import EVERYTHING, MAX_NEIGHBOURS, Item, Neighbour, Selection
from knowledge.stores.vectors import matrix_of, packed, split

INDEXED: Final[dict[int, LiteralString]] = {
    256: "vector",
    384: "vector",
    512: "vector",
    768: "vector",
    1024: "vector",
    1536: "vector",
    3072: "halfvec",
}
"""The dimensions that have an index (db/migrations/pgvector.sql), and the type that it is of."""
EXACT_UP_TO: Final = 10_000
"""Vectors of a company and space up to which a search reads them all."""
CANDIDATES_PER_RESULT: Final = 4
"""How many neighbours are asked of the index for one that is wanted: some are not live, or not selected."""
SEARCH_WIDTH: Final = 400
"""hnsw.ef_search: how many candidates the index keeps in sight, at least."""
MAX_SCANNED: Final = 100_000
"""hnsw.max_scan_tuples: how many vectors of all companies the index may look at for one search."""
_MAX_SEARCH_WIDTH: Final = 1000

# Tells whether the table is there, and which version the extension has.
_STANDING: Final = """
    SELECT to_regclass('public.knowledge_vectors_pg') IS NOT NULL,
           (SELECT extversion FROM pg_extension WHERE extname = 'vector')
"""

# Keeps vectors, whose numbers come as one array, for those ids that are chunks.
_PUT: Final = """
    INSERT INTO knowledge_vectors_pg (company_id, chunk_id, space, dimension, embedding)
    SELECT %(company_id)s, g.chunk_id, %(space)s, %(dimension)s,
           ((%(numbers)s)[(g.place - 1) * %(dimension)s + 1 : g.place * %(dimension)s])::vector
    FROM unnest(%(chunk_ids)s::uuid[]) WITH ORDINALITY AS g (chunk_id, place)
    JOIN knowledge_chunks c ON c.company_id = %(company_id)s AND c.chunk_id = g.chunk_id
    ON CONFLICT (company_id, chunk_id, space) DO UPDATE
    SET embedding = excluded.embedding, dimension = excluded.dimension
"""

# Picks the ids without a vector.
_MISSING: Final = """
    SELECT g.chunk_id FROM unnest(%(chunk_ids)s::uuid[]) AS g (chunk_id)
    WHERE NOT EXISTS (SELECT FROM knowledge_vectors_pg v
                      WHERE v.company_id = %(company_id)s AND v.chunk_id = g.chunk_id AND v.space = %(space)s)
"""

# Tells whether the company has more vectors than are read one by one, and sets the index up for one search.
_PREPARE: Final = """
    SELECT (SELECT count(*) FROM (SELECT FROM knowledge_vectors_pg
                                  WHERE company_id = %(company_id)s AND space = %(space)s LIMIT %(limit)s) AS few),
           set_config('hnsw.ef_search', %(width)s::text, true),
           set_config('hnsw.iterative_scan', 'relaxed_order', true),
           set_config('hnsw.max_scan_tuples', %(scanned)s::text, true)
"""

# Compares the query with every live vector of the selection.
_EXACT: Final = """
    WITH scored AS MATERIALIZED (
        SELECT v.chunk_id, v.embedding <=> (%(query)s)::vector AS distance
        FROM knowledge_vectors_pg v JOIN knowledge_live_chunks c USING (company_id, chunk_id)
        WHERE v.company_id = %(company_id)s AND v.space = %(space)s
          AND (%(tags)s::text[] IS NULL OR c.tags && %(tags)s::text[])
          AND (%(language)s::text IS NULL OR c.language IS NULL OR c.language = %(language)s::text)
          AND (%(source_ids)s::uuid[] IS NULL OR c.source_id = ANY (%(source_ids)s::uuid[])))
    SELECT chunk_id, 1 - distance FROM scored ORDER BY distance, chunk_id LIMIT %(k)s
"""

# Asks the index for neighbours, and sorts out what is not live or not selected. Type and dimension are spelled out,
# since the planner must see that they are those of the index. The index gives neighbours in rounds, each in order, but
# not all of them: `+ 0` sorts them anew, where the planner would take them as sorted already and stop too early.
_INDEXED: Final = """
    WITH near AS MATERIALIZED (
        SELECT company_id, chunk_id, {vector} <=> {query} AS distance FROM knowledge_vectors_pg
        WHERE company_id = %(company_id)s AND space = %(space)s AND dimension = {dimension}
        ORDER BY {vector} <=> {query} LIMIT %(candidates)s)
    SELECT n.chunk_id, 1 - n.distance
    FROM near n JOIN knowledge_live_chunks c USING (company_id, chunk_id)
    WHERE (%(tags)s::text[] IS NULL OR c.tags && %(tags)s::text[])
      AND (%(language)s::text IS NULL OR c.language IS NULL OR c.language = %(language)s::text)
      AND (%(source_ids)s::uuid[] IS NULL OR c.source_id = ANY (%(source_ids)s::uuid[]))
    ORDER BY n.distance + 0, n.chunk_id LIMIT %(k)s
"""

# Tells whether a live chunk lacks a vector.
_UNCOVERED: Final = """
    SELECT EXISTS (
        SELECT FROM knowledge_live_chunks c
        WHERE company_id = %(company_id)s
          AND NOT EXISTS (SELECT FROM knowledge_vectors_pg v
                          WHERE v.company_id = c.company_id AND v.chunk_id = c.chunk_id AND v.space = %(space)s))
"""

# Forgets vectors: of some chunks, of a space, of a company.
_DROP: Final = """
    DELETE FROM knowledge_vectors_pg WHERE company_id = %(company_id)s AND chunk_id = ANY (%(chunk_ids)s::uuid[])
"""
_DROP_SPACE: Final = "DELETE FROM knowledge_vectors_pg WHERE company_id = %(company_id)s AND space = %(space)s"
_FORGET: Final = "DELETE FROM knowledge_vectors_pg WHERE company_id = %(company_id)s"


class PgVectorStore:
    """Vectors in `knowledge_vectors_pg`."""

    async def check(self, connection: Connection) -> None:
        """Raise SettingsError when the table is missing, or pgvector is older than 0.8."""
        row = await (await connection.execute(_STANDING)).fetchone()
        assert row is not None
        has_table, version = row
        if version is not None and tuple(map(int, version.split(".")[:2])) < (0, 8):
            raise SettingsError(f"ONBOARDING_VECTOR_BACKEND: pgvector {version} is too old; install 0.8 or later")
        if not has_table:
            raise SettingsError(
                "ONBOARDING_VECTOR_BACKEND: pgvector is not set up in this database; as an administrator:"
                " CREATE EXTENSION vector; then run `onboarding-agent migrate`; or choose postgres_array"
            )

    async def put(self, connection: Connection, company_id: str, space: Space, items: Sequence[Item]) -> None:
        """See VectorStore."""
        chunk_ids, matrix = split(space, items)
        if not chunk_ids:
            return
        values: dict[str, Any] = {"company_id": company_id, "space": space.key, "dimension": space.dimension}
        await live.note_space(connection, company_id, space)
        await connection.execute(_PUT, {**values, "chunk_ids": chunk_ids, "numbers": packed(matrix)})

    async def missing(
        self, connection: Connection, company_id: str, space: Space, chunk_ids: Sequence[str]
    ) -> set[str]:
        """See VectorStore."""
        values = {"company_id": company_id, "space": space.key, "chunk_ids": list(chunk_ids)}
        return {row[0] for row in await (await connection.execute(_MISSING, values)).fetchall()}

    async def nearest(
        self,
        connection: Connection,
        company_id: str,
        space: Space,
        vector: Vector,
        k: int,
        selection: Selection = EVERYTHING,
    ) -> list[Neighbour]:
        """See VectorStore. Sets hnsw.* for the rest of the transaction."""
        values: dict[str, Any] = {"company_id": company_id, "space": space.key, "k": min(k, MAX_NEIGHBOURS)}
        values |= {"query": packed(matrix_of(space, [vector])), **live.selection_values(selection)}
        if space.dimension in INDEXED and await self._is_large(connection, values):
            found = await _ask(connection, _indexed(space.dimension), values)
            if len(found) >= values["k"]:
                return found
        return await _ask(connection, sql.SQL(_EXACT), values)

    async def _is_large(self, connection: Connection, values: dict[str, Any]) -> bool:
        values["candidates"] = values["k"] * CANDIDATES_PER_RESULT
        width = min(max(SEARCH_WIDTH, values["candidates"]), _MAX_SEARCH_WIDTH)
        limits = {"limit": EXACT_UP_TO + 1, "width": width, "scanned": MAX_SCANNED}
        count: int = await fetch_value(connection, _PREPARE, {**values, **limits})
        return count > EXACT_UP_TO

    async def covers(self, connection: Connection, company_id: str, space: Space) -> bool:
        """See VectorStore."""
        return not await fetch_value(connection, _UNCOVERED, {"company_id": company_id, "space": space.key})

    async def spaces(self, connection: Connection, company_id: str) -> list[str]:
        """See VectorStore."""
        return await live.spaces(connection, company_id)

    async def drop(self, connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> None:
        """See VectorStore."""
        await connection.execute(_DROP, {"company_id": company_id, "chunk_ids": list(chunk_ids)})

    async def drop_space(self, connection: Connection, company_id: str, space_key: str) -> None:
        """See VectorStore."""
        await connection.execute(_DROP_SPACE, {"company_id": company_id, "space": space_key})
        await live.forget_spaces(connection, company_id, space_key)

    async def forget(self, connection: Connection, company_id: str) -> None:
        """See VectorStore."""
        await connection.execute(_FORGET, {"company_id": company_id})
        await live.forget_spaces(connection, company_id)


def _indexed(dimension: int) -> sql.Composed:
    kind = sql.SQL("{}({})").format(sql.SQL(INDEXED[dimension]), sql.Literal(dimension))
    vector = sql.SQL("(embedding::{})").format(kind)
    query = sql.SQL("(%(query)s)::{}").format(kind)
    return sql.SQL(_INDEXED).format(vector=vector, query=query, dimension=sql.Literal(dimension))


async def _ask(connection: Connection, statement: sql.SQL | sql.Composed, values: dict[str, Any]) -> list[Neighbour]:
    """Run a search, planned for this company's own numbers of rows."""
    cursor = await connection.execute(statement, values, prepare=False)
    return [(chunk_id, float(similarity)) for chunk_id, similarity in await cursor.fetchall()]
