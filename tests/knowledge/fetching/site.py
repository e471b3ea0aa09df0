"""A web server that does exactly what a test tells it to, misbehaviour included, and keeps what it was asked."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Raw = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""Writes an answer byte by byte, as it likes; the connection is closed afterwards."""


@dataclass(frozen=True)
class Reply:
    """An answer; Content-Length is added."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    connection: int


Answer = Reply | Raw | Callable[[Request], Reply]


@dataclass
class Site:
    """`pages` by path; a list answers one after the other, its last element for ever. Unknown paths are 404."""

    port: int = 0
    scheme: str = "http"
    pages: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    busy: int = 0
    most_busy: int = 0
    think: float = 0.0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """What was asked for, robots.txt aside."""
        return [request.path for request in self.requests if request.path != "/robots.txt"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer, number):
                pass
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        request = Request(head[0].split(" ")[1], headers, number)
        self.requests.append(request)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(self.think)
        self.busy -= 1
        answer = self._next(request.path)
        if not isinstance(answer, Reply):
            made = answer(request if answer.__code__.co_varnames[0] == "request" else writer)  # type: ignore[union-attr]
            if not isinstance(made, Reply):
                await made
                return False
            answer = made
        lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in answer.headers.items())]
        if answer.status not in (204, 304) and "Transfer-Encoding" not in answer.headers:
            lines.append(f"Content-Length: {answer.headers.get('X-Length', len(answer.body))}")
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        await writer.drain()
        return True

    def _next(self, path: str) -> Answer:
        answers = self.pages.get(path, Reply(b"none", 404))
        if isinstance(answers, list):
            return answers.pop(0) if len(answers) > 1 else answers[0]
        return answers


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[Site]:
    """A site on a free port of this machine."""
    site = Site(scheme="https" if tls else "http")
    server = await asyncio.start_server(site.serve, host, 0, ssl=tls)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


def raw(text: bytes) -> Raw:
    """Answers with these very bytes."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return write


def dripping(head: bytes, drip: bytes, pause: float = 0.02) -> Raw:
    """Answers with a head, and then with one drop after the other, without end."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(pause)

    return write


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(b"", status, {"Location": location})
