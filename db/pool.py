"""Connections that cannot see another company's rows, whoever writes the query.

Every pooled connection runs as `onboarding_app`; a transaction names the companies it is for, and row-level security
does the rest. `Database.system()` is for the little that precedes a company: looking up a key, a login, work left
behind. Both roles are set with SET ROLE, so any login that is a member of them will do. Code that can send SQL of its
own making could RESET ROLE to that login: in production give the processes a plain login, a member of the two roles
and owner of nothing (docs/database.md); `migrate` alone needs the owner.

Connect directly or through a pooler in session mode: role, timeouts and prepared statements belong to the session.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from core.errors import NotFound, SettingsError, Unavailable
from db import arrays

Connection: TypeAlias = AsyncConnection[TupleRow]
"""A connection inside a transaction, as query functions take it."""

APP_ROLE: Final = "onboarding_app"
SYSTEM_ROLE: Final = "onboarding_system"

_CHECKOUT_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 5
_RECONNECT_SECONDS: Final = 3.0
"""A chain of reconnection attempts ends after this, and the next request starts a new one: with the pool's own five
minutes the pauses between attempts would grow to half a minute, which the service would stay away longer for."""

# Drops the login's rights for the rest of the session, gives times in UTC, and bounds how long a statement or a
# forgotten transaction may hold others up.
_CONFIGURE: Final = """
    SELECT set_config('role', 'onboarding_app', false),
           set_config('TimeZone', 'UTC', false),
           set_config('statement_timeout', '30s', false),
           set_config('idle_in_transaction_session_timeout', '60s', false)
"""

# Names the companies of this transaction; app_company_ids() in the policies reads it. Takes the role once more, which
# costs nothing here: whatever an earlier transaction did to the session, this one is bound.
_NAME_COMPANIES: Final = "SELECT set_config('role', 'onboarding_app', true), set_config('app.company_ids', %s, true)"

# Trades the application's role for the system's until the transaction ends.
_BECOME_SYSTEM: Final = "SET LOCAL ROLE onboarding_system"

# Tells whether this login may become both roles, and whether they exist.
_ROLES: Final = """
    SELECT session_user::text,
           count(*) = 2,
           coalesce(bool_and(pg_has_role(session_user, oid, 'SET')), false),
           coalesce(bool_or(rolsuper OR rolbypassrls), false)
    FROM pg_roles WHERE rolname IN ('onboarding_app', 'onboarding_system')
"""

_TRANSIENT_STATES: Final = frozenset({"25006", "25P03", "55P03"})
"""Read-only after a failover, idle in transaction, lock not available."""
_TRANSIENT_CLASSES: Final = frozenset({"08", "40", "53", "57", "58"})
"""Connection, rollback (deadlock, serialisation), resources, operator intervention, operating system."""


class Database:
    """A process's way to PostgreSQL: one pool, two kinds of transaction."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str, *, pool_size: int = 10, name: str, patience: float = 15.0) -> "Database":
        """Connect; `name` shows as application_name, `patience` is how many seconds to wait for a starting server.

        Raises:
            SettingsError: the URL is malformed, the roles are missing, or the login may not become them.
            Unavailable: no connection within `patience`.
        """
        await _check_roles(connection_url(url), time.monotonic() + patience)
        pool = AsyncConnectionPool(
            connection_url(url),
            connection_class=Connection,
            kwargs={"application_name": f"onboarding-agent {name}", "connect_timeout": _CONNECT_SECONDS},
            min_size=1,
            max_size=pool_size,
            open=False,
            configure=_configure,
            check=AsyncConnectionPool.check_connection,
            name=name,
            timeout=_CHECKOUT_SECONDS,
            reconnect_timeout=_RECONNECT_SECONDS,
        )
        await pool.open()
        return cls(pool)

    async def close(self) -> None:
        """Give the connections back; those in use are closed when their transaction ends."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *company_ids: str) -> AsyncIterator[Connection]:
        """Open a transaction that sees and writes the rows of these companies alone; commits at the end.

        Without a company nothing is visible. Raises NotFound for an id that is no UUID, since no company has it.
        """
        ids = _array(company_ids)
        async with self._pool.connection() as connection:
            await connection.execute(_NAME_COMPANIES, (ids,))
            yield connection

    @asynccontextmanager
    async def pipelined(self, *company_ids: str) -> AsyncIterator[Connection]:
        """Open a transaction like `transaction`, whose statements and commit go to the server together.

        For statements that take a lock which others wait for: it is not held while this process has other things to
        do. Results are there after the block; a failure of any statement is raised at its end.
        """
        ids = _array(company_ids)
        async with self._pool.connection() as connection, connection.pipeline():
            await connection.execute(_NAME_COMPANIES, (ids,))
            yield connection
            await connection.commit()

    @asynccontextmanager
    async def snapshot(self, *company_ids: str) -> AsyncIterator[Connection]:
        """Open a read-only transaction like `transaction`, whose statements all see one moment (REPEATABLE READ)."""
        async with self._pool.connection() as connection:
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            try:
                await connection.execute(_NAME_COMPANIES, (_array(company_ids),))
                yield connection
            finally:
                await connection.rollback()
                await connection.set_isolation_level(None)
                await connection.set_read_only(None)

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Connection]:
        """Open a transaction as the system's role, which reads and writes a few columns of all companies."""
        async with self._pool.connection() as connection:
            await connection.execute(_BECOME_SYSTEM)
            yield connection

    async def ping(self) -> None:
        """Ask for one answer, for readiness; raises what `is_outage` knows when there is none."""
        async with self._pool.connection() as connection:
            await connection.execute("SELECT 1")


def is_outage(error: BaseException) -> bool:
    """Tell whether PostgreSQL was away, restarting, overloaded or in a deadlock: never the fault of the data.

    The same work may be tried again, and does not count as a failed attempt.
    """
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate in _TRANSIENT_STATES or error.sqlstate[:2] in _TRANSIENT_CLASSES


def connection_url(url: str) -> str:
    """Return the URL in the form that libpq reads; takes SQLAlchemy's `postgresql+psycopg://` as well.

    Raises SettingsError when it is malformed; the text never repeats it, since it may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    plain = f"{scheme.partition('+')[0]}://{rest}" if separator else url
    try:
        conninfo_to_dict(plain)
    except psycopg.Error:
        raise SettingsError("DATABASE_URL: is not a PostgreSQL URL such as postgresql://user@host:5432/name") from None
    return plain


class _UuidAsText(Loader):
    """Ids are text everywhere in Python; a UUID object would have to be turned back at each use."""

    def load(self, data: Any) -> str:
        return bytes(data).decode()


async def _configure(connection: Connection) -> None:
    adapt(connection)
    await connection.execute(_CONFIGURE)
    await connection.commit()


def adapt(connection: Connection) -> None:
    """Make a connection give ids as text and JSON through orjson, as the query modules expect."""
    connection.adapters.register_loader("uuid", _UuidAsText)
    arrays.register(connection.adapters)
    set_json_loads(orjson.loads, connection)
    set_json_dumps(orjson.dumps, connection)


def _array(company_ids: Iterable[str]) -> str:
    return "{" + ",".join(sorted(_uuid(company_id) for company_id in set(company_ids))) + "}"


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise NotFound("There is no such company.") from None


async def _check_roles(url: str, deadline: float) -> None:
    async with await _connect(url, deadline) as connection:
        row = await (await connection.execute(_ROLES)).fetchone()
    assert row is not None
    login, exist, may_become, may_bypass = row
    if not exist:
        raise SettingsError("DATABASE_URL: the database has no onboarding_app role yet; run `onboarding-agent migrate`")
    if not may_become:
        raise SettingsError(
            f"DATABASE_URL: login {login!r} may not become onboarding_app and onboarding_system;"
            f' as an administrator: GRANT onboarding_app, onboarding_system TO "{login}"'
        )
    if may_bypass:
        raise SettingsError(
            "DATABASE_URL: onboarding_app or onboarding_system may bypass row-level security; revoke it"
        )


async def _connect(url: str, deadline: float) -> Connection:
    while True:
        try:
            return await AsyncConnection.connect(url, connect_timeout=_CONNECT_SECONDS)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                reason = str(error).strip().splitlines()[0]
                raise Unavailable(f"PostgreSQL cannot be reached: {reason}", retry_after=5) from None
        await asyncio.sleep(0.2)
