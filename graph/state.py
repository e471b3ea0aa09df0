"""What travels between the nodes of a turn, and what comes out at the end. Plain JSON, so a checkpoint is readable."""

import json
import operator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from core.conversations import ConversationTurn
from core.nudges import Diagnosis, Nudge, NudgeContent
from core.turns import ReceiptStep, Turn
from graph.talk import Answer, Understanding

NudgeOutcome = Literal[
    "nudged", "drafted", "unsure", "not_stuck", "holdout", "capped", "escalated", "already_escalated", "failed"
]
"""How a behaviour turn ended. `nudged`: saved and published · `drafted`: an e-mail waits for a person · `capped`: a
cap or the kill switch held at saving · `failed`: no reasoner could answer, or the budget was spent; quiet for the
user."""
TalkOutcome = Literal[
    "answered",
    "unanswered",
    "withheld",
    "refused",
    "stopped",
    "handed_over",
    "provider_failed",
    "budget_exhausted",
    "left_to_person",
    "conversation_ended",
    "conversations_unavailable",
    "needs_no_answer",
]
"""How a conversation turn ended; each of them with something said. `unanswered`: there was no answer to be had ·
`withheld`: the guards left nothing of it · `stopped`: by the user · the last two: fixed words, with the offer of a
person."""
Outcome = NudgeOutcome | TalkOutcome


class TurnState(TypedDict, total=False):
    """State of the graph. Models are kept as JSON texts, read by the functions below.

    A text is stored in the checkpoint's own row; a dict would be a row of its own in another table.
    """

    turn: str
    route: str
    understanding: str
    answer: str
    reason: str
    outcome: Outcome
    diagnosis: str
    reasoner: str
    content: str
    nudge: str
    escalation_id: str
    error: str
    prompts: Annotated[dict[str, str], operator.or_]
    receipt: Annotated[list[dict[str, Any]], operator.add]


class Alert(BaseModel):
    """What a person gets who is called in: who, where, why, what was tried, and a link (`escalations.alert`)."""

    model_config = ConfigDict(frozen=True)

    escalation_id: str
    kind: Literal["stuck", "email_draft", "conversation"] = "stuck"
    user_id: str
    conversation_id: str | None = None
    stuck_point: str
    step_title: str | None = None
    page_url: str | None = None
    signal: str
    headline: str = Field(max_length=160)
    why: str = Field(max_length=600)
    suggestion: str = Field(max_length=1000)
    evidence: list[str] = Field(default_factory=list, max_length=8)
    tried: list[str] = Field(default_factory=list, max_length=10)
    confidence_score: float = Field(ge=0, le=1)
    link: str | None = None
    created_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class TurnResult:
    """How a turn ended, for its row: everything `db.turns.finish` stores.

    `error` is a stable code: of what failed, or of what a conversation excused itself for; `receipt` holds the graph's
    own steps.
    """

    outcome: Outcome
    diagnosis: Diagnosis | None = None
    understood: dict[str, Any] | None = None
    """What was understood of a user's message: language, intent, mood, rules."""
    reasoner: str | None = None
    prompts: dict[str, str] = field(default_factory=dict)
    receipt: tuple[ReceiptStep, ...] = ()
    nudge: Nudge | None = None
    escalation_id: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the row's status is `failed` rather than `done`."""
        return self.outcome == "failed"


def start_state(turn: Turn | ConversationTurn) -> TurnState:
    """Return the state in which a turn enters the graph."""
    return {"turn": turn.model_dump_json(), "prompts": {}, "receipt": []}


def turn_of(state: TurnState) -> Turn:
    """Return the turn."""
    return Turn.model_validate_json(state["turn"])


def diagnosis_of(state: TurnState) -> Diagnosis:
    """Return the diagnosis; there is one after `diagnose`."""
    return Diagnosis.model_validate_json(state["diagnosis"])


def content_of(state: TurnState) -> NudgeContent:
    """Return what the coach composed; there is one after `coach`."""
    return NudgeContent.model_validate_json(state["content"])


def understanding_of(state: TurnState) -> Understanding:
    """Return what was understood of a user's message; there is one after `diagnose`."""
    return _UNDERSTANDING.validate_json(state["understanding"])


def answer_of(state: TurnState) -> Answer | None:
    """Return what is to be said, where it has been found."""
    return _ANSWER.validate_json(state["answer"]) if "answer" in state else None


def dump_understanding(understanding: Understanding) -> str:
    """Return it as it is kept in the state."""
    return _UNDERSTANDING.dump_json(understanding).decode()


def dump_answer(answer: Answer) -> str:
    """Return it as it is kept in the state."""
    return _ANSWER.dump_json(answer).decode()


def result_of(state: TurnState) -> TurnResult:
    """Return the result of a turn that reached an end of the graph."""
    return _result(state, state["outcome"])


def partial_result_of(state: TurnState, last: ReceiptStep, error: str) -> TurnResult:
    """Return the result of a turn that failed on its way: what it had reached, and `last` as its last line."""
    reached = _result(state, "failed")
    return replace(reached, receipt=(*reached.receipt, last), error=error)


_UNDERSTANDING = TypeAdapter(Understanding)
_ANSWER = TypeAdapter(Answer)


def _result(state: TurnState, outcome: Outcome) -> TurnResult:
    diagnosis, nudge = state.get("diagnosis"), state.get("nudge")
    understanding = state.get("understanding")
    return TurnResult(
        outcome=outcome,
        diagnosis=Diagnosis.model_validate_json(diagnosis) if diagnosis else None,
        understood=json.loads(understanding) if understanding else None,
        reasoner=state.get("reasoner"),
        prompts=state.get("prompts", {}),
        receipt=tuple(ReceiptStep.model_validate(step) for step in state.get("receipt", [])),
        nudge=Nudge.model_validate_json(nudge) if nudge else None,
        escalation_id=state.get("escalation_id"),
        error=state.get("error"),
    )
