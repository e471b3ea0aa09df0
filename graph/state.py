"""What travels between the nodes of a turn, and what comes out at the end. Plain JSON, so a checkpoint is readable."""

import operator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core.nudges import Diagnosis, Nudge, NudgeContent
from core.turns import ReceiptStep, Turn

Outcome = Literal[
    "nudged", "drafted", "unsure", "not_stuck", "holdout", "capped", "escalated", "already_escalated", "failed"
]
"""How a turn ended. `nudged`: saved and published · `drafted`: an e-mail waits for a person · `capped`: a cap or the
kill switch held at saving · `failed`: no reasoner could answer, or the budget was spent; quiet for the user."""


class TurnState(TypedDict, total=False):
    """State of the graph. Models are kept as JSON texts, read by the functions below.

    A text is stored in the checkpoint's own row; a dict would be a row of its own in another table.
    """

    turn: str
    route: str
    outcome: Outcome
    diagnosis: str
    reasoner: str
    content: str
    nudge: str
    escalation_id: str
    prompts: Annotated[dict[str, str], operator.or_]
    receipt: Annotated[list[dict[str, Any]], operator.add]


class Alert(BaseModel):
    """What a person gets who is called in: who, where, why, what was tried, and a link (`escalations.alert`)."""

    model_config = ConfigDict(frozen=True)

    escalation_id: str
    kind: Literal["stuck", "email_draft"] = "stuck"
    user_id: str
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

    `error` is a stable code and set only when `outcome` is `failed`; `receipt` holds the graph's own steps.
    """

    outcome: Outcome
    diagnosis: Diagnosis | None = None
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


def start_state(turn: Turn) -> TurnState:
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


def result_of(state: TurnState) -> TurnResult:
    """Return the result of a turn that reached an end of the graph."""
    return _result(state, state["outcome"])


def partial_result_of(state: TurnState, last: ReceiptStep, error: str) -> TurnResult:
    """Return the result of a turn that failed on its way: what it had reached, and `last` as its last line."""
    reached = _result(state, "failed")
    return replace(reached, receipt=(*reached.receipt, last), error=error)


def _result(state: TurnState, outcome: Outcome) -> TurnResult:
    diagnosis, nudge = state.get("diagnosis"), state.get("nudge")
    return TurnResult(
        outcome=outcome,
        diagnosis=Diagnosis.model_validate_json(diagnosis) if diagnosis else None,
        reasoner=state.get("reasoner"),
        prompts=state.get("prompts", {}),
        receipt=tuple(ReceiptStep.model_validate(step) for step in state.get("receipt", [])),
        nudge=Nudge.model_validate_json(nudge) if nudge else None,
        escalation_id=state.get("escalation_id"),
    )
