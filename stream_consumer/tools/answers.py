"""What the answer of a company's HTTP tool means. Pure."""

from typing import Any, Final

import orjson

from graph.tools.contracts import Content, ToolFailed
from graph.tools.fitting import nests_within

MAX_READ: Final = 262_144
"""Bytes of an answer that are read, unpacked; four times the most that is passed on. The rest stays unread."""
_MAX_DEPTH: Final = 100
"""Levels of JSON that are read; what nests deeper is a text to us, as programs that walk it have an end."""
_DATA: Final = ("application/json", "text/plain", "text/csv", "text/markdown", "application/problem+json", "")
_OURS: Final = frozenset({401, 403, 407, 421, 426, 431})
"""Refusals that no other arguments would change."""
_PAGE: Final = ("<!doctype html", "<html")


def content_of(status: int, media_type: str, body: bytes, *, is_cut: bool) -> Content:
    """Return what an answer holds: a JSON value, or a text.

    Raises:
        ToolFailed: it is a redirect, an error, a web page, or no JSON where it says so. A redirect is not followed: it
            could lead inside, and what is signed is meant for one address. A refusal (4xx) comes with its reason.
    """
    if not 200 <= status < 300:
        raise _failure(status, media_type, body, is_cut=is_cut)
    kind = media_type.partition(";")[0].strip().lower()
    text = body.decode("utf-8-sig", "replace")
    if not (kind in _DATA or kind.endswith("+json")) or text.lstrip()[:20].lower().startswith(_PAGE):
        raise ToolFailed("not_data", "the tool answered with something that is not data")
    if is_cut:
        return Content(text, is_cut=True)
    if not text.strip():
        return Content("the tool answered with nothing")
    return Content(_parsed(body, text, is_json=kind.endswith("json")))


def data_of(text: str) -> Any:
    """Return the JSON object or array that a text is; any other text as it stands."""
    value = _parsed(text, text, is_json=False) if text.lstrip()[:1] in ("{", "[") else text
    return value if isinstance(value, dict | list) else text


def _parsed(body: bytes | str, text: str, *, is_json: bool) -> Any:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        if is_json:
            raise ToolFailed("invalid_json", "the tool answered with something that cannot be read") from None
        return text
    return value if nests_within(value, _MAX_DEPTH) else text


def _failure(status: int, media_type: str, body: bytes, *, is_cut: bool) -> ToolFailed:
    if 300 <= status < 400:
        return ToolFailed("redirect_refused", "the tool is not set up correctly")
    if status >= 500 or status in _OURS:
        return ToolFailed(f"http_{status}", "the tool has a fault of its own now, or is not set up correctly")
    words = "the tool found nothing for this" if status in (404, 410) else "the tool refused this call"
    return ToolFailed(f"http_{status}", words, _said(media_type, body, is_cut=is_cut))


def _said(media_type: str, body: bytes, *, is_cut: bool) -> Any:
    """Return what a tool gave as the reason of a refusal, if that is data."""
    try:
        return content_of(200, media_type, body, is_cut=is_cut).value if body else None
    except ToolFailed:
        return None
