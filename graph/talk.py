"""The talk before a reasoner: everything about one conversation that bears on what to answer now.

A plain value, the counterpart of `graph.case` for conversations. Every text in it has been masked (`core.pseudonyms`);
what a reasoner says is unmasked again on its way out. `graph.talk_context` tells what a turn may do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from core.config import CompanyConfig
from core.conversations import Channel, Citation, ConversationState, ConversationTurn, HandledBy, Role
from core.playbooks import Playbook
from core.recommendations import DraftVerdict, Recommendation
from graph.excerpts import Excerpt


@dataclass(frozen=True, slots=True)
class Said:
    """One message, masked."""

    role: Role
    text: str
    position: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the user told about themselves earlier, masked."""

    name: str
    value: str


Action = Literal["answer", "refuse", "hotline", "escalate"]
Sentiment = Literal["positive", "neutral", "negative", "angry"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a guard says of a text: the rule that applies, and what follows. `rule` and `action` are stable words."""

    rule: str
    action: Action
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Understanding:
    """The diagnosis of a conversation turn. `confidence` says how sure `intent` is, 0..1."""

    language: str
    intent: str = "question"
    sentiment: Sentiment = "neutral"
    wants_person: bool = False
    declines_person: bool = False
    takes_back: bool = False
    """Whether a person was called, and is not wished for any more."""
    verdicts: tuple[Verdict, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as a reasoner gets to know it. `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a reasoner asks for: a name and arguments, unchecked; `call_id` is the provider's own."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call, as the reasoner gets to read it: masked, capped, quoted as data.

    `effects` are what the turn must do once the answer is stored (move the stage, call a person). `passages` are what a
    search found, so that the answer may cite them; `figures` are the values (prices, stock, dates) that it may state,
    `statements` the lines that its other sentences are held against. `data` is what `text` quotes.
    """

    call: ToolCall
    status: Literal["done", "failed", "refused"]
    text: str
    code: str | None = None
    effects: tuple["Effect", ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    passages: tuple[Any, ...] = ()
    figures: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that was decided and `act` carries out with the answer, in one transaction.

    `withdraw` is of `graph.handoff.withdrawals`, `remember`, `consent` (`agrees`: yes or no) and `forget` are of
    `graph.memory.consent`, `decide` (`turn` that showed recommendations, `decision`, `numbers` with commas) is of
    `graph.onboarding.deciding`.
    """

    kind: Literal[
        "advance_stage", "request_human", "withdraw", "create_ticket", "remember", "consent", "forget", "decide"
    ]
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One of several questions that a turn puts, with what was found for it: `chunks` of the talk's excerpts.

    Where it is not sure that they answer it, an answer says so.
    """

    question: str
    chunks: tuple[str, ...] = ()
    is_sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One conversation at one turn. `messages` are those before, in order; `asked` what is to be answered now."""

    turn: ConversationTurn
    config: CompanyConfig
    playbook: Playbook
    playbook_version: str
    state: ConversationState
    handled_by: HandledBy
    stage: str
    language: str | None
    channel: Channel
    customer_name: str | None
    is_anonymous: bool
    context: Mapping[str, Any]
    messages: tuple[Said, ...]
    asked: tuple[Said, ...]
    summary: str = ""
    facts: tuple[Fact, ...] = ()
    trace: tuple[str, ...] = ()
    """What the user just did and which nudges they got, a line each, oldest first, masked."""
    unanswered: int = 0
    request: Literal["human"] | None = None
    """What the user asked for by a button, beside or instead of words."""
    person_available: bool = False
    """Whether somebody is there to take over now (office hours)."""
    expected_by: datetime | None = None
    """By when a person will answer, if one is asked for now."""
    called_for: str | None = None
    """Why a person was called (`db.tickets.Ticket.reason`), while nobody has come."""
    declined_person: bool = False
    """Whether the user said before that they want no person, and has not asked for one since."""
    understanding: Understanding | None = None
    excerpts: tuple[Excerpt, ...] = ()
    is_sure: bool = True
    """Whether the excerpts probably answer the question; where they only may, the answer says so."""
    inquiries: tuple[Inquiry, ...] = ()
    """The questions of this turn, where they are several."""
    results: tuple[ToolResult, ...] = ()
    now: datetime

    @property
    def question(self) -> str:
        """What the user wants to know: the messages to be answered, as one text."""
        return "\n".join(said.text for said in self.asked)

    @property
    def declines_person(self) -> bool:
        """Whether no person is to be offered or called: the user said so, now or before, and asks for none now."""
        now = self.understanding
        if now is not None and now.takes_back:
            return True
        if now is not None and (now.wants_person or now.declines_person):
            return now.declines_person
        return self.declined_person

    @property
    def answer_language(self) -> str:
        """Language to answer in: what was understood, else what the conversation sticks to, else the company's."""
        understood = self.understanding.language if self.understanding else None
        return understood or self.language or self.config.tone.language


@dataclass(frozen=True, slots=True)
class Reply:
    """What a reasoner says in one round: a text with citation markers such as “[1]”, or calls of tools, or both.

    A text that is followed by calls is not for the user. `is_answered` is false where the reasoner knows by itself that
    it has no answer; `is_cut` where the text ends in the middle, by its length.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    is_answered: bool = True
    is_cut: bool = False


class TextSink(Protocol):
    """Takes the text of an answer while it is written: pieces of any length."""

    async def restart(self) -> None:
        """Forget what came so far: the answer is begun anew (by another provider, or another run)."""
        ...

    async def write(self, piece: str) -> None:
        """Take the next piece.

        Raises:
            Stopped: the user wants no more of this answer.
        """
        ...


class Stopped(Exception):
    """The user stopped the answer; what was said so far stands."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a conversation turn says in the end, checked and unmasked, ready to be stored."""

    text: str
    citations: tuple[Citation, ...] = ()
    language: str | None = None
    status: Literal["stored", "stopped", "withheld"] = "stored"
    is_answered: bool = True
    """False when the user's question could not be answered; such turns are counted, and lead to a person."""
    verdicts: tuple[Verdict, ...] = ()
    effects: tuple[Effect, ...] = ()
    recommendations: tuple[tuple[Recommendation, DraftVerdict], ...] = ()
    """Every draft of this turn with the checker's verdict; those that pass are in the text."""
