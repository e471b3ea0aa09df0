"""Recommendations that conversations ended in: drafts with what the checker said of them. Nothing here is applied."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from core.recommendations import Decision
from db import recommendations
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf, UserFilter
from ingest_api.inbox_schemas import RecommendationRow
from ingest_api.problems import problem_responses
from ingest_api.schemas import ListOf

router = APIRouter(prefix="/api/v1/recommendations", tags=["recommendations"])


@router.get("", summary="List recommendations")
async def list_recommendations(
    caller: CallerOf,
    services: ServicesOf,
    conversation_id: Annotated[UUID | None, Query(description="Of this conversation alone")] = None,
    user_id: UserFilter = None,
    status: Annotated[Literal["draft", "rejected"] | None, Query(description="By the checker")] = None,
    decision: Annotated[Decision | None, Query(description="By what the user said to it")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ListOf[RecommendationRow]:
    """Return the drafts that conversations ended in, newest first: what rests on what, and why one was refused."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await recommendations.list_(
            connection,
            caller.company_id,
            conversation_id=str(conversation_id) if conversation_id else None,
            user_id=user_id,
            status=status,
            decision=decision,
            cursor=cursor,
            limit=limit,
        )
    return ListOf(items=[RecommendationRow(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/{recommendation_id}", summary="Read a recommendation", responses=problem_responses(404))
async def read_recommendation(recommendation_id: UUID, caller: CallerOf, services: ServicesOf) -> RecommendationRow:
    """Return one draft with its verdict."""
    async with services.database.transaction(caller.company_id) as connection:
        row = await recommendations.get(connection, caller.company_id, str(recommendation_id))
    return RecommendationRow(**row)
