"""Signals and turns: something happened to a user, and the agent is to think once about it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from core.errors import NotFound


class TurnGone(NotFound):
    """A turn was erased with its user while it ran: nothing more of it may be kept, even where the user came back."""

    title = "The turn is no more."


class SignalKind(StrEnum):
    """What detection can notice; definitions and defaults stand in `core.config.DetectionRules`."""

    RAGE_CLICK = "rage_click"
    DEAD_CLICK = "dead_click"
    ERROR_CLICK = "error_click"
    PAGE_LOOP = "page_loop"
    FORM_ABANDONMENT = "form_abandonment"
    VALIDATION_LOOP = "validation_loop"
    EXPLICIT_STUCK = "explicit_stuck"
    INACTIVITY = "inactivity"
    BASELINE_DEVIATION = "baseline_deviation"


class Evidence(BaseModel):
    """One event that proves a signal."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    event_type: str
    at: AwareDatetime
    target_element: str | None = None
    page_url: str | None = None


class Signal(BaseModel):
    """A sign that a user is stuck. `evidence` is in order of time and never empty; its first id enters the turn id."""

    model_config = ConfigDict(frozen=True)

    kind: SignalKind
    stuck_point: str = Field(max_length=256, description="Baseline step key, or the normalised path of the page")
    target_element: str | None = None
    page_url: str | None = None
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    measures: dict[str, Any] = Field(default_factory=dict, description="What was counted or timed, by name")
    detected_at: AwareDatetime

    @property
    def first_evidence_id(self) -> str:
        """Event id that names this occurrence of the signal."""
        return self.evidence[0].event_id


class Turn(BaseModel):
    """A unit of the agent's work, as it travels through `turns_stream`. `trace_id` follows it from the click on."""

    model_config = ConfigDict(frozen=True)

    turn_id: str
    company_id: str
    user_id: str
    session_id: str
    kind: Literal["behaviour", "conversation"] = "behaviour"
    signal: Signal
    created_at: AwareDatetime
    trace_id: str


class TurnStatus(StrEnum):
    """Life of a turn's row: `denied` before any spending; `queued` → `running` → `done` or `failed` otherwise."""

    DENIED = "denied"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ReceiptStep(BaseModel):
    """One line of a decision receipt: which step decided what, when, and on which facts."""

    model_config = ConfigDict(frozen=True)

    step: Literal["detect", "restrain", "diagnose", "route", "coach", "act", "escalate", "deliver", "run"]
    outcome: str = Field(description="A stable word such as allow, deny, confident, unsure, saved, failed")
    reason: str | None = Field(default=None, description="A stable word for why, such as kill_switch or daily_cap")
    at: datetime
    facts: dict[str, Any] = Field(default_factory=dict)
