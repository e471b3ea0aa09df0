"""Recommendations: what a conversation ends in where its playbook says so, drafted by one and checked by another.

A draft that the checker lets pass is shown to the user and kept for approval; one that it refuses is kept with the
reason. Nothing here is applied: a draft names the changes that it would make.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.conversations import Citation
from core.ids import derive_id

MAX_DRAFTS: Final = 4
MAX_STEPS: Final = 8
MAX_CHANGES: Final = 5

Decision = Literal["accepted", "declined"]
"""What a user said to a draft that they were shown; it approves nothing."""
Risk = Literal["low", "medium", "high"]
"""What can go wrong: nothing that is not undone in a moment; work of others; data, money or access."""
RISKS: Final[tuple[Risk, ...]] = ("low", "medium", "high")
Fault = Literal[
    "nothing_to_do", "no_ground", "unknown_source", "unknown_fact", "unsupported", "invented_number", "foreign_link",
    "wrong_language", "repeated", "low_confidence", "checker",
]  # fmt: skip
"""Why a draft is refused. `no_ground`: it rests on neither a document nor an answer · `unsupported`: a step is not what
its sources say · `checker`: whoever checked it objects in words."""

_Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(_Part):
    """A setting of the host's workspace that would be given a value."""

    setting: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
    value: _Line


class Recommendation(_Part):
    """One draft. It has steps for the user, or changes, or both.

    `rests_on` names answers of the user; `citations` documents. `confidence` in 0..1 says how sure it is to help.
    """

    title: Annotated[str, StringConstraints(min_length=1, max_length=120, strip_whitespace=True)]
    summary: _Line
    steps: tuple[_Line, ...] = Field((), max_length=MAX_STEPS)
    changes: tuple[Change, ...] = Field((), max_length=MAX_CHANGES)
    citations: tuple[Citation, ...] = Field((), max_length=MAX_STEPS)
    rests_on: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = Field((), max_length=10)
    confidence: float = Field(ge=0, le=1)
    risk: Risk = "low"
    language: str = "en"


class DraftVerdict(_Part):
    """What the checker says of a draft. `faults` are stable words; `problem` is the checker's own sentence, if any."""

    passes: bool
    faults: tuple[Fault, ...] = ()
    problem: Annotated[str, StringConstraints(max_length=300)] = ""
    confidence: float = Field(ge=0, le=1)
    risk: Risk = "low"


def recommendation_id(turn_id: str, number: int) -> str:
    """Id of the recommendation of that number (from 1) that a turn made; a re-run of the turn gives the same."""
    return derive_id("recommendation", turn_id, str(number))


def riskier(one: Risk, other: Risk) -> Risk:
    """Return the greater of two risks."""
    return RISKS[max(RISKS.index(one), RISKS.index(other))]
