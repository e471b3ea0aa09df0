"""Reading what a client sends: a frame that we know, or the answer that says what is wrong with it.

An error names the message that it is about whenever that can be read, so that the page knows which one to show as not
sent.
"""

import json
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from core.frames import CLIENT_FRAME, Feedback, NudgeAck, Ping, RequestHuman, SendMessage, Stop, error_frame
from core.plaintext import repaired

ClientFrame = NudgeAck | SendMessage | Feedback | Stop | RequestHuman | Ping

MAX_ID: Final = 64
"""Characters of an id that a client made (`core.frames`)."""
_FAULTS: Final = {
    ("text", "string_too_long"): ("message_too_long", "The message is too long."),
    ("text", "string_too_short"): ("empty_message", "The message is empty."),
}
"""Faults of a message that have a code of their own, by field and kind."""


def read(message: str | bytes) -> ClientFrame | bytes:
    """Return the frame that a client sent, or the error frame that answers it."""
    if isinstance(message, bytes):
        return error_frame("invalid_frame", "Frames are JSON in text messages.")
    try:
        return CLIENT_FRAME.validate_json(message)
    except ValidationError as error:
        return _read_again(message) or _answer(message, error.errors(include_url=False, include_context=False))


def _read_again(message: str) -> ClientFrame | None:
    """Read a chat message that holds half a character, which strict readers refuse: a page may have cut it out."""
    data = _parsed(message)
    if data.get("type") != "send_message" or not isinstance(data.get("text"), str):
        return None
    try:
        return CLIENT_FRAME.validate_python({**data, "text": repaired(data["text"])})
    except ValidationError:
        return None


def _answer(message: str, faults: list[ErrorDetails]) -> bytes:
    code, detail = "invalid_frame", "The frame is not one that this endpoint knows."
    for fault in faults:
        code, detail = _FAULTS.get((str(fault["loc"][-1]) if fault["loc"] else "", fault["type"]), (code, detail))
    named = _parsed(message).get("client_message_id")
    is_id = isinstance(named, str) and 1 <= len(named) <= MAX_ID and named.isprintable()
    return error_frame(code, detail, client_message_id=named if is_id else None)


def _parsed(message: str) -> dict[str, Any]:
    try:
        data = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
