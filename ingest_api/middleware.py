"""The edge around every route, as one pure ASGI middleware: trace ids, CORS, safety headers, errors, metrics, log.

One layer instead of six, since each costs every request; and pure ASGI, since Starlette's function middleware alone
costs more than the whole events route.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.events import MAX_BODY_BYTES
from core.logs import bind
from ingest_api import problems
from ingest_api.access_log import AccessLog
from ingest_api.body import ClientGone, check_declared_length, too_large
from ingest_api.exchange import REQUEST_ID_HEADER, Exchange, trace_of
from ingest_api.telemetry import Telemetry

EVERY_ANSWER: Final = ((b"x-content-type-options", b"nosniff"), (b"access-control-allow-origin", b"*"))
"""Credentials travel in headers that a page must set itself, never in cookies; so any origin may read an answer, and
what a public key may be used from is checked on the request."""
ANSWERS_TO_READ: Final = (
    (b"referrer-policy", b"no-referrer"),
    (b"access-control-expose-headers", b"X-Request-Id, Retry-After, ETag"),
)
"""Beside those, unless the answer is a bare 202: the server checks every header again as it writes it."""
NO_STORE: Final = (b"cache-control", b"no-store")
PREFLIGHT_HEADERS: Final = [
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Idempotency-Key, If-Match, X-API-Key, X-Request-Id, X-User-Token",
    ),
    (b"access-control-max-age", b"7200"),
    (b"content-length", b"0"),
]
CLIENT_GONE_STATUS: Final = 499
"""Logged, never sent: the client hung up."""


class Edge:
    """Wraps the app. `fast` maps paths to handlers that are called before any routing; the router has them too.

    `limits` maps paths whose bodies may be larger than others' to their bytes.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        telemetry: Telemetry,
        access_log: AccessLog,
        fast: Mapping[str, ASGIApp] | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self.app = app
        self._limits = dict(limits or {})
        self._telemetry = telemetry
        self._access_log = access_log
        self._fast = dict(fast or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        exchange = Exchange(trace_of(headers), time.perf_counter())
        scope["exchange"], scope["header_map"] = exchange, headers
        reply = _Reply(exchange, send)
        try:
            await self._answer(scope, receive, reply)
        except Exception as error:
            await self._answer_error(error, exchange, reply)
        finally:
            self._finish(scope, exchange)

    async def _answer(self, scope: Scope, receive: Receive, reply: "_Reply") -> None:
        handler = self._fast.get(scope["path"])
        if handler is not None and scope["method"] == "POST":
            await handler(scope, receive, reply)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in scope["header_map"]:
            scope["exchange"].route = "preflight"
            await reply.send_whole(204, PREFLIGHT_HEADERS, b"")
        else:
            limit = self._limits.get(scope["path"], MAX_BODY_BYTES)
            check_declared_length(scope["header_map"], limit)
            with bind(trace_id=scope["exchange"].trace_id):
                await self.app(scope, _Bounded(receive, limit), reply)

    async def _answer_error(self, error: Exception, exchange: Exchange, reply: "_Reply") -> None:
        """Answer an error of a fast handler, or of the edge itself; the app answers its own (`app.answer_error`)."""
        if isinstance(error, ClientGone):
            exchange.status = CLIENT_GONE_STATUS
        elif exchange.status == 0:
            await reply.send_whole(*problems.answer(error, exchange))
        elif exchange.code is None:  # the answer has begun and cannot be taken back, only cut off
            problems.answer(error, exchange)
            raise error

    def _finish(self, scope: Scope, exchange: Exchange) -> None:
        route = exchange.route or _template(scope)
        seconds = time.perf_counter() - exchange.started
        self._telemetry.note_request(scope["method"], route, exchange.status, seconds)
        if exchange.code is not None:
            self._telemetry.note_refusal(exchange.code)
        self._access_log.note(exchange, scope["method"], route, seconds)


class _Reply:
    """An ASGI `send` that notes the status and adds the headers that every answer has."""

    __slots__ = ("_exchange", "_send")

    def __init__(self, exchange: Exchange, send: Send) -> None:
        self._exchange = exchange
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange = self._exchange
            exchange.status = message["status"]
            headers = [*message.get("headers", ()), *EVERY_ANSWER, (REQUEST_ID_HEADER, exchange.trace_id.encode())]
            if exchange.status != 202:
                headers += ANSWERS_TO_READ
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(NO_STORE)
            message["headers"] = headers
        await self._send(message)

    async def send_whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a complete answer."""
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


class _Bounded:
    """An ASGI `receive` that stops a body beyond the limit, for routes that read it through the framework."""

    __slots__ = ("_limit", "_read", "_receive")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self._limit:
            # The one kind of exception that the framework lets through while it reads a body.
            raise HTTPException(413) from too_large(self._limit)
        return message


def _template(scope: Mapping[str, Any]) -> str:
    """Return the route's template, never the path itself: paths hold user ids."""
    route = scope.get("route")
    return str(getattr(route, "path_format", None) or "unmatched")
