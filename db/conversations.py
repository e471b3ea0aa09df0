"""Conversations: one row each, whose lock orders everything that is said and decided in it."""

from datetime import datetime
from typing import Any, Final, Literal

from core.conversations import ENDED, ConversationActive, ConversationState, change_state
from db.conversation_progress import (
    advance,
    set_declines_person,
    set_handled_by,
    set_language,
    set_playbook_version,
    set_summary,
)
from db.conversation_rows import (
    Conversation,
    NewConversation,
    StaleConversation,
    active_of,
    get,
    lock,
    lock_active,
    lock_own,
    present,
    row_of,
)
from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import fetch_all, fetch_dict, fetch_dicts

__all__ = [
    "CloseCode", "Conversation", "NewConversation", "StaleConversation", "active_of", "add", "advance", "close",
    "close_if_stale", "end_stale", "get", "is_talking", "list_", "lock", "lock_active", "lock_own", "lock_user",
    "set_declines_person", "set_handled_by", "set_language", "set_playbook_version", "set_summary", "stale", "start",
    "update",
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
    return await add(connection, new, now)


async def add(connection: Connection, new: NewConversation, now: datetime) -> Conversation:
    """Begin a conversation of a user who is locked (`lock_user`) and has no active one."""
    await connection.execute(_INSERT, row_of(new, now))
    return await present(connection, new.company_id, new.conversation_id)


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
    return await present(connection, company_id, conversation_id)


async def close(connection: Connection, company_id: str, conversation_id: str, code: CloseCode, now: datetime) -> bool:
    """End a conversation; returns False when it was over before. Raises NotFound.

    `stale` makes one that was under way completed, and one that led to nothing yet cancelled.
    """
    before = await lock(connection, company_id, conversation_id)
    if before.state in ENDED:
        return False
    state = _ends_as(before.state, code)
    await _close(connection, before, change_state(before.state, state), code, now)
    return True


def _ends_as(state: ConversationState, code: CloseCode) -> ConversationState:
    if code == "stale":
        under_way = state is ConversationState.IN_PROGRESS
        return ConversationState.COMPLETED if under_way else ConversationState.CANCELLED
    return ConversationState(code.upper())


async def close_if_stale(connection: Connection, company_id: str, conversation_id: str, now: datetime) -> bool:
    """End a conversation in which nothing was said for long, unless it waits for a person; returns whether it did."""
    before = await lock(connection, company_id, conversation_id)
    return before.is_stale(now) and await close(connection, company_id, conversation_id, "stale", now)


async def end_stale(connection: Connection, company_id: str, user_id: str, now: datetime) -> Conversation | None:
    """End the user's active conversation if nothing was said in it for long; returns it as it was, or None."""
    active = await lock_active(connection, company_id, user_id)
    if active is None or not active.is_stale(now):
        return None
    await close(connection, company_id, active.conversation_id, "stale", now)
    return active


async def stale(connection: Connection, now: datetime, limit: int) -> list[StaleConversation]:
    """Return conversations of all companies that silence has ended; needs a system transaction."""
    return await fetch_all(connection, StaleConversation, _STALE, {"now": now, "limit": limit})


async def is_talking(connection: Connection, company_id: str, user_id: str, since: datetime) -> bool:
    """Tell whether a user is in conversation: something was said since then, or a person may answer any time."""
    values = {"company_id": company_id, "user_id": user_id, "since": since}
    return await fetch_dict(connection, _IS_TALKING, values) is not None


async def _close(
    connection: Connection, before: Conversation, state: ConversationState, code: str, now: datetime
) -> None:
    values = {"company_id": before.company_id, "conversation_id": before.conversation_id}
    await connection.execute(_CLOSE, {**values, "state": state, "code": code, "now": now})
