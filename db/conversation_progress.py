"""How a conversation gets on: its stage, its language, what it was about so far, and who answers."""

from datetime import datetime
from typing import Any, Final

from core.conversations import DECLINES_PERSON, HandledBy, IllegalStage
from core.playbooks import Playbook
from db.conversation_rows import Conversation, lock, present
from db.pool import Connection
from db.query import change

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

# Notes that the user wants no person, and that this holds no more.
_DECLINES: Final = """
    UPDATE conversations SET context = context || jsonb_build_object(%(member)s::text, true)
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""
_DECLINES_NO_MORE: Final = """
    UPDATE conversations SET context = context - %(member)s::text
    WHERE company_id = %(company_id)s AND conversation_id = %(conversation_id)s
"""


async def advance(
    connection: Connection, company_id: str, conversation_id: str, playbook: Playbook, to: str
) -> Conversation:
    """Move to another stage, if the playbook's table leads there from the present one; staying is always allowed.

    Raises NotFound or IllegalStage.
    """
    before = await lock(connection, company_id, conversation_id)
    if to == before.stage:
        return before
    if not playbook.may_advance(before.stage, to):
        raise IllegalStage(f"{playbook.name} does not lead from {before.stage} to {to}.")
    await connection.execute(_ADVANCE, {"company_id": company_id, "conversation_id": conversation_id, "stage": to})
    return await present(connection, company_id, conversation_id)


async def set_language(connection: Connection, company_id: str, conversation_id: str, language: str) -> bool:
    """Note in which language the conversation is held; returns whether there is such a conversation."""
    return await _note(connection, company_id, conversation_id, language=language)


async def set_playbook_version(connection: Connection, company_id: str, conversation_id: str, version: str) -> bool:
    """Note which version of its playbook the latest turn followed; returns whether there is such a conversation."""
    return await _note(connection, company_id, conversation_id, playbook_version=version)


async def set_summary(connection: Connection, company_id: str, conversation_id: str, summary: str, until: int) -> bool:
    """Keep a summary of the messages up to a position; returns False when a later one is there."""
    return await _note(connection, company_id, conversation_id, summary=summary, summary_until=until)


async def set_declines_person(connection: Connection, company_id: str, conversation_id: str, *, declines: bool) -> bool:
    """Note whether the user wants no person; returns whether there is such a conversation."""
    values = {"company_id": company_id, "conversation_id": conversation_id, "member": DECLINES_PERSON}
    return await change(connection, _DECLINES if declines else _DECLINES_NO_MORE, values) > 0


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


async def _note(connection: Connection, company_id: str, conversation_id: str, **noted: Any) -> bool:
    nothing = dict.fromkeys(("language", "playbook_version", "summary", "summary_until"))
    values = {"company_id": company_id, "conversation_id": conversation_id, **nothing, **noted}
    return await change(connection, _NOTE, values) > 0
