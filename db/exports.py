"""Everything that is stored of a user, row by row: the copy that people have a right to (GDPR, articles 15 and 20).

It reads the tables that an erasure empties (`db.erasures`), so what can be erased can be read before.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from psycopg import sql

from db.erasures import OWN_ROWS
from db.pool import Connection

LEFT_OUT: Final[Mapping[str, str]] = {"notifications": "went to the company's own people, and names them"}
"""Tables of which no copy is given, and why."""
_ORDER: Final[Mapping[str, str]] = {**OWN_ROWS, "ai_interactions": "created_at"}
EXPORTED: Final = tuple(table for table in reversed(tuple(_ORDER)) if table not in LEFT_OUT)
"""Tables that are read, in this order; the rows of each from old to new."""
_BATCH: Final = 500

_ROWS: Final = """
    SELECT (to_jsonb(stored) - 'company_id')::text FROM {table} AS stored
    WHERE company_id = %(company_id)s AND user_id = ANY (%(users)s) ORDER BY {age}
"""


async def rows(connection: Connection, company_id: str, users: Sequence[str]) -> AsyncIterator[tuple[str, str]]:
    """Yield (table, row as JSON) of all that is stored under these names, few rows at a time in memory."""
    for table in EXPORTED:
        statement = sql.SQL(_ROWS).format(table=sql.Identifier(table), age=sql.Identifier(_ORDER[table]))
        async with connection.cursor(name="export") as cursor:
            cursor.itersize = _BATCH
            await cursor.execute(statement, {"company_id": company_id, "users": list(users)})
            async for (row,) in cursor:
                yield table, row
