"""The queue of users who need a person."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from core.conversations import HandledBy
from core.errors import InvalidRequest, NotFound
from db import conversations, escalations, tickets
from db.pool import Connection
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf, UserFilter
from ingest_api.presence import Present, give_back, tell_present
from ingest_api.problems import problem_responses
from ingest_api.schemas import EscalationRow, ListOf
from ingest_api.writes import Answer, Write, WriteOf

EscalationStatus: TypeAlias = Literal["open", "acknowledged", "resolved"]
_Text = Annotated[str, StringConstraints(max_length=2000, strip_whitespace=True)]

router = APIRouter(prefix="/api/v1", tags=["escalations"])


class EscalationChange(BaseModel):
    """What changes; a member left out stays as it is, an empty text clears it."""

    model_config = ConfigDict(extra="forbid")

    status: EscalationStatus | None = None
    assigned_to: Annotated[str, StringConstraints(max_length=254, strip_whitespace=True)] | None = None
    note: _Text | None = None


@router.get("/escalations", summary="List escalations")
async def list_escalations(
    caller: CallerOf,
    services: ServicesOf,
    status: Annotated[EscalationStatus | None, Query(description="In this status alone")] = None,
    user_id: UserFilter = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ListOf[EscalationRow]:
    """Return escalations with their alerts: who is stuck, where, why, and what was tried; newest first."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await escalations.list_(
            connection, caller.company_id, status=status, user_id=user_id, cursor=cursor, limit=limit
        )
    return ListOf(items=[EscalationRow(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/escalations/{escalation_id}", summary="Read an escalation", responses=problem_responses(404))
async def read_escalation(escalation_id: UUID, caller: CallerOf, services: ServicesOf) -> EscalationRow:
    """Return one escalation."""
    async with services.database.transaction(caller.company_id) as connection:
        row = await escalations.get(connection, caller.company_id, str(escalation_id))
    if row is None:
        raise NotFound
    return EscalationRow(**row)


@router.patch(
    "/escalations/{escalation_id}",
    summary="Work on an escalation",
    response_model=EscalationRow,
    responses=problem_responses(404, 409),
)
async def change_escalation(escalation_id: UUID, change: EscalationChange, write: WriteOf) -> Response:
    """Acknowledge, assign, annotate or resolve an escalation; audited.

    Resolving the ticket of a conversation hands the conversation back to the agent, as `handback` does.
    """
    changes = change.model_dump(exclude_none=True)
    if not changes:
        raise InvalidRequest("Name status, assigned_to or note.")

    async def work(connection: Connection) -> Answer:
        resolves = change.status == "resolved"
        present = await _hand_back(connection, write, str(escalation_id)) if resolves else None
        row = await escalations.update(
            connection,
            write.caller.company_id,
            str(escalation_id),
            **changes,
            actor=write.caller.actor,
            now=datetime.now(UTC),
            trace_id=write.trace_id,
        )
        if row is None:
            raise NotFound
        then = partial(tell_present, write, present) if present else None
        return Answer(EscalationRow(**row).model_dump(mode="json"), then=then)

    return await write.run(work)


async def _hand_back(connection: Connection, write: Write, escalation_id: str) -> Present | None:
    """Give the conversation of a ticket back to the agent, if somebody else has it; returns it when that changed."""
    ticket = await tickets.get(connection, write.caller.company_id, escalation_id)
    if ticket is None:
        return None
    present = await conversations.lock(connection, write.caller.company_id, ticket.conversation_id)
    if present.is_over or present.handled_by is HandledBy.AGENT:
        return None
    return await give_back(connection, write, present)
