"""Figures: what the agent spent, and what became of its nudges."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from core.errors import InvalidRequest
from db import analytics, conversation_analytics
from ingest_api.deps import CallerOf, ServicesOf
from ingest_api.inbox_schemas import ConversationDay
from ingest_api.schemas import CostRow, ListOf, NudgeCount

DEFAULT_PERIOD: Final = timedelta(days=30)
MAX_PERIOD: Final = timedelta(days=400)
Since = Annotated[AwareDatetime | None, Query(description="From here on; 30 days before `until` when left out")]
Until = Annotated[AwareDatetime | None, Query(description="Up to but without this; now when left out")]

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])


def choose_period(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Return the period asked for, in UTC; raises InvalidRequest when it is empty or longer than 400 days."""
    try:
        end = (until or now).astimezone(UTC)
        begin = since.astimezone(UTC) if since else end - DEFAULT_PERIOD
    except OverflowError:
        raise InvalidRequest("The period is out of range.") from None
    if not timedelta(0) < end - begin <= MAX_PERIOD:
        raise InvalidRequest("The period must be longer than nothing and at most 400 days.")
    return begin, end


@router.get("/costs", summary="What was spent on models")
async def read_costs(
    caller: CallerOf, services: ServicesOf, since: Since = None, until: Until = None
) -> ListOf[CostRow]:
    """Return calls, tokens and cost in US cents by UTC day, provider and model."""
    begin, end = choose_period(since, until, datetime.now(UTC))
    async with services.database.transaction(caller.company_id) as connection:
        rows = await analytics.daily_costs(connection, caller.company_id, begin, end)
    return ListOf(items=[CostRow.model_validate(row) for row in rows], next_cursor=None)


@router.get("/nudges", summary="What became of nudges")
async def read_nudges(
    caller: CallerOf, services: ServicesOf, since: Since = None, until: Until = None
) -> ListOf[NudgeCount]:
    """Return how many nudges of the period have which status now, by type."""
    begin, end = choose_period(since, until, datetime.now(UTC))
    async with services.database.transaction(caller.company_id) as connection:
        rows = await analytics.nudge_counts(connection, caller.company_id, begin, end)
    return ListOf(items=[NudgeCount.model_validate(row) for row in rows], next_cursor=None)


@router.get("/conversations", summary="What came of conversations")
async def read_conversations(
    caller: CallerOf, services: ServicesOf, since: Since = None, until: Until = None
) -> ListOf[ConversationDay]:
    """Return containment, satisfaction, waiting times, tokens and cost of conversations by UTC day, newest first."""
    begin, end = choose_period(since, until, datetime.now(UTC))
    async with services.database.transaction(caller.company_id) as connection:
        rows = await conversation_analytics.days(connection, caller.company_id, begin, end)
    return ListOf(items=[ConversationDay.model_validate(row) for row in rows], next_cursor=None)
