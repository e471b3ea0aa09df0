"""Conversations as they are stored: the values, and reading one with or without its lock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from core.conversations import ENDED, Channel, ConversationState, HandledBy
from core.errors import NotFound
from core.ids import is_uuid
from core.playbooks import Playbook
from db.pool import Connection
from db.query import fetch_dict

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


# Reads a user's active conversation, and keeps others from changing it until the transaction ends.
_LOCK_ACTIVE: Final = f"{_ACTIVE} FOR NO KEY UPDATE"


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is stored. `summary` covers the messages up to position `summary_until`."""

    conversation_id: str
    company_id: str
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
    context: dict[str, Any]
    questions: list[str]
    summary: str
    summary_until: int
    unanswered: int
    last_position: int
    resolved: bool | None
    escalated_at: datetime | None
    first_answer_ms: int | None
    created_at: datetime
    last_message_at: datetime
    stale_at: datetime
    closed_at: datetime | None
    close_code: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be said in it."""
        return self.state in ENDED

    def is_stale(self, now: datetime) -> bool:
        """Tell whether silence has ended it; one that waits for a person is not the user's to lose."""
        return not self.is_over and self.stale_at <= now and self.handled_by is not HandledBy.QUEUE


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConversation:
    """What a conversation begins with; stage and staleness are its playbook's."""

    conversation_id: str
    company_id: str
    user_id: str
    playbook: Playbook
    playbook_version: str
    language: str | None = None
    channel: Channel = Channel.PAGE
    customer_name: str | None = None
    phone: str | None = None
    context: Mapping[str, Any] | None = None
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StaleConversation:
    """Where to find a conversation in which nothing was said for long."""

    company_id: str
    conversation_id: str
    user_id: str


def conversation_of(row: dict[str, Any]) -> Conversation:
    """Return the conversation that a row of the table holds."""
    words = {"state": ConversationState(row["state"]), "handled_by": HandledBy(row["handled_by"])}
    return Conversation(**{**row, **words, "channel": Channel(row["channel"])})


def row_of(new: NewConversation, now: datetime) -> dict[str, Any]:
    """Return what the row of a conversation that begins now holds."""
    return {
        "company_id": new.company_id,
        "conversation_id": new.conversation_id,
        "user_id": new.user_id,
        "playbook": new.playbook.name,
        "playbook_version": new.playbook_version,
        "stage": new.playbook.first_stage,
        "language": new.language,
        "channel": new.channel,
        "customer_name": new.customer_name,
        "phone": new.phone,
        "context": Jsonb(dict(new.context or {})),
        "questions": Jsonb(list(new.questions)),
        "stale_minutes": new.playbook.limits.stale_minutes,
        "now": now,
    }


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


async def lock_active(connection: Connection, company_id: str, user_id: str) -> Conversation | None:
    """Do the same, and keep others from changing it until the transaction ends."""
    row = await fetch_dict(connection, _LOCK_ACTIVE, {"company_id": company_id, "user_id": user_id})
    return None if row is None else conversation_of(row)


async def present(connection: Connection, company_id: str, conversation_id: str) -> Conversation:
    """Return a conversation that this transaction has locked."""
    found = await get(connection, company_id, conversation_id)
    assert found is not None, "the row is locked by this transaction"
    return found


async def _read(
    connection: Connection, statement: LiteralString, company_id: str, conversation_id: str
) -> Conversation | None:
    if not is_uuid(conversation_id):
        return None
    row = await fetch_dict(connection, statement, {"company_id": company_id, "conversation_id": conversation_id})
    return None if row is None else conversation_of(row)
