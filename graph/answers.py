"""What a model is asked to fill in: bounded shapes, apart from our own models, and turned into them here.

Every string and list is bounded: a model that must fill an unbounded schema runs on until it times out. Evidence comes
first, so that a model reads before it concludes.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.nudges import Diagnosis, NudgeAction, NudgeContent, NudgeType
from graph.case import Case
from graph.excerpts import MAX_EXCERPTS
from graph.reasoner import NOT_STUCK, AlertDraft

ReasonClass = Literal[
    "validation",
    "unresponsive_control",
    "dead_control",
    "product_error",
    "lost",
    "form_abandoned",
    "asked_for_help",
    "paused",
    "slow_step",
    "off_path",
    "other",
]
"""Coarse classes of trouble, by which outcomes are compared; templates have words for each."""


class AnswerShape(BaseModel):
    """The schema that is sent asks for all members and no others; what comes back from a server that cannot hold a
    model to it is read as far as nothing has to be guessed: members that we do not know are dropped, and those that
    `absent` names mean that when they are missing."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    absent: ClassVar[Mapping[str, Any]] = {}

    @model_validator(mode="before")
    @classmethod
    def _read_leniently(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        known = {name: given[name] for name in cls.model_fields if name in given}
        return {**cls.absent, **known}


class DiagnosisAnswer(AnswerShape):
    """Why a user is stuck, as a model says it. One without `is_stuck` still says how sure it is."""

    absent: ClassVar[Mapping[str, Any]] = {"is_stuck": True, "reason_class": "other"}

    evidence: list[Annotated[str, StringConstraints(min_length=1, max_length=160)]] = Field(max_length=4)
    is_stuck: bool
    reason_class: ReasonClass
    inferred_reason: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    confidence_score: float = Field(ge=0, le=1)

    def convert(self, case: Case) -> Diagnosis:
        """Return our diagnosis; where the user is stuck is not for a model to say."""
        return Diagnosis(
            stuck_point=case.signal.stuck_point,
            inferred_reason=self.inferred_reason,
            evidence=list(self.evidence),
            confidence_score=self.confidence_score,
            reason_class=self.reason_class if self.is_stuck else NOT_STUCK,
        )


class ActionAnswer(AnswerShape):
    """A button, as a model says it."""

    absent: ClassVar[Mapping[str, Any]] = {"url": None}

    label: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    kind: Literal["link", "dismiss", "snooze", "chat"]
    url: Annotated[str, StringConstraints(max_length=500)] | None


class NudgeAnswer(AnswerShape):
    """A nudge, as a model says it."""

    absent: ClassVar[Mapping[str, Any]] = {"target_element": None, "actions": (), "cited": ()}

    nudge_type: Literal["tooltip", "chat", "checklist", "email_draft"]
    target_element: Annotated[str, StringConstraints(max_length=512)] | None
    cited: list[Annotated[int, Field(ge=0, le=9)]] = Field(max_length=MAX_EXCERPTS)
    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    actions: list[ActionAnswer] = Field(max_length=3)

    def convert(self, case: Case) -> NudgeContent:
        """Return what the coach composed; `graph.checks` looks at its element, links and language after that."""
        safe = (action for action in self.actions if action.kind != "link" or _has_safe_scheme(action.url))
        return NudgeContent(
            nudge_type=NudgeType(self.nudge_type),
            target_element=self.target_element or None,
            title=self.title,
            body=self.body,
            actions=[NudgeAction(label=item.label, kind=item.kind, url=_url(item)) for item in safe],
            language=case.language,
        )

    def cited_chunks(self, case: Case) -> tuple[str, ...]:
        """Return the chunk ids of the passages named by their numbers; numbers that were not given name none."""
        numbered = dict(enumerate(case.excerpts, start=1))
        return tuple(dict.fromkeys(numbered[number].chunk_id for number in self.cited if number in numbered))


class AlertAnswer(AnswerShape):
    """The words of an alert, as a model says them."""

    headline: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    why: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    suggestion: Annotated[str, StringConstraints(min_length=1, max_length=300)]

    def convert(self, case: Case) -> AlertDraft:  # noqa: ARG002 - as the others
        """Return the draft."""
        return AlertDraft(headline=self.headline, why=self.why, suggestion=self.suggestion)


def _url(action: ActionAnswer) -> str | None:
    return action.url if action.kind == "link" else None


def _has_safe_scheme(url: str | None) -> bool:
    return bool(url) and str(url).startswith(("/", "https://", "http://"))
