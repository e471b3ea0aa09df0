"""Reads the signs that a user is stuck from a window: the one entrance to the rules.

Definitions and thresholds are those of DESIGN.md ("Detection defaults"), as `core.config.DetectionRules` holds them for
a company. Rules that an event can trigger are asked by `detect`; those that silence triggers live in `detection.pace`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from core.baselines import Baseline
from core.config import DetectionRules
from core.events import AcceptedEvent
from core.turns import Signal, SignalKind
from detection.clicks import find_bursts, find_repeats
from detection.forms import find_left_forms, find_validation_loops
from detection.log import entry_of
from detection.navigation import find_page_loops, find_stray
from detection.occurrences import Case
from detection.pace import detect_idle, next_deadline
from detection.window import Window, fold

__all__ = ["detect", "detect_idle", "next_deadline", "rebuild"]

_Find = Callable[[Case, Sequence[AcceptedEvent]], Iterator[Signal]]


def detect(
    window: Window,
    new_events: Iterable[AcceptedEvent],
    rules: DetectionRules,
    baseline: Baseline | None,
    now_ms: int,
) -> list[Signal]:
    """Return the signals that `new_events` complete, oldest first, and note them in the window as reported.

    The events must have been folded. Asking again with the same events, or after a crash with the window as it was
    before them, finds nothing new or the very same signals: publish the turns first, then store the window.
    """
    told: dict[str, list[AcceptedEvent]] = {}
    explicit = rules.explicit_stuck.events
    for event in new_events:
        kind = event.event_type
        if kind in _TRIGGERS:
            told.setdefault(kind, []).append(event)
        if kind in explicit:
            told.setdefault(SignalKind.EXPLICIT_STUCK, []).append(event)
    if not told:
        return []
    case = Case(window, rules, baseline, now_ms)
    signals = [
        signal for kind, events in told.items() for signal in _TRIGGERS[kind](case, sorted(events, key=entry_of))
    ]
    return sorted(signals, key=lambda signal: signal.evidence[-1].at)


def rebuild(history: Iterable[AcceptedEvent], rules: DetectionRules, baseline: Baseline | None, now_ms: int) -> Window:
    """Return the window of a user whose session state was lost, from the events in PostgreSQL.

    `history` holds events that were dealt with before; what they prove is noted as reported. Leave out the events of
    the batch at hand: their signals may not have been published yet.
    """
    past = list(history)
    window = fold(Window(), past)
    detect(window, past, rules, baseline, now_ms)
    return window


def _rage_clicks(case: Case, events: Sequence[AcceptedEvent]) -> Iterator[Signal]:
    if case.rules.rage_click.enabled:
        yield from find_bursts(case, SignalKind.RAGE_CLICK, events)


def _dead_clicks(case: Case, events: Sequence[AcceptedEvent]) -> Iterator[Signal]:
    rule = case.rules.dead_click
    if rule.enabled:
        yield from find_repeats(case, SignalKind.DEAD_CLICK, events, rule.clicks, rule.within_ms)


def _error_clicks(case: Case, events: Sequence[AcceptedEvent]) -> Iterator[Signal]:
    rule = case.rules.error_click
    if rule.enabled:
        yield from find_repeats(case, SignalKind.ERROR_CLICK, events, rule.clicks, rule.within_ms)


def _explicit_calls(case: Case, events: Sequence[AcceptedEvent]) -> Iterator[Signal]:
    if case.rules.explicit_stuck.enabled:
        yield from find_bursts(case, SignalKind.EXPLICIT_STUCK, events)


def _failures(case: Case, events: Sequence[AcceptedEvent]) -> Iterator[Signal]:
    if case.rules.validation_loop.enabled:
        yield from find_validation_loops(case, events)


def _views(case: Case, events: Sequence[AcceptedEvent]) -> Iterator[Signal]:
    views = [entry_of(event) for event in events]
    if case.rules.form_abandonment.enabled:
        yield from find_left_forms(case, views)
    if case.rules.page_loop.enabled:
        yield from find_page_loops(case, views[0])
    if case.rules.baseline_deviation.enabled:
        yield from find_stray(case)


_TRIGGERS: Final[dict[str, _Find]] = {
    SignalKind.RAGE_CLICK: _rage_clicks,
    SignalKind.DEAD_CLICK: _dead_clicks,
    SignalKind.ERROR_CLICK: _error_clicks,
    SignalKind.EXPLICIT_STUCK: _explicit_calls,
    "submit_failed": _failures,
    "page_view": _views,
}
