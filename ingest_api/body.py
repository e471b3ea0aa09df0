"""Reading request bodies with the limit enforced while reading, whatever Content-Length says."""

from collections.abc import Mapping

from starlette.types import Receive

from core.errors import BodyTooLarge, InvalidRequest


class ClientGone(Exception):
    """The client hung up before its request was complete; nobody waits for an answer."""


def check_declared_length(headers: Mapping[bytes, bytes], limit: int) -> None:
    """Refuse a body that says it is too large before a byte of it is read; raises BodyTooLarge or InvalidRequest."""
    declared = headers.get(b"content-length")
    if declared is None:
        return
    if not declared.isdigit():
        raise InvalidRequest("Content-Length is not a number.")
    if len(declared) > 15 or int(declared) > limit:
        raise too_large(limit)


def too_large(limit: int) -> BodyTooLarge:
    """Return the refusal that names the limit."""
    return BodyTooLarge(f"The body may have {limit} bytes.")


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body; raises BodyTooLarge as soon as it exceeds `limit` bytes, ClientGone on a disconnect."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise too_large(limit)
        return body
    return await _read_parts(message, receive, limit)


async def _read_parts(message: Mapping[str, object], receive: Receive, limit: int) -> bytes:
    parts = bytearray()
    while message["type"] == "http.request":
        parts += message.get("body", b"")  # type: ignore[arg-type]
        if len(parts) > limit:
            raise too_large(limit)
        if not message.get("more_body", False):
            return bytes(parts)
        message = await receive()
    raise ClientGone
