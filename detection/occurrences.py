"""One occurrence of a signal: reported once, under an id that every re-run finds again.

A window notes for each rule and scope (an element, a form, a step) the last event that a report was based on. Evidence
up to that event is used up, so a further report needs fresh evidence; and since the first event of the evidence names
the turn (`core.ids.turn_id`), whoever comes to the same report comes to the same turn.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.baselines import Baseline, BaselineStep
from core.config import DetectionRules
from core.events import from_ms
from core.turns import Evidence, Signal, SignalKind
from detection.baselines import step_at, stuck_point_at
from detection.log import Entry
from detection.window import Fired, Window

STALE_MS: Final = 30 * 60 * 1000
"""Older events lead to no signal: an offline queue sent late, a long outage. Help would come to somebody long gone."""


@dataclass(frozen=True, slots=True)
class Case:
    """What every rule looks at: one user's window, the company's rules and baseline, and the time in Unix ms."""

    window: Window
    rules: DetectionRules
    baseline: Baseline | None
    now_ms: int

    def is_stale(self, entry: Entry) -> bool:
        """Whether an event is too long past to act upon."""
        return entry.at_ms < self.now_ms - STALE_MS


def is_used_up(window: Window, kind: SignalKind, scope: str, entry: Entry) -> bool:
    """Return whether an event was part of a report already, or lies before one."""
    fired = window.fired.get(f"{kind} {scope}")
    return fired is not None and _is_covered(fired, entry)


def unused(window: Window, kind: SignalKind, scope: str, entries: Iterable[Entry]) -> list[Entry]:
    """Return the events that no report of the scope has used up."""
    fired = window.fired.get(f"{kind} {scope}")
    return list(entries) if fired is None else [entry for entry in entries if not _is_covered(fired, entry)]


def use_up(window: Window, kind: SignalKind, scope: str, evidence: Sequence[Entry]) -> None:
    """Note that these events, and what lies before them, need no further report."""
    last = evidence[-1]
    window.fired[f"{kind} {scope}"] = Fired(last.at_ms, last.event_id, evidence[0].event_id)


def report(
    case: Case,
    kind: SignalKind,
    scope: str,
    evidence: Sequence[Entry],
    measures: dict[str, Any],
    step: BaselineStep | None = None,
) -> Signal:
    """Return the signal that `evidence` (in order of time, never empty) proves, and note that it is reported.

    It is placed where its last event with a page happened, or where the user is if none names a page. The target is
    the last element of the evidence, else the step's. A `step` that is handed in overrules both: there the user is
    stuck, whatever was touched last.
    """
    use_up(case.window, kind, scope, evidence)
    page_url = next((entry.page_url for entry in reversed(evidence) if entry.page_url), "")
    if not page_url and case.window.page:
        page_url = case.window.page.page_url
    here = step or step_at(case.baseline, page_url)
    target = "" if step else next((entry.target for entry in reversed(evidence) if entry.target), "")
    return Signal(
        kind=kind,
        stuck_point=here.key if here else stuck_point_at(None, page_url),
        target_element=target or (here.element if here else None),
        page_url=page_url or None,
        evidence=tuple(_evidence(entry) for entry in evidence),
        measures=measures,
        detected_at=from_ms(case.now_ms),
    )


def clusters(entries: Sequence[Entry], size: int, within_ms: int) -> Iterator[Sequence[Entry]]:
    """Yield, from the oldest on, each run of `size` entries within `within_ms`; no entry is in two of them."""
    first = 0
    while first + size <= len(entries):
        run = entries[first : first + size]
        if run[-1].at_ms - run[0].at_ms <= within_ms:
            yield run
            first += size
        else:
            first += 1


def _is_covered(fired: Fired, entry: Entry) -> bool:
    return (
        entry.at_ms < fired.at_ms
        or (entry.at_ms == fired.at_ms and entry.event_id <= fired.event_id)
        or entry.event_id in (fired.event_id, fired.first_id)
    )


def _evidence(entry: Entry) -> Evidence:
    return Evidence(
        event_id=entry.event_id,
        event_type=entry.event_type,
        at=from_ms(entry.at_ms),
        target_element=entry.target or None,
        page_url=entry.page_url or None,
    )
