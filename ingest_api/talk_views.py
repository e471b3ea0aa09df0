"""What routes show of conversations, put together from what is stored. Pure."""

import re
from typing import Any, Final

from core.budgets import Left
from core.conversations import Message, Role
from core.turns import TurnStatus
from db.conversation_rows import Conversation
from db.conversation_turns import StoredConversationTurn
from db.tickets import Ticket
from ingest_api.conversation_schemas import (
    BudgetLeft,
    MessageDocument,
    ProcessResult,
    TaskDocument,
    TaskError,
    TaskStatus,
)
from ingest_api.inbox_schemas import ConversationDocument, ConversationRow, TicketDocument

_STABLE: Final = re.compile(r"[a-z][a-z0-9_]{2,63}")
_UNSUCCESSFUL: Final = frozenset(
    {"budget_exhausted", "provider_failed", "provider_timeout", "conversations_unavailable"}
)
"""Outcomes, or errors, of turns that said something to the user, yet not what was asked for."""
_DETAILS: Final = {
    "budget_exhausted": "The budget of models is spent; the user was told, and offered a person.",
    "provider_failed": "No model answered; the user was told, and offered a person.",
    "conversations_unavailable": "Conversations were switched off; the user was told, and this one has ended.",
    "provider_timeout": "No model answered in time; the user was told, and offered a person.",
}


def message_document(message: Message) -> MessageDocument:
    """Return a message as it is shown."""
    return MessageDocument.model_validate(message.model_dump())


def budget_left(left: Left) -> BudgetLeft:
    """Return what is left of the budgets, as it is shown."""
    return BudgetLeft.model_validate(left)


def status_of(stored: StoredConversationTurn) -> TaskStatus:
    """Return how a turn stands; one that was never to run counts as done."""
    known: dict[TurnStatus, TaskStatus] = {
        TurnStatus.QUEUED: "queued",
        TurnStatus.RUNNING: "running",
        TurnStatus.FAILED: "failed",
    }
    return known.get(stored.status, "done")


def has_ended(stored: StoredConversationTurn) -> bool:
    """Tell whether nothing more comes of a turn."""
    return status_of(stored) in ("done", "failed")


def error_of(stored: StoredConversationTurn) -> TaskError | None:
    """Return why a turn led to no proper answer, or None if it did."""
    named = (stored.error, stored.outcome)
    if stored.status is not TurnStatus.FAILED and _UNSUCCESSFUL.isdisjoint(named):
        return None
    code = next((word for word in named if word and word != "failed" and _STABLE.fullmatch(word)), "internal_error")
    return TaskError(code=code, detail=_DETAILS.get(code, "The turn failed on our side."))


def result_of(
    conversation: Conversation,
    left: Left,
    stored: StoredConversationTurn | None = None,
    said: list[Message] | None = None,
    user_message_id: str | None = None,
) -> ProcessResult:
    """Return what came of a turn; without one, that a person has the conversation."""
    answers = [message_document(one) for one in said or [] if one.role in (Role.ASSISTANT, Role.AGENT)]
    asked = [one.message_id for one in said or [] if one.role is Role.USER]
    return ProcessResult(
        conversation_id=conversation.conversation_id,
        state=conversation.state,
        stage=conversation.stage,
        handled_by=conversation.handled_by,
        language=conversation.language,
        user_message_id=user_message_id or (asked[-1] if asked else None),
        message=answers[0] if answers else None,
        messages=answers,
        task_id=stored.turn.turn_id if stored else None,
        friendly_task_id=stored.friendly_id if stored else None,
        error=error_of(stored) if stored else None,
        budget=budget_left(left),
    )


def task_document(stored: StoredConversationTurn, result: ProcessResult | None) -> TaskDocument:
    """Return a turn as somebody sees it who waits for it."""
    return TaskDocument(
        task_id=stored.turn.turn_id,
        friendly_task_id=stored.friendly_id,
        conversation_id=stored.turn.conversation_id,
        status=status_of(stored),
        created_at=stored.turn.created_at,
        finished_at=stored.finished_at,
        result=result,
        error=error_of(stored),
    )


def conversation_document(
    conversation: Conversation, said: list[Message], ticket: Ticket | None, previous_cursor: str | None
) -> ConversationDocument:
    """Return a conversation as people see it who may have to answer."""
    row: dict[str, Any] = ConversationRow.model_validate(conversation).model_dump()
    return ConversationDocument(
        **row,
        context=conversation.context,
        questions=conversation.questions,
        summary=conversation.summary,
        ticket=None if ticket is None else TicketDocument.model_validate(ticket),
        messages=[message_document(one) for one in said],
        previous_cursor=previous_cursor,
    )
