"""`POST /api/v1/events`: the fast path, a raw ASGI handler. It waits for the stream, never for PostgreSQL or an LLM.

The credential comes first, then the size, then the content; the answer is 202 once every event is in the stream.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from starlette.types import Receive, Scope, Send

from core.errors import OriginRefused, Unauthenticated
from core.events import MAX_BODY_BYTES
from core.streams import EVENTS, shard_of
from ingest_api import intake
from ingest_api.appender import Appender
from ingest_api.body import check_declared_length, read_body
from ingest_api.exchange import Exchange
from ingest_api.keyring import Grant, Keyring
from ingest_api.quota import Quota
from ingest_api.refusals import UnsupportedMedia
from ingest_api.telemetry import Telemetry
from ingest_api.user_tokens import TokenChecker

PATH: Final = "/api/v1/events"
MAX_BEACON_BYTES: Final = 64 * 1024
"""A beacon is parsed before its key is known, so it may be small only; browsers allow no more in any case."""


class _Credential(NamedTuple):
    grant: Grant
    user_token: str | None
    batch: intake.WireBatch


class EventIntake:
    """The handler; an ASGI app of its own."""

    def __init__(
        self,
        *,
        keyring: Keyring,
        tokens: TokenChecker,
        quota: Quota,
        appender: Appender,
        telemetry: Telemetry,
        shards: int,
    ) -> None:
        self._keyring = keyring
        self._tokens = tokens
        self._quota = quota
        self._appender = appender
        self._telemetry = telemetry
        self._shards = shards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one batch in; raises ProductError for every refusal, which the edge turns into a problem."""
        exchange: Exchange = scope["exchange"]
        exchange.route = PATH
        grant, user_token, batch = await self._read(scope["header_map"], receive, exchange)
        if user_token is not None:
            claims = await self._tokens.check(user_token, grant.company_id, datetime.now(UTC))
            intake.check_user(batch, claims.user_id)
        received_ms = time.time_ns() // 1_000_000
        entries = intake.encode_batch(batch, grant.company_id, exchange.trace_id, received_ms)
        await self._appender.append(self._by_stream(grant.company_id, batch, entries))
        exchange.events = len(entries)
        self._telemetry.note_events(len(entries))
        await _answer_accepted(send, len(entries))

    async def _read(self, headers: Mapping[bytes, bytes], receive: Receive, exchange: Exchange) -> _Credential:
        """Check the key and read the batch, in the order that costs an intruder most and us least."""
        is_text = _check_media(headers)
        key = headers.get(b"x-api-key")
        if key is not None:
            grant = await self._admit(key.decode("latin-1"), headers, exchange)
            check_declared_length(headers, MAX_BODY_BYTES)
            batch = intake.parse_batch(await read_body(receive, MAX_BODY_BYTES))
            return _Credential(grant, _user_token(headers) or batch["user_token"] or None, batch)
        if not is_text:
            raise Unauthenticated("The header X-API-Key is missing.")
        check_declared_length(headers, MAX_BEACON_BYTES)
        beacon = intake.parse_batch(await read_body(receive, MAX_BEACON_BYTES))
        if beacon["api_key"] is None:
            raise Unauthenticated("The body names no api_key.")
        return _Credential(await self._admit(beacon["api_key"], headers, exchange), beacon["user_token"], beacon)

    async def _admit(self, key: str, headers: Mapping[bytes, bytes], exchange: Exchange) -> Grant:
        grant = await self._keyring.resolve(key)
        exchange.company_id = grant.company_id
        if grant.kind == "public":
            origin = headers.get(b"origin")
            if not grant.allows_origin(None if origin is None else origin.decode("latin-1")):
                raise OriginRefused
        self._quota.admit(grant.key_id)
        return grant

    def _by_stream(
        self, company_id: str, batch: intake.WireBatch, entries: Sequence[bytes]
    ) -> Mapping[str, Sequence[bytes]]:
        if self._shards == 1:
            return {EVENTS: entries}
        parts: dict[str, list[bytes]] = {}
        for event, entry in zip(batch["events"], entries, strict=True):
            parts.setdefault(shard_of(EVENTS, self._shards, company_id, event["user_id"]), []).append(entry)
        return parts


def _user_token(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the user's token from where clients put one: a header of its own, or the usual one for bearers."""
    token = headers.get(b"x-user-token")
    if not token:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            return None
    return token.decode("latin-1").strip() or None


def _check_media(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether the body is that of a beacon; raises UnsupportedMedia for anything but plain JSON or text."""
    if headers.get(b"content-encoding", b"identity") != b"identity":
        raise UnsupportedMedia("Compressed bodies are not read.")
    kind = headers.get(b"content-type", b"application/json")
    if kind.startswith(b"application/json"):
        return False
    if kind.startswith(b"text/plain"):
        return True
    raise UnsupportedMedia("Send application/json, or text/plain from a beacon.")


async def _answer_accepted(send: Send, count: int) -> None:
    body = b'{"accepted":%d}' % count
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})
