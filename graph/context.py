"""What a turn is given to work with: configuration, facts, a reasoner, and the stores behind Protocols.

Whoever runs turns implements the Protocols and fills a `TurnContext` per turn; nodes reach nothing else. While a store
is away its methods raise `core.errors.Unavailable`: the node is retried, and if that does not help the whole turn runs
again later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.baselines import Baseline
from core.budgets import Allowance
from core.config import CompanyConfig
from core.conversations import ConversationTurn
from core.events import AcceptedEvent
from core.nudges import Nudge
from core.passages import Fit, Passage
from core.turns import Turn
from graph.case import Case, build_case
from graph.facts import PastNudge, UserFacts
from graph.journal import Calls, Journal
from graph.reasoner import Reasoner
from graph.state import Alert
from graph.talk_context import TalkContext


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
    """Keeps nudges. `now` of a save is the nudge's creation time; TurnGone is raised once the turn was erased."""

    async def save(self, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> SaveResult:
        """Save in one transaction that first locks the user and checks caps and kill switch once more.

        With `counts=False` (the line that says that a person was told) only the kill switch holds.
        """
        ...


class Escalations(Protocol):
    """Calls people in; raises TurnGone once the turn was erased with its user."""

    async def open(self, alert: Alert, turn: Turn) -> OpenResult:
        """Save the alert and its notifications in one transaction, then publish the notifications. Repeatable."""
        ...


class Delivery(Protocol):
    """Brings nudges to pages."""

    async def publish(self, nudge: Nudge, turn: Turn) -> None:
        """Put the nudge into the user's outbox; publishing the same nudge twice makes one frame."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first. `score` in 0..1 says how likely the passages hold an answer at all;
    `is_answerable` whether that is enough by what was measured."""

    passages: tuple[Passage, ...] = ()
    score: float = 0.0
    is_answerable: bool = False


@dataclass(frozen=True, slots=True)
class Backing:
    """What is left of a text after its claims were held against passages: empty when none of them was supported.

    `cited` are the chunks that support what is left; `withheld` says of each sentence that went why, as a stable word.
    """

    text: str
    cited: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


class Claims(Protocol):
    """Tells what passages say and support. Pure."""

    def sentences(self, passage: Passage, about: str) -> Sequence[str]:
        """Return the sentences of a passage that speak to readers (not to a model), those about a matter first."""
        ...

    def readable(self, text: str) -> str:
        """Return a title without characters that nobody sees; empty where it speaks to a model or asks for secrets."""
        ...

    def to_the_point(self, sentences: Sequence[str], said: str, subject: str) -> Sequence[str]:
        """Return those of some sentences that speak of what was said, the closest first; none where none does.

        Words of the subject, the step's title, do not count.
        """
        ...

    def fit(self, question: str, passage: Passage) -> Fit:
        """Return whether a passage speaks of all that a question is about."""
        ...

    def refused(self, passage: Passage) -> Sequence[str]:
        """Return why sentences of a passage are kept from every reader, as stable words; mostly none."""
        ...

    def check(
        self, text: str, cited: Sequence[str], passages: Sequence[Passage], given: Sequence[str], *, context: str
    ) -> Backing:
        """Return a text without the sentences that neither these passages nor what the case gave supports. Pure.

        `cited` are chunk ids that the text's author named; `given` are texts of the company and of its pages;
        `context` holds words that need no proof, such as the product's name.
        """
        ...


class Knowledge(Claims, Protocol):
    """Finds passages of a company's documents."""

    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Found:
        """Return at most `k` passages in that language (a primary tag such as "ar").

        Raises:
            Unavailable: a store is away; the turn goes on without knowledge.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnContext:
    """Everything a turn may use. Events and past nudges are the user's latest, in order of time.

    A user in the holdout is diagnosed by rules whatever `reasoner` is, and never coached. Without `knowledge` a nudge
    rests on the baseline alone, and nothing can be said in a conversation that needs proof. `talk` is there for a
    conversation turn, which gets no baseline, events or nudges.
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
    knowledge: Knowledge | None = None
    talk: TalkContext | None = None

    def case(self, turn: Turn) -> Case:
        """Return what a reasoner gets to see of this turn."""
        return build_case(turn, self.config, self.baseline, self.user, self.recent_events, self.past_nudges, self.now())

    def calls(self, turn: Turn | ConversationTurn) -> Calls:
        """Return the means to make LLM calls on behalf of this turn."""
        if isinstance(turn, ConversationTurn) and self.talk is not None:
            conversation = turn.conversation_id
            allowance = self.talk.allowance
        else:
            conversation, allowance = None, Allowance(self.config.llm.daily_budget_cents)
        return Calls(self.journal, turn.turn_id, allowance, user_id=turn.user_id, conversation_id=conversation)
