"""Conversations: what a conversation is, what it may become, what is said in it, and the turn that answers.

The states and their transitions stand here once, for the API, the graph and whoever takes over. One conversation of a
user is active at a time; who handles it (the agent, a queue, a person) is apart from its state.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from core.errors import Conflict, InvalidRequest, RateLimited
from core.ids import derive_id
from core.plaintext import cleaned, repaired, says_something

ANSWERS: Final = "answers"
"""Member of a conversation's context that holds what the user answered in it, by the name of the question."""
ENDED_QUESTIONS: Final = "questions_ended"
"""Name among these answers by which a conversation remembers that the user wants no more questions."""
DECLINES_PERSON: Final = "declines_person"
"""Member of a conversation's context that is true once the user said that they want no person."""
MAX_MESSAGE: Final = 4000
"""Characters of one message of a user or a person, once what cannot be seen is taken out of it."""


class ConversationState(StrEnum):
    """Where a conversation stands (MISSION B3)."""

    STARTED = "STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    GENERATING_RECOMMENDATIONS = "GENERATING_RECOMMENDATIONS"
    AWAITING_USER_APPROVAL = "AWAITING_USER_APPROVAL"
    COMPLETED = "COMPLETED"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"


_S = ConversationState
ENDED: Final = frozenset({_S.COMPLETED, _S.ERROR, _S.CANCELLED})
"""States that a conversation does not leave; the user's next message begins another."""
TRANSITIONS: Final[Mapping[ConversationState, frozenset[ConversationState]]] = {
    _S.STARTED: frozenset({_S.IN_PROGRESS, _S.COMPLETED, _S.ERROR, _S.CANCELLED}),
    _S.IN_PROGRESS: frozenset({_S.GENERATING_RECOMMENDATIONS, _S.COMPLETED, _S.ERROR, _S.CANCELLED}),
    _S.GENERATING_RECOMMENDATIONS: frozenset({_S.IN_PROGRESS, _S.AWAITING_USER_APPROVAL, _S.ERROR, _S.CANCELLED}),
    _S.AWAITING_USER_APPROVAL: frozenset({_S.IN_PROGRESS, _S.COMPLETED, _S.ERROR, _S.CANCELLED}),
    _S.COMPLETED: frozenset(),
    _S.ERROR: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""What may follow a state. A user who goes on talking over recommendations brings the conversation back in progress."""
EARNED: Final = frozenset({_S.GENERATING_RECOMMENDATIONS, _S.AWAITING_USER_APPROVAL})
"""States that say what the agent has done: nobody puts a conversation into them by hand."""


class IllegalTransition(Conflict):
    """A conversation cannot become that from where it stands."""

    code = "illegal_transition"
    title = "The conversation cannot change to that state."


def change_state(present: ConversationState, to: ConversationState) -> ConversationState:
    """Return `to` if the table allows it; staying is always allowed.

    Raises:
        IllegalTransition: it does not.
    """
    if to is not present and to not in TRANSITIONS[present]:
        raise IllegalTransition(f"A conversation that is {present} cannot become {to}.")
    return to


def change_state_by_hand(present: ConversationState, to: ConversationState) -> ConversationState:
    """Return `to` if a person, or the host, may put a conversation there; raises IllegalTransition if not."""
    if to is not present and to in EARNED:
        raise IllegalTransition(f"A conversation becomes {to} by what the agent does alone.")
    return change_state(present, to)


class ConversationEnded(Conflict):
    """Something was to be said in a conversation that is over."""

    code = "conversation_ended"
    title = "The conversation has ended."


class ConversationActive(Conflict):
    """A user has one active conversation at a time; `errors` name it."""

    code = "conversation_active"
    title = "Another conversation of this user is active."


class PersonAnswers(Conflict):
    """The wish for a person was to be taken back, and one has come."""

    code = "person_answers"
    title = "A person answers already."


class NobodyCalled(Conflict):
    """The wish for a person was to be taken back where nobody waits for one."""

    code = "nobody_called"
    title = "Nobody waits for a person in this conversation."


class PersonNeeded(Conflict):
    """The wish for a person was to be taken back where danger called one."""

    code = "person_needed"
    title = "A person looks at this conversation in any case."


class IllegalStage(Conflict):
    """The playbook's table does not lead from the present stage to that one."""

    code = "illegal_stage"
    title = "The conversation cannot move to that stage."


class EmptyMessage(InvalidRequest):
    """Nothing of the message can be seen."""

    code = "empty_message"
    title = "The message is empty."


class MessageTooLong(InvalidRequest):
    """More characters than a message may have."""

    code = "message_too_long"
    title = f"A message may have {MAX_MESSAGE} characters."


MessageText: TypeAlias = Annotated[
    str,
    BeforeValidator(lambda value: repaired(value) if isinstance(value, str) else value),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_MESSAGE}),
]
"""A message as it comes over a wire: any text, also with half a character in it, since a page may have cut it out.
What it must be like is told in schemas, and seen to by `message_text`, so that it has the same code on every edge."""


def message_text(text: str) -> str:
    """Return what is kept of what somebody wrote: the one rule for every edge that messages come in by.

    Control characters, bidirectional overrides and invisible characters are taken out first (`core.plaintext`).

    Raises:
        EmptyMessage: nothing of it can be seen.
        MessageTooLong: it has more than `MAX_MESSAGE` characters.
    """
    text = cleaned(text)
    if not says_something(text):
        raise EmptyMessage
    if len(text) > MAX_MESSAGE:
        raise MessageTooLong
    return text


class TooManyMessages(RateLimited):
    """More messages in a minute than the playbook takes."""

    code = "too_many_messages"
    title = "Too many messages in a short time."


class HandledBy(StrEnum):
    """Who answers: the agent; nobody yet, a person was asked for; or a person."""

    AGENT = "agent"
    QUEUE = "queue"
    HUMAN = "human"


class Role(StrEnum):
    """Who said something. `agent` is a person of the company; `system` a note such as “a person has joined”."""

    USER = "user"
    ASSISTANT = "assistant"
    AGENT = "agent"
    SYSTEM = "system"


class Channel(StrEnum):
    """Where a conversation is held."""

    PAGE = "page"
    API = "api"
    WHATSAPP = "whatsapp"

    @property
    def shows_sources(self) -> bool:
        """Whether users see an answer's citations beside its text; elsewhere the text names the article itself."""
        return self is not Channel.WHATSAPP


class Citation(BaseModel):
    """A document that an answer rests on; `marker` is the number by which the text refers to it, as in “[1]”."""

    model_config = ConfigDict(frozen=True)

    title: str
    url: str | None = None
    marker: int | None = None
    chunk_id: str | None = None
    attribution: str | None = None


class Message(BaseModel):
    """Something said in a conversation, as it is stored and shown. `position` counts from 1 within the conversation.

    `status`: `stopped` marks an answer that the user cut short, `withheld` one of which the guards left nothing.
    """

    model_config = ConfigDict(frozen=True)

    message_id: str
    conversation_id: str
    position: int
    role: Role
    text: str
    language: str | None = None
    citations: tuple[Citation, ...] = ()
    status: Literal["stored", "stopped", "withheld"] = "stored"
    author: str | None = Field(None, description="Name of the person who wrote it, for role `agent`")
    client_message_id: str | None = None
    turn_id: str | None = None
    rating: Literal["up", "down"] | None = None
    created_at: AwareDatetime


class ConversationTurn(BaseModel):
    """The work of answering what a user said: an entry of `conversation_turns_stream`.

    Which messages it answers stands in their rows (`messages.turn_id`): those that came before it was begun.
    """

    model_config = ConfigDict(frozen=True)

    turn_id: str
    company_id: str
    user_id: str
    conversation_id: str
    kind: Literal["conversation"] = "conversation"
    created_at: AwareDatetime
    trace_id: str


class IncomingMessage(BaseModel):
    """What a user wrote, before it is accepted; the same for every channel.

    A null `conversation_id` continues the active conversation, or begins one by `playbook` (the company's default when
    that is null). `client_message_id` makes a repetition harmless; `text` is as it was typed (`message_text`).
    """

    model_config = ConfigDict(frozen=True)

    company_id: str
    user_id: str
    conversation_id: str | None
    client_message_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    text: str
    playbook: str | None = None
    language: str | None = None
    channel: Channel = Channel.PAGE
    trace_id: str


def conversation_turn_id(conversation_id: str, first_message_id: str) -> str:
    """Id of the turn that answers a message, and those that follow it before the turn is begun."""
    return derive_id("conversation_turn", conversation_id, first_message_id)


def answer_id(turn_id: str) -> str:
    """Id of the one message by which a turn answers."""
    return derive_id("answer", turn_id)


def notice_id(turn_id: str, kind: str) -> str:
    """Id of a further message of a turn, such as the one that tells that a person was called."""
    return derive_id("notice", turn_id, kind)
