"""Writes that may be repeated: with an `Idempotency-Key`, the second request gets the first one's answer.

The key is claimed in the transaction that does the work, so the two are stored together or not at all; a second
request that comes meanwhile waits for the first one's end.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Annotated, Any, TypeAlias

from fastapi import Depends, Header, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, Response

from db import idempotency
from db.pool import Connection
from ingest_api.access import Caller
from ingest_api.deps import CallerOf, ExchangeOf, ServicesOf, is_form
from ingest_api.refusals import IdempotencyConflict
from ingest_api.uploads import without_boundary
from ingest_api.wiring import Services

IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Makes the write safe to repeat: the same key and request get the first answer again.",
    ),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers. `once` holds members that are shown the first time alone, and never stored: keys. `then`
    is what is left to be told to others once the work is committed; a request that gets a first one's answer tells
    nothing."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    once: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[], Awaitable[None]] | None = None

    def response(self) -> Response:
        """Return the HTTP response of the first time."""
        return _respond(self.status, jsonable_encoder({**self.body, **self.once}), self.headers)


def _respond(status: int, body: Any, headers: Mapping[str, str]) -> Response:
    if status == 204:
        return Response(status_code=204, headers=dict(headers))
    return JSONResponse(body, status, dict(headers))


@dataclass(frozen=True, slots=True)
class Write:
    """A write under way: who, in which company, and under which idempotency key, if any."""

    services: Services
    caller: Caller
    trace_id: str
    key: str | None
    request_hash: bytes

    def of_user(self, user_id: str) -> "Write":
        """Return this write with a key of the user's own: users who share a public key share no idempotency keys."""
        if self.key is None:
            return self
        return replace(self, key=f"{sha256(user_id.encode()).hexdigest()[:32]}:{self.key}")

    async def run(self, work: Callable[[Connection], Awaitable[Answer]]) -> Response:
        """Do the work in one transaction, once per key; raises IdempotencyConflict for a key of another request."""
        async with self.services.database.transaction(self.caller.company_id) as connection:
            done = await (work(connection) if self.key is None else self._run_once(connection, self.key, work))
        if isinstance(done, Response):
            return done
        if done.then is not None:
            await done.then()
        return done.response()

    async def _run_once(
        self, connection: Connection, key: str, work: Callable[[Connection], Awaitable[Answer]]
    ) -> Answer | Response:
        """Return what the work answers, or the stored answer of the first time."""
        company_id = self.caller.company_id
        claim = await idempotency.claim(connection, company_id, key, self.request_hash)
        if isinstance(claim, idempotency.Conflict):
            raise IdempotencyConflict
        if isinstance(claim, idempotency.Replay):
            return _respond(claim.status, claim.body, {"Idempotency-Replayed": "true"})
        answer = await work(connection)
        await idempotency.complete(connection, company_id, key, answer.status, jsonable_encoder(answer.body))
        return answer


async def begin_write(
    request: Request,
    services: ServicesOf,
    caller: CallerOf,
    exchange: ExchangeOf,
    key: IdempotencyKey = None,
) -> Write:
    """Return the write that this request asks for."""
    subject = f"{caller.actor} {request.method} {request.url.path}\n".encode()
    body = await request.body()
    if is_form(request):
        body = without_boundary(body, request.headers["content-type"])
    return Write(services, caller, exchange.trace_id, key, sha256(subject + body).digest())


WriteOf = Annotated[Write, Depends(begin_write)]
