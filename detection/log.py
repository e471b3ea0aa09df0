"""Events as a window keeps them: few fields, in order of time, each once."""

from bisect import insort
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from zlib import crc32

from core.baselines import page_path
from core.events import AcceptedEvent

_FORM_EVENTS: Final = frozenset({"change", "submit", "submit_failed"})
_KEPT_TEXT: Final = 512
_KEPT_SCOPE: Final = 120


class Entry(NamedTuple):
    """An event as a window keeps it; what it does not have is "", so that any two compare: by time, then by id.

    `subject` is the form of a form's event, else the baseline step that the event names.
    """

    at_ms: int
    event_id: str
    event_type: str
    target: str
    page_url: str
    subject: str


@dataclass(slots=True)
class Log:
    """Events in order of time, each once. What is not newer than `floor_ms` was let go of and never comes back."""

    entries: list[Entry] = field(default_factory=list)
    floor_ms: int = 0
    _ids: set[str] | None = field(default=None, compare=False, repr=False)

    def insert(self, entry: Entry) -> bool:
        """Put an event in its place; return False if it is there already, or too old to be kept."""
        ids = self._ids
        if ids is None:
            ids = self._ids = {kept.event_id for kept in self.entries}
        if entry.event_id in ids:
            return False
        if entry.at_ms > self.floor_ms:
            ids.add(entry.event_id)
            if self.entries and entry < self.entries[-1]:
                insort(self.entries, entry)
            else:
                self.entries.append(entry)
        return True

    def trim(self, limit: int, oldest_ms: int) -> None:
        """Let go of all but the newest `limit` entries, and of everything before `oldest_ms`."""
        surplus = max(len(self.entries) - limit, 0)
        while surplus < len(self.entries) and self.entries[surplus].at_ms < oldest_ms:
            surplus += 1
        if surplus:
            self.floor_ms = self.entries[surplus - 1].at_ms
            del self.entries[:surplus]
            self._ids = None


def entry_of(event: AcceptedEvent) -> Entry:
    """Return what a window keeps of an event. A moment that we have not reached yet counts as when we received it."""
    return Entry(
        min(event.corrected_ms, event.received_ms),
        event.event_id,
        event.event_type,
        (event.target_element or "")[:_KEPT_TEXT],
        (event.page_url or "")[:_KEPT_TEXT],
        _subject(event.event_type, event.properties),
    )


def _subject(kind: str, properties: dict[str, Any]) -> str:
    if not properties:
        return ""
    return text_of(properties.get("form" if kind in _FORM_EVENTS else "step"))


def text_of(value: object) -> str:
    """Return a property if it is text, cut to what is kept, else "": properties may hold any JSON."""
    return value[:_KEPT_TEXT] if isinstance(value, str) else ""


def scope_of(page_url: str, name: str) -> str:
    """Name a form or an element of a page; long names end in a checksum, since a window keeps many of them."""
    scope = f"{page_path(page_url)} {name}"
    if len(scope) <= _KEPT_SCOPE:
        return scope
    return f"{scope[:_KEPT_SCOPE]}~{crc32(scope.encode(errors='replace')):08x}"
