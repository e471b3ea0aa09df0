"""A batch of events sorted by what has to be done with them. Pure: values in, values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import UUID

from core.events import ACKNOWLEDGEMENTS, SERVER_EVENTS, AcceptedEvent, from_ms
from core.ids import ANONYMOUS_PREFIX
from core.nudges import NudgeStatus
from core.streams import decode_event
from db.nudges import StatusReport
from db.users import Seen
from stream_consumer.entries import Entry, Failed

_NO_PRESENCE: Final = frozenset(ACKNOWLEDGEMENTS) | SERVER_EVENTS
"""Types that tell of a nudge or of us, not of a user in a session of the product."""
_by_time = attrgetter("corrected_ms")


class UserKey(NamedTuple):
    """One user of one company."""

    company_id: str
    user_id: str


class Merge(NamedTuple):
    """An anonymous visitor turned out to be a user."""

    company_id: str
    anonymous_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of a batch, and the entries that hold none, by their place in the batch."""

    events: list[AcceptedEvent]
    failures: dict[int, Failed]


def decode(entries: Sequence[Entry]) -> Decoded:
    """Read every entry; one that cannot be read is its own failure and nobody else's."""
    events: list[AcceptedEvent] = []
    failures: dict[int, Failed] = {}
    for place, entry in enumerate(entries):
        try:
            events.append(decode_event(entry.payload))
        except (ValueError, TypeError) as error:
            failures[place] = Failed(error)
    return Decoded(events, failures)


def by_user(events: Iterable[AcceptedEvent]) -> dict[UserKey, list[AcceptedEvent]]:
    """Group events by user, in the order in which they came."""
    groups: dict[UserKey, list[AcceptedEvent]] = {}
    for event in events:
        groups.setdefault(UserKey(event.company_id, event.user_id), []).append(event)
    return groups


def seen(users: Mapping[UserKey, Sequence[AcceptedEvent]]) -> list[Seen]:
    """Return who was seen where: the first and the last sign of life of each session."""
    rows: list[Seen] = []
    for events in users.values():
        sessions: dict[str, list[AcceptedEvent]] = {}
        for event in events:
            if event.event_type not in _NO_PRESENCE:
                sessions.setdefault(event.session_id, []).append(event)
        for present in sessions.values():
            ordered = sorted(present, key=_by_time)
            rows += [_seen(event) for event in (ordered[0], *ordered[-1:][: len(ordered) - 1])]
    return rows


def _seen(event: AcceptedEvent) -> Seen:
    return Seen(
        event.company_id,
        event.user_id,
        event.session_id,
        from_ms(event.corrected_ms),
        event.page_url,
        event.user_id.startswith(ANONYMOUS_PREFIX),
    )


def reports(events: Iterable[AcceptedEvent]) -> list[StatusReport]:
    """Return what pages say of nudges. An id that is none of ours reports nothing; the event is stored all the same."""
    found = []
    for event in events:
        status = ACKNOWLEDGEMENTS.get(event.event_type)
        nudge_id = _uuid(event.properties.get("nudge_id")) if status else None
        if status and nudge_id:
            at = from_ms(event.corrected_ms)
            found.append(StatusReport(event.company_id, nudge_id, NudgeStatus(status), at, event.user_id))
    return found


def merges(events: Iterable[AcceptedEvent]) -> list[Merge]:
    """Return which anonymous visitors became which users."""
    return [
        Merge(event.company_id, str(anonymous), event.user_id)
        for event in events
        if event.event_type == "user_merged" and (anonymous := event.properties.get("anonymous_id"))
    ]


def _uuid(value: object) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
