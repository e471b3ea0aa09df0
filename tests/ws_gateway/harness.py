"""Gateways to drive from outside, in this process or as real ones, and what stands around them."""

import asyncio
import contextlib
import json
import os
import signal
import socket as sockets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Self
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from core.events import AcceptedEvent
from core.frames import nudge_frame
from core.ids import nudge_id, turn_id
from core.nudges import Nudge, NudgeStatus, NudgeType
from core.outbox import Outbox
from core.security import MAX_TOKEN_LIFE, issue_user_token
from core.settings import ConversationSettings, GatewaySettings, SecuritySettings, StoreSettings
from core.streams import EVENTS, decode_event
from core.turns import Evidence, Signal, SignalKind, Turn
from db import nudges
from db.nudges import StatusReport
from db.pool import Database
from local.installation import Company
from ws_gateway.server import serve_until
from ws_gateway.wiring import Running, assemble

PATIENCE = 30
"""Seconds after which a test that waits in vain fails; nothing else depends on it."""
LONG = 3600.0
"""A heartbeat that does not beat within a test."""


async def eventually(check: Callable[[], Awaitable[object]]) -> None:
    """Wait until `check` is true of something that no event tells of."""
    async with asyncio.timeout(PATIENCE):
        while not await check():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@contextmanager
def held_port() -> Iterator[int]:
    """A port that nobody else is given by chance while the block lasts: it is bound here, and may be listened on."""
    with sockets.socket() as holding:
        holding.setsockopt(sockets.SOL_SOCKET, sockets.SO_REUSEADDR, 1)
        holding.bind(("127.0.0.1", 0))
        yield holding.getsockname()[1]


@dataclass
class Client:
    """A page's socket. Frames are read in order; `skip` passes over those of other types."""

    socket: ClientConnection
    hello: dict[str, Any]

    async def frame(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return dict(json.loads(await self.socket.recv()))

    async def expect(self, kind: str) -> dict[str, Any]:
        frame = await self.frame()
        assert frame["type"] == kind, frame
        return frame

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def ack(self, nudge: Nudge, status: str) -> None:
        await self.send(type="nudge.ack", nudge_id=nudge.nudge_id, status=status)

    async def pong(self) -> list[dict[str, Any]]:
        """Ping, and return what comes before the answer: nothing else was on its way then."""
        await self.send(type="ping")
        before = []
        while (frame := await self.frame())["type"] != "pong":
            before.append(frame)
        return before

    async def closed(self) -> int | None:
        """Read until the gateway closes, and return its code; 1006 stands for none."""
        async with asyncio.timeout(PATIENCE):
            async for _ in _until_closed(self.socket):
                pass
        return self.socket.close_code


@dataclass
class Site:
    """A gateway's address, and tokens to reach it."""

    host: str
    port: int
    clients: AsyncExitStack = field(default_factory=AsyncExitStack)

    def url(self, user: str, **query: object) -> str:
        return f"ws://{self.host}:{self.port}/ws/{quote(user, safe='')}?{urlencode(query)}"

    async def dial(self, url: str) -> ClientConnection:
        return await self.clients.enter_async_context(
            connect(url, compression=None, ping_interval=None, close_timeout=1, max_size=None)
        )

    async def join(
        self, company: Company, user: str = "u1", *, life: timedelta = MAX_TOKEN_LIFE, **query: object
    ) -> Client:
        """Connect with a good token and read the greeting."""
        socket = await self.dial(self.url(user, token=token(company, user, life=life), **query))
        async with asyncio.timeout(PATIENCE):
            hello = json.loads(await socket.recv())
        assert hello["type"] == "hello"
        return Client(socket, hello)

    async def resume(self, company: Company, hello: Mapping[str, Any], after: int, user: str = "u1") -> Client:
        return await self.join(company, user, after=after, epoch=hello["epoch"])

    async def refused(self, url: str) -> tuple[int | None, list[str]]:
        """Connect, and return the close code with what came before it."""
        socket = await self.dial(url)
        async with asyncio.timeout(PATIENCE):
            frames = [str(message) async for message in _until_closed(socket)]
        return socket.close_code, frames

    async def get(self, path: str) -> tuple[int, str]:
        """Ask over plain HTTP."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            answer = (await reader.read()).decode()
        writer.close()
        head, _, body = answer.partition("\r\n\r\n")
        return int(head.split()[1]), body

    async def is_up(self, path: str = "/readyz") -> bool:
        try:
            return (await self.get(path))[0] == 200
        except OSError:
            return False


async def _until_closed(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


def token(company: Company, user: str, **options: Any) -> str:
    return issue_user_token(company.identity_secret, company.company_id, user, datetime.now(UTC), **options)[0]


@dataclass
class Inside(Site):
    """A gateway in this process."""

    running: Running = None  # type: ignore[assignment]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None]" = None  # type: ignore[assignment]


@asynccontextmanager
async def inside(
    database_url: str, redis_url: str, secret_key: str, *, up: str = "/readyz", **options: Any
) -> AsyncIterator[Inside]:
    """Run a gateway in this process until the block ends; `options` are its settings, `up` tells that it runs."""
    known: dict[str, Any] = {"gateway_heartbeat_seconds": LONG, "gateway_drain_seconds": 5}
    talks = ConversationSettings(enable_conversational_onboarding=options.pop("conversations", True))
    stores = StoreSettings(database_url=database_url, redis_url=redis_url)  # type: ignore[arg-type]
    security = SecuritySettings(secret_key=secret_key)  # type: ignore[arg-type]
    async with AsyncExitStack() as stack:
        port = stack.enter_context(held_port())
        settings = GatewaySettings(gateway_port=port, **{**known, **options})
        running = await stack.enter_async_context(assemble(stores, security, settings, talks))
        site = Inside("127.0.0.1", port, running=running)
        site.task = asyncio.create_task(serve_until(site.stop, running, settings))
        async with site.clients:
            await eventually(lambda: site.is_up(up))
            yield site
        site.stop.set()
        await asyncio.wait_for(site.task, PATIENCE)


@dataclass
class Outside(Site):
    """A gateway as a process of its own."""

    process: Process = None  # type: ignore[assignment]

    async def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; returns the exit code and everything that was logged."""
        if self.process.returncode is None:
            os.kill(self.process.pid, number)
        async with asyncio.timeout(PATIENCE):
            _, errors = await self.process.communicate()
        return int(self.process.returncode or 0), errors.decode()


@asynccontextmanager
async def outside(environment: Mapping[str, str], **options: object) -> AsyncIterator[Outside]:
    """Run `onboarding-agent gateway` until the block ends; `options` are further variables."""
    command = (sys.executable, "-m", "local.cli", "gateway")
    with held_port() as port:
        variables = {**environment, "GATEWAY_PORT": str(port), **{key: str(value) for key, value in options.items()}}
        process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=PIPE, stderr=PIPE)
        site = Outside("127.0.0.1", port, process=process)
        try:
            await eventually(site.is_up)
            async with site.clients:
                yield site
        finally:
            await site.end()


class Author:
    """Saves nudges and publishes them, as the graph does; reads what came of them."""

    def __init__(self, database: Database, redis: Redis) -> None:
        self.database = database
        self.redis = redis
        self.outbox = Outbox(redis)
        self._numbers = count()

    async def save(self, company: Company, user: str = "u1", *, life: timedelta = timedelta(hours=1)) -> Nudge:
        now = datetime.now(UTC)
        evidence = Evidence(event_id=f"e{next(self._numbers)}", event_type="rage_click", at=now)
        signal = Signal(kind=SignalKind.RAGE_CLICK, stuck_point="connect", evidence=(evidence,), detected_at=now)
        turn = Turn(
            turn_id=turn_id(company.company_id, user, signal.kind, "connect", evidence.event_id),
            company_id=company.company_id,
            user_id=user,
            session_id="s1",
            signal=signal,
            created_at=now,
            trace_id="trace",
        )
        nudge = Nudge(
            nudge_type=NudgeType.TOOLTIP,
            title="Connect your CRM",
            body="Paste the key here.",
            nudge_id=nudge_id(turn.turn_id),
            stuck_point="connect",
            expires_at=now + life,
        )
        async with self.database.transaction(company.company_id) as connection:
            assert await nudges.insert(connection, nudge, turn, now)
        return nudge

    async def publish(self, company: Company, nudge: Nudge, user: str = "u1") -> int:
        return await self.outbox.publish(company.company_id, user, nudge_frame(nudge), key=nudge.nudge_id)

    async def nudge(self, company: Company, user: str = "u1") -> Nudge:
        nudge = await self.save(company, user)
        await self.publish(company, nudge, user)
        return nudge

    async def report(self, company: Company, nudge: Nudge, status: NudgeStatus) -> None:
        """Apply a report, as the consumer does."""
        async with self.database.transaction(company.company_id) as connection:
            report = StatusReport(company.company_id, nudge.nudge_id, status, datetime.now(UTC))
            await nudges.report(connection, [report])

    async def events(self) -> list[AcceptedEvent]:
        return [decode_event(fields[b"d"]) for _, fields in await self.redis.xrange(EVENTS)]

    async def reported(self, kind: str, *, at_least: int = 1) -> list[AcceptedEvent]:
        """Wait for entries of this type, and return them."""
        found: list[AcceptedEvent] = []

        async def enough() -> bool:
            found[:] = [event for event in await self.events() if event.event_type == kind]
            return len(found) >= at_least

        await eventually(enough)
        return found


class PostgresLine:
    """A way to PostgreSQL that a test can cut: forwards TCP connections to the real server. Its port stays its own."""

    def __init__(self, database_url: str) -> None:
        parts = conninfo_to_dict(database_url)
        self._target = parts
        self._holding = ExitStack()
        self._port = self._holding.enter_context(held_port())
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        user = f"{parts['user']}:{parts['password']}" if parts.get("password") else str(parts.get("user", "postgres"))
        self.url = f"postgresql://{user}@127.0.0.1:{self._port}/{parts['dbname']}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        self._holding.close()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self._port)

    async def stop(self) -> None:
        """Cut every connection, and refuse new ones."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._target["host"]), int(self._target.get("port") or 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._open()
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._writers -= ends


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()
