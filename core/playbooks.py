"""Playbooks: how the agent leads a kind of conversation, as data that anybody may write and everything checks.

The shipped ones are files of `graph/playbooks`; a company stores its own, which take the place of a shipped one of the
same name.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

NAME_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
Translated = Annotated[dict[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], Line], Field(min_length=1)]
"""A text for users by language; `en` is the one that others fall back to."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(_Section):
    """Something to find out from the user: kept as a profile fact under `name` when the user allows it."""

    name: Name
    text: Translated
    choices: tuple[Translated, ...] = Field((), max_length=12)
    required: bool = True
    unless: Name | None = Field(None, description="Context or fact that makes the question needless when it is known")


class Stage(_Section):
    """One stage: what to do in it, and where it may lead."""

    title: Line
    rules: tuple[Text, ...] = Field((), max_length=20)
    questions: tuple[Question, ...] = Field((), max_length=20)
    tools: tuple[Name, ...] | None = Field(None, description="Tools of this stage; left out: all of the playbook")
    next: tuple[Name, ...] = Field((), max_length=12, description="Stages that may follow; none: the end")


class Limits(_Section):
    """What one conversation may take."""

    tool_rounds: Annotated[int, Field(ge=0, le=10)] = 4
    tool_calls_per_turn: Annotated[int, Field(ge=0, le=20)] = 8
    answer_tokens: Annotated[int, Field(ge=64, le=4096)] = 500
    messages_per_minute: Annotated[int, Field(ge=1, le=600)] = 20
    debounce_ms: Annotated[int, Field(ge=0, le=30_000)] = Field(300, description="Quick messages become one turn")
    stale_minutes: Annotated[int, Field(ge=1, le=43_200)] = Field(1440, description="Silence that ends it")
    conversation_cents: Annotated[float, Field(ge=0)] = Field(50, description="LLM cost of one conversation")
    user_daily_cents: Annotated[float, Field(ge=0)] = Field(100, description="LLM cost of one user and UTC day")
    unanswered_before_human: Annotated[int, Field(ge=1, le=10)] = 2


class Playbook(_Section):
    """A whole playbook. `first_stage` and every stage named anywhere must exist."""

    name: Name
    title: Line
    persona: Text
    tone: Text
    languages: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")], ...] = Field(
        ("en", "ar"), min_length=1
    )
    greeting: Translated
    first_stage: Name
    stages: Mapping[Name, Stage] = Field(min_length=1, max_length=40)
    tools: tuple[Name, ...] = ("search_knowledge", "create_ticket", "request_human", "advance_stage")
    limits: Limits = Limits()
    recommends: bool = Field(False, description="Ends in drafts of recommendations")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        named = {self.first_stage, *(name for stage in self.stages.values() for name in stage.next)}
        if unknown := named - set(self.stages):
            raise ValueError(f"stages that do not exist: {', '.join(sorted(unknown))}")
        for key, stage in self.stages.items():
            if extra := set(stage.tools or ()) - set(self.tools):
                raise ValueError(f"stage {key} names tools that the playbook does not: {', '.join(sorted(extra))}")
        return self

    def may_advance(self, stage: str, to: str) -> bool:
        """Tell whether the table lets a conversation go from one stage to another."""
        return stage in self.stages and to in self.stages[stage].next


def parse_playbook(data: Any) -> Playbook:
    """Return a playbook from plain data; raises pydantic.ValidationError that names each fault."""
    return Playbook.model_validate(data)
