"""The shapes of conversations: what starts one, what is said, what comes of it, and how people see it."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self, TypeAlias

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from core.conversations import ConversationState, HandledBy, MessageText, Role
from core.events import Name
from core.plaintext import cleaned, says_something
from core.playbooks import NAME_PATTERN
from core.recommendations import Recommendation

MAX_CONTEXT_BYTES: Final = 16_384
PlaybookName: TypeAlias = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
ClientMessageId: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]
TaskStatus: TypeAlias = Literal["queued", "running", "done", "failed"]


def _primary_subtag(value: object) -> object:
    return value.split("-")[0].split("_")[0].lower() if isinstance(value, str) else value


def _name(value: str) -> str:
    name = " ".join(cleaned(value).split())
    if not says_something(name):
        raise ValueError("holds nothing that can be seen")
    return name


def _size(value: object) -> int:
    try:
        return len(orjson.dumps(value))
    except TypeError:  # such as an integer beyond 64 bits, or nesting without end
        raise ValueError("holds a value that cannot be stored") from None


PersonName: TypeAlias = Annotated[
    str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), AfterValidator(_name)
]
"""A name as others see it: one line, without characters that turn or hide the text around it."""
LanguageTag: TypeAlias = Annotated[str, BeforeValidator(_primary_subtag), StringConstraints(pattern=r"^[a-z]{2,3}$")]
"""A language as users' browsers name it; its region does not count."""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartRequest(_Request):
    """Whom to talk with, and about what. With the secret key `user_id` says who; a user token says it by itself."""

    user_id: Name | None = None
    conversation_type: PlaybookName | None = Field(None, description="Another name for `playbook`")
    playbook: PlaybookName | None = Field(None, description="The company's default one when left out")
    language: LanguageTag | None = Field(None, description="Found out from what the user writes when left out")
    context: dict[str, JsonValue] = Field({}, description="What you know of the user: makes questions needless")
    resume_existing: bool = Field(False, description="Go on with the active conversation instead of a 409")
    customer_name: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] | None = None
    phone: Annotated[str, StringConstraints(max_length=32, pattern=r"^[+0-9 ()./-]+$")] | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.playbook and self.conversation_type and self.playbook != self.conversation_type:
            raise ValueError("playbook and conversation_type name different playbooks")
        if _size(self.context) > MAX_CONTEXT_BYTES:
            raise ValueError(f"context may have {MAX_CONTEXT_BYTES} bytes")
        return self

    @property
    def wanted(self) -> str | None:
        """The playbook that is asked for, under either name."""
        return self.playbook or self.conversation_type


class ProcessRequest(_Request):
    """What the user says. `client_message_id` makes a repetition harmless; it may be any id of yours."""

    user_input: MessageText
    client_message_id: ClientMessageId | None = Field(None, description="Made here when left out")
    mode: Literal["auto", "sync", "async"] = Field(
        "auto", description="How long to wait for the answer: 5 seconds, 30, or not at all"
    )
    user_id: Name | None = Field(None, description="Needed with the secret key for the conversation `active`")
    conversation_id: str | None = Field(None, max_length=64, description="May stand here instead of in the path")


class ButtonRequest(_Request):
    """Whose button was pressed; needed with the secret key for the conversation `active`."""

    user_id: Name | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CitationDocument(_Answer):
    """A document that an answer rests on; `marker` is the number by which the text refers to it, as in “[1]”."""

    title: str
    url: str | None = None
    marker: int | None = None
    attribution: str | None = None


class MessageDocument(_Answer):
    """A message. `role` agent is a person of the company; `author` is that person's name."""

    message_id: str
    conversation_id: str
    position: int
    role: Role
    text: str
    language: str | None = None
    citations: list[CitationDocument] = []
    status: Literal["stored", "stopped", "withheld"] = "stored"
    author: str | None = None
    client_message_id: str | None = None
    rating: Literal["up", "down"] | None = None
    created_at: datetime


class BudgetLeft(_Answer):
    """What is left of the budgets of models; null where there is no limit. `nearly` names those at 80 % or more."""

    conversation_cents: float | None
    user_cents: float | None
    user_tokens: int | None
    company_percent: float
    nearly: list[str]


class StartedConversation(_Answer):
    """A conversation that begins, or goes on."""

    conversation_id: str
    state: ConversationState
    questions: list[str]
    stage: str
    playbook: str
    language: str
    greeting: str
    handled_by: HandledBy
    budget: BudgetLeft


class TaskError(_Answer):
    """Why a turn led to no proper answer: a stable code. The message, if there is one, says so to the user."""

    code: str
    detail: str


class ProcessResult(_Answer):
    """What came of what the user said. `message` is null when a person answers: then it comes to the inbox."""

    conversation_id: str
    state: ConversationState
    stage: str
    handled_by: HandledBy
    language: str | None
    user_message_id: str | None = None
    message: MessageDocument | None = None
    messages: list[MessageDocument] = Field([], description="All that was said in the turn, `message` among it")
    task_id: str | None = None
    friendly_task_id: str | None = None
    error: TaskError | None = None
    recommendations: list[Recommendation] = Field([], description="Drafts that the turn ended in, for approval")
    budget: BudgetLeft


class TaskAccepted(_Answer):
    """The answer takes longer; ask for it at `status_url`."""

    task_id: str
    friendly_task_id: str
    status_url: str
    conversation_id: str
    status: TaskStatus
    user_message_id: str


class ButtonAnswer(_Answer):
    """What a button led to: the task that it calls a person by, or whose answer ends; null where there is none."""

    conversation_id: str
    task_id: str | None
    friendly_task_id: str | None


class TaskDocument(_Answer):
    """A turn that somebody waits for. `result` is there once it has ended, also when it failed."""

    task_id: str
    friendly_task_id: str
    conversation_id: str
    status: TaskStatus
    created_at: datetime
    finished_at: datetime | None
    result: ProcessResult | None = None
    error: TaskError | None = None
