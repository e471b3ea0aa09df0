"""Erasing what LangGraph kept of turns: its tables know no company, so threads are named (`company:turn`).

The tables are made by the first process that runs turns (`graph.checkpoints`); where there are none yet, nothing is
kept. Any transaction of the application may erase here.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

from db.pool import Connection
from db.query import change, fetch_value

_EXIST: Final = "SELECT to_regclass('checkpoints.checkpoints') IS NOT NULL"

# Erases threads, what hangs on checkpoints first.
_DELETE: Final[tuple[LiteralString, ...]] = (
    "DELETE FROM checkpoints.checkpoint_writes WHERE thread_id = ANY (%(threads)s)",
    "DELETE FROM checkpoints.checkpoint_blobs WHERE thread_id = ANY (%(threads)s)",
    "DELETE FROM checkpoints.checkpoints WHERE thread_id = ANY (%(threads)s)",
)

# Names threads to which nothing was added since then. Reads the whole table, which holds no more than is kept.
_OLD: Final = """
    SELECT array_agg(thread_id) FROM (
        SELECT thread_id FROM checkpoints.checkpoints GROUP BY thread_id
        HAVING max((checkpoint ->> 'ts')::timestamptz) < %(before)s LIMIT %(limit)s
    ) AS old
"""


async def erase(connection: Connection, threads: Sequence[str] | None) -> int:
    """Erase threads; returns how many rows went. Unknown ones are no error."""
    if not threads or not await fetch_value(connection, _EXIST, {}):
        return 0
    return sum([await change(connection, statement, {"threads": list(threads)}) for statement in _DELETE])


async def drop_before(connection: Connection, before: datetime, limit: int) -> int:
    """Erase up to `limit` threads, of whichever company, that ended before a moment; returns how many."""
    if not await fetch_value(connection, _EXIST, {}):
        return 0
    threads = await fetch_value(connection, _OLD, {"before": before, "limit": limit})
    await erase(connection, threads)
    return len(threads or ())
