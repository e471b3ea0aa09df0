"""Reading what a client sends: a frame that we know, or the answer that says what is wrong with it.

An error names the message that it is about whenever that can be read, so that the page knows which one to show as not
sent.
"""

import json
from typing import Any, Final

from pydantic import ValidationError

from core.frames import CLIENT_FRAME, ClientFrame, error_frame

MAX_ID: Final = 64
"""Characters of an id that a client made (`core.frames`)."""


def read(message: str | bytes) -> ClientFrame | bytes:
    """Return the frame that a client sent, or the error frame that answers it."""
    if isinstance(message, bytes):
        return error_frame("invalid_frame", "Frames are JSON in text messages.")
    try:
        return CLIENT_FRAME.validate_json(message)
    except ValidationError:
        return _read_again(message) or _answer(message)


def _read_again(message: str) -> ClientFrame | None:
    """Read a chat message that holds half a character, which strict readers of JSON refuse."""
    try:
        return CLIENT_FRAME.validate_python(_parsed(message))
    except ValidationError:
        return None


def _answer(message: str) -> bytes:
    named = _parsed(message).get("client_message_id")
    is_id = isinstance(named, str) and 1 <= len(named) <= MAX_ID and named.isprintable()
    detail = "The frame is not one that this endpoint knows."
    return error_frame("invalid_frame", detail, client_message_id=named if is_id else None)


def _parsed(message: str) -> dict[str, Any]:
    try:
        data = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
