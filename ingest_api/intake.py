"""From the bytes of a request to the entries of the stream: parse, judge every event, correct clocks, encode.

Pure, and the hottest code of the API: one Rust validation of the whole batch, then one tuple and one encode per
event. A batch is stored whole or not at all; a refusal names every bad index, so that a client can drop those and
send the rest.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, cast

import orjson
from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from core.errors import InvalidRequest
from core.events import MAX_EVENTS, MAX_PROPERTIES_BYTES, SERVER_EVENTS, Event, EventBatch
from core.streams import encode_event_fields
from ingest_api.refusals import InvalidEvents, InvalidJson, TooManyEvents, UserMismatch

SKEW_TOLERANCE_MS: Final = 2_000
"""Difference between the client's clock and ours that is taken for the network's delay."""
EARLIEST_MS: Final = -62_072_000_000_000
"""About the year 3: the earliest time that every store and library behind us can hold, whatever its zone."""
LATEST_MS: Final = 253_339_000_000_000
"""About the end of 9997, for the same reason."""

_ESCAPES: Final = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|u0000|.)", re.DOTALL)
_REPLACEMENT: Final = b"\\ufffd"


def _annotation(field: FieldInfo) -> Any:
    default = {} if field.is_required() else {"default": field.default, "default_factory": field.default_factory}
    given = {key: value for key, value in default.items() if value is not None or key == "default"}
    if "default_factory" in given:
        given.pop("default")
    return Annotated[(field.annotation, *field.metadata, Field(**given))]


# The wire model of core as TypedDicts: the same fields and constraints, but plain dicts come out, at two thirds of the
# cost of model instances.
_WireEvent = TypedDict(  # type: ignore[misc]
    "_WireEvent", {name: _annotation(field) for name, field in Event.model_fields.items()}
)
_Secret = Annotated[str, StringConstraints(max_length=4096)]
_BATCH: Final[dict[str, Any]] = {
    "sent_at": _annotation(EventBatch.model_fields["sent_at"]),
    "events": Annotated[list[_WireEvent], Field(min_length=1, max_length=MAX_EVENTS)],
    "api_key": Annotated[_Secret | None, Field(default=None)],
    "user_token": Annotated[_Secret | None, Field(default=None)],
}


class WireBatch(TypedDict):
    """A validated batch as plain dicts; the fields of an event are those of `core.events.Event`.

    A client without headers, such as a beacon, puts its credentials into the body.
    """

    sent_at: datetime | None
    events: list[dict[str, Any]]
    api_key: str | None
    user_token: str | None


_WIRE_BATCH: Final[TypeAdapter[Any]] = TypeAdapter(TypedDict("_WireBatch", _BATCH))  # type: ignore[operator]


def parse_batch(body: bytes) -> WireBatch:
    """Parse a JSON batch.

    Raises:
        InvalidJson: not JSON, not UTF-8, or nested too deeply.
        TooManyEvents: more than 500.
        InvalidEvents: events that are wrong in themselves, every index named.
        InvalidRequest: anything else about the shape.
    """
    if b"\\u" in body:
        body = clean_escapes(body)
    try:
        return cast(WireBatch, _WIRE_BATCH.validate_json(body))
    except ValidationError as error:
        raise _refusal(error.errors(include_url=False, include_input=False, include_context=False)) from None


def clean_escapes(body: bytes) -> bytes:
    r"""Return JSON text with `\u0000` and lone surrogates as U+FFFD: PostgreSQL stores neither, no user means them."""
    return _ESCAPES.sub(_clean_escape, body)


def holds_nul(body: bytes) -> bool:
    r"""Tell whether a string of this JSON text holds NUL, which PostgreSQL cannot store."""
    return b"\\u0000" in body and any(match[0] == b"\\u0000" for match in _ESCAPES.finditer(body))


def _clean_escape(match: re.Match[bytes]) -> bytes:
    escape = match[0]
    is_lone_surrogate = len(escape) == 6 and escape[2] in b"dD"
    return _REPLACEMENT if is_lone_surrogate or escape == b"\\u0000" else escape


def _refusal(faults: Sequence[ErrorDetails]) -> InvalidRequest:
    first = faults[0]
    if first["type"] == "json_invalid":
        return InvalidJson(f"{InvalidJson.title} {first['msg']}.")
    if first["loc"] == ("events",) and first["type"] == "too_long":
        return TooManyEvents(f"A batch may hold {MAX_EVENTS} events.")
    if all(len(fault["loc"]) > 1 for fault in faults):
        return _invalid_events((int(fault["loc"][1]), _explain(fault)) for fault in faults)
    return InvalidRequest(errors=[{"field": _field(fault["loc"]), "detail": fault["msg"]} for fault in faults])


def _field(location: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in location)


def _explain(fault: ErrorDetails) -> str:
    """Name the field and the fault, never the value: it may be personal."""
    field = str(fault["loc"][2]) if len(fault["loc"]) > 2 else "event"
    return f"{field}: {fault['msg']}"


def _invalid_events(faults: Iterable[tuple[int, str]]) -> InvalidEvents:
    details: dict[int, list[str]] = {}
    for index, detail in faults:
        details.setdefault(index, []).append(detail)
    return InvalidEvents(
        errors=[
            {"index": index, "code": "invalid_event", "detail": "; ".join(details[index][:5])}
            for index in sorted(details)
        ]
    )


def check_user(batch: WireBatch, user_id: str) -> None:
    """Refuse events of anybody but the user that the token speaks for; raises UserMismatch."""
    wrong = [index for index, event in enumerate(batch["events"]) if event["user_id"] != user_id]
    if wrong:
        raise UserMismatch(errors=[{"index": index, "code": "user_mismatch"} for index in wrong])


def encode_batch(batch: WireBatch, company_id: str, trace_id: str, received_ms: int) -> list[bytes]:
    """Return the stream entries of a batch, in order; raises InvalidEvents for types and values that we do not take."""
    shift = _clock_shift(batch["sent_at"], received_ms)
    moments = _moments(batch["events"], shift, received_ms)
    entries: list[bytes] = []
    faults: list[tuple[int, str]] = []
    for index, event in enumerate(batch["events"]):
        try:
            entries.append(_encode(event, company_id, trace_id, received_ms, *moments[index]))
        except (ValueError, TypeError) as error:  # orjson.JSONEncodeError is a TypeError
            faults.append((index, f"properties: {error}" if isinstance(error, TypeError) else str(error)))
    if faults:
        raise _invalid_events(faults)
    return entries


def _moments(events: Sequence[dict[str, Any]], shift: int, received_ms: int) -> list[tuple[int, int]]:
    """Return when each event happened, in Unix ms: by the client's clock, and by ours.

    A client lists events as they happened, but its clock may not tell them apart: it is coarse, or so far ahead that
    both moments become now. Of two such neighbours the first is put a millisecond earlier on our clock.
    """
    moments: list[tuple[int, int]] = []
    next_occurred = next_corrected = LATEST_MS + 1
    for event in reversed(events):
        occurred_ms = int(event["timestamp"].timestamp() * 1000)
        if not EARLIEST_MS < occurred_ms < LATEST_MS:
            occurred_ms = EARLIEST_MS if occurred_ms < 0 else LATEST_MS
        corrected_ms = occurred_ms + shift
        if not EARLIEST_MS < corrected_ms < received_ms:
            corrected_ms = EARLIEST_MS if corrected_ms < 0 else received_ms
        if corrected_ms >= next_corrected and occurred_ms <= next_occurred:
            corrected_ms = max(next_corrected - 1, EARLIEST_MS)
        next_occurred, next_corrected = occurred_ms, corrected_ms
        moments.append((occurred_ms, corrected_ms))
    moments.reverse()
    return moments


def _encode(
    event: dict[str, Any], company_id: str, trace_id: str, received_ms: int, occurred_ms: int, corrected_ms: int
) -> bytes:
    if event["event_type"] in SERVER_EVENTS:
        raise ValueError("event_type: only the server may send this type")
    entry = encode_event_fields(
        company_id,
        event["event_id"],
        event["user_id"],
        event["session_id"],
        event["event_type"],
        event["target_element"],
        event["page_url"],
        occurred_ms,
        corrected_ms,
        received_ms,
        event["properties"],
        trace_id,
    )
    if len(entry) > MAX_PROPERTIES_BYTES and len(orjson.dumps(event["properties"])) > MAX_PROPERTIES_BYTES:
        raise ValueError(f"properties: more than {MAX_PROPERTIES_BYTES} bytes")
    return entry


def _clock_shift(sent_at: datetime | None, received_ms: int) -> int:
    """Return what to add to the client's times, in milliseconds; small differences are the network's and stay."""
    if sent_at is None:
        return 0
    shift = received_ms - int(sent_at.timestamp() * 1000)
    return shift if abs(shift) > SKEW_TOLERANCE_MS else 0
