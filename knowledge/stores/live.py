"""What all backends ask of PostgreSQL: which chunks are live and selected, and which spaces a company has."""

from collections.abc import Sequence
from typing import Any, Final

from psycopg import sql

from db.pool import Connection
from db.query import change, fetch_value
from knowledge.embedding.embedder import Space
from knowledge.stores.protocol import Selection

SELECTED: Final = """(%(tags)s::text[] IS NULL OR c.tags && %(tags)s::text[])
      AND (%(language)s::text IS NULL OR c.language IS NULL OR c.language = %(language)s::text)
      AND (%(source_ids)s::uuid[] IS NULL OR c.source_id = ANY (%(source_ids)s::uuid[]))"""
"""Tells whether a live chunk `c` is in a selection; its parameters are those of `selection_values`."""

# Picks the live chunks of a selection out of some.
_LIVE_AMONG: Final = """
    SELECT chunk_id FROM knowledge_live_chunks c
    WHERE company_id = %(company_id)s AND chunk_id = ANY (%(chunk_ids)s::uuid[]) AND {selected}
"""

# Picks out of some ids those of chunks, live or not.
_KNOWN_AMONG: Final = """
    SELECT chunk_id FROM knowledge_chunks
    WHERE company_id = %(company_id)s AND chunk_id = ANY (%(chunk_ids)s::uuid[])
"""

# Reads a slice of the live chunks.
_LIVE: Final = """
    SELECT chunk_id FROM knowledge_live_chunks
    WHERE company_id = %(company_id)s AND (%(after)s::uuid IS NULL OR chunk_id > %(after)s::uuid)
    ORDER BY chunk_id LIMIT %(limit)s
"""

# Notes that the company has vectors in a space.
_NOTE_SPACE: Final = """
    INSERT INTO knowledge_spaces (company_id, space, dimension) VALUES (%(company_id)s, %(space)s, %(dimension)s)
    ON CONFLICT (company_id, space) DO NOTHING
"""

# Gives the vectors of a space, or of all, another version.
_TOUCH_SPACES: Final = """
    UPDATE knowledge_spaces SET version = gen_random_uuid()
    WHERE company_id = %(company_id)s AND (%(space)s::text IS NULL OR space = %(space)s)
"""

# Reads which version of its vectors a space has.
_VERSION: Final = """
    SELECT version::text FROM knowledge_spaces WHERE company_id = %(company_id)s AND space = %(space)s
"""

# Reads the spaces of a company.
_SPACES: Final = """
    SELECT coalesce(array_agg(space ORDER BY space), '{}') FROM knowledge_spaces WHERE company_id = %(company_id)s
"""

# Forgets a space, or all.
_FORGET_SPACES: Final = """
    DELETE FROM knowledge_spaces WHERE company_id = %(company_id)s AND (%(space)s::text IS NULL OR space = %(space)s)
"""


def selection_values(selection: Selection) -> dict[str, Any]:
    """Return the parameters `tags`, `language` and `source_ids` of a statement; null selects everything."""
    return {
        "tags": list(selection.tags) or None,
        "language": selection.language,
        "source_ids": list(selection.source_ids) or None,
    }


async def live_among(
    connection: Connection, company_id: str, chunk_ids: Sequence[str], selection: Selection
) -> set[str]:
    """Return those of the chunks that are live and in the selection."""
    values = {"company_id": company_id, "chunk_ids": list(chunk_ids), **selection_values(selection)}
    statement = sql.SQL(_LIVE_AMONG).format(selected=sql.SQL(SELECTED))
    return {row[0] for row in await (await connection.execute(statement, values)).fetchall()}


async def known_among(connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> set[str]:
    """Return those of the ids that are chunks of the company, live or not."""
    values = {"company_id": company_id, "chunk_ids": list(chunk_ids)}
    return {row[0] for row in await (await connection.execute(_KNOWN_AMONG, values)).fetchall()}


async def live_slice(connection: Connection, company_id: str, after: str | None, limit: int) -> list[str]:
    """Return ids of live chunks in order, those after `after`."""
    values = {"company_id": company_id, "after": after, "limit": limit}
    return [row[0] for row in await (await connection.execute(_LIVE, values)).fetchall()]


async def note_space(connection: Connection, company_id: str, space: Space) -> None:
    """Note that the company has vectors in a space."""
    values = {"company_id": company_id, "space": space.key, "dimension": space.dimension}
    await connection.execute(_NOTE_SPACE, values)


async def touch_spaces(connection: Connection, company_id: str, space_key: str | None = None) -> None:
    """Tell who keeps a copy of the vectors of a space, or of all, that they changed."""
    await change(connection, _TOUCH_SPACES, {"company_id": company_id, "space": space_key})


async def version(connection: Connection, company_id: str, space_key: str) -> str | None:
    """Return what is another text after each change of a space's vectors; None when the company has none in it."""
    found: str | None = await fetch_value(connection, _VERSION, {"company_id": company_id, "space": space_key})
    return found


async def spaces(connection: Connection, company_id: str) -> list[str]:
    """Return the keys of the company's spaces."""
    found: list[str] = await fetch_value(connection, _SPACES, {"company_id": company_id})
    return found


async def forget_spaces(connection: Connection, company_id: str, space_key: str | None = None) -> None:
    """Forget that the company has vectors in a space, or in any."""
    await change(connection, _FORGET_SPACES, {"company_id": company_id, "space": space_key})
