"""One conversation with an MCP server over streamable HTTP: opened, used once, closed; nothing is shared between calls.

The client library answers some faults by waiting on, and closes a session with one more request. So a session lives in
a task of its own: whoever asked goes on as soon as there is an answer or a fault, and the task is given a moment to
take its leave.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from graph.tools.contracts import TOOL_FAILED, ToolFailed
from knowledge.fetching.connections import Connections
from knowledge.fetching.refusals import Refused
from stream_consumer.tools.answers import MAX_READ
from stream_consumer.tools.guarded_transport import GuardedTransport
from stream_consumer.tools.http_tool import failure_of

if TYPE_CHECKING:
    from mcp import ClientSession

T = TypeVar("T")

LEAVE_SECONDS: Final = 2.0
"""Time that a session has to close, after its answer was taken."""
_leaving: Final[set[asyncio.Task[None]]] = set()
"""Keeps tasks that nobody waits for from being collected."""


@dataclass(frozen=True, slots=True)
class McpAddress:
    """Where a server is and how to speak to it. `seconds` bound each single wait; the caller bounds the whole."""

    url: str
    token: str | None = field(repr=False)
    connections: Connections
    seconds: float


async def ask(address: McpAddress, work: "Callable[[ClientSession], Awaitable[T]]", *, key: str | None = None) -> T:
    """Open a session, do `work` in it and return what it came to; `key` goes along as Idempotency-Key.

    Raises:
        ToolFailed: the server is away, refuses, or does not speak the protocol.
    """
    transport = GuardedTransport(address.connections, seconds=address.seconds, limit=MAX_READ)
    answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(_hold(address, transport, work, key, answer))
    _leaving.add(task)
    task.add_done_callback(_forget)
    try:
        ends: set[asyncio.Future[Any]] = {task, answer, transport.fault}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if answer.done():
        asyncio.get_running_loop().call_later(LEAVE_SECONDS, task.cancel)
        return answer.result()
    task.cancel()
    raise _failure(transport.fault.result() if transport.fault.done() else task.exception())


async def _hold(
    address: McpAddress,
    transport: GuardedTransport,
    work: "Callable[[ClientSession], Awaitable[T]]",
    key: str | None,
    answer: "asyncio.Future[T]",
) -> None:
    async with _session(address, transport, key) as session:
        await session.initialize()
        answer.set_result(await work(session))


@asynccontextmanager
async def _session(address: McpAddress, transport: GuardedTransport, key: str | None) -> "AsyncIterator[ClientSession]":
    create_session = await asyncio.to_thread(_library)
    headers = {"User-Agent": "onboarding-agent"}
    headers |= {"Authorization": f"Bearer {address.token}"} if address.token else {}
    headers |= {"Idempotency-Key": key} if key else {}

    def client(
        headers: dict[str, str] | None = None, timeout: httpx.Timeout | None = None, auth: httpx.Auth | None = None
    ) -> httpx.AsyncClient:
        return httpx.AsyncClient(headers=headers, timeout=timeout, auth=auth, transport=transport, trust_env=False)

    async with create_session(
        {
            "transport": "streamable_http",
            "url": address.url,
            "headers": headers,
            "timeout": address.seconds,
            "sse_read_timeout": address.seconds,
            "httpx_client_factory": client,
        }
    ) as session:
        yield session


def _library() -> "Callable[..., AbstractAsyncContextManager[ClientSession]]":
    """Return what opens sessions; its import takes a second, which other turns must not wait for."""
    from langchain_mcp_adapters.sessions import create_session

    logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)  # it would log what servers sent: anybody's data
    return create_session


def _forget(task: asyncio.Task[None]) -> None:
    _leaving.discard(task)
    if not task.cancelled():
        task.exception()  # told already, or of no interest once there is an answer


def _failure(error: BaseException | None) -> ToolFailed:
    """Return what the end of a session without an answer means."""
    for cause in _causes(error):
        if isinstance(cause, httpx.HTTPStatusError):
            return ToolFailed(f"http_{cause.response.status_code}", "the tool's server refused the call")
        if isinstance(cause, Refused):
            return failure_of(cause)
        if isinstance(cause, ToolFailed):
            return cause
    return ToolFailed(TOOL_FAILED, "the tool's server does not answer as it should")


def _causes(error: BaseException | None) -> Iterator[Any]:
    """Yield the errors that an error stands for; the library bundles them."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    elif error is not None:
        yield error
