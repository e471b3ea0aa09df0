"""Diagnoses and nudges: what the agent concludes, and what the user gets to see.

Every string and list is bounded: a model that must fill an unbounded schema runs on until it times out.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

_SAFE_SCHEMES = frozenset({"", "http", "https", "mailto"})


class Diagnosis(BaseModel):
    """Why a user seems stuck. `confidence_score` is an input to a decision of ours, not the decision."""

    model_config = ConfigDict(frozen=True)

    stuck_point: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    inferred_reason: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    evidence: list[Annotated[str, StringConstraints(max_length=200)]] = Field(max_length=8)
    confidence_score: float = Field(ge=0, le=1)
    reason_class: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="other", description="Coarse class by which outcomes are compared, such as validation or dead_control"
    )


class NudgeType(StrEnum):
    """Where a nudge appears. An `email_draft` never reaches the page: a person sends it."""

    TOOLTIP = "tooltip"
    CHAT = "chat"
    CHECKLIST = "checklist"
    EMAIL_DRAFT = "email_draft"


class NudgeAction(BaseModel):
    """A button of a nudge. Only `link` carries a URL, and only one that cannot run code."""

    model_config = ConfigDict(frozen=True)

    label: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    kind: Literal["link", "dismiss", "snooze", "chat"]
    url: Annotated[str, StringConstraints(max_length=500)] | None = None

    @field_validator("url")
    @classmethod
    def _safe_scheme(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value.strip()).scheme.lower() not in _SAFE_SCHEMES:
            raise ValueError("only http, https, mailto and relative links are allowed")
        return value


class NudgeContent(BaseModel):
    """What a coach composes; the rest of a `Nudge` is ours to fill in."""

    model_config = ConfigDict(frozen=True)

    nudge_type: NudgeType
    target_element: Annotated[str, StringConstraints(max_length=512)] | None = None
    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    actions: list[NudgeAction] = Field(default_factory=list, max_length=3)
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] = "en"


class Nudge(NudgeContent):
    """A nudge as the page receives it (CONTRACT: the `nudge` frame)."""

    nudge_id: str
    dir: Literal["ltr", "rtl"] = "ltr"
    stuck_point: str
    expires_at: AwareDatetime


class NudgeStatus(StrEnum):
    """Life of a nudge; `recovered` is kept apart from it."""

    PENDING = "pending"
    SENT = "sent"
    SHOWN = "shown"
    CLICKED = "clicked"
    DISMISSED = "dismissed"
    SNOOZED = "snoozed"
    EXPIRED = "expired"


_RANK = {
    NudgeStatus.PENDING: 0,
    NudgeStatus.SENT: 1,
    NudgeStatus.SHOWN: 2,
    NudgeStatus.EXPIRED: 3,
    NudgeStatus.SNOOZED: 4,
    NudgeStatus.DISMISSED: 5,
    NudgeStatus.CLICKED: 6,
}


def advance_status(current: NudgeStatus, reported: NudgeStatus) -> NudgeStatus:
    """Return the status after a report. Reports may come late, twice or out of order; a status never goes back."""
    return max(current, reported, key=_RANK.__getitem__)


RTL_LANGUAGES = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Return the writing direction of a BCP 47 language tag."""
    return "rtl" if language.split("-")[0].lower() in RTL_LANGUAGES else "ltr"


def complete_nudge(content: NudgeContent, nudge_id: str, stuck_point: str, expires_at: datetime) -> Nudge:
    """Return the nudge that the page receives, from what the coach composed."""
    return Nudge(
        **content.model_dump(),
        nudge_id=nudge_id,
        stuck_point=stuck_point,
        expires_at=expires_at,
        dir=direction(content.language),
    )
