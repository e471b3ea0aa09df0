"""One HTTP exchange as the edge sees it: what logs and metrics need to know, filled in on the way."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# No underscore: an API key sent here by mistake must not become a trace id, which is logged.
_SANE_ID: Final = re.compile(rb"[A-Za-z0-9\-]{8,64}")
_random: Final = random.Random()  # noqa: S311 - an id to look for in logs, not a secret; the system's source costs a call
REQUEST_ID_HEADER: Final = b"x-request-id"


@dataclass(slots=True)
class Exchange:
    """`trace_id` follows the request into the stream, the turn and the nudge. Times are of `time.perf_counter`."""

    trace_id: str
    started: float
    status: int = 0
    route: str | None = None
    company_id: str | None = None
    actor: str | None = None
    events: int | None = None
    code: str | None = None


def trace_of(headers: Mapping[bytes, bytes]) -> str:
    """Return the caller's request id when it is harmless, else a fresh one (128 random bits, as in W3C traces)."""
    given = headers.get(REQUEST_ID_HEADER)
    if given is not None and _SANE_ID.fullmatch(given):
        return given.decode()
    return f"{_random.getrandbits(128):032x}"
