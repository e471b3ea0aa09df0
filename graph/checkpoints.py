"""Checkpoints of the graph in PostgreSQL: their own schema, set up by the owner, used under the application's role.

LangGraph's tables know no company; a thread id begins with it, by which `db.checkpoints` erases.

LangGraph's saver lets one statement through at a time. Over a pool each statement has a connection to itself, so here
as many pass as there are connections: as fast, with eight turns at a time, as a saver for each of them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection, sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

SCHEMA: Final = "checkpoints"
ROLE: Final = "onboarding_app"
_SETUP_LOCK: Final = 0x6F62_6370
"""Key of the advisory lock that lets one process at a time create the tables."""
_SETUP_SECONDS: Final = 60
_CONNECTION_SECONDS: Final = 10
_USE_SCHEMA: Final = sql.SQL("SET search_path TO {}").format(sql.Identifier(SCHEMA))

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


async def setup(url: str) -> None:
    """Create or bring up to date the checkpoint tables; several processes may do so at once.

    The login of `url` must be allowed to create a schema; the role of the application must exist (migrations).
    """
    connection = await AsyncConnection.connect(url, autocommit=True, prepare_threshold=0, row_factory=dict_row)
    async with connection:
        await _take_setup_lock(connection)
        await connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        await connection.execute(_USE_SCHEMA)
        await AsyncPostgresSaver(connection).setup()
        await _grant(connection)


async def _take_setup_lock(connection: AsyncConnection[DictRow]) -> None:
    # Asked for again and again instead of waited for: a waiting statement keeps a snapshot, and LangGraph's CREATE
    # INDEX CONCURRENTLY waits for every snapshot, so that the two would wait for each other.
    async with asyncio.timeout(_SETUP_SECONDS):
        while True:
            cursor = await connection.execute("SELECT pg_try_advisory_lock(%s) AS taken", (_SETUP_LOCK,))
            row = await cursor.fetchone()
            if row and row["taken"]:
                return
            await asyncio.sleep(0.1)


async def _grant(connection: AsyncConnection[DictRow]) -> None:
    names = {"schema": sql.Identifier(SCHEMA), "role": sql.Identifier(ROLE)}
    await connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {schema} TO {role}").format(**names))
    await connection.execute(
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}").format(**names)
    )


@asynccontextmanager
async def open_saver(url: str, *, pool_size: int = 4) -> AsyncIterator[AsyncPostgresSaver]:
    """Yield a saver over a small pool of its own; connections act as the application's role.

    Raises:
        psycopg_pool.PoolTimeout: PostgreSQL did not answer within 30 s.
    """
    pool: Pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=pool_size,
        open=False,
        timeout=_CONNECTION_SECONDS,
        name="checkpoints",
        configure=_configure,
        check=_check,
        kwargs={"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row},
    )
    async with pool:
        await pool.wait()
        saver = AsyncPostgresSaver(pool)
        saver.lock = cast(asyncio.Lock, asyncio.Semaphore(pool_size))
        yield saver


async def _configure(connection: AsyncConnection[DictRow]) -> None:
    await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(ROLE)))
    await connection.execute(_USE_SCHEMA)


async def _check(connection: AsyncConnection[DictRow]) -> None:
    """Raise OperationalError for a connection that the server has closed.

    Read from the socket, without the round trip of psycopg's own check, which a turn would pay three times. Twice,
    since the first read may get a farewell message and only the second the end.
    """
    connection.pgconn.consume_input()
    connection.pgconn.consume_input()


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that the checkpoint store is away, and not that a statement was wrong."""
    return isinstance(error, PoolTimeout | psycopg.OperationalError | psycopg.InterfaceError)
