"""A table of vectors in PostgreSQL, keyed by company, chunk and space: what does not depend on the type of a vector."""

from collections.abc import Sequence
from typing import Final, LiteralString

from psycopg import sql

from db.pool import Connection
from db.query import fetch_value
from knowledge.embedding.embedder import Space
from knowledge.stores import live

# Picks the ids without a vector.
_MISSING: Final = """
    SELECT g.chunk_id FROM unnest(%(chunk_ids)s::uuid[]) AS g (chunk_id)
    WHERE NOT EXISTS (SELECT FROM {table} v
                      WHERE v.company_id = %(company_id)s AND v.chunk_id = g.chunk_id AND v.space = %(space)s)
"""

# Tells whether a live chunk lacks a vector.
_UNCOVERED: Final = """
    SELECT EXISTS (
        SELECT FROM knowledge_live_chunks c
        WHERE company_id = %(company_id)s
          AND NOT EXISTS (SELECT FROM {table} v
                          WHERE v.company_id = c.company_id AND v.chunk_id = c.chunk_id AND v.space = %(space)s))
"""

# Forgets vectors: of some chunks, of a space, of a company.
_DROP: Final = "DELETE FROM {table} WHERE company_id = %(company_id)s AND chunk_id = ANY (%(chunk_ids)s::uuid[])"
_DROP_SPACE: Final = "DELETE FROM {table} WHERE company_id = %(company_id)s AND space = %(space)s"
_FORGET: Final = "DELETE FROM {table} WHERE company_id = %(company_id)s"


class VectorTable:
    """Half of a VectorStore: everything but putting vectors in and comparing them. `table` is the backend's own."""

    table: LiteralString

    async def missing(
        self, connection: Connection, company_id: str, space: Space, chunk_ids: Sequence[str]
    ) -> set[str]:
        """See VectorStore."""
        values = {"company_id": company_id, "space": space.key, "chunk_ids": list(chunk_ids)}
        return {row[0] for row in await (await connection.execute(self._of(_MISSING), values)).fetchall()}

    async def covers(self, connection: Connection, company_id: str, space: Space) -> bool:
        """See VectorStore."""
        values = {"company_id": company_id, "space": space.key}
        return not await fetch_value(connection, self._of(_UNCOVERED), values)

    async def spaces(self, connection: Connection, company_id: str) -> list[str]:
        """See VectorStore."""
        return await live.spaces(connection, company_id)

    async def drop(self, connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> None:
        """See VectorStore."""
        await connection.execute(self._of(_DROP), {"company_id": company_id, "chunk_ids": list(chunk_ids)})

    async def drop_space(self, connection: Connection, company_id: str, space_key: str) -> None:
        """See VectorStore."""
        await connection.execute(self._of(_DROP_SPACE), {"company_id": company_id, "space": space_key})
        await live.forget_spaces(connection, company_id, space_key)

    async def forget(self, connection: Connection, company_id: str) -> None:
        """See VectorStore."""
        await connection.execute(self._of(_FORGET), {"company_id": company_id})
        await live.forget_spaces(connection, company_id)

    def _of(self, statement: LiteralString) -> sql.Composed:
        return sql.SQL(statement).format(table=sql.Identifier(self.table))
