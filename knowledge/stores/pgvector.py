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
from knowledge.stores.vector_table import VectorTable
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
          AND {selected})
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
    WHERE {selected}
    ORDER BY n.distance + 0, n.chunk_id LIMIT %(k)s
"""


class PgVectorStore(VectorTable):
    """Vectors in `knowledge_vectors_pg`."""

    table = "knowledge_vectors_pg"

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
        return await _ask(connection, _exact(), values)

    async def _is_large(self, connection: Connection, values: dict[str, Any]) -> bool:
        values["candidates"] = values["k"] * CANDIDATES_PER_RESULT
        width = min(max(SEARCH_WIDTH, values["candidates"]), _MAX_SEARCH_WIDTH)
        limits = {"limit": EXACT_UP_TO + 1, "width": width, "scanned": MAX_SCANNED}
        count: int = await fetch_value(connection, _PREPARE, {**values, **limits})
        return count > EXACT_UP_TO


def _exact() -> sql.Composed:
    return sql.SQL(_EXACT).format(selected=sql.SQL(live.SELECTED))


def _indexed(dimension: int) -> sql.Composed:
    kind = sql.SQL("{}({})").format(sql.SQL(INDEXED[dimension]), sql.Literal(dimension))
    return sql.SQL(_INDEXED).format(
        selected=sql.SQL(live.SELECTED),
        vector=sql.SQL("(embedding::{})").format(kind),
        query=sql.SQL("(%(query)s)::{}").format(kind),
        dimension=sql.Literal(dimension),
    )


async def _ask(connection: Connection, statement: sql.Composed, values: dict[str, Any]) -> list[Neighbour]:
    """Run a search, planned for this company's own numbers of rows."""
    cursor = await connection.execute(statement, values, prepare=False)
    return [(chunk_id, float(similarity)) for chunk_id, similarity in await cursor.fetchall()]
