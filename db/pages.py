"""Pages that neither skip nor repeat a row while new ones arrive: keyset cursors over time and id."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from core.errors import InvalidRequest

MAX_LIMIT: Final = 500
"""Rows in one page at most; a larger wish is cut to it."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, newest first, and where the next page begins; `next_cursor` is None on the last one."""

    items: list[dict[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an order of time, rank of kind, and id; the next page begins strictly below it."""

    at: datetime
    rank: int
    key: str


def encode_cursor(position: Position) -> str:
    """Return the position as opaque text that is safe in a URL."""
    payload = orjson.dumps((position.at.isoformat(), position.rank, position.key))
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")


def decode_cursor(cursor: str) -> Position:
    """Return the position; raises InvalidRequest for text that `encode_cursor` did not write."""
    try:
        payload = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        at, rank, key = orjson.loads(payload)
        position = Position(datetime.fromisoformat(at), int(rank), str(key))
    except (ValueError, TypeError, binascii.Error):
        raise InvalidRequest("The cursor is not one that we gave.") from None
    if position.at.tzinfo is None or "\0" in position.key:
        raise InvalidRequest("The cursor is not one that we gave.")
    return position


def page_parameters(cursor: str | None, limit: int) -> dict[str, Any]:
    """Return the statement parameters of a page: `cursor_at`, `cursor_rank`, `cursor_key`, and one row more than asked.

    The extra row tells whether there is a next page.
    """
    before = decode_cursor(cursor) if cursor is not None else None
    return {
        "cursor_at": before and before.at,
        "cursor_rank": before and before.rank,
        "cursor_key": before and before.key,
        "limit": max(1, min(limit, MAX_LIMIT)) + 1,
    }


def page_of(
    rows: list[dict[str, Any]], limit: int, *, at: str = "created_at", key: str, rank: str | None = None
) -> Page:
    """Cut the extra row off and point to where it begins; `at`, `key` and `rank` name the columns of the order."""
    size = max(1, min(limit, MAX_LIMIT))
    items = rows[:size]
    if len(rows) <= size:
        return Page(items, None)
    last = items[-1]
    return Page(items, encode_cursor(Position(last[at], last[rank] if rank else 0, str(last[key]))))
