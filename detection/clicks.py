"""Clicks that lead nowhere, and events by which a page says outright that its user is stuck.

The page decides what a rage, dead or error click is (DESIGN, "Detection defaults"), since only it can see the layout
and the DOM; here their events become signals. A company that takes one dead or error click for chance asks for more.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from core.events import AcceptedEvent
from core.turns import Signal, SignalKind
from detection.log import Entry, entry_of, scope_of, text_of
from detection.occurrences import Case, clusters, is_used_up, report, unused, use_up

BURST_MS: Final = 1_000
"""Events of one kind on one element that follow each other this fast are one occurrence: the longest pause that
DESIGN allows within a rage click. Without it a page that fails ten times a second would ask for ten turns."""
_KEPT_IDS: Final = 10
_KEPT_ERROR: Final = 200
_NUMBERS: Final = ("count", "status")


def find_bursts(case: Case, kind: SignalKind, events: Iterable[AcceptedEvent]) -> list[Signal]:
    """Report each burst of events that count by themselves: `rage_click`, `explicit_stuck`.

    `events` are those of the kind, in order of time. The first event of a burst is its evidence.
    """
    signals = []
    for event in events:
        entry = entry_of(event)
        scope = f"{entry.event_type} {element_scope(entry)}"
        if case.is_stale(entry) or is_used_up(case.window, kind, scope, entry):
            continue
        before = case.window.fired.get(f"{kind} {scope}")
        if before is not None and entry.at_ms - before.at_ms <= BURST_MS:
            use_up(case.window, kind, scope, (entry,))
        else:
            signals.append(report(case, kind, scope, (entry,), measures_of(event)))
    return signals


def find_repeats(
    case: Case, kind: SignalKind, events: Sequence[AcceptedEvent], count: int, within_ms: int
) -> list[Signal]:
    """Report each run of `count` events of the kind on one element within `within_ms`: `dead_click`, `error_click`."""
    signals = []
    latest = {element_scope(entry_of(event)): event for event in events}
    for scope, event in latest.items():
        troubles = case.window.troubles.entries
        same = (entry for entry in troubles if entry.event_type == kind and element_scope(entry) == scope)
        for run in clusters(unused(case.window, kind, scope, same), count, within_ms):
            if case.is_stale(run[-1]):
                continue
            signals.append(report(case, kind, scope, run, measures_of(event) | {"count": count}))
    return signals


def element_scope(entry: Entry) -> str:
    """Name the element that an event is about: two buttons of a page are two occurrences, one on two pages as well."""
    return scope_of(entry.page_url, entry.target)


def measures_of(event: AcceptedEvent) -> dict[str, Any]:
    """Return what the page measured: `count` of clicks, their `click_ids`, the `error` they led to and, of a failed
    request, its HTTP `status`; bounded."""
    properties = event.properties
    ids, error = properties.get("evidence"), text_of(properties.get("error"))
    measures: dict[str, Any] = {name: number for name in _NUMBERS if _is_count(number := properties.get(name))}
    if isinstance(ids, list):
        measures["click_ids"] = [text for text in map(text_of, ids[:_KEPT_IDS]) if text]
    if error:
        measures["error"] = error[:_KEPT_ERROR]
    return measures


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
