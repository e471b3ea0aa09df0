"""Forms that defeat their users: refused again and again, or begun and left."""

from collections.abc import Sequence

from core.baselines import page_path
from core.events import AcceptedEvent
from core.turns import Signal, SignalKind
from detection.baselines import is_complete, is_further, step_at
from detection.log import Entry, entry_of
from detection.occurrences import Case, clusters, is_used_up, report, unused
from detection.window import form_key, open_forms


def find_validation_loops(case: Case, failures: Sequence[AcceptedEvent]) -> list[Signal]:
    """Report each run of failed submits of one form (DESIGN: 3 in 5 min); every further report takes as many again."""
    rule, signals = case.rules.validation_loop, []
    for scope in dict.fromkeys(form_key(entry_of(event)) for event in failures):
        troubles = case.window.troubles.entries
        same = (entry for entry in troubles if entry.event_type == "submit_failed" and form_key(entry) == scope)
        kept = unused(case.window, SignalKind.VALIDATION_LOOP, scope, same)
        for run in clusters(kept, rule.failures, rule.within_ms):
            if case.is_stale(run[-1]):
                continue
            measures = {"failures": len(run), "span_ms": run[-1].at_ms - run[0].at_ms, "form": run[-1].subject or None}
            signals.append(report(case, SignalKind.VALIDATION_LOOP, scope, run, measures))
    return signals


def find_left_forms(case: Case, views: Sequence[Entry]) -> list[Signal]:
    """Report each form that was changed, not submitted, and left for another page by one of `views`.

    Going on to a later step of the baseline is no abandonment: the form was saved in a way that sends no `submit`, or
    is one of several pages. Nor is leaving a step that is complete. A form that was taken up again within the same
    batch counts as not left.
    """
    signals = []
    for scope, change in list(open_forms(case.window)):
        if case.is_stale(change) or is_used_up(case.window, SignalKind.FORM_ABANDONMENT, scope, change):
            continue
        left = next((view for view in views if view > change and _is_elsewhere(view, change)), None)
        if left is None or is_further(case.baseline, left.page_url, change.page_url) or is_finished(case, change):
            continue
        measures = {"left_for": page_path(left.page_url)[:256], "after_ms": left.at_ms - change.at_ms}
        signals.append(report(case, SignalKind.FORM_ABANDONMENT, scope, (change,), measures))
    return signals


def is_finished(case: Case, change: Entry) -> bool:
    """Return whether the step of a form was completed at or after its latest change, with or without a submit."""
    step = step_at(case.baseline, change.page_url)
    return step is not None and is_complete(case.window, step, change.at_ms)


def _is_elsewhere(view: Entry, change: Entry) -> bool:
    return bool(view.page_url) and page_path(view.page_url) != page_path(change.page_url)
