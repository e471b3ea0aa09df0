"""The API under test: the real app over real stores, in this process for most tests, as a real process for faults."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
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
    """A real `onboarding-agent api` on a free port."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ingest_api.server"],
            env={**environment, "API_PORT": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._wait_for_address()
        self._wait_for_answer()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def _wait_for_address(self) -> str:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in self.lines:
                if found := re.search(r"running on (http://[\d.]+:\d+)", line):
                    return found[1]
            if self.process.poll() is not None:
                raise RuntimeError("".join(self.lines))
            time.sleep(0.05)
        raise RuntimeError("the API did not start: " + "".join(self.lines))

    def _wait_for_answer(self) -> None:
        """Several workers share a socket that exists before any of them listens."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                httpx2.get(f"{self.url}/healthz")
                return
            except httpx2.ConnectError:
                time.sleep(0.05)
        raise RuntimeError("the API does not answer: " + "".join(self.lines))

    def stop(self) -> tuple[int, str]:
        """End it gracefully; returns exit code and what it wrote to stdout."""
        if self.process.poll() is None:
            self.process.terminate()
        assert self.process.stdout is not None
        written = self.process.stdout.read()
        code = self.process.wait(30)
        self._reader.join(5)
        return code, written

    def log(self) -> list[dict[str, Any]]:
        """The log so far, as objects; fails on a line that is no JSON."""
        return [orjson.loads(line) for line in self.lines]


@pytest.fixture
def api_process(environment: dict[str, str]) -> Iterator[Process]:
    process = Process(environment)
    yield process
    process.stop()
