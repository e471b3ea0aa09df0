"""What the user just did in the pages and which nudges they got, in a few short lines for a conversation. Pure.

Trouble comes first where there is too much to tell; lines are in order of time. Everything is masked, since pages and
hosts may put anything into an event.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final

from core.baselines import page_path
from core.events import ACKNOWLEDGEMENTS, EXPLICIT_STUCK, FRUSTRATION, SERVER_EVENTS, AcceptedEvent
from core.nudges import NudgeStatus
from graph.casefile import masked, masked_name
from graph.facts import PastNudge

MAX_LINES: Final = 8
"""Lines of events; those of nudges come beside them."""
MAX_NUDGES: Final = 4
RECENT: Final = timedelta(minutes=30)
"""What is older tells little of the question that is asked now; nudges count for a day."""
NUDGES_FOR: Final = timedelta(days=1)
_MAX_WORDS: Final = 60

_TROUBLES: Final = EXPLICIT_STUCK | FRUSTRATION | {"submit_failed"}
_SILENT: Final = frozenset(ACKNOWLEDGEMENTS) | SERVER_EVENTS | {"page_hidden", "page_visible", "change"}
"""Events that tell nothing of what the user wants; a changed form shows when it is sent or refused."""
_WORDS: Final[Mapping[str, str]] = {
    "page_view": "opened {page}",
    "click": "clicked {what} on {page}",
    "submit": "sent the form{form} on {page}",
    "submit_failed": "the form{form} on {page} was refused",
    "rage_click": "clicked {what} on {page} again and again",
    "dead_click": "clicked {what} on {page}, and nothing happened",
    "error_click": "clicked {what} on {page}, which led to an error",
    "help_click": "asked for help on {page}",
    "cancel_click": "cancelled on {page}",
    "back_click": "went back from {page}",
    "error_encountered": "was shown an error on {page}{message}",
}
_RESULTS: Final[Mapping[NudgeStatus, str]] = {
    NudgeStatus.PENDING: "not shown yet",
    NudgeStatus.SENT: "not shown yet",
    NudgeStatus.SHOWN: "shown, no reaction",
    NudgeStatus.CLICKED: "followed",
    NudgeStatus.DISMISSED: "dismissed",
    NudgeStatus.SNOOZED: "put off",
    NudgeStatus.EXPIRED: "expired unused",
}


@dataclass(frozen=True, slots=True)
class _Deed:
    """Something that was done, how often, and when last."""

    at: datetime
    text: str
    is_trouble: bool
    times: int = 1

    def line(self, now: datetime) -> str:
        count = "" if self.times == 1 else " twice" if self.times == 2 else f" {self.times} times"
        return f"{ago(self.at, now)}: {self.text}{count}"


def trace_lines(
    events: Sequence[AcceptedEvent], nudges: Sequence[PastNudge], now: datetime, *, limit: int = MAX_LINES
) -> tuple[str, ...]:
    """Return what a user did lately and the nudges they got with their results, a line each, oldest first.

    Events and nudges are in order of time. At most `limit` lines of events and MAX_NUDGES of nudges.
    """
    recent = [event for event in events if event.event_type not in _SILENT and _at(event, now) > now - RECENT]
    tried = [nudge for nudge in nudges if nudge.counts and nudge.created_at > now - NUDGES_FOR]
    deeds = [*_chosen(_together(recent, now), limit), *(_attempt(nudge) for nudge in tried[-MAX_NUDGES:])]
    return tuple(deed.line(now) for deed in sorted(deeds, key=lambda deed: deed.at))


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago a moment was, as people say it: “3 min ago”."""
    minutes = int(max(now - at, timedelta()).total_seconds()) // 60
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes // 60} h ago"


def _together(events: Sequence[AcceptedEvent], now: datetime) -> list[_Deed]:
    """Return what was done, with the same thing in a row told once."""
    deeds = [_deed(event, now) for event in events]
    runs = [list(run) for _, run in groupby(deeds, key=lambda deed: deed.text)]
    return [replace(run[-1], times=len(run)) for run in runs]


def _chosen(deeds: Sequence[_Deed], limit: int) -> list[_Deed]:
    """Return the deeds to tell: the latest troubles, and of the rest the latest that still fit."""
    troubles = [deed for deed in deeds if deed.is_trouble][-limit:]
    others = [deed for deed in deeds if not deed.is_trouble]
    room = limit - len(troubles)
    return [*troubles, *(others[-room:] if room else ())]


def _deed(event: AcceptedEvent, now: datetime) -> _Deed:
    words = _WORDS.get(event.event_type, "{name} on {page}" if event.page_url else "{name}")
    text = words.format(
        name=(masked(event.event_type, _MAX_WORDS) or "").replace("_", " "),
        page=masked_name(page_path(event.page_url)) if event.page_url else "a page",
        what=_label(event.properties) or masked_name(event.target_element) or "something",
        form=_named(event.properties.get("form")),
        message=_message(event.properties),
    )
    return _Deed(_at(event, now), " ".join(text.split()), event.event_type in _TROUBLES)


def _attempt(nudge: PastNudge) -> _Deed:
    title, place = masked(nudge.title, _MAX_WORDS) or "", masked_name(nudge.stuck_point)
    form = nudge.nudge_type.value.replace("_", " ")
    return _Deed(nudge.created_at, f"{form} “{title}” at {place}: {_RESULTS[nudge.status]}", is_trouble=False)


def _at(event: AcceptedEvent, now: datetime) -> datetime:
    """Return when an event was; a page whose clock runs ahead was there no later than now."""
    return min(datetime.fromtimestamp(event.corrected_ms / 1000, UTC), now)


def _label(properties: Mapping[str, Any]) -> str:
    label = next((text for name in ("text", "label") if isinstance(text := properties.get(name), str) and text), "")
    return f"“{masked(label, _MAX_WORDS)}”" if label else ""


def _named(form: Any) -> str:
    return f" {masked_name(form[:_MAX_WORDS])}" if isinstance(form, str) and form else ""


def _message(properties: Mapping[str, Any]) -> str:
    said = next((text for name in ("message", "error") if isinstance(text := properties.get(name), str) and text), "")
    return f": “{masked(said, _MAX_WORDS)}”" if said else ""
