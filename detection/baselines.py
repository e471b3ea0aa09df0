"""Where on the success path a page lies: which step it belongs to, and in which order steps come.

Matching a page against every step's pattern is too slow to do for each event, so answers are kept per baseline. They
are found again by the identity of the baseline object: hand in the same object for the same version.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from core.baselines import Baseline, BaselineStep, page_path
from detection.log import Entry
from detection.window import Window

_BASELINES_KEPT: Final = 256
_PAGES_KEPT: Final = 4096
_STUCK_POINT_LENGTH: Final = 256


class _Identity:
    """Lets a cache find a value by identity; hashing a whole baseline costs more than the look-up saves."""

    __slots__ = ("value",)

    def __init__(self, value: Baseline) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value


def step_at(baseline: Baseline | None, page_url: str) -> BaselineStep | None:
    """Return the step whose pattern fits the page, or None off the path and without a baseline."""
    if baseline is None or not page_url:
        return None
    known = _known_pages(_Identity(baseline))
    try:
        return known[page_url]
    except KeyError:
        if len(known) >= _PAGES_KEPT:
            known.clear()
        return known.setdefault(page_url, baseline.step_of(page_url))


def stuck_point_at(baseline: Baseline | None, page_url: str) -> str:
    """Name the place of a page: the key of its step, else its path."""
    step = step_at(baseline, page_url)
    return step.key if step else page_path(page_url)[:_STUCK_POINT_LENGTH]


def is_further(baseline: Baseline | None, page_url: str, than: str) -> bool:
    """Return whether a page belongs to a later step than another page's; False where either is off the path."""
    here, there = step_at(baseline, page_url), step_at(baseline, than)
    if baseline is None or here is None or there is None:
        return False
    return baseline.steps.index(here) > baseline.steps.index(there)


def expected_step(window: Window, baseline: Baseline, left: BaselineStep) -> BaselineStep | None:
    """Return the step where a user who left the path at `left` should be: that one, or the next that is incomplete.

    None means that he is done: all steps ahead are complete, or the last one is behind him and names no success event.
    """
    if left is baseline.steps[-1] and left.success_event is None:
        return None
    ahead = baseline.steps[baseline.steps.index(left) :]
    return next((step for step in ahead if not is_complete(window, step, 0)), None)


def is_complete(window: Window, step: BaselineStep, entered_ms: int) -> bool:
    """Return whether a step's success event has come.

    One that named the step counts for good; one that named none counts if it came since `entered_ms` (Unix ms).
    """
    if step.success_event is None:
        return False
    if f"{step.success_event} {step.key}" in window.milestones:
        return True
    return window.milestones.get(f"{step.success_event} ", -1) >= entered_ms


def views_off_path(baseline: Baseline, views: Iterable[Entry]) -> tuple[Entry | None, list[Entry]]:
    """Walk back from the latest of `views` (in order of time) to the path.

    Returns the last view on the path (None if there is none) and the views after it, each page once per stay: a page
    viewed again without another between is no further step.
    """
    wandering: list[Entry] = []
    for view in reversed(list(views)):
        if step_at(baseline, view.page_url):
            return view, wandering[::-1]
        if wandering and page_path(wandering[-1].page_url) == page_path(view.page_url):
            wandering[-1] = view
        else:
            wandering.append(view)
    return None, wandering[::-1]


@lru_cache(maxsize=_BASELINES_KEPT)
def _known_pages(baseline: _Identity) -> dict[str, BaselineStep | None]:  # noqa: ARG001 - it is the cache's key
    return {}
