"""Messages: what was said in a conversation, in one order, each once however often it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.types.json import Jsonb

from core.conversations import Citation, Message, Role
from core.ids import is_uuid
from db import tickets
from db.pool import Connection
from db.query import change, fetch_dict, fetch_dicts
from db.texts import storable

# Keeps others from saying something in a conversation until the transaction ends.
_LOCKED: Final = """
    SELECT 1 FROM conversations WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
    FOR NO KEY UPDATE
"""

# Takes the next place in a conversation, under its row lock, and moves on when it will be stale.
_TAKE_PLACE: Final = """
    UPDATE conversations
    SET last_position = last_position + 1, last_message_at = greatest(last_message_at, %(now)s),
        stale_at = greatest(last_message_at, %(now)s) + make_interval(mins => stale_minutes)
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
    RETURNING last_position, user_id
"""

# Adds a message at its place.
_INSERT: Final = """
    INSERT INTO messages (company_id, message_id, conversation_id, position, user_id, role, text, language, citations,
                          status, author, client_message_id, turn_id, verdicts, created_at, trace_id)
    VALUES (%(company_id)s, %(message_id)s, %(conversation_id)s, %(position)s, %(user_id)s, %(role)s, %(text)s,
            %(language)s, %(citations)s, %(status)s, %(author)s, %(client_message_id)s, %(turn_id)s, %(verdicts)s,
            %(now)s, %(trace_id)s)
"""

_ALL: Final = """
    SELECT message_id, conversation_id, position, role, text, language, citations, status, author, client_message_id,
           turn_id, rating, created_at
    FROM messages WHERE company_id = %(company_id)s
"""

# Reads one message.
_GET: Final = f"{_ALL} AND message_id = %(message_id)s"

# Finds what a client sent under an id of its own, in one conversation or in any of the user.
_BY_CLIENT: Final = f"""
    {_ALL} AND user_id = %(user_id)s AND client_message_id = %(client_message_id)s AND role = 'user'
      AND (%(conversation_id)s::uuid IS NULL OR conversation_id = %(conversation_id)s::uuid)
    ORDER BY created_at DESC LIMIT 1
"""

# Finds what a person sent under an id of the page that they write in.
_BY_PERSON: Final = f"""
    {_ALL} AND conversation_id = %(conversation_id)s AND client_message_id = %(client_message_id)s AND role = 'agent'
"""

# Reads the latest messages of a conversation, before a position when given.
_RECENT: Final = f"""
    {_ALL} AND conversation_id = %(conversation_id)s AND (%(before)s::int IS NULL OR position < %(before)s)
    ORDER BY position DESC LIMIT %(limit)s
"""

# Reads the messages of a conversation after a position, in order.
_AFTER: Final = f"""
    {_ALL} AND conversation_id = %(conversation_id)s AND position > %(position)s ORDER BY position LIMIT %(limit)s
"""

# Reads what was said lately with a user, in whichever conversation; the notes that nobody is shown are left out.
_LATELY: Final = f"""
    {_ALL} AND user_id = %(user_id)s AND created_at > %(since)s AND role <> 'system'
    ORDER BY created_at DESC, position DESC LIMIT %(limit)s
"""

# Reads what belongs to a turn: the user's messages that it answers, then what it said.
_OF_TURN: Final = f"{_ALL} AND turn_id = %(turn_id)s ORDER BY position"

# Notes what the user thinks of an answer; the last word counts.
_RATE: Final = """
    UPDATE messages SET rating = %(rating)s, rated_at = %(now)s
    WHERE company_id = %(company_id)s AND message_id = %(message_id)s AND user_id = %(user_id)s
      AND role IN ('assistant', 'agent')
"""

# Notes what an answer did to its conversation: whether questions stay open, and how long the first one took. Where a
# person was called before it, that time is the person's, not the agent's, and is not noted.
_COUNT_ANSWER: Final = """
    UPDATE conversations
    SET unanswered = CASE %(is_answered)s::boolean WHEN true THEN 0 WHEN false THEN unanswered + 1 ELSE unanswered END,
        first_answer_ms = coalesce(first_answer_ms, CASE WHEN escalated_at < %(now)s THEN NULL ELSE (
            SELECT least(extract(epoch FROM %(now)s - min(created_at)) * 1000, 2147483647)::int FROM messages
            WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND role = 'user') END)
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """What is to be said; `verdicts` are what the guards said of it, as stable words."""

    company_id: str
    conversation_id: str
    message_id: str
    role: Role
    text: str
    trace_id: str
    language: str | None = None
    citations: Sequence[Citation] = ()
    status: Literal["stored", "stopped", "withheld"] = "stored"
    author: str | None = None
    client_message_id: str | None = None
    turn_id: str | None = None
    verdicts: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it is stored now, and whether this call added it."""

    message: Message
    is_new: bool


async def insert(connection: Connection, new: NewMessage, now: datetime) -> StoredMessage:
    """Say something in a conversation; what was stored under this id before stays as it is.

    The conversation's row stays locked until the transaction ends. The caller has made sure that there is such a
    conversation (`conversations.lock`).
    """
    await connection.execute(_LOCKED, _key(new))
    if known := await get(connection, new.company_id, new.message_id):
        return StoredMessage(known, is_new=False)
    return StoredMessage(await append(connection, new, now), is_new=True)


async def append(connection: Connection, new: NewMessage, now: datetime) -> Message:
    """Say something under an id that is not stored yet, in a conversation that the caller has locked."""
    place = await fetch_dict(connection, _TAKE_PLACE, {**_key(new), "now": now})
    assert place is not None, "the conversation was read before"
    await connection.execute(_INSERT, _row_of(new, place["last_position"], place["user_id"], now))
    return _as_stored(new, place["last_position"], now)


async def insert_answer(
    connection: Connection, new: NewMessage, now: datetime, *, is_answered: bool | None = True
) -> StoredMessage:
    """Say what a turn answers (role `assistant`), and count it: answered, not, or (None) neither.

    How long the first one took is noted as well.
    """
    stored = await insert(connection, new, now)
    if stored.is_new:
        await connection.execute(_COUNT_ANSWER, {**_key(new), "is_answered": is_answered, "now": now})
    return stored


async def insert_human(connection: Connection, new: NewMessage, now: datetime) -> StoredMessage:
    """Say what a person writes (role `agent`); the conversation's open ticket counts as answered by it.

    A `client_message_id` that was used before in this conversation by a person gives what was stored then.
    """
    if new.client_message_id is not None:
        await connection.execute(_LOCKED, _key(new))
        row = await fetch_dict(connection, _BY_PERSON, {**_key(new), "client_message_id": new.client_message_id})
        if row is not None:
            return StoredMessage(_message(row), is_new=False)
    stored = await insert(connection, new, now)
    if stored.is_new:
        await tickets.mark_answered(connection, new.company_id, new.conversation_id, now)
    return stored


async def get(connection: Connection, company_id: str, message_id: str) -> Message | None:
    """Return one message, or None."""
    if not is_uuid(message_id):
        return None
    row = await fetch_dict(connection, _GET, {"company_id": company_id, "message_id": message_id})
    return None if row is None else _message(row)


async def by_client(
    connection: Connection, company_id: str, user_id: str, client_message_id: str, conversation_id: str | None
) -> Message | None:
    """Return what the user sent under this id, in that conversation or, when it is None, in any; or None."""
    values = {"company_id": company_id, "user_id": user_id, "conversation_id": conversation_id}
    row = await fetch_dict(connection, _BY_CLIENT, {**values, "client_message_id": client_message_id})
    return None if row is None else _message(row)


async def recent(
    connection: Connection, company_id: str, conversation_id: str, limit: int, *, before: int | None = None
) -> list[Message]:
    """Return the latest messages of a conversation in order, those before a position when it is given."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "before": before, "limit": limit}
    return [_message(row) for row in reversed(await fetch_dicts(connection, _RECENT, values))]


async def after(
    connection: Connection, company_id: str, conversation_id: str, position: int, *, limit: int = 500
) -> list[Message]:
    """Return the messages of a conversation after a position, in order."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "position": position, "limit": limit}
    return [_message(row) for row in await fetch_dicts(connection, _AFTER, values)]


async def lately(connection: Connection, company_id: str, user_id: str, since: datetime, limit: int) -> list[Message]:
    """Return what was said with a user since then, in order; the latest when there is more than `limit`."""
    values = {"company_id": company_id, "user_id": user_id, "since": since, "limit": limit}
    return [_message(row) for row in reversed(await fetch_dicts(connection, _LATELY, values))]


async def of_turn(connection: Connection, company_id: str, turn_id: str) -> list[Message]:
    """Return what belongs to a turn in order: the user's messages that it answers, and what it said itself."""
    rows = await fetch_dicts(connection, _OF_TURN, {"company_id": company_id, "turn_id": turn_id})
    return [_message(row) for row in rows]


async def rate(
    connection: Connection, company_id: str, user_id: str, message_id: str, rating: Literal["up", "down"], now: datetime
) -> bool:
    """Note what a user thinks of an answer they got; returns False when there is no such answer."""
    if not is_uuid(message_id):
        return False
    values = {"company_id": company_id, "user_id": user_id, "message_id": message_id, "rating": rating, "now": now}
    return await change(connection, _RATE, values) > 0


def _key(new: NewMessage) -> dict[str, Any]:
    return {"company_id": new.company_id, "conversation_id": new.conversation_id}


def _row_of(new: NewMessage, position: int, user_id: str, now: datetime) -> dict[str, Any]:
    return {
        **_key(new),
        "message_id": new.message_id,
        "position": position,
        "user_id": user_id,
        "role": new.role,
        "text": storable(new.text),
        "language": new.language,
        "citations": Jsonb([citation.model_dump(mode="json", exclude_none=True) for citation in new.citations]),
        "status": new.status,
        "author": new.author,
        "client_message_id": new.client_message_id,
        "turn_id": new.turn_id,
        "verdicts": Jsonb([dict(verdict) for verdict in new.verdicts]),
        "now": now,
        "trace_id": new.trace_id,
    }


def _as_stored(new: NewMessage, position: int, now: datetime) -> Message:
    return Message(
        message_id=new.message_id,
        conversation_id=new.conversation_id,
        position=position,
        role=new.role,
        text=storable(new.text),
        language=new.language,
        citations=tuple(new.citations),
        status=new.status,
        author=new.author,
        client_message_id=new.client_message_id,
        turn_id=new.turn_id,
        created_at=now,
    )


def _message(row: dict[str, Any]) -> Message:
    return Message.model_validate(row)
