"""The case before the reasoner: everything about one turn that bears on why the user is stuck and what may help.

A plain value, made once per node from the turn and its context. It also fixes what a nudge may point to: elements
that were seen, links that were given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.baselines import Baseline, BaselineStep, page_path
from core.config import CompanyConfig
from core.events import AcceptedEvent
from core.turns import Signal, SignalKind, Turn
from graph.excerpts import Excerpt
from graph.facts import PastNudge, UserFacts
from graph.languages import known_tag

MAX_EVENTS = 30
"""Latest events that a reasoner gets to see."""
REFUSED = frozenset({400, 409, 422})
"""HTTP statuses by which a product refuses what was entered: nothing is broken, an entry needs a change."""
WAYS_OUT = frozenset({"back_click", "cancel_click", "help_click"})
"""Events of controls that lead away from a step, or to its help page."""


@dataclass(frozen=True, slots=True)
class Case:
    """One user, one signal, and what surrounds it. Events and nudges are in order of time.

    `excerpts` of the company's documents are there for the coach alone, the most relevant first.
    """

    turn: Turn
    config: CompanyConfig
    step: BaselineStep | None
    next_step: BaselineStep | None
    user: UserFacts
    events: tuple[AcceptedEvent, ...]
    past_nudges: tuple[PastNudge, ...]
    now: datetime
    excerpts: tuple[Excerpt, ...] = ()

    @property
    def signal(self) -> Signal:
        """The sign that the user is stuck."""
        return self.turn.signal

    @property
    def language(self) -> str:
        """BCP 47 tag to write in: the user's own, else the company's."""
        return known_tag(self.user.language) or self.config.tone.language

    @property
    def tries(self) -> int:
        """Nudges that this user already got at this stuck point."""
        return len(self.past_nudges)

    @property
    def best_element(self) -> str | None:
        """Where a nudge belongs: the element of the signal, else of its latest evidence, else of the step. Where the
        trouble is not with the element that was clicked, the step's comes first: a tip at “Back” shows the way out."""
        return next(self._elements(), None)

    @property
    def seen_elements(self) -> frozenset[str]:
        """Selectors that occurred; a nudge may point to no other."""
        return frozenset(self._elements())

    @property
    def links(self) -> frozenset[str]:
        """Absolute links that were given by the company; a nudge may lead to no other: the step's and the articles'."""
        return self.help_links | {excerpt.url for excerpt in self.excerpts if excerpt.url}

    @property
    def help_links(self) -> frozenset[str]:
        """The link to the step's help page, if it has one."""
        return frozenset({self.step.help_url} if self.step and self.step.help_url else ())

    @property
    def paths(self) -> frozenset[str]:
        """Paths of the product that occurred or that the baseline names; a nudge may lead to no other page of it."""
        pages = [self.signal.page_url, *(event.page_url for event in self.events)]
        patterns = [step.url_pattern for step in (self.step, self.next_step) if step]
        return frozenset(page_path(page) for page in pages if page) | {path for path in patterns if "*" not in path}

    def _elements(self) -> Iterator[str]:
        proof = [self.signal.target_element, *(item.target_element for item in reversed(self.signal.evidence))]
        named = [self.step.element if self.step else None]
        first = [*named, *proof] if was_refused(self.signal) or led_away(self.signal) else [*proof, *named]
        found = [*first, *(event.target_element for event in reversed(self.events))]
        return (element for element in found if element)


def was_refused(signal: Signal) -> bool:
    """Tell whether an error click met a product that refused the entries, rather than one that failed."""
    return signal.kind is SignalKind.ERROR_CLICK and signal.measures.get("status") in REFUSED


def led_away(signal: Signal) -> bool:
    """Tell whether the signal is a click on a way out of the step."""
    return signal.kind is SignalKind.EXPLICIT_STUCK and signal.evidence[-1].event_type in WAYS_OUT


def build_case(
    turn: Turn,
    config: CompanyConfig,
    baseline: Baseline | None,
    user: UserFacts,
    events: tuple[AcceptedEvent, ...],
    past_nudges: tuple[PastNudge, ...],
    now: datetime,
) -> Case:
    """Return the case of a turn: the baseline's step at the stuck point, the latest events, the nudges made there."""
    step = _step_of(baseline, turn.signal)
    return Case(
        turn=turn,
        config=config,
        step=step,
        next_step=_step_after(baseline, step),
        user=user,
        events=events[-MAX_EVENTS:],
        past_nudges=nudges_at(past_nudges, turn.signal.stuck_point),
        now=now,
    )


def nudges_at(past_nudges: tuple[PastNudge, ...], stuck_point: str) -> tuple[PastNudge, ...]:
    """Return the nudges at one stuck point that count as attempts to help."""
    return tuple(nudge for nudge in past_nudges if nudge.counts and nudge.stuck_point == stuck_point)


def _step_of(baseline: Baseline | None, signal: Signal) -> BaselineStep | None:
    if baseline is None:
        return None
    return baseline.step(signal.stuck_point) or (baseline.step_of(signal.page_url) if signal.page_url else None)


def _step_after(baseline: Baseline | None, step: BaselineStep | None) -> BaselineStep | None:
    if baseline is None or step is None:
        return None
    position = baseline.steps.index(step) + 1
    return baseline.steps[position] if position < len(baseline.steps) else None
