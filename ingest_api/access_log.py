"""The access log: a line for every request, cheap enough for the busiest route.

A line holds only fields that are ours or were checked (ids, counts, codes, route templates), so it skips the masking
that every other line goes through; lines are gathered and written together five times a second.
"""

import asyncio
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import orjson

from ingest_api.exchange import Exchange

FLUSH_SECONDS: Final = 0.2
MAX_HELD: Final = 2_000
"""Lines after which they are written at once."""


class AccessLog:
    """Writes one line per exchange to `stream`, in the form (`json` or `console`) that the rest of the log has."""

    def __init__(self, *, form: str = "json", stream: TextIO | None = None) -> None:
        self._as_json = form == "json"
        self._stream = stream
        self._lines: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, exchange: Exchange, method: str, route: str, seconds: float) -> None:
        """Add the line of an exchange that is over."""
        if not logging.root.isEnabledFor(logging.INFO):
            return
        self._lines.append(self._line(exchange, method, route, seconds))
        if len(self._lines) >= MAX_HELD:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what is held."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines = self._lines, []
        if lines:
            stream = self._stream or sys.stderr
            stream.write(b"".join(lines).decode())
            stream.flush()

    def _line(self, exchange: Exchange, method: str, route: str, seconds: float) -> bytes:
        fields = _fields(exchange, method, route, seconds)
        if self._as_json:
            return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
        rest = " ".join(f"{key}={value}" for key, value in fields.items() if key not in _HEAD)
        at = datetime.fromtimestamp(time.time(), UTC)
        return f"{at:%H:%M:%S} info    api: request {rest}\n".encode()


_HEAD: Final = frozenset({"at", "level", "process", "logger", "event"})


def _fields(exchange: Exchange, method: str, route: str, seconds: float) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "at": datetime.now(UTC),
        "level": "info",
        "process": "api",
        "logger": "ingest_api.access",
        "event": "request",
        "trace_id": exchange.trace_id,
        "method": method,
        "route": route,
        "status": exchange.status,
        "ms": round(seconds * 1000, 2),
    }
    for name in ("company_id", "actor", "events", "code"):
        value = getattr(exchange, name)
        if value is not None:
            fields[name] = value
    return fields
