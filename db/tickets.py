"""Tickets: escalations of conversations, each with what the user was promised and whether it was kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from core.conversations import HandledBy
from db.conversation_rows import Conversation
from db.pool import Connection
from db.query import change, fetch_all, fetch_dict, fetch_value

WITHDRAWN: Final = "Withdrawn by the user."
"""Note of a ticket whose user wants no person any more."""

# Opens a ticket; nothing is added when the turn opened it before, or the conversation has an open one.
_OPEN: Final = """
    INSERT INTO escalations (company_id, escalation_id, turn_id, user_id, stuck_point, kind, conversation_id, reason,
                             alert, expected_by, created_at, updated_at, trace_id)
    VALUES (%(company_id)s, %(ticket_id)s, %(turn_id)s, %(user_id)s, %(place)s, 'conversation', %(conversation_id)s,
            %(reason)s, %(alert)s, %(expected_by)s, %(now)s, %(now)s, %(trace_id)s)
    ON CONFLICT DO NOTHING
"""

# Promises anew when somebody is called once more after a promise was not kept.
_RENEW: Final = """
    UPDATE escalations SET expected_by = %(expected_by)s, overdue_at = NULL, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND status <> 'resolved' AND answered_at IS NULL AND overdue_at IS NOT NULL AND expected_by <= %(now)s
"""

# Makes danger what the open ticket of a conversation is about.
_NOTE_DANGER: Final = """
    UPDATE escalations SET reason = 'safety', updated_at = %(now)s
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND status <> 'resolved' AND reason <> 'safety'
    RETURNING escalation_id
"""

_ALL: Final = """
    SELECT escalation_id AS ticket_id, turn_id, user_id, conversation_id, status, reason, alert, assigned_to, note,
           expected_by, answered_at, overdue_at, created_at, resolved_at, trace_id
    FROM escalations WHERE company_id = %(company_id)s AND kind = 'conversation'
"""

# Reads one ticket.
_GET: Final = f"{_ALL} AND escalation_id = %(ticket_id)s"

# Finds the ticket of a conversation that a person is not done with.
_OPEN_OF: Final = f"{_ALL} AND conversation_id = %(conversation_id)s AND status <> 'resolved'"

# Notes that a person said something, which is what the user waits for.
_MARK_ANSWERED: Final = """
    UPDATE escalations SET answered_at = %(now)s, updated_at = %(now)s,
                           status = CASE WHEN status = 'open' THEN 'acknowledged' ELSE status END
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND status <> 'resolved' AND answered_at IS NULL
"""

# Closes the tickets of a conversation.
_RESOLVE: Final = """
    UPDATE escalations SET status = 'resolved', resolved_at = %(now)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND status <> 'resolved'
"""

# Closes the ticket of a conversation whose user wants no person any more; not one that danger opened.
_WITHDRAW: Final = """
    UPDATE escalations SET status = 'resolved', resolved_at = %(now)s, updated_at = %(now)s,
                           note = concat_ws(E'\\n', note, %(note)s::text)
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND status <> 'resolved' AND answered_at IS NULL AND reason <> 'safety'
    RETURNING escalation_id::text
"""

# Finds the ticket that the user withdrew since a time, and has the agent now.
_WITHDRAWN_SINCE: Final = """
    SELECT escalation_id::text FROM escalations JOIN conversations USING (company_id, conversation_id)
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s AND kind = 'conversation'
      AND status = 'resolved' AND resolved_at >= %(since)s AND right(note, length(%(note)s::text)) = %(note)s
      AND handled_by = 'agent' ORDER BY resolved_at DESC LIMIT 1
"""

# Finds tickets of all companies that nobody answered in time and nobody noticed yet.
_OVERDUE: Final = """
    SELECT company_id, escalation_id AS ticket_id FROM escalations
    WHERE expected_by <= %(now)s AND answered_at IS NULL AND overdue_at IS NULL AND status <> 'resolved'
    ORDER BY expected_by LIMIT %(limit)s
"""

# Notes that nobody answered in time; of several who notice it one is told so.
_MARK_OVERDUE: Final = """
    UPDATE escalations SET overdue_at = %(now)s, updated_at = %(now)s
    WHERE company_id = %(company_id)s AND escalation_id = %(ticket_id)s AND kind = 'conversation'
      AND expected_by <= %(now)s AND answered_at IS NULL AND overdue_at IS NULL AND status <> 'resolved'
"""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it is stored. `reason`: wish, sentiment, failures, safety or tool; `alert` is what people read."""

    ticket_id: str
    turn_id: str
    user_id: str
    conversation_id: str
    status: str
    reason: str
    alert: dict[str, Any]
    assigned_to: str | None
    note: str | None
    expected_by: datetime | None
    answered_at: datetime | None
    overdue_at: datetime | None
    created_at: datetime
    resolved_at: datetime | None
    trace_id: str

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether nobody has answered by when it was promised."""
        return self.answered_at is None and self.expected_by is not None and self.expected_by <= now

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether the user may take the wish for a person back: nobody has come, and danger called nobody."""
        return self.status != "resolved" and self.answered_at is None and self.reason != "safety"


@dataclass(frozen=True, slots=True)
class OpenedTicket:
    """The ticket that a conversation has now, and whether this call opened it."""

    ticket: Ticket
    is_new: bool


@dataclass(frozen=True, slots=True)
class OverdueTicket:
    """Where to find a ticket that nobody answered in time."""

    company_id: str
    ticket_id: str


async def open_ticket(
    connection: Connection,
    company_id: str,
    *,
    ticket_id: str,
    turn_id: str,
    user_id: str,
    conversation_id: str,
    reason: str,
    alert: Mapping[str, Any],
    expected_by: datetime | None,
    trace_id: str,
    now: datetime,
) -> OpenedTicket:
    """Open a ticket, unless this or another one of the conversation is open; the caller holds its row lock.

    One that is open, and was reported as overdue, gets the new promise: who calls again waits again.
    """
    row: dict[str, Any] = {"company_id": company_id, "ticket_id": ticket_id, "turn_id": turn_id, "user_id": user_id}
    row |= {"conversation_id": conversation_id, "place": f"conversation:{conversation_id}", "reason": reason}
    row |= {"alert": Jsonb(dict(alert)), "expected_by": expected_by, "trace_id": trace_id, "now": now}
    is_new = await change(connection, _OPEN, row) > 0
    if not is_new and expected_by is not None:
        await change(connection, _RENEW, row)
    ticket = await get(connection, company_id, ticket_id) or await open_of(connection, company_id, conversation_id)
    assert ticket is not None, "the conversation's lock keeps others from closing it"
    return OpenedTicket(ticket, is_new)


async def get(connection: Connection, company_id: str, ticket_id: str) -> Ticket | None:
    """Return one ticket, or None."""
    row = await fetch_dict(connection, _GET, {"company_id": company_id, "ticket_id": ticket_id})
    return None if row is None else Ticket(**row)


async def open_of(connection: Connection, company_id: str, conversation_id: str) -> Ticket | None:
    """Return the ticket of a conversation that a person is not done with, or None."""
    row = await fetch_dict(connection, _OPEN_OF, {"company_id": company_id, "conversation_id": conversation_id})
    return None if row is None else Ticket(**row)


async def awaited(connection: Connection, conversation: Conversation) -> Ticket | None:
    """Return the ticket by which a conversation waits for a person, or None: it waits for nobody."""
    if conversation.handled_by is not HandledBy.QUEUE:
        return None
    return await open_of(connection, conversation.company_id, conversation.conversation_id)


def is_agents(conversation: Conversation, ticket: Ticket | None, now: datetime) -> bool:
    """Tell whether the agent answers what the user says: also where a person was called who has not come in time.

    `ticket` is the one by which the conversation waits (`awaited`).
    """
    if conversation.handled_by is HandledBy.QUEUE:
        return ticket is not None and ticket.is_overdue(now)
    return conversation.handled_by is HandledBy.AGENT


async def agent_answers(connection: Connection, conversation: Conversation, now: datetime) -> bool:
    """Tell the same of a conversation whose ticket was not read yet."""
    return is_agents(conversation, await awaited(connection, conversation), now)


async def mark_answered(connection: Connection, company_id: str, conversation_id: str, now: datetime) -> bool:
    """Note that a person said something in the conversation; returns whether anybody waited for it."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "now": now}
    return await change(connection, _MARK_ANSWERED, values) > 0


async def note_danger(connection: Connection, company_id: str, conversation_id: str, now: datetime) -> str | None:
    """Note that danger was spoken of while a person is awaited; returns the open ticket if it was about else."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "now": now}
    changed = await fetch_value(connection, _NOTE_DANGER, values)
    return None if changed is None else str(changed)


async def resolve(connection: Connection, company_id: str, conversation_id: str, now: datetime) -> bool:
    """Close the conversation's ticket: it was handed back, or is over; returns whether one was open."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "now": now}
    return await change(connection, _RESOLVE, values) > 0


async def withdraw(connection: Connection, company_id: str, conversation_id: str, now: datetime) -> str | None:
    """Close the conversation's ticket since its user wants no person any more, which its note says; return its id.

    None where there was none to close: a person has answered, or danger called one. The caller holds the conversation's
    row lock.
    """
    values = {"company_id": company_id, "conversation_id": conversation_id, "now": now, "note": WITHDRAWN}
    ticket_id: str | None = await fetch_value(connection, _WITHDRAW, values)
    return ticket_id


async def withdrawn_since(connection: Connection, company_id: str, conversation_id: str, since: datetime) -> str | None:
    """Return the ticket that the user has withdrawn since then, if the agent answers now."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "since": since, "note": WITHDRAWN}
    ticket_id: str | None = await fetch_value(connection, _WITHDRAWN_SINCE, values)
    return ticket_id


async def overdue(connection: Connection, now: datetime, limit: int) -> list[OverdueTicket]:
    """Return tickets of all companies that nobody answered in time; needs a system transaction."""
    return await fetch_all(connection, OverdueTicket, _OVERDUE, {"now": now, "limit": limit})


async def mark_overdue(connection: Connection, company_id: str, ticket_id: str, now: datetime) -> bool:
    """Note that nobody answered in time; returns False when that was noted before, or somebody answered meanwhile."""
    values = {"company_id": company_id, "ticket_id": ticket_id, "now": now}
    return await change(connection, _MARK_OVERDUE, values) > 0
