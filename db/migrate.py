"""Bringing a database up to date: roles, schema, pgvector, months of `events`. Safe to run by many at once, and again.

Alembic keeps the order and the version table; its configuration is here, in code. Every step takes its locks with a
timeout, so that a migration on a busy database gives way and fails with a clear error, to be run again, instead of
holding up the product. Steps only ever go forward.

DATABASE_URL's login runs the product and may be another one than the owner who migrates (DATABASE_ADMIN_URL): name it
in `logins`, and it is granted the two roles.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import sqlalchemy
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict

from core.errors import SettingsError, Unavailable
from db.partitions import ensure_partitions
from db.pool import connection_url
from db.roles import ensure_roles
from db.vectors import ensure_vectors

MONTHS_AHEAD: Final = 3
"""Months of `events` made in advance; `migrate` must run again within that time, or rows gather in the default."""

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 7_203_391_488_215_001
"""Key of the advisory lock that one migration of a database holds."""
_ONE_AT_A_TIME: Final = threading.Lock()
"""Alembic keeps the migration under way in a global of the process."""
_LOCK_PATIENCE_SECONDS: Final = 120
_LOCK_POLL_SECONDS: Final = 0.2
_CONNECT_SECONDS: Final = 10

# Asks for the lock without waiting: a session that waits holds a snapshot, which would stop CREATE INDEX CONCURRENTLY.
_TRY_LOCK: Final = "SELECT pg_try_advisory_lock(%s)"

# Gives the lock back.
_UNLOCK: Final = "SELECT pg_advisory_unlock(%s)"

# Bounds how long a step may make others wait behind it.
_LOCK_TIMEOUT: Final = "SET lock_timeout = '5s'"


def migrate(url: str, *, logins: tuple[str, ...] = (), months_ahead: int = MONTHS_AHEAD) -> None:
    """Bring the database at `url` up to date; its login must own the schema, or be about to.

    Raises:
        SettingsError: the URL is malformed, or the login may not make what is needed.
        Unavailable: no connection, another migration took too long, or a table was busy.
    """
    with _ONE_AT_A_TIME, _connect(connection_url(url)) as guard, _locked(guard):
        ensure_roles(guard, logins)
        _upgrade(connection_url(url))
        ensure_vectors(guard)
        ensure_partitions(guard, months_ahead)


def login_of(url: str) -> str | None:
    """Return the login that a URL names, as `migrate` takes it in `logins`; None when it leaves that to libpq."""
    user = conninfo_to_dict(connection_url(url)).get("user")
    return None if user is None else str(user)


@contextmanager
def _connect(url: str) -> Iterator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS) as connection:
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise Unavailable("A table was busy for longer than the migration may wait; run it again.") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(f"DATABASE_ADMIN_URL: the login may not do that: {error.diag.message_primary}") from None
    except psycopg.OperationalError as error:
        raise Unavailable(f"PostgreSQL cannot be reached: {str(error).strip().splitlines()[0]}") from None


@contextmanager
def _locked(connection: psycopg.Connection[Any]) -> Iterator[None]:
    deadline = time.monotonic() + _LOCK_PATIENCE_SECONDS
    while connection.execute(_TRY_LOCK, (_LOCK,)).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise Unavailable("Another migration has been running for two minutes.")
        time.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(_UNLOCK, (_LOCK,))


def _upgrade(url: str) -> None:
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sqlalchemy.NullPool
    )
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    with (
        engine.connect() as connection,
        EnvironmentContext(config, scripts, fn=lambda revision, _: scripts._upgrade_revs("head", revision)) as context,
    ):
        try:
            connection.exec_driver_sql(_LOCK_TIMEOUT)
            context.configure(connection=connection, transaction_per_migration=True)
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
        except sqlalchemy.exc.DBAPIError as error:
            raise error.orig or error from None
