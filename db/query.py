"""Running a statement and reading its rows, said once: query modules state SQL, parameters and row type."""

from collections.abc import Mapping
from typing import Any, LiteralString, TypeVar

from psycopg import sql
from psycopg.rows import class_row, dict_row

from db.pool import Connection

Row = TypeVar("Row")


async def fetch_all(
    connection: Connection, row_type: type[Row], statement: LiteralString, parameters: Mapping[str, Any]
) -> list[Row]:
    """Return every row as `row_type`, whose fields are named as the columns."""
    async with connection.cursor(row_factory=class_row(row_type)) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


async def fetch_one(
    connection: Connection, row_type: type[Row], statement: LiteralString, parameters: Mapping[str, Any]
) -> Row | None:
    """Return the first row as `row_type`, or None."""
    async with connection.cursor(row_factory=class_row(row_type)) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone()


async def fetch_dicts(
    connection: Connection, statement: LiteralString, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return every row as a dict, for answers that show rows as they are."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchall()


async def fetch_dict(
    connection: Connection, statement: LiteralString, parameters: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the first row as a dict, or None."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters)
        return await cursor.fetchone()


async def fetch_value(
    connection: Connection, statement: LiteralString | sql.Composed, parameters: Mapping[str, Any]
) -> Any:
    """Return the first column of the first row, or None."""
    row = await (await connection.execute(statement, parameters)).fetchone()
    return None if row is None else row[0]


async def change(connection: Connection, statement: LiteralString, parameters: Mapping[str, Any]) -> int:
    """Run a statement that changes rows; returns how many."""
    return (await connection.execute(statement, parameters)).rowcount
