"""Conversations: one row each, whose lock orders everything that is said and decided in it."""

from datetime import datetime
from typing import Any, Final, Literal, LiteralString

from core.conversations import (
    ENDED,
    ConversationActive,
    ConversationState,
    HandledBy,
    IllegalStage,
    change_state,
)
from core.errors import NotFound
from core.ids import is_uuid
from core.playbooks import Playbook
from db.conversation_rows import Conversation, NewConversation, StaleConversation, conversation_of, row_of
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_all, fetch_dict, fetch_dicts

__all__ = [
    "CloseCode", "Conversation", "NewConversation", "StaleConversation", "active_of", "advance", "close", "end_stale",
    "get", "is_talking", "list_", "lock", "lock_own", "lock_user", "set_handled_by", "set_language",
    "set_playbook_version", "set_summary", "stale", "start", "update",
]  # fmt: skip

# Makes the transactions that may begin a conversation of a user wait for each other.
_LOCK_USER: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended('conversations:' || %(company_id)s || ':' || %(user_id)s, 0))"
)

# Adds a conversation.
_INSERT: Final = """
    INSERT INTO conversations (company_id, conversation_id, user_id, playbook, playbook_version, stage, language,
                               channel, customer_name, phone, context, questions, stale_minutes, created_at,
                               last_message_at, stale_at)
    VALUES (%(company_id)s, %(conversation_id)s, %(user_id)s, %(playbook)s, %(playbook_version)s, %(stage)s,
            %(language)s, %(channel)s, %(customer_name)s, %(phone)s, %(context)s, %(questions)s, %(stale_minutes)s,
            %(now)s, %(now)s, %(now)s::timestamptz + make_interval(mins => %(stale_minutes)s))
"""

_ALL: Final = """
    SELECT conversation_id, company_id, user_id, playbook, playbook_version, state, handled_by, agent_name, stage,
           language, channel, customer_name, phone, context, questions, summary, summary_until, unanswered,
           last_position, resolved, escalated_at, first_answer_ms, created_at, last_message_at, stale_at, closed_at,
           close_code
    FROM conversations
"""

# Reads one conversation.
_GET: Final = f"""
    {_ALL} WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""

# Reads one conversation, and keeps others from changing it until the transaction ends.
_LOCK: Final = f"{_GET} FOR NO KEY UPDATE"

# Reads a user's active conversation.
_ACTIVE: Final = f"""
    {_ALL} WHERE company_id = %(company_id)s AND user_id = %(user_id)s
      AND state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED')
"""

# Reads a page of conversations, newest first.
_LIST: Final = """
    SELECT conversation_id, user_id, playbook, playbook_version, state, handled_by, agent_name, stage, language,
           channel, customer_name, phone, unanswered, last_position, resolved, escalated_at, first_answer_ms,
           created_at, last_message_at, closed_at, close_code
    FROM conversations
    WHERE company_id = %(company_id)s
      AND (%(state)s::text IS NULL OR state = %(state)s)
      AND (%(handled_by)s::text IS NULL OR handled_by = %(handled_by)s)
      AND (%(language)s::text IS NULL OR language = %(language)s)
      AND (%(phone)s::text IS NULL OR phone = %(phone)s)
      AND (%(user_id)s::text IS NULL OR user_id = %(user_id)s)
      AND (%(playbook)s::text IS NULL OR playbook = %(playbook)s)
      AND (%(cursor_at)s::timestamptz IS NULL
           OR (created_at, conversation_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, conversation_id DESC LIMIT %(limit)s
"""

# Changes what was given and leaves the rest; an empty text clears a field.
_UPDATE: Final = """
    UPDATE conversations
    SET state = coalesce(%(state)s, state),
        customer_name = nullif(coalesce(%(customer_name)s, customer_name), ''),
        phone = nullif(coalesce(%(phone)s, phone), ''), resolved = coalesce(%(resolved)s, resolved)
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""

# Ends a conversation that is not over.
_CLOSE: Final = """
    UPDATE conversations SET state = %(state)s, close_code = %(code)s, closed_at = %(now)s
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
      AND state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED')
"""

# Moves a conversation to another stage of its playbook.
_ADVANCE: Final = """
    UPDATE conversations SET stage = %(stage)s
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""

# Notes in which language a conversation is held, from which version of the playbook, and what it was about so far.
_NOTE: Final = """
    UPDATE conversations
    SET language = coalesce(%(language)s, language),
        playbook_version = coalesce(%(playbook_version)s, playbook_version),
        summary = coalesce(%(summary)s, summary),
        summary_until = greatest(summary_until, coalesce(%(summary_until)s, summary_until))
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
      AND (%(summary_until)s::int IS NULL OR %(summary_until)s >= summary_until)
"""

# Notes who answers now; the time at which a person was first asked for stays.
_HANDLED_BY: Final = """
    UPDATE conversations
    SET handled_by = %(handled_by)s, agent_name = %(agent_name)s,
        unanswered = CASE WHEN %(handled_by)s = 'agent' THEN 0 ELSE unanswered END,
        escalated_at = CASE WHEN %(handled_by)s = 'agent' THEN escalated_at ELSE coalesce(escalated_at, %(now)s) END
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
      AND state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED')
"""

# Finds active conversations of all companies in which nothing was said for long, the longest forgotten first. One that
# waits for a person is not the user's to lose.
_STALE: Final = """
    SELECT company_id, conversation_id, user_id FROM conversations
    WHERE state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED') AND stale_at <= %(now)s AND handled_by <> 'queue'
    ORDER BY stale_at LIMIT %(limit)s
"""

# Tells whether a user is in conversation: something was said lately, or a person was called and may answer any time.
_IS_TALKING: Final = """
    SELECT 1 AS talking FROM conversations
    WHERE company_id = %(company_id)s AND user_id = %(user_id)s AND state NOT IN ('COMPLETED', 'ERROR', 'CANCELLED')
      AND (handled_by <> 'agent' OR (last_message_at > %(since)s AND last_position > 0))
"""


CloseCode = Literal["completed", "cancelled", "stale", "error"]
"""How a conversation ended; the `ended` frame tells it."""


async def lock_user(connection: Connection, company_id: str, user_id: str) -> None:
    """Wait until no other transaction may begin a conversation of this user; holds until the end of this one."""
    await connection.execute(_LOCK_USER, {"company_id": company_id, "user_id": user_id})


async def start(connection: Connection, new: NewConversation, now: datetime) -> Conversation:
    """Begin a conversation, after ending one of the user that is stale.

    Raises ConversationActive, whose `errors` name the conversation, when one is active.
    """
    await lock_user(connection, new.company_id, new.user_id)
    await end_stale(connection, new.company_id, new.user_id, now)
    if active := await active_of(connection, new.company_id, new.user_id):
        raise ConversationActive(errors=[{"conversation_id": active.conversation_id}])
    await connection.execute(_INSERT, row_of(new, now))
    return await _present(connection, new.company_id, new.conversation_id)


async def get(connection: Connection, company_id: str, conversation_id: str) -> Conversation | None:
    """Return one conversation, or None."""
    return await _read(connection, _GET, company_id, conversation_id)


async def lock(connection: Connection, company_id: str, conversation_id: str) -> Conversation:
    """Return one conversation and keep others from changing it until the transaction ends; raises NotFound."""
    found = await _read(connection, _LOCK, company_id, conversation_id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


async def lock_own(connection: Connection, company_id: str, user_id: str, conversation_id: str) -> Conversation:
    """Do the same for a conversation of this user; one of another user raises NotFound as one that does not exist."""
    found = await lock(connection, company_id, conversation_id)
    if found.user_id != user_id:
        raise NotFound("There is no such conversation.")
    return found


async def active_of(connection: Connection, company_id: str, user_id: str) -> Conversation | None:
    """Return the conversation of a user that is not over, or None."""
    row = await fetch_dict(connection, _ACTIVE, {"company_id": company_id, "user_id": user_id})
    return None if row is None else conversation_of(row)


async def list_(
    connection: Connection,
    company_id: str,
    *,
    state: str | None = None,
    handled_by: str | None = None,
    language: str | None = None,
    phone: str | None = None,
    user_id: str | None = None,
    playbook: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """Return a page of conversations as rows, newest first, of those that are as given."""
    wanted = {"state": state, "handled_by": handled_by, "language": language, "phone": phone}
    values = {"company_id": company_id, **wanted, "user_id": user_id, "playbook": playbook}
    rows = await fetch_dicts(connection, _LIST, {**values, **page_parameters(cursor, limit)})
    return page_of(rows, limit, key="conversation_id")


async def update(
    connection: Connection,
    company_id: str,
    conversation_id: str,
    now: datetime,
    *,
    state: ConversationState | None = None,
    customer_name: str | None = None,
    phone: str | None = None,
    resolved: bool | None = None,
) -> Conversation:
    """Change what is given, and return the conversation after that; an empty text clears a field.

    Raises NotFound, or IllegalTransition for a state that cannot follow. A state that ends it closes it.
    """
    before = await lock(connection, company_id, conversation_id)
    if state is not None and change_state(before.state, state) in ENDED:
        await _close(connection, before, state, state.value.lower(), now)
    values: dict[str, Any] = {"company_id": company_id, "conversation_id": conversation_id, "state": state}
    values |= {"customer_name": customer_name, "phone": phone, "resolved": resolved}
    await connection.execute(_UPDATE, values)
    return await _present(connection, company_id, conversation_id)


async def close(connection: Connection, company_id: str, conversation_id: str, code: CloseCode, now: datetime) -> bool:
    """End a conversation; returns False when it was over before. Raises NotFound.

    `stale` makes one that was under way completed, and one that led to nothing yet cancelled.
    """
    present = await lock(connection, company_id, conversation_id)
    if present.state in ENDED:
        return False
    state = _ends_as(present.state, code)
    await _close(connection, present, change_state(present.state, state), code, now)
    return True


def _ends_as(state: ConversationState, code: CloseCode) -> ConversationState:
    if code == "stale":
        under_way = state is ConversationState.IN_PROGRESS
        return ConversationState.COMPLETED if under_way else ConversationState.CANCELLED
    return ConversationState(code.upper())


async def end_stale(connection: Connection, company_id: str, user_id: str, now: datetime) -> Conversation | None:
    """End the user's active conversation if nothing was said in it for long; returns it as it was, or None."""
    active = await active_of(connection, company_id, user_id)
    if active is None or active.stale_at > now or active.handled_by is HandledBy.QUEUE:
        return None
    return active if await close(connection, company_id, active.conversation_id, "stale", now) else None


async def advance(
    connection: Connection, company_id: str, conversation_id: str, playbook: Playbook, to: str
) -> Conversation:
    """Move to another stage, if the playbook's table leads there from the present one; staying is always allowed.

    Raises NotFound or IllegalStage.
    """
    present = await lock(connection, company_id, conversation_id)
    if to == present.stage:
        return present
    if not playbook.may_advance(present.stage, to):
        raise IllegalStage(f"{playbook.name} does not lead from {present.stage} to {to}.")
    await connection.execute(_ADVANCE, {"company_id": company_id, "conversation_id": conversation_id, "stage": to})
    return await _present(connection, company_id, conversation_id)


async def set_language(connection: Connection, company_id: str, conversation_id: str, language: str) -> bool:
    """Note in which language the conversation is held; returns whether there is such a conversation."""
    return await _note(connection, company_id, conversation_id, language=language)


async def set_playbook_version(connection: Connection, company_id: str, conversation_id: str, version: str) -> bool:
    """Note which version of its playbook the latest turn followed; returns whether there is such a conversation."""
    return await _note(connection, company_id, conversation_id, playbook_version=version)


async def set_summary(connection: Connection, company_id: str, conversation_id: str, summary: str, until: int) -> bool:
    """Keep a summary of the messages up to a position; returns False when a later one is there."""
    return await _note(connection, company_id, conversation_id, summary=summary, summary_until=until)


async def set_handled_by(
    connection: Connection,
    company_id: str,
    conversation_id: str,
    handled_by: HandledBy,
    now: datetime,
    *,
    agent_name: str | None = None,
) -> bool:
    """Note who answers from now on, a person by name; returns False when the conversation is over or unknown."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "now": now}
    return await change(connection, _HANDLED_BY, {**values, "handled_by": handled_by, "agent_name": agent_name}) > 0


async def stale(connection: Connection, now: datetime, limit: int) -> list[StaleConversation]:
    """Return conversations of all companies that silence has ended; needs a system transaction."""
    return await fetch_all(connection, StaleConversation, _STALE, {"now": now, "limit": limit})


async def is_talking(connection: Connection, company_id: str, user_id: str, since: datetime) -> bool:
    """Tell whether a user is in conversation: something was said since then, or a person may answer any time."""
    values = {"company_id": company_id, "user_id": user_id, "since": since}
    return await fetch_dict(connection, _IS_TALKING, values) is not None


async def _note(connection: Connection, company_id: str, conversation_id: str, **noted: Any) -> bool:
    nothing = dict.fromkeys(("language", "playbook_version", "summary", "summary_until"))
    values = {"company_id": company_id, "conversation_id": conversation_id, **nothing, **noted}
    return await change(connection, _NOTE, values) > 0


async def _close(
    connection: Connection, present: Conversation, state: ConversationState, code: str, now: datetime
) -> None:
    values = {"company_id": present.company_id, "conversation_id": present.conversation_id}
    await connection.execute(_CLOSE, {**values, "state": state, "code": code, "now": now})


async def _read(
    connection: Connection, statement: LiteralString, company_id: str, conversation_id: str
) -> Conversation | None:
    if not is_uuid(conversation_id):
        return None
    row = await fetch_dict(connection, statement, {"company_id": company_id, "conversation_id": conversation_id})
    return None if row is None else conversation_of(row)


async def _present(connection: Connection, company_id: str, conversation_id: str) -> Conversation:
    found = await get(connection, company_id, conversation_id)
    assert found is not None, "the row is locked by this transaction"
    return found
