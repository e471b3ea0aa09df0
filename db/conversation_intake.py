"""Taking in what a user says: one transaction that stores the message and the turn that will answer it.

Whoever calls commits, then publishes the turn; when that fails the client is told so and sends the message again, which
finds it stored and only publishes. A message joins the turn that waits, if there is one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.config import ConversationRules
from core.conversations import (
    ENDED,
    ConversationEnded,
    ConversationState,
    ConversationTurn,
    HandledBy,
    IncomingMessage,
    Message,
    Role,
    TooManyMessages,
    conversation_turn_id,
    message_text,
)
from core.ids import new_id
from core.playbooks import Limits
from core.turns import TurnStatus
from db import conversation_turns, conversations, messages, playbooks
from db.conversation_rows import Conversation, NewConversation
from db.conversation_voices import check_voices
from db.messages import NewMessage
from db.pool import Connection
from db.query import fetch_dict
from db.texts import storable, storable_or_none

WINDOW: Final = timedelta(minutes=1)
"""What `messages_per_minute` of a playbook counts."""
_REPUBLISH_AFTER: Final = timedelta(seconds=1)

# Counts what a user said lately, in whichever conversation.
_LATELY: Final = """
    SELECT count(*) AS messages, min(created_at) AS oldest FROM messages
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND role = 'user' AND created_at > %(since)s
"""

# Brings a conversation in progress when the user says something.
_PROGRESS: Final = """
    UPDATE conversations SET state = 'IN_PROGRESS'
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""
_BROUGHT_ON: Final = frozenset({ConversationState.STARTED, ConversationState.AWAITING_USER_APPROVAL})
"""States that a conversation leaves for that one when the user says something."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message that is stored. `turn` answers it, has answered it, or is about to; it is None when a person does.

    `is_new` is false for a repetition. With `publish` the turn is to be put into its stream once the transaction is
    committed. `began` tells that the conversation began with it; `ended` is a stale one that was closed for it.
    """

    conversation_id: str
    message: Message
    turn: ConversationTurn | None
    handled_by: HandledBy
    is_new: bool
    publish: bool
    began: bool = False
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """The conversation that a message belongs to."""

    conversation: Conversation
    began: bool = False
    ended: str | None = None


async def accept(
    connection: Connection, incoming: IncomingMessage, rules: ConversationRules, now: datetime, *, is_on: bool = True
) -> Accepted:
    """Store what a user says, once however often it comes, with the turn that will answer it.

    `is_on`: whether the agent may hold conversations with the user (`core.flags`).

    Raises:
        Forbidden: neither the agent nor a person may talk with the user here (code `conversations_unavailable`).
        InvalidRequest: nothing of it can be seen (code `empty_message`), or it is too long (`message_too_long`).
        NotFound: an unknown conversation or another user's; or, to begin one, an unknown playbook (`unknown_playbook`).
        Conflict: the conversation is over (code `conversation_ended`).
        RateLimited: too many messages in a minute (code `too_many_messages`).
    """
    text, incoming = message_text(incoming.text), _storable(incoming)
    present = await _lock(connection, incoming)
    await check_voices(connection, present if _goes_on(present, incoming, now) else None, is_on=is_on)
    if known := await _repeated(connection, incoming):
        return await _again(connection, incoming, known)
    place = await _place(connection, incoming, present, rules, now)
    if place.conversation.state in ENDED:
        raise ConversationEnded
    await _check_rate(connection, place.conversation, now)
    return await _store(connection, incoming, text, place, now)


def _storable(incoming: IncomingMessage) -> IncomingMessage:
    """Return it with what a client made up in a form that PostgreSQL takes, always the same for the same."""
    made_up = {"client_message_id": storable(incoming.client_message_id)}
    return incoming.model_copy(update={**made_up, "playbook": storable_or_none(incoming.playbook)})


async def _lock(connection: Connection, incoming: IncomingMessage) -> Conversation | None:
    """Lock what decides on this message, and return the conversation that it names, else the active one, if any."""
    address = (incoming.company_id, incoming.user_id)
    if incoming.conversation_id is not None:
        return await conversations.lock_own(connection, *address, incoming.conversation_id)
    await conversations.lock_user(connection, *address)
    return await conversations.lock_active(connection, *address)


async def _repeated(connection: Connection, incoming: IncomingMessage) -> Message | None:
    address = (incoming.company_id, incoming.user_id, incoming.client_message_id, incoming.conversation_id)
    return await messages.by_client(connection, *address)


async def _again(connection: Connection, incoming: IncomingMessage, known: Message) -> Accepted:
    """Return what became of a message that was stored before; while its turn waits it is published once more."""
    conversation = await conversations.get(connection, incoming.company_id, known.conversation_id)
    assert conversation is not None, "its message refers to it"
    stored = await conversation_turns.get(connection, incoming.company_id, known.turn_id or "")
    return Accepted(
        conversation_id=known.conversation_id,
        message=known,
        turn=stored.turn if stored else None,
        handled_by=conversation.handled_by,
        is_new=False,
        publish=bool(stored and stored.status is TurnStatus.QUEUED),
    )


def _goes_on(present: Conversation | None, incoming: IncomingMessage, now: datetime) -> bool:
    """Tell whether a message belongs to the present conversation; a stale one goes on only for who asks for it."""
    return present is not None and (incoming.conversation_id is not None or not present.is_stale(now))


async def _place(
    connection: Connection,
    incoming: IncomingMessage,
    present: Conversation | None,
    rules: ConversationRules,
    now: datetime,
) -> _Place:
    """Return the present conversation, or a new one: where there is none, or it is stale and was not asked for."""
    if present is not None and _goes_on(present, incoming, now):
        return _Place(present)
    if present is not None:
        await conversations.close(connection, incoming.company_id, present.conversation_id, "stale", now)
    chosen = await playbooks.load(connection, incoming.company_id, incoming.playbook or rules.default_playbook)
    new = NewConversation(
        conversation_id=new_id(),
        company_id=incoming.company_id,
        user_id=incoming.user_id,
        playbook=chosen.playbook,
        playbook_version=chosen.version,
        language=incoming.language,
        channel=incoming.channel,
    )
    begun = await conversations.add(connection, new, now)
    return _Place(begun, began=True, ended=present.conversation_id if present else None)


async def _check_rate(connection: Connection, conversation: Conversation, now: datetime) -> None:
    values = {"company_id": conversation.company_id, "user_id": conversation.user_id, "since": now - WINDOW}
    row = await fetch_dict(connection, _LATELY, values)
    limits = await _limits(connection, conversation)
    if row is not None and row["messages"] >= limits.messages_per_minute:
        wait = row["oldest"] + WINDOW - now
        raise TooManyMessages(retry_after=max(wait.total_seconds(), 1.0))


async def _limits(connection: Connection, conversation: Conversation) -> Limits:
    """Return the limits of a conversation's playbook; of the usual one where that was withdrawn."""
    return (await playbooks.load_begun(connection, conversation.company_id, conversation.playbook)).playbook.limits


async def _store(
    connection: Connection, incoming: IncomingMessage, text: str, place: _Place, now: datetime
) -> Accepted:
    conversation, message_id = place.conversation, new_id()
    turn, is_queued = await _turn(connection, incoming, conversation, message_id, now)
    new = NewMessage(
        company_id=incoming.company_id,
        conversation_id=conversation.conversation_id,
        message_id=message_id,
        role=Role.USER,
        text=text,
        trace_id=incoming.trace_id,
        language=incoming.language,
        client_message_id=incoming.client_message_id,
        turn_id=turn.turn_id if turn else None,
    )
    message = await messages.append(connection, new, now)
    if conversation.state in _BROUGHT_ON:
        await connection.execute(_PROGRESS, _key(conversation))
    return Accepted(
        conversation_id=conversation.conversation_id,
        message=message,
        turn=turn,
        handled_by=conversation.handled_by,
        is_new=True,
        publish=is_queued,
        began=place.began,
        ended=place.ended,
    )


async def _turn(
    connection: Connection, incoming: IncomingMessage, conversation: Conversation, message_id: str, now: datetime
) -> tuple[ConversationTurn | None, bool]:
    """Return the turn that answers this message, and whether it is to be published.

    One that has waited for a while is published once more: whoever made it may have failed to. Who waits for a person
    gets a turn as well, since a sign of danger is answered even then; who talks to one does not.
    """
    if conversation.handled_by is HandledBy.HUMAN:
        return None, False
    waiting = await conversation_turns.queued(connection, conversation.company_id, conversation.conversation_id)
    if waiting is not None:
        return waiting, now - waiting.created_at > _REPUBLISH_AFTER
    turn = ConversationTurn(
        turn_id=conversation_turn_id(conversation.conversation_id, message_id),
        company_id=conversation.company_id,
        user_id=conversation.user_id,
        conversation_id=conversation.conversation_id,
        created_at=now,
        trace_id=incoming.trace_id,
    )
    return turn, await conversation_turns.queue(connection, turn)


def _key(conversation: Conversation) -> dict[str, Any]:
    return {"company_id": conversation.company_id, "conversation_id": conversation.conversation_id}
