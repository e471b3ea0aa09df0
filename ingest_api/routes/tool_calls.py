"""What tools were asked and what came of it: the log that says why an answer said what it said, masked."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from core.playbooks import NAME_PATTERN
from db import tool_calls
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf
from ingest_api.playbook_schemas import ToolCallRow
from ingest_api.schemas import ListOf

router = APIRouter(prefix="/api/v1", tags=["tools"])


@router.get("/tool-calls", summary="List calls of tools")
async def list_tool_calls(
    caller: CallerOf,
    services: ServicesOf,
    conversation_id: Annotated[UUID | None, Query(description="Of this conversation alone")] = None,
    tool: Annotated[str | None, Query(pattern=NAME_PATTERN, description="Of this tool alone")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ListOf[ToolCallRow]:
    """Return calls, newest first: who caused them, with what arguments, and what the model got to read."""
    wanted = str(conversation_id) if conversation_id else None
    async with services.database.transaction(caller.company_id) as connection:
        page = await tool_calls.list_(
            connection, caller.company_id, conversation_id=wanted, tool=tool, cursor=cursor, limit=limit
        )
    return ListOf(items=[ToolCallRow(**row) for row in page.items], next_cursor=page.next_cursor)
