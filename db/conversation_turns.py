"""Turns of conversations: queued by messages, begun under the conversation's lock, ended once.

Messages join a turn while it is queued; beginning it and joining it both hold the row lock of the conversation, so no
message falls between two turns.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from core.conversations import ConversationTurn, Message, Role
from core.errors import NotFound
from core.friendly import friendly_id
from core.ids import is_uuid
from core.turns import ReceiptStep, TurnGone, TurnStatus
from db import conversations, messages, turns
from db.conversation_rows import Conversation
from db.pool import Connection
from db.query import change, fetch_all, fetch_dict, fetch_value
from db.turns import finish, mark_requeued

__all__ = [
    "Begun", "Request", "StoredConversationTurn", "UnfinishedTurn", "Waiting", "ask_for", "begin", "finish", "get",
    "lock", "mark_requeued", "queue", "queued", "under_way", "unfinished", "waiting",
]  # fmt: skip

Request = Literal["human"]
"""What a user asks for by a button instead of words."""

# Adds a turn that waits.
_INSERT: Final = """
    INSERT INTO turns (company_id, turn_id, user_id, conversation_id, kind, status, friendly_id, request, trace_id,
                       created_at, updated_at)
    VALUES (%(company_id)s, %(turn_id)s, %(user_id)s, %(conversation_id)s, 'conversation', 'queued', %(friendly_id)s,
            %(request)s, %(trace_id)s, %(created_at)s, %(created_at)s)
    ON CONFLICT (company_id, turn_id) DO NOTHING
"""

_ALL: Final = """
    SELECT turn_id, company_id, user_id, conversation_id, kind, status, outcome, friendly_id, request, diagnosis,
           reasoner, prompts, receipt, error, trace_id, created_at, updated_at, finished_at
    FROM turns WHERE company_id = %(company_id)s AND kind = 'conversation'
"""

# Reads one turn whole.
_GET: Final = f"{_ALL} AND turn_id = %(turn_id)s"

# Reads the latest turn that bears a name.
_BY_NAME: Final = f"{_ALL} AND friendly_id = %(friendly_id)s ORDER BY created_at DESC LIMIT 1"

# Finds the turn of a conversation that waits; there is one at most.
_QUEUED: Final = f"{_ALL} AND conversation_id = %(conversation_id)s AND status = 'queued' ORDER BY created_at LIMIT 1"

# Finds the turn that works at an answer: the running one, else the one that waits.
_UNDER_WAY: Final = f"""
    {_ALL} AND conversation_id = %(conversation_id)s AND status IN ('queued', 'running')
    ORDER BY status DESC, created_at LIMIT 1
"""

# Notes what the user asked for by a button, in a turn that has not ended.
_REQUEST: Final = """
    UPDATE turns SET request = %(request)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s AND status = 'queued'
"""

# Tells for how long the user has been writing what a turn is to answer.
_WAITING: Final = """
    SELECT t.status, t.request, min(m.created_at) AS first_message_at, max(m.created_at) AS last_message_at
    FROM turns t LEFT JOIN messages m ON m.company_id = t.company_id AND m.turn_id = t.turn_id AND m.role = 'user'
    WHERE t.company_id = %(company_id)s AND t.turn_id = %(turn_id)s AND t.kind = 'conversation'
    GROUP BY t.company_id, t.turn_id
"""

# Finds the conversation of a turn.
_CONVERSATION: Final = """
    SELECT conversation_id FROM turns
    WHERE company_id = %(company_id)s AND turn_id = %(turn_id)s AND kind = 'conversation'
"""

# Finds turns of conversations, of all companies, that nothing has happened to for a while.
_UNFINISHED: Final = """
    SELECT company_id, turn_id FROM turns
    WHERE status IN ('queued', 'running') AND kind = 'conversation'
      AND updated_at < CASE status WHEN 'queued' THEN %(queued)s ELSE %(running)s END::timestamptz
    ORDER BY updated_at LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class StoredConversationTurn:
    """A turn of a conversation and all that came of it. `diagnosis` is what was understood, as a document."""

    turn: ConversationTurn
    status: TurnStatus
    outcome: str | None
    friendly_id: str
    request: Request | None
    diagnosis: dict[str, Any] | None
    reasoner: str | None
    prompts: dict[str, str]
    receipt: tuple[ReceiptStep, ...]
    error: str | None
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A turn and when the messages came that it answers; None when it answers none (a button was pressed)."""

    status: TurnStatus
    request: Request | None
    first_message_at: datetime | None
    last_message_at: datetime | None


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn that may run, or one that ended before (`status`), with what it answers and the conversation as it is."""

    turn: ConversationTurn
    status: TurnStatus
    request: Request | None
    conversation: Conversation
    asked: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class UnfinishedTurn:
    """Where to find a turn that was left behind."""

    company_id: str
    turn_id: str


async def queue(connection: Connection, turn: ConversationTurn, *, request: Request | None = None) -> bool:
    """Add a turn that waits; returns whether it is new. The caller holds the conversation's lock."""
    row = turn.model_dump(exclude={"kind"})
    return await change(connection, _INSERT, {**row, "friendly_id": friendly_id(turn.turn_id), "request": request}) > 0


async def queued(connection: Connection, company_id: str, conversation_id: str) -> ConversationTurn | None:
    """Return the conversation's turn that waits, which a message may join under the conversation's lock; or None."""
    row = await fetch_dict(connection, _QUEUED, {"company_id": company_id, "conversation_id": conversation_id})
    return None if row is None else _stored(row).turn


async def under_way(connection: Connection, company_id: str, conversation_id: str) -> ConversationTurn | None:
    """Return the conversation's turn that runs, else the one that waits, or None."""
    row = await fetch_dict(connection, _UNDER_WAY, {"company_id": company_id, "conversation_id": conversation_id})
    return None if row is None else _stored(row).turn


async def ask_for(connection: Connection, turn: ConversationTurn, request: Request, now: datetime) -> bool:
    """Note in a turn that waits what the user asked for by a button; returns False when it waits no more."""
    values = {"company_id": turn.company_id, "turn_id": turn.turn_id, "request": request, "now": now}
    return await change(connection, _REQUEST, values) > 0


async def waiting(connection: Connection, company_id: str, turn_id: str) -> Waiting | None:
    """Return how long the user has been writing what a turn is to answer, or None when there is no such turn."""
    row = await fetch_dict(connection, _WAITING, {"company_id": company_id, "turn_id": turn_id})
    return None if row is None else Waiting(**{**row, "status": TurnStatus(row["status"])})


async def begin(connection: Connection, company_id: str, turn_id: str, now: datetime) -> Begun | None:
    """Mark a turn as running; messages that come from now on make another one. None when there is no such turn.

    A `status` of "running" means: go ahead, whether it waited or was interrupted. Anything else: it ended before. The
    conversation's row stays locked until the transaction ends. Raises TurnGone where it is erased at this moment.
    """
    values = {"company_id": company_id, "turn_id": turn_id}
    conversation_id = await fetch_value(connection, _CONVERSATION, values)
    if conversation_id is None:
        return None
    conversation = await _lock(connection, company_id, conversation_id)
    status = await turns.start(connection, company_id, turn_id, now)
    stored = await get(connection, company_id, turn_id)
    assert stored is not None, "it was found a moment ago"
    said = await messages.of_turn(connection, company_id, turn_id)
    asked = tuple(message for message in said if message.role is Role.USER)
    return Begun(stored.turn, TurnStatus(str(status)), stored.request, conversation, asked)


async def lock(connection: Connection, turn: ConversationTurn) -> Conversation:
    """Return the conversation of a turn that runs, and keep others from changing it until the transaction ends.

    Raises TurnGone where it was erased with its user.
    """
    return await _lock(connection, turn.company_id, turn.conversation_id)


async def _lock(connection: Connection, company_id: str, conversation_id: str) -> Conversation:
    try:
        return await conversations.lock(connection, company_id, conversation_id)
    except NotFound:
        raise TurnGone from None


async def get(connection: Connection, company_id: str, task: str) -> StoredConversationTurn | None:
    """Return a turn by its id, or the latest that bears a name (`core.friendly`); None when there is none."""
    if is_uuid(task):
        row = await fetch_dict(connection, _GET, {"company_id": company_id, "turn_id": task})
    else:
        row = await fetch_dict(connection, _BY_NAME, {"company_id": company_id, "friendly_id": task})
    return None if row is None else _stored(row)


async def unfinished(connection: Connection, queued: datetime, running: datetime, limit: int) -> list[UnfinishedTurn]:
    """Return turns of all companies that wait untouched since `queued`, or run since `running`.

    Needs a system transaction.
    """
    values = {"queued": queued, "running": running, "limit": limit}
    return await fetch_all(connection, UnfinishedTurn, _UNFINISHED, values)


def _stored(row: dict[str, Any]) -> StoredConversationTurn:
    turn = ConversationTurn.model_validate({name: row[name] for name in ConversationTurn.model_fields})
    kept = {name: row[name] for name in row if name not in ConversationTurn.model_fields}
    receipt = tuple(ReceiptStep.model_validate(step) for step in row["receipt"])
    return StoredConversationTurn(**{**kept, "turn": turn, "receipt": receipt, "status": TurnStatus(row["status"])})
