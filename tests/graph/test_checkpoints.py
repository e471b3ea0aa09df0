"""The checkpoint tables: who owns them, who may use them, and that they can be erased."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg_pool import PoolTimeout

from core.errors import Unavailable
from db import checkpoints
from graph.build import TurnGraph
from graph.checkpoints import is_outage, open_saver, setup
from graph.runner import run_turn, thread_id
from tests.graph.builders import MemoryStores, make_context, make_turn

TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


@pytest.fixture
async def connection(saver: AsyncPostgresSaver, bare_database_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection as db has them: the application's role, rows as tuples."""
    async with await psycopg.AsyncConnection.connect(bare_database_url, autocommit=True) as plain:
        await plain.execute("SET ROLE onboarding_app")
        yield plain


def rows_of(url: str, thread: str) -> int:
    with psycopg.connect(url) as connection:
        counts = (
            connection.execute(f"SELECT count(*) FROM checkpoints.{table} WHERE thread_id = %s", (thread,)).fetchone()
            for table in TABLES
        )
        return sum(count[0] for count in counts if count)


async def test_several_may_set_up_at_once(bare_database_url: str) -> None:
    await asyncio.gather(*(setup(bare_database_url) for _ in range(4)))
    await setup(bare_database_url)
    async with open_saver(bare_database_url) as saver:
        assert await saver.aget_tuple({"configurable": {"thread_id": "none"}}) is None


async def test_the_saver_acts_as_the_application_and_owns_nothing(saver: AsyncPostgresSaver) -> None:
    async with saver.conn.connection() as connection:  # type: ignore[union-attr]
        row = await (await connection.execute("SELECT current_user AS who, current_schema() AS place")).fetchone()
        assert row == {"who": "onboarding_app", "place": "checkpoints"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute("DROP TABLE checkpoints")


async def test_a_thread_is_erased_and_others_stay(
    app: TurnGraph, connection: psycopg.AsyncConnection[Any], bare_database_url: str
) -> None:
    turns = [make_turn(user_id="u1"), make_turn(user_id="u2")]
    for turn in turns:
        await run_turn(app, turn, make_context())
    first, second = (thread_id(turn.company_id, turn.turn_id) for turn in turns)
    assert rows_of(bare_database_url, first) > 0
    assert await checkpoints.erase(connection, [first, "unknown"]) > 0
    assert await checkpoints.erase(connection, None) == 0
    assert rows_of(bare_database_url, first) == 0
    assert rows_of(bare_database_url, second) > 0


async def test_old_threads_are_erased_and_young_ones_stay(
    app: TurnGraph, connection: psycopg.AsyncConnection[Any], bare_database_url: str
) -> None:
    old, young = make_turn(user_id="u1"), make_turn(user_id="u2")
    await run_turn(app, old, make_context())
    between = datetime.now(UTC)
    await run_turn(app, young, make_context())
    assert await checkpoints.drop_before(connection, between, 10) == 1
    assert await checkpoints.drop_before(connection, between, 10) == 0
    assert rows_of(bare_database_url, thread_id(old.company_id, old.turn_id)) == 0
    assert rows_of(bare_database_url, thread_id(young.company_id, young.turn_id)) > 0


async def test_erasing_takes_no_more_than_its_limit(app: TurnGraph, connection: psycopg.AsyncConnection[Any]) -> None:
    for number in range(3):
        await run_turn(app, make_turn(user_id=f"u{number}"), make_context())
    later = datetime.now(UTC) + timedelta(days=1)
    assert [await checkpoints.drop_before(connection, later, 2) for _ in range(3)] == [2, 1, 0]


async def test_a_failed_node_leaves_something_to_erase(
    app: TurnGraph, connection: psycopg.AsyncConnection[Any], bare_database_url: str
) -> None:
    turn = make_turn()
    with pytest.raises(Unavailable):
        await run_turn(app, turn, make_context(MemoryStores(away={"save": 3})))
    thread = thread_id(turn.company_id, turn.turn_id)
    assert rows_of(bare_database_url, thread) > 0
    await checkpoints.erase(connection, [thread])
    assert rows_of(bare_database_url, thread) == 0


async def test_many_turns_share_one_saver(app: TurnGraph) -> None:
    stores = MemoryStores()
    turns = [make_turn(user_id=f"u{n}") for n in range(20)]
    results = await asyncio.gather(*(run_turn(app, turn, make_context(stores)) for turn in turns))
    assert {result.outcome for result in results} == {"nudged"}
    assert len(stores.saved) == 20


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PoolTimeout(), True),
        (psycopg.OperationalError(), True),
        (psycopg.InterfaceError(), True),
        (psycopg.errors.UndefinedTable(), False),
        (ValueError(), False),
    ],
)
def test_what_counts_as_an_outage(error: Exception, expected: bool) -> None:
    assert is_outage(error) is expected
