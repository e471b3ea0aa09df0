"""The months of `events`: made ahead of time, dropped when their time is over.

Run by the owner of the tables, from `migrate`; the application's roles hold no right on a partition, since a query
that names one goes around the policy of `events`. A month that nobody made loses nothing: its rows wait in the default
partition and are moved when the month is made. Months are those of UTC.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg
from psycopg import sql

SyncConnection = psycopg.Connection[Any]

_NAME: Final = re.compile(r"^events_(\d{4})_(\d{2})$")

# Lists the partitions of events by name.
_LIST: Final = """
    SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE inhparent = 'events'::regclass ORDER BY c.relname
"""

# Bounds how long writers may have to wait behind a step that waits itself.
_LOCK_TIMEOUT: Final = "SET LOCAL lock_timeout = '5s'"

# Keeps writers out of the default partition while its rows of a month are moved; readers and other months go on.
_LOCK_DEFAULT: Final = "LOCK TABLE events_default IN ACCESS EXCLUSIVE MODE"

# Makes the month's table apart from `events`, which takes no lock that a writer would wait for.
_CREATE: Final = "CREATE TABLE {name} (LIKE events INCLUDING ALL)"

# Moves the rows that came before their month was made.
_MOVE: Final = """
    WITH moved AS (DELETE FROM events_default WHERE occurred_at >= {start} AND occurred_at < {end} RETURNING *)
    INSERT INTO {name} SELECT * FROM moved
"""

# Makes the table a month of events.
_ATTACH: Final = "ALTER TABLE events ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})"

# Forgets a month, with all its events.
_DROP: Final = "DROP TABLE {name}"


def ensure_partitions(connection: SyncConnection, months_ahead: int = 3, *, today: date | None = None) -> list[str]:
    """Make the last month, this one and `months_ahead` more, where missing; returns the names of those made.

    The last month is among them for events that a browser kept while offline. Each month is a transaction of its own;
    on a busy table it gives way with psycopg.errors.LockNotAvailable.
    """
    first = _previous(_month_of(today or datetime.now(UTC).date()))
    existing = set(list_partitions(connection))
    missing = [month for month in _months(first, months_ahead + 2) if partition_name(month) not in existing]
    for month in missing:
        _make(connection, month)
    return [partition_name(month) for month in missing]


def drop_before(connection: SyncConnection, month: date) -> list[str]:
    """Drop the partitions of all months before the one of `month`; returns their names. The default one stays.

    Takes a lock on `events` for a moment; psycopg.errors.LockNotAvailable when it is too busy, to be tried again.
    """
    due = [name for name in list_partitions(connection) if (start := _start_of(name)) and start < _month_of(month)]
    for name in due:
        with connection.transaction():
            connection.execute(_LOCK_TIMEOUT)
            connection.execute(sql.SQL(_DROP).format(name=sql.Identifier(name)))
    return due


def list_partitions(connection: SyncConnection) -> list[str]:
    """Return the names of all partitions of events, the default one among them."""
    return [name for (name,) in connection.execute(_LIST).fetchall()]


def partition_name(month: date) -> str:
    """Return the table's name for the month that a day lies in."""
    return f"events_{month.year:04}_{month.month:02}"


def months_before(day: date, count: int) -> date:
    """Return the first day of the month so many before that of a day."""
    month = _month_of(day)
    for _ in range(count):
        month = _previous(month)
    return month


def _make(connection: SyncConnection, month: date) -> None:
    names = {
        "name": sql.Identifier(partition_name(month)),
        "start": sql.Literal(_midnight(month)),
        "end": sql.Literal(_midnight(_next(month))),
    }
    with connection.transaction():
        for statement in (_LOCK_TIMEOUT, _CREATE, _LOCK_DEFAULT, _MOVE, _ATTACH):
            connection.execute(sql.SQL(statement).format(**names))


def _start_of(name: str) -> date | None:
    match = _NAME.match(name)
    return date(int(match[1]), int(match[2]), 1) if match else None


def _months(first: date, count: int) -> Iterator[date]:
    for _ in range(count):
        yield first
        first = _next(first)


def _month_of(day: date) -> date:
    return day.replace(day=1)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _previous(month: date) -> date:
    return date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1)


def _midnight(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
