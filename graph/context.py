"""What a turn is given to work with: configuration, facts, a reasoner, and the stores behind Protocols.

Whoever runs turns implements the Protocols and fills a `TurnContext` per turn; nodes reach nothing else. While a store
is away its methods raise `core.errors.Unavailable`: the node is retried, and if that does not help the whole turn runs
again later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.baselines import Baseline
from core.config import CompanyConfig
from core.events import AcceptedEvent
from core.nudges import Nudge
from core.turns import Turn
from graph.case import Case, build_case
from graph.facts import PastNudge, UserFacts
from graph.journal import Calls, Journal
from graph.reasoner import Reasoner
from graph.state import Alert


@dataclass(frozen=True, slots=True)
class Saved:
    """The nudge was saved just now."""


@dataclass(frozen=True, slots=True)
class Capped:
    """The nudge was not saved; `reason` is a stable word such as daily_cap, min_gap or kill_switch."""

    reason: str


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The nudge was saved by an earlier run of this turn; it may still have to be delivered."""


SaveResult = Saved | Capped | AlreadyThere


@dataclass(frozen=True, slots=True)
class Opened:
    """The escalation is open, by this turn: just now or in an earlier run of it."""

    escalation_id: str


@dataclass(frozen=True, slots=True)
class AlreadyOpen:
    """Another turn has called a person to this user and stuck point, who is not done yet."""

    escalation_id: str


OpenResult = Opened | AlreadyOpen


class Nudges(Protocol):
    """Keeps nudges. `now` of a save is the nudge's creation time."""

    async def save(self, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> SaveResult:
        """Save in one transaction that first locks the user and checks caps and kill switch once more.

        With `counts=False` (the line that says that a person was told) only the kill switch holds.
        """
        ...


class Escalations(Protocol):
    """Calls people in."""

    async def open(self, alert: Alert, turn: Turn) -> OpenResult:
        """Save the alert and its notifications in one transaction, then publish the notifications. Repeatable."""
        ...


class Delivery(Protocol):
    """Brings nudges to pages."""

    async def publish(self, nudge: Nudge, turn: Turn) -> None:
        """Put the nudge into the user's outbox; publishing the same nudge twice makes one frame."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    """Everything a turn may use. Events and past nudges are the user's latest, in order of time.

    A user in the holdout is diagnosed by rules whatever `reasoner` is, and never coached.
    """

    config: CompanyConfig
    baseline: Baseline | None
    user: UserFacts
    recent_events: tuple[AcceptedEvent, ...]
    past_nudges: tuple[PastNudge, ...]
    in_holdout: bool
    reasoner: Reasoner
    journal: Journal
    nudges: Nudges
    escalations: Escalations
    delivery: Delivery
    now: Callable[[], datetime]

    def case(self, turn: Turn) -> Case:
        """Return what a reasoner gets to see of this turn."""
        return build_case(turn, self.config, self.baseline, self.user, self.recent_events, self.past_nudges, self.now())

    def calls(self, turn: Turn) -> Calls:
        """Return the means to make LLM calls on behalf of this turn."""
        return Calls(self.journal, turn.turn_id, self.config.llm.daily_budget_cents)
