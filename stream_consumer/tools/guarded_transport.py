"""The guarded connections as a transport of `httpx`, which the MCP client speaks HTTP through.

What a client above does (follow a redirect within an origin, open a second stream) ends here: every request goes to a
checked address, and no answer brings more bytes than the limit. The first fault is kept, since the MCP client swallows
some and would wait for an answer that never comes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import httpx
import httpx2

from graph.tools.contracts import ToolFailed
from knowledge.fetching.connections import Connections
from knowledge.fetching.refusals import TOO_LARGE, Refused
from stream_consumer.tools.requests import target_of

_OURS: Final = frozenset({b"host", b"accept-encoding", b"transfer-encoding"})


class GuardedTransport(httpx.AsyncBaseTransport):
    """Made per session. `seconds` bound each single wait, `limit` the bytes of each answer."""

    def __init__(self, connections: Connections, *, seconds: float, limit: int) -> None:
        self._connections = connections
        self._seconds = seconds
        self._limit = limit
        self.fault: asyncio.Future[Refused | ToolFailed] = asyncio.get_running_loop().create_future()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; raises ToolFailed, or httpx.TransportError while it is under way."""
        try:
            return await self._send(request)
        except (Refused, ToolFailed) as error:
            self.note(request, error)
            raise httpx.ConnectError(error.code, request=request) from error

    def note(self, request: httpx.Request, error: Refused | ToolFailed) -> None:
        """Keep the first fault of what was asked; the stream for notifications, a GET, may break as it likes."""
        if request.method == "POST" and not self.fault.done():
            self.fault.set_result(error)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in _kept(request)]
        headers.append(("Accept-Encoding", "identity"))  # what is unpacked above cannot be bounded here
        async with AsyncExitStack() as stack:
            answer = await stack.enter_async_context(
                self._connections.send(
                    request.method, target_of(str(request.url)), headers, self._seconds, await request.aread()
                )
            )
            if answer.headers.get("content-encoding", "identity").lower() != "identity":
                raise Refused("bad_response", "the answer is compressed, which was not asked for")
            body = _Body(answer, self._limit, partial(self.note, request), stack.pop_all())
        return httpx.Response(answer.status_code, headers=answer.headers.raw, stream=body, request=request)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, up to the limit; closing it gives the connection back."""

    def __init__(
        self, answer: httpx2.Response, limit: int, note: Callable[[Refused], None], stack: AsyncExitStack
    ) -> None:
        self._answer = answer
        self._left = limit
        self._note = note
        self._stack = stack

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.aiter_raw():
                self._left -= len(piece)
                if self._left < 0:
                    raise Refused(TOO_LARGE, "the answer is too large")
                yield piece
        except Refused as error:
            self._note(error)
            raise httpx.ReadError(error.code) from error

    async def aclose(self) -> None:
        await self._stack.aclose()


def _kept(request: httpx.Request) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in request.headers.raw if name.lower() not in _OURS]
