"""The API under test: the real app over real stores, in this process for most tests, as a real process for faults."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from pwdlib import PasswordHash

from core import streams
from core.events import AcceptedEvent
from core.settings import ApiSettings, LogSettings, SecuritySettings, StoreSettings
from db import admins
from ingest_api.app import create_app
from ingest_api.middleware import Edge
from ingest_api.wiring import Services, Settings, open_services
from tests.nursery import Child, bear


@pytest.fixture
def settings(database_url: str, redis_url: str, secret_key: str) -> Settings:
    return Settings(
        StoreSettings(database_url=database_url, redis_url=redis_url, database_pool_size=4),
        SecuritySettings(secret_key=secret_key),
        ApiSettings(),
        LogSettings(),
    )


@pytest.fixture
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with open_services(settings) as opened:
        yield opened


@pytest.fixture
def app(services: Services) -> Edge:
    return create_app(services)


@pytest.fixture
async def client(app: Edge) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://api.test") as client:
        yield client


def event(**changes: Any) -> dict[str, Any]:
    """A valid event; `changes` replace members, and None takes a member away."""
    whole = {
        "event_id": f"e-{time.monotonic_ns()}",
        "user_id": "u1",
        "session_id": "s1",
        "event_type": "click",
        "target_element": "#connect",
        "page_url": "https://app.example/connect-crm",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"text": "Connect"},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def batch(*events: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"events": list(events) or [event()], **members}


async def stored(services: Services, stream: str = streams.EVENTS) -> list[AcceptedEvent]:
    """What the stream holds, in order."""
    return [streams.decode_event(fields[b"d"]) for _, fields in await services.redis.xrange(stream)]


async def add_person(services: Services, company_id: str, role: str) -> tuple[str, str]:
    """Add a person of a role; returns their id and an access token."""
    from ingest_api.admin_tokens import Person

    now = datetime.now(UTC)
    async with services.database.transaction(company_id) as connection:
        admin_id = await admins.create(
            connection, company_id, f"{role}-{time.monotonic_ns()}@test.example", HASH, role, now
        )
    return admin_id, services.access_tokens.issue(Person(company_id, admin_id), now)


PASSWORD = "a long enough password"
HASH = PasswordHash.recommended().hash(PASSWORD)


class Process:
    """A real `onboarding-agent api` on a free port. Several workers are children that start from nothing."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._told = Path(tempfile.mkdtemp(prefix="oa-api-"))
        variables = {**environment, "API_PORT": "0"}
        self.process = self._alone(variables) if "API_WORKERS" in environment else self._born(variables)
        self._lines: list[str] | None = None
        try:
            self.url = self._wait_for_address()
            self._wait_for_answer()
        except RuntimeError:
            self.stop()
            raise

    def _born(self, variables: dict[str, str]) -> Child:
        return bear("ingest_api.server", (), variables, main="run", told=self._told)

    def _alone(self, variables: dict[str, str]) -> "subprocess.Popen[bytes]":
        with (self._told / "stdout").open("wb") as stdout, (self._told / "stderr").open("wb") as stderr:
            command = [sys.executable, "-m", "ingest_api.server"]
            return subprocess.Popen(command, env=variables, stdout=stdout, stderr=stderr)

    @property
    def lines(self) -> list[str]:
        """What it wrote to stderr so far; all of it once it was stopped."""
        return self._read("stderr").splitlines(keepends=True) if self._lines is None else self._lines

    def _read(self, stream: str) -> str:
        file = self._told / stream
        return file.read_text() if file.exists() else ""

    def _wait_for_address(self) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if found := re.search(r"running on (http://[\d.]+:\d+)", self._read("stderr")):
                return found[1]
            if self.process.poll() is not None:
                raise RuntimeError(self._read("stderr"))
            time.sleep(0.05)
        raise RuntimeError("the API did not start: " + self._read("stderr"))

    def _wait_for_answer(self) -> None:
        """Several workers share a socket that exists before any of them listens."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                httpx2.get(f"{self.url}/healthz")
                return
            except httpx2.ConnectError:
                time.sleep(0.05)
        raise RuntimeError("the API does not answer: " + self._read("stderr"))

    def stop(self) -> tuple[int, str]:
        """End it gracefully; returns exit code and what it wrote to stdout."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(30)
        if self._lines is None:
            self._lines, self._written = self.lines, self._read("stdout")
            shutil.rmtree(self._told)
        return code, self._written

    def log(self) -> list[dict[str, Any]]:
        """The log so far, as objects; fails on a line that is no JSON."""
        return [orjson.loads(line) for line in self.lines]


@pytest.fixture
def api_process(environment: dict[str, str]) -> Iterator[Process]:
    process = Process(environment)
    yield process
    process.stop()
