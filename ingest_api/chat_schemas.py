"""The shapes of the chat in the page: its session, its history, and what users think of answers."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator
from pydantic_core.core_schema import ValidatorFunctionWrapHandler

from core.conversations import ConversationState, HandledBy
from ingest_api.conversation_schemas import LanguageTag, MessageDocument, PlaybookName


def _or_none(value: object, check: ValidatorFunctionWrapHandler) -> object:
    try:
        return check(value)
    except ValidationError:
        return None


BrowserLanguage: TypeAlias = Annotated[LanguageTag | None, WrapValidator(_or_none)]
"""What a browser calls its language; what is none is passed over, since a chat should open all the same."""
PageUrl: TypeAlias = Annotated[Annotated[str, Field(max_length=2000)] | None, WrapValidator(_or_none)]


class ChatSessionRequest(BaseModel):
    """What the page shows; members that are not known are passed over, so that a newer script may say more."""

    model_config = ConfigDict(extra="ignore")

    conversation_id: str | None = Field(None, max_length=64, description="To open with, instead of the active one")
    playbook: PlaybookName | None = Field(None, description="Of a conversation that is yet to begin")
    language: BrowserLanguage = Field(None, description="Of the page or the browser")
    page_url: PageUrl = Field(
        None, description="Where the user is, if not where they were seen last; decides what is suggested"
    )


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class ChatConversation(_Answer):
    """The conversation that the chat opens with; it may be over."""

    conversation_id: str
    state: ConversationState
    handled_by: HandledBy
    playbook: str
    stage: str
    language: str | None
    agent: str | None = Field(description="Name of the person who answers")
    ticket_id: str | None = Field(description="What the user may refer to while they wait for a person")
    expected_by: datetime | None = Field(description="By when a person was promised to answer")
    may_cancel: bool = Field(description="Whether the user may take the wish for a person back")


class ChatSession(_Answer):
    """A chat session. Renew it with its own `token` before `expires_at`; after that it is over."""

    token: str
    expires_at: datetime
    session_id: str
    user_id: str
    conversation: ChatConversation | None
    playbook: str
    language: str
    greeting: str
    messages: list[MessageDocument] = Field(description="The latest 50 of the conversation, oldest first")
    next_cursor: str | None = Field(description="Leads to what was said before; null when nothing was")
    person_available: bool = Field(description="Whether people answer now")
    expected_minutes: int = Field(description="In how many minutes a person asked for now will have answered")
    suggestions: list[str] = Field([], description="Up to four questions to begin with, of the playbook and the page")


class ChatPage(_Answer):
    """A page of history, oldest first; `next_cursor` leads to what was said before."""

    items: list[MessageDocument]
    next_cursor: str | None


class FeedbackRequest(BaseModel):
    """What the user thinks of an answer; the last word counts."""

    model_config = ConfigDict(extra="forbid")

    rating: Literal["up", "down"]


class FeedbackNoted(_Answer):
    """The rating that holds now."""

    message_id: str
    rating: Literal["up", "down"]
