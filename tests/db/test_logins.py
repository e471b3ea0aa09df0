"""Which logins may migrate and run the product: a superuser, an owner with CREATEROLE, and a plain member of the roles.

A cluster of its own, since roles belong to the cluster.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from core.errors import SettingsError, Unavailable
from core.security import Vault
from db import companies, vectors
from db import migrate as migration
from db.migrate import login_of, migrate
from db.pool import Database, connection_url, is_outage
from local.postgres import EmbeddedPostgres
from local.schema import migrate_all

OTHER_DATABASES = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
OTHER_ROLES = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> current_user"
VERSIONS = Path(migration.__file__).parent / "migrations" / "versions"
FIRST_SCHEMA = VERSIONS / "0001_initial.sql"
NEWEST = max(path.name for path in VERSIONS.glob("*.sql"))[:4]
VAULT = Vault("x" * 32)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture(scope="module")
def cluster():
    embedded = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="oa-cluster-")) / "postgres")
    embedded.url = embedded.start()
    yield embedded
    embedded.stop()


@pytest.fixture
def server(cluster):
    """The cluster as it was when new: no databases, roles or tables of the product."""
    yield cluster
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        for (database,) in connection.execute(OTHER_DATABASES).fetchall():
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))
        connection.execute("DROP SCHEMA IF EXISTS checkpoints CASCADE")
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        for (role,) in connection.execute(OTHER_ROLES).fetchall():
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def admin(server, *statements):
    with psycopg.connect(server.url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def url_of(server, login, database):
    host = server.url.partition("host=")[2]
    return f"postgresql://{login}@/{database}?host={host}"


async def founds(url):
    db = await Database.open(url, pool_size=2, name="test")
    try:
        company = await companies.found(db, VAULT, "Acme", NOW)
        async with db.transaction(company.company_id) as connection:
            cursor = await connection.execute("SELECT current_user, session_user, count(*) FROM companies")
            row = await cursor.fetchone()
    finally:
        await db.close()
    return row


async def test_an_owner_with_createrole_needs_no_superuser(server):
    admin(server, "CREATE ROLE shop LOGIN CREATEROLE", "CREATE DATABASE shop OWNER shop")
    url = url_of(server, "shop", "shop")
    with pytest.raises(SettingsError, match="migrate"):
        await Database.open(url, name="test")
    migrate(url)
    migrate(url)
    assert await founds(url) == ("onboarding_app", "shop", 1)


async def test_a_plain_login_owns_nothing_and_runs_the_product(server):
    admin(server, "CREATE ROLE runner LOGIN")
    url = url_of(server, "runner", "postgres")
    migrate(server.url)
    with pytest.raises(SettingsError, match='GRANT onboarding_app, onboarding_system TO "runner"'):
        await Database.open(url, name="test")
    await asyncio.to_thread(migrate_all, server.url, url)
    assert await founds(url) == ("onboarding_app", "runner", 1)
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT 1 FROM companies")


async def test_a_plain_member_may_own_the_schema_when_the_roles_are_there(server):
    admin(
        server,
        "CREATE ROLE onboarding_app",
        "CREATE ROLE onboarding_system",
        "CREATE ROLE onboarding_search",
        "CREATE ROLE keeper LOGIN",
        "GRANT onboarding_app, onboarding_system, onboarding_search TO keeper",
        "CREATE DATABASE kept OWNER keeper",
    )
    migrate(url_of(server, "keeper", "kept"))
    assert await founds(url_of(server, "keeper", "kept")) == ("onboarding_app", "keeper", 1)


def test_pgvector_may_come_after_the_migration(server):
    """Only a superuser may install it; until one did, everything else works."""
    table = "SELECT to_regclass('knowledge_vectors_pg') IS NOT NULL"
    admin(server, "CREATE ROLE shop LOGIN CREATEROLE", "CREATE DATABASE shop OWNER shop")
    url = url_of(server, "shop", "shop")
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(table).fetchone() == (False,)
    with psycopg.connect(url_of(server, "postgres", "shop"), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
    for _ in range(2):
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            assert connection.execute(table).fetchone() == (True,)


def test_making_the_table_of_vectors_gives_way_to_chunks_in_use(server, monkeypatch):
    monkeypatch.setattr(vectors, "_LOCK_TIMEOUT", "SET LOCAL lock_timeout = '100ms'")
    migrate(server.url)
    with psycopg.connect(server.url) as other:
        other.execute("DROP TABLE knowledge_vectors_pg")
        other.commit()
        other.execute("LOCK TABLE knowledge_chunks IN ROW EXCLUSIVE MODE")
        with pytest.raises(Unavailable, match="busy"):
            migrate(server.url)
    migrate(server.url)
    admin(server, "DROP TABLE knowledge_vectors_pg")


def test_a_database_in_use_is_brought_up_to_date(server):
    """What version 0001 left keeps its rows; a login that may not make the new role is told so, and nothing is done."""
    admin(
        server,
        "CREATE ROLE onboarding_app",
        "CREATE ROLE onboarding_system",
        "CREATE ROLE keeper LOGIN",
        "GRANT onboarding_app, onboarding_system TO keeper",
        "CREATE DATABASE kept OWNER keeper",
    )
    url = url_of(server, "keeper", "kept")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FIRST_SCHEMA.read_text())
        connection.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
    with psycopg.connect(url_of(server, "postgres", "kept"), autocommit=True) as connection:
        connection.execute("INSERT INTO companies VALUES (gen_random_uuid(), 'Acme', '{}', '')")
    with pytest.raises(SettingsError, match=r"CREATE ROLE onboarding_search; GRANT .*onboarding_search TO"):
        migrate(url)
    admin(server, "CREATE ROLE onboarding_search", "GRANT onboarding_search TO keeper")
    migrate(url)
    with psycopg.connect(url_of(server, "postgres", "kept"), autocommit=True) as connection:
        assert connection.execute("SELECT name FROM companies").fetchall() == [("Acme",)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]
        assert connection.execute("SELECT count(*) FROM knowledge_sources").fetchone() == (0,)


def test_a_migration_gives_way_to_a_table_in_use(server, monkeypatch):
    """A transaction that holds `companies` stops the step, which leaves nothing half done and runs when it is over."""
    admin(server, "CREATE DATABASE busy")
    url = server.url.replace("/postgres?", "/busy?")
    migrate(server.url)  # makes the roles
    monkeypatch.setattr(migration, "_LOCK_TIMEOUT", "SET lock_timeout = '100ms'")
    with psycopg.connect(url) as other:
        other.execute(FIRST_SCHEMA.read_text())
        other.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
        other.execute("INSERT INTO alembic_version VALUES ('0001')")
        other.commit()
        other.execute("LOCK TABLE companies IN ROW EXCLUSIVE MODE")
        with pytest.raises(Unavailable, match="busy"):
            migrate(url)
        assert other.execute("SELECT to_regclass('knowledge_sources')").fetchone() == (None,)
    migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('knowledge_vectors_pg') IS NOT NULL").fetchone() == (True,)


def test_a_login_that_may_not_make_roles_is_told_what_to_ask_for(server):
    admin(server, "CREATE ROLE nobody LOGIN", "CREATE DATABASE theirs OWNER nobody")
    with pytest.raises(SettingsError, match="CREATE ROLE onboarding_app"):
        migrate(url_of(server, "nobody", "theirs"))
    migrate(server.url)
    with pytest.raises(SettingsError, match='GRANT onboarding_app, onboarding_system, onboarding_search TO "nobody"'):
        migrate(url_of(server, "nobody", "theirs"))
    admin(server, "GRANT onboarding_app, onboarding_system, onboarding_search TO nobody")
    with pytest.raises(SettingsError, match="permission denied"):
        migrate(url_of(server, "nobody", "postgres"))


async def test_a_role_that_could_bypass_the_policies_stops_the_start(server):
    migrate(server.url)
    admin(server, "ALTER ROLE onboarding_app BYPASSRLS")
    with pytest.raises(SettingsError, match="bypass"):
        await Database.open(server.url, name="test")


def test_many_may_migrate_at_once(server):
    names = ["one", "two"]
    admin(server, *(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)) for name in names))
    command = "import sys; from db.migrate import migrate; migrate(sys.argv[1])"
    urls = [server.url.replace("/postgres?", f"/{name}?") for name in names * 2]
    running = [subprocess.Popen([sys.executable, "-c", command, url], stderr=subprocess.PIPE) for url in urls]
    ends = [(process.communicate(timeout=240)[1].decode()[-500:], process.returncode) for process in running]
    assert [end for end in ends if end[1] != 0] == []
    for name in names:
        with psycopg.connect(server.url.replace("/postgres?", f"/{name}?")) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(NEWEST,)]


async def test_a_server_that_went_away_and_came_back(server):
    migrate(server.url)
    db = await Database.open(server.url, pool_size=3, name="test")
    company = await companies.found(db, VAULT, "Acme", NOW)
    server.stop()
    with pytest.raises(psycopg.Error) as caught:
        await db.ping()
    assert is_outage(caught.value)
    with pytest.raises(Unavailable):
        await Database.open(server.url, name="test", patience=0.3)
    with pytest.raises(Unavailable):
        migrate(server.url)
    server.start()
    deadline = time.monotonic() + 30
    while True:
        try:
            async with db.transaction(company.company_id) as connection:
                assert await companies.name(connection, company.company_id) == "Acme"
            break
        except psycopg.Error as error:
            if not is_outage(error) or time.monotonic() > deadline:
                raise
    await db.close()


async def test_a_killed_connection_is_replaced_and_its_work_undone(db, acme, database_url):
    owner = psycopg.connect(database_url, autocommit=True)
    with owner, pytest.raises(psycopg.Error) as caught:  # noqa: PT012 - the transaction is what is under test
        async with db.transaction(acme) as connection:
            await connection.execute("UPDATE companies SET name = 'Changed'")
            owner.execute("SELECT pg_terminate_backend(%s, 5000)", (connection.info.backend_pid,))
            await connection.execute("SELECT 1")
    assert is_outage(caught.value)
    async with db.transaction(acme) as connection:
        assert await companies.name(connection, acme) == "Acme"


async def test_what_failed_leaves_nothing(db, acme):
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is under test
        async with db.transaction(acme) as connection:
            await connection.execute("UPDATE companies SET name = 'Changed'")
            raise RuntimeError
    async with db.transaction(acme) as connection:
        assert await companies.name(connection, acme) == "Acme"


async def test_a_statement_that_takes_too_long_is_not_the_fault_of_the_data(db, acme):
    with pytest.raises(psycopg.Error) as caught:  # noqa: PT012 - the transaction is what is under test
        async with db.transaction(acme) as connection:
            await connection.execute("SET LOCAL statement_timeout = '20ms'")
            await connection.execute("SELECT pg_sleep(5)")
    assert is_outage(caught.value)


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CannotConnectNow(), True),
        (psycopg.errors.TooManyConnections(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.ReadOnlySqlTransaction(), True),
        (psycopg.errors.LockNotAvailable(), True),
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.ProgramLimitExceeded(), False),
        (psycopg.errors.UniqueViolation(), False),
        (psycopg.errors.CharacterNotInRepertoire(), False),
        (psycopg.errors.InsufficientPrivilege(), False),
        (psycopg.DataError("nul"), False),
        (psycopg.InterfaceError(), False),
        (OSError(), False),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_counts_as_an_outage(error, outage):
    assert is_outage(error) is outage


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgresql://ann@db.example:5433/shop", "postgresql://ann@db.example:5433/shop"),
        ("postgresql+psycopg://ann@db/shop", "postgresql://ann@db/shop"),
        ("postgres:///shop?host=/run/pg", "postgres:///shop?host=/run/pg"),
        ("host=/run/pg dbname=shop", "host=/run/pg dbname=shop"),
    ],
)
def test_forms_of_a_url(given, read):
    assert connection_url(given) == read


def test_a_malformed_url_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        connection_url("postgresql://ann:hunter2@db:port:port/shop?nonsense=1")
    assert "hunter2" not in str(caught.value)


def test_the_login_of_a_url():
    assert login_of("postgresql+psycopg://ann:pw@db/shop") == "ann"
    assert login_of("postgresql:///shop") is None


def test_a_migration_that_takes_too_long_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(migration, "_LOCK_PATIENCE_SECONDS", 0.3)
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (migration._LOCK,))
        with pytest.raises(Unavailable, match="Another migration"):
            migrate(server.url)
