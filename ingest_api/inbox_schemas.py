"""The shapes of the inbox: conversations as people of the company see, change and lead them; and their figures."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from core.conversations import Channel, ConversationState, HandledBy, MessageText
from core.recommendations import Decision, DraftVerdict, Recommendation
from ingest_api.conversation_schemas import (
    ClientMessageId,
    LanguageTag,
    MessageDocument,
    PersonName,
    PlaybookName,
)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ConversationRow(_Answer):
    """A conversation in the inbox."""

    conversation_id: str
    user_id: str
    playbook: str
    playbook_version: str
    state: ConversationState
    handled_by: HandledBy
    agent_name: str | None
    stage: str
    language: str | None
    channel: Channel
    customer_name: str | None
    phone: str | None
    unanswered: int = Field(description="Turns in a row that had no answer")
    last_position: int = Field(description="How many messages there are")
    resolved: bool | None
    escalated_at: datetime | None
    first_answer_ms: int | None
    created_at: datetime
    last_message_at: datetime
    closed_at: datetime | None
    close_code: str | None


class TicketDocument(_Answer):
    """What the user waits for: a person. It is an escalation, to be worked on under `/escalations/{ticket_id}`."""

    ticket_id: str
    status: Literal["open", "acknowledged", "resolved"]
    reason: str
    expected_by: datetime | None
    answered_at: datetime | None
    overdue_at: datetime | None
    assigned_to: str | None
    alert: dict[str, Any]
    created_at: datetime


class ConversationDocument(ConversationRow):
    """A conversation with its latest messages, oldest first; `previous_cursor` leads to those before."""

    context: dict[str, Any]
    questions: list[str]
    summary: str
    ticket: TicketDocument | None
    messages: list[MessageDocument]
    previous_cursor: str | None


class ConversationChange(_Request):
    """What changes; a member left out stays as it is, an empty text clears it."""

    state: ConversationState | None = None
    status: ConversationState | None = Field(None, description="Another name for `state`")
    stage: PlaybookName | None = None
    sales_stage: PlaybookName | None = Field(None, description="Another name for `stage`")
    customer_name: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)] | None = None
    phone: Annotated[str, StringConstraints(max_length=32, pattern=r"^[+0-9 ()./-]*$")] | None = None
    language: LanguageTag | None = None
    resolved: bool | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for one, other in (("state", "status"), ("stage", "sales_stage")):
            if None not in (pair := (getattr(self, one), getattr(self, other))) and pair[0] != pair[1]:
                raise ValueError(f"{one} and {other} differ")
        if all(value is None for value in self.model_dump().values()):
            raise ValueError("name what is to change")
        return self


class PersonMessage(_Request):
    """What a person of the company writes to the user, as themselves."""

    text: MessageText
    client_message_id: ClientMessageId | None = Field(None, description="Makes a repetition harmless")
    author: PersonName | None = Field(None, description="Name that the user sees")


class SentMessage(_Answer):
    """What a person wrote, as it is stored, and who answers in the conversation."""

    message: MessageDocument
    handled_by: HandledBy
    agent_name: str | None


class TakeoverRequest(_Request):
    """Who takes over."""

    author: PersonName | None = Field(None, description="Name that the user sees")


class CloseRequest(_Request):
    """How the conversation ends, and whether the user was helped."""

    code: Literal["completed", "cancelled"] = "completed"
    resolved: bool | None = None


class RecommendationRow(_Answer):
    """A draft that a conversation ended in, with the checker's verdict; `rejected` ones were not shown to the user."""

    recommendation_id: str
    conversation_id: str
    turn_id: str
    user_id: str
    status: Literal["draft", "rejected"]
    draft: Recommendation
    verdict: DraftVerdict
    created_at: datetime
    user_decision: Decision | None = Field(None, description="What the user said to it; null: nothing yet")
    user_decided_at: datetime | None = None


class ConversationDay(_Answer):
    """The conversations that began on one UTC day, and what models did for them.

    A conversation is `contained` when the user said something and no person was asked for.
    """

    day: date
    conversations: int
    with_messages: int
    contained: int
    escalated: int
    containment: float | None = Field(description="`contained` of `with_messages`, 0 to 1; null when there is none")
    resolved: int
    unresolved: int
    thumbs_up: int
    thumbs_down: int
    satisfaction: float | None = Field(description="Thumbs up of all thumbs, 0 to 1; null when there are none")
    messages: int
    first_answer_ms_p50: float | None
    first_answer_ms_p95: float | None
    calls: int
    tokens_in: int
    tokens_out: int
    cost_cents: float
    call_latency_ms_p50: float | None
