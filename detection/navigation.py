"""Pages in circles, and pages far from the path of those who succeed."""

from collections.abc import Sequence
from typing import Final

from core.turns import Signal, SignalKind
from detection.baselines import expected_step, step_at, views_off_path
from detection.log import Entry
from detection.occurrences import Case, is_used_up, report, unused

_ROUND_TRIPS: Final = 5
"""Views in A→B→A→B→A (DESIGN)."""


def find_page_loops(case: Case, since: Entry) -> list[Signal]:
    """Report loops that end at the view `since` or later; views that one report used prove no other."""
    signals: list[Signal] = []
    rule = case.rules.page_loop
    oldest_ms = since.at_ms - max(rule.same_url_within_ms, rule.back_and_forth_within_ms)
    near = (view for view in case.window.views.entries if view.at_ms >= oldest_ms and view.page_url)
    views = unused(case.window, SignalKind.PAGE_LOOP, "", near)
    first = 0
    for end, view in enumerate(views, start=1):
        if view < since or case.is_stale(view):
            continue
        loop = _same_page(case, views[first:end]) or _back_and_forth(case, views[first:end])
        if loop:
            measures = {"views": len(loop), "span_ms": loop[-1].at_ms - loop[0].at_ms}
            signals.append(report(case, SignalKind.PAGE_LOOP, "", loop, measures))
            first = end
    return signals


def find_stray(case: Case) -> list[Signal]:
    """Report a user who is `steps_off_path` pages away from the path, once for each time the path is left.

    The stuck point is the step where the user should be (`expected_step`), not the page where he happens to look for
    help: otherwise each excursion would count for a place of its own, and none would ever reach a human.
    """
    if case.baseline is None:
        return []
    left, wandering = views_off_path(case.baseline, case.window.views.entries)
    count = case.rules.baseline_deviation.steps_off_path
    if left is None or len(wandering) < count or case.is_stale(wandering[-1]):
        return []
    step = step_at(case.baseline, left.page_url)
    expected = step and expected_step(case.window, case.baseline, step)
    if step is None or expected is None or is_used_up(case.window, SignalKind.BASELINE_DEVIATION, "path", left):
        return []
    measures = {"steps_off_path": count, "left_step": step.key}
    return [report(case, SignalKind.BASELINE_DEVIATION, "path", (left, *wandering[:count]), measures, expected)]


def _same_page(case: Case, views: Sequence[Entry]) -> Sequence[Entry]:
    rule, last = case.rules.page_loop, views[-1]
    same = [view for view in views if view.page_url == last.page_url]
    run = same[-rule.same_url :]
    return run if len(run) == rule.same_url and last.at_ms - run[0].at_ms <= rule.same_url_within_ms else ()


def _back_and_forth(case: Case, views: Sequence[Entry]) -> Sequence[Entry]:
    run = views[-_ROUND_TRIPS:]
    if len(run) < _ROUND_TRIPS or run[-1].at_ms - run[0].at_ms > case.rules.page_loop.back_and_forth_within_ms:
        return ()
    here, there = ({view.page_url for view in run[start::2]} for start in (0, 1))
    return run if len(here) == len(there) == 1 and here != there else ()
