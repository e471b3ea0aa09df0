"""Silence and slowness: what no event announces, so that a sweeper has to look when the time comes.

`next_deadline` and `detect_idle` are two questions about the same list, so that looking at the deadline finds exactly
what set it. Nothing is due while the tab is hidden: nobody is there to be helped, and hidden time counts for nothing.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from core.baselines import Baseline, BaselineStep, page_path
from core.config import DetectionRules
from core.turns import Signal, SignalKind
from detection.baselines import is_complete, step_at
from detection.forms import is_finished
from detection.log import Entry
from detection.occurrences import STALE_MS, Case, is_used_up, report, use_up
from detection.window import Window, open_forms

_MEASURE: Final = {
    SignalKind.INACTIVITY: "idle_ms",
    SignalKind.FORM_ABANDONMENT: "idle_ms",
    SignalKind.BASELINE_DEVIATION: "time_on_step_ms",
}


class _Wait(NamedTuple):
    """Something that becomes a signal at `since_ms + limit_ms` (Unix ms) unless an event comes first."""

    kind: SignalKind
    scope: str
    since_ms: int
    limit_ms: int
    evidence: tuple[Entry, ...]
    step: BaselineStep | None


def next_deadline(window: Window, rules: DetectionRules, baseline: Baseline | None) -> int | None:
    """Return the Unix ms at which the sweeper must look at this user again, or None if only an event can matter."""
    return min(map(_due_ms, _waits(Case(window, rules, baseline, 0))), default=None)


def detect_idle(window: Window, rules: DetectionRules, baseline: Baseline | None, now_ms: int) -> list[Signal]:
    """Report what has become due by `now_ms`, in that order, each once per silence or stay; note it in the window.

    What became due more than `STALE_MS` ago (the sweeper was down) is noted without a report: the user has long
    gone. Either way the next deadline lies ahead, so a sweeper never spins.
    """
    case, signals = Case(window, rules, baseline, now_ms), []
    for wait in sorted(_waits(case), key=_due_ms):
        overdue_ms = now_ms - _due_ms(wait)
        if overdue_ms > STALE_MS:
            use_up(window, wait.kind, wait.scope, wait.evidence)
        elif overdue_ms >= 0:
            measures = {_MEASURE[wait.kind]: now_ms - wait.since_ms, "limit_ms": wait.limit_ms}
            signals.append(report(case, wait.kind, wait.scope, wait.evidence, measures, wait.step))
    return signals


def _due_ms(wait: _Wait) -> int:
    return wait.since_ms + wait.limit_ms


def _waits(case: Case) -> Iterator[_Wait]:
    window = case.window
    if window.active is None or window.page is None or window.is_hidden:
        return
    step = step_at(case.baseline, window.page.page_url)
    for wait in (*_silence(case, window.active, step), *_idle_forms(case, window.active), *_slowness(case, step)):
        if not is_used_up(window, wait.kind, wait.scope, wait.evidence[0]):
            yield wait


def _silence(case: Case, active: Entry, step: BaselineStep | None) -> Iterator[_Wait]:
    rule = case.rules.inactivity
    if not rule.enabled or step is None:
        return
    arrival = entered(case, step.key) or active
    if not is_complete(case.window, step, arrival.at_ms):
        yield _Wait(SignalKind.INACTIVITY, "", active.at_ms, rule.idle_ms, (active,), step)


def _idle_forms(case: Case, active: Entry) -> Iterator[_Wait]:
    """The forms of the page on screen; one that was left is the business of `detection.forms`."""
    rule = case.rules.form_abandonment
    if not rule.enabled:
        return
    path = page_path(case.window.page.page_url) if case.window.page else ""
    for scope, change in open_forms(case.window, path):
        if not is_finished(case, change):
            yield _Wait(SignalKind.FORM_ABANDONMENT, scope, active.at_ms, rule.idle_ms, (change,), None)


def _slowness(case: Case, step: BaselineStep | None) -> Iterator[_Wait]:
    """Slower than nine in ten of those who succeeded (DESIGN: beyond the baseline's 90th percentile)."""
    if not case.rules.baseline_deviation.enabled or step is None or step.p90_seconds is None:
        return
    arrival = entered(case, step.key)
    if arrival and not is_complete(case.window, step, arrival.at_ms):
        since_ms, limit_ms = arrival.at_ms + _hidden_ms(case.window, arrival), int(step.p90_seconds * 1000)
        yield _Wait(SignalKind.BASELINE_DEVIATION, f"pace {step.key}", since_ms, limit_ms, (arrival,), step)


def entered(case: Case, key: str) -> Entry | None:
    """Return the view with which the present stay on a step began, or None if the last view is of another place."""
    first = None
    for view in reversed(case.window.views.entries):
        step = step_at(case.baseline, view.page_url)
        if step is None or step.key != key:
            break
        first = view
    return first


def _hidden_ms(window: Window, arrival: Entry) -> int:
    """Milliseconds since `arrival` during which the tab was hidden.

    Being hidden ends with the next `page_visible` or page view, else with the last sign of life. Of a time whose
    sightings were let go of nothing is known, so it counts as hidden: better late than wrong.
    """
    known_since = max(arrival.at_ms, window.sightings.floor_ms)
    total, hidden_since = known_since - arrival.at_ms, None
    looks = [*window.sightings.entries, *window.views.entries]
    for look in sorted(look for look in looks if look.at_ms >= known_since):
        if look.event_type == "page_hidden":
            hidden_since = look.at_ms if hidden_since is None else hidden_since
        elif hidden_since is not None:
            total, hidden_since = total + look.at_ms - hidden_since, None
    return total if hidden_since is None else total + window.last_seen_ms - hidden_since
