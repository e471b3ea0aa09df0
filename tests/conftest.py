"""Real servers for the tests: one PostgreSQL and one Redis per session, a fresh database and an empty Redis per test.

A migrated template database is cloned for each test that asks for one, which costs some ten milliseconds instead of a
migration. Set `TEST_DATABASE_URL` / `TEST_REDIS_SERVER` to run against other servers than the embedded ones.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis as redis_sync
from hypothesis import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from redis.asyncio import Redis

from core.redis import connect
from db.pool import Database
from local.installation import Company

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Hypothesis fails an example that takes 200 ms; how long one takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SECRET_KEY = "test-secret-key-that-is-long-enough-0123456789"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take long first, so that no worker is left alone with one of them at the end."""
    seconds: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        seconds[item.path] += _seconds(item)
    items.sort(key=lambda item: (-seconds[item.path], str(item.path)))


def _seconds(item: pytest.Item) -> float:
    """Return about how long a test takes: what its marker `slow` says, or a guess by whether it drives a browser."""
    if marker := item.get_closest_marker("slow"):
        return float(marker.kwargs.get("seconds", 5))
    return 1 if "browser" in getattr(item, "fixturenames", ()) else 0.05


MAX_RERUNS = 3


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which more than a few tests needed their second attempt: those tests, or what they test, are loose.

    `make test` gives a test that fails one more attempt, since one late browser among thousands of tests should not
    cost the whole run. Which ones took it stands under RERUN in the summary; they are to be mended.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    reruns = reporter.stats.get("rerun", []) if reporter else []
    if len(reruns) > MAX_RERUNS and session.exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"\n{len(reruns)} tests failed at first; {MAX_RERUNS} are bearable", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def require(found: object, what: str) -> None:
    """Skip the test when a service is missing locally; fail it in CI, where it must be there."""
    if found:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the browser; `CHROMIUM` names another one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    require(path, "Chromium")
    return str(path)


# A module's own scope, not the session's: Playwright's sync API keeps an event loop in this thread, and asyncio tests
# of other modules, which may come next in this process, need theirs.
@pytest.fixture(scope="module")
def browser(chromium_path: str) -> "Iterator[Browser]":
    """A running Chromium."""
    from playwright.sync_api import sync_playwright

    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=flags)
        yield running
        running.close()


ENOUGH_MEMORY = 4 << 30
"""Bytes that must be free, in the file system in memory and in memory itself, before servers of the tests keep their
files there."""


@pytest.fixture(scope="session")
def swift_directory() -> Iterator[Path]:
    """A directory for the files of servers: in memory where there is room, since a clone of a database is some hundreds
    of small files, which cost a disk four times the processor time, and Redis waits for the disk at each write.

    Not under pytest's own directory: started as root, PostgreSQL runs as another user, and each new session of pytest
    closes that directory to everybody but its owner.
    """
    memory = Path("/dev/shm")
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    roomy = memory.is_dir() and min(free, shutil.disk_usage(memory).free) > ENOUGH_MEMORY
    with tempfile.TemporaryDirectory(
        prefix="oa-servers-", dir=memory if roomy else None, ignore_cleanup_errors=True
    ) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres_url(swift_directory: Path) -> Iterator[str]:
    """Superuser URL of the PostgreSQL server of this session."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    from local.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(swift_directory / "postgres" / "data")
    url = server.start()
    _hurry(url)
    yield url
    server.stop()


def _hurry(url: str) -> None:
    """Have the server keep nothing safe from a power cut, and clone files: a database per test is then three times
    cheaper. What a test kills are processes, whose writes the system still holds. The log is kept short: its files may
    be in memory.
    """
    settings = {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "file_copy_method": "clone",
        "max_wal_size": "128MB",
    }
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in settings.items():
            with suppress(psycopg.Error):  # PostgreSQL before 18, or a file system that cannot clone
                connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")


def _with_database(url: str, name: str) -> str:
    return make_conninfo(**{**conninfo_to_dict(url), "dbname": name})


def as_url(conninfo: str) -> str:
    """Return a conninfo string in the form of a URL, as the product's settings take it."""
    parts = conninfo_to_dict(conninfo)
    host, query = str(parts.get("host", "")), ""
    if host.startswith("/"):
        host, query = "", f"?host={parts['host']}"
    user = (
        f"{parts['user']}{':' + str(parts['password']) if parts.get('password') else ''}@" if parts.get("user") else ""
    )
    port = f":{parts['port']}" if parts.get("port") and host else ""
    return f"postgresql://{user}{host}{port}/{parts['dbname']}{query}"


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> str:
    """Name of a migrated database to clone; made once per session."""
    from local.schema import migrate_all

    name = f"template_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    migrate_all(as_url(_with_database(postgres_url, name)))
    return name


@pytest.fixture(scope="session")
def founded_template(postgres_url: str, template_database: str) -> tuple[str, Company]:
    """Name of a migrated database with a company in it, to clone, and that company."""
    name = f"founded_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
    return name, found("Acme", as_url(_with_database(postgres_url, name)), SECRET_KEY)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, postgres_url: str, template_database: str) -> Iterator[str]:
    """URL of a fresh, migrated database, empty but for `company` where the test asks for it; dropped after the test."""
    template = template_database
    if "company" in request.fixturenames:
        template, _ = request.getfixturevalue("founded_template")
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        yield as_url(_with_database(postgres_url, name))
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class RedisServer:
    """A Redis server of our own on a unix socket, which a test may stop, kill and start again."""

    binary: str
    directory: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.directory}/redis.sock"

    def start(self) -> None:
        options = {
            "port": "0",
            "unixsocket": f"{self.directory}/redis.sock",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        arguments = [word for key, value in options.items() for word in (f"--{key}", value)]
        self.process = subprocess.Popen([self.binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with redis_sync.Redis.from_url(self.url) as client:
                    client.ping()
                return
            except redis_sync.RedisError:
                time.sleep(0.02)
        raise RuntimeError("redis did not start")

    def stop(self) -> None:
        """End the server at once, as a crash would; its append-only file stays."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def redis_binary() -> str | None:
    """Path of the Redis server to test against: a given one, the embedded one, or the system's."""
    if given := os.environ.get("TEST_REDIS_SERVER"):
        return shutil.which(given)
    from local.valkey import server_binary

    return str(server_binary())


@pytest.fixture(scope="session")
def _session_redis(swift_directory: Path) -> Iterator[RedisServer]:
    binary = redis_binary()
    require(binary, "a Redis server")
    directory = swift_directory / "redis"
    directory.mkdir()
    server = RedisServer(str(binary), directory)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(_session_redis: RedisServer) -> str:
    """URL of an empty Redis."""
    with redis_sync.Redis.from_url(_session_redis.url) as client:
        client.flushall()
    return _session_redis.url


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the empty Redis, as the product makes them."""
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The product's pool of connections to the fresh database."""
    database = await Database.open(database_url, pool_size=8, name="test")
    yield database
    await database.close()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis server of this test alone, for outages."""
    server = RedisServer(str(redis_binary()), tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def secret_key() -> str:
    """SECRET_KEY of the installation under test."""
    return SECRET_KEY


_KEPT = frozenset({"PATH", "HOME", "LANG", "TMPDIR"})


@pytest.fixture
def environment(database_url: str, redis_url: str, secret_key: str) -> dict[str, str]:
    """Environment in which a real process of the product runs."""
    kept = {key: value for key, value in os.environ.items() if key in _KEPT or key.startswith("COVERAGE_")}
    return {**kept, "DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": secret_key, "LOG_LEVEL": "INFO"}


@pytest.fixture
def company(database_url: str, founded_template: tuple[str, Company]) -> Company:
    """A founded company with its keys in the clear; `database_url` was cloned with it."""
    return founded_template[1]


@pytest.fixture
def other_company(database_url: str, secret_key: str) -> Company:
    """A second company of the same database, whose rows the first must never see."""
    return found("Rival", database_url, secret_key)


def found(name: str, database_url: str, secret_key: str) -> Company:
    """Found a company; its owner is `owner@<name>.test` with the password `correct horse`."""
    from local.founding import found_company

    email = f"owner@{name.lower()}.test"
    now, password = datetime.now(UTC), "correct horse"
    return asyncio.run(found_company(database_url, secret_key, name, now, admin_email=email, admin_password=password))
