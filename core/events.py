"""Behaviour events: what the page tells us, as it travels over HTTP and through the stream.

`Event` and `EventBatch` are the wire (CONTRACT: `POST /api/v1/events`); `AcceptedEvent` is the same event after the
API has put the company, the trace and our own clock beside it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

MAX_EVENTS: Final = 500
"""Events in one batch; more is a 422."""
MAX_BODY_BYTES: Final = 512 * 1024
"""Bytes in one request body; more is a 413."""
MAX_PROPERTIES_BYTES: Final = 8 * 1024
"""Bytes of one event's `properties` as JSON."""

EXPLICIT_STUCK: Final = frozenset({"help_click", "cancel_click", "back_click", "error_encountered"})
"""Events by which a page says outright that the user is stuck (DESIGN: `explicit_stuck`)."""
FRUSTRATION: Final = frozenset({"rage_click", "dead_click", "error_click"})
"""Signals that only the page can see; the SDK sends them as events."""
ACKNOWLEDGEMENTS: Final = {
    "nudge_sent": "sent",
    "nudge_shown": "shown",
    "nudge_clicked": "clicked",
    "nudge_dismissed": "dismissed",
    "nudge_snoozed": "snoozed",
}
"""Event type → the nudge status that it reports; `properties.nudge_id` names the nudge."""
SERVER_EVENTS: Final = frozenset({"nudge_sent", "user_merged"})
"""Types that only our own processes may publish; a client that sends one is refused."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
EventType = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
"""One of ours, or any name that the host chooses: `Checkout started` is as good as `checkout_started`."""
EventId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:\-]+$")]


class Event(BaseModel):
    """One behaviour event as a client sends it. Unknown fields are ignored, so that a newer SDK can talk to us."""

    model_config = ConfigDict(extra="ignore")

    event_id: EventId
    user_id: Name
    session_id: Name
    event_type: EventType
    target_element: Annotated[str, StringConstraints(max_length=512)] | None = None
    page_url: Annotated[str, StringConstraints(max_length=2048)] | None = None
    timestamp: AwareDatetime
    properties: dict[str, JsonValue] = Field(default_factory=dict, max_length=64)


class EventBatch(BaseModel):
    """What `POST /api/v1/events` takes. `sent_at` is the client's clock when it sent, to correct its skew."""

    model_config = ConfigDict(extra="ignore")

    sent_at: AwareDatetime | None = None
    events: Annotated[list[Event], Field(min_length=1, max_length=MAX_EVENTS)]


@dataclass(frozen=True, slots=True)
class AcceptedEvent:
    """An event that we answered 202 for. Times are Unix milliseconds.

    `occurred_ms` is the client's own timestamp, untouched: a retry never changes it, so it is part of the unique key.
    `corrected_ms` is the same moment on our clock; everything that reasons about time uses it.
    """

    company_id: str
    event_id: str
    user_id: str
    session_id: str
    event_type: str
    target_element: str | None
    page_url: str | None
    occurred_ms: int
    corrected_ms: int
    received_ms: int
    properties: dict[str, Any]
    trace_id: str

    @property
    def occurred_at(self) -> datetime:
        """The client's own timestamp."""
        return from_ms(self.occurred_ms)

    @property
    def corrected_at(self) -> datetime:
        """When it happened, on our clock."""
        return from_ms(self.corrected_ms)


def from_ms(milliseconds: int) -> datetime:
    """Return the UTC time of a Unix timestamp in milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """Return a zoned time as Unix milliseconds, rounded down."""
    return int(moment.timestamp() * 1000)
