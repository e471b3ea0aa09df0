"""Figures: what the agent spent, and what became of its nudges."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel

from core.errors import InvalidRequest
from db import analytics, conversation_analytics
from db.pool import Connection
from ingest_api.access import Caller
from ingest_api.deps import CallerOf, ServicesOf
from ingest_api.inbox_schemas import ConversationDay
from ingest_api.schemas import CostRow, ListOf, NudgeCount
from ingest_api.wiring import Services

DEFAULT_PERIOD: Final = timedelta(days=30)
MAX_PERIOD: Final = timedelta(days=400)
Since = Annotated[AwareDatetime | None, Query(description="From here on; 30 days before `until` when left out")]
Until = Annotated[AwareDatetime | None, Query(description="Up to but without this; now when left out")]

Period = tuple[datetime, datetime]
RowT = TypeVar("RowT", bound=BaseModel)

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])


def choose_period(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """Return the period asked for, in UTC; raises InvalidRequest when it is empty or longer than 400 days."""
    try:
        end = (until or now).astimezone(UTC)
        begin = since.astimezone(UTC) if since else end - DEFAULT_PERIOD
    except OverflowError:
        raise InvalidRequest("The period is out of range.") from None
    if not timedelta(0) < end - begin <= MAX_PERIOD:
        raise InvalidRequest("The period must be longer than nothing and at most 400 days.")
    return begin, end


def read_period(since: Since = None, until: Until = None) -> Period:
    """Return the period that a request asks for."""
    return choose_period(since, until, datetime.now(UTC))


PeriodOf = Annotated[Period, Depends(read_period)]


@router.get("/costs", summary="What was spent on models")
async def read_costs(caller: CallerOf, services: ServicesOf, period: PeriodOf) -> ListOf[CostRow]:
    """Return calls, tokens and cost in US cents by UTC day, provider and model."""
    return await _rows_of(period, caller, services, analytics.daily_costs, CostRow)


@router.get("/nudges", summary="What became of nudges")
async def read_nudges(caller: CallerOf, services: ServicesOf, period: PeriodOf) -> ListOf[NudgeCount]:
    """Return how many nudges of the period have which status now, by type."""
    return await _rows_of(period, caller, services, analytics.nudge_counts, NudgeCount)


@router.get("/conversations", summary="What came of conversations")
async def read_conversations(caller: CallerOf, services: ServicesOf, period: PeriodOf) -> ListOf[ConversationDay]:
    """Return containment, satisfaction, waiting times, tokens and cost of conversations by UTC day, newest first."""
    return await _rows_of(period, caller, services, conversation_analytics.days, ConversationDay)


async def _rows_of(
    period: Period,
    caller: Caller,
    services: Services,
    read: Callable[[Connection, str, datetime, datetime], Awaitable[Sequence[object]]],
    row_type: type[RowT],
) -> ListOf[RowT]:
    async with services.database.transaction(caller.company_id) as connection:
        rows = await read(connection, caller.company_id, *period)
    return ListOf(items=[row_type.model_validate(row) for row in rows], next_cursor=None)
