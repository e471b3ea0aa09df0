"""What is known of users: their sessions, the story of what happened to them, and what they wish."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from core.errors import InvalidRequest
from core.ids import new_id
from core.nudges import NudgeStatus
from db import audit, erasures, events, nudges, timeline, wishes
from db.pool import Connection
from ingest_api import exporting
from ingest_api.deps import CallerOf, Cursor, ExchangeOf, Limit, ServicesOf, SessionId, UserFilter, UserId
from ingest_api.forgetting import forget_user
from ingest_api.schemas import ErasureReceipt, ListOf, NudgeRow, StoredEvent, TimelineEntry, UserWishes
from ingest_api.writes import Answer, WriteOf

router = APIRouter(prefix="/api/v1", tags=["users"])


class WishesRequest(BaseModel):
    """What the user wishes; a member left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    consent: bool | None = None
    do_not_disturb: bool | None = None


@router.get("/sessions/{session_id}/events", summary="Read a session's events")
async def list_session_events(
    session_id: SessionId, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 100
) -> ListOf[StoredEvent]:
    """Return the events of a session in order of time; an unknown session has none."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await events.for_session(connection, caller.company_id, session_id, cursor, limit)
    return ListOf(items=[StoredEvent(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/users/{user_id:path}/timeline", summary="Read a user's story")
async def read_timeline(
    user_id: UserId, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 100
) -> ListOf[TimelineEntry]:
    """Return events, turns with their decision receipts, nudges, escalations and notifications in one order.

    Newest first. The nudges that were not sent are there too, as turns, with the reason.
    """
    async with services.database.transaction(caller.company_id) as connection:
        page = await timeline.timeline(connection, caller.company_id, user_id, cursor, limit)
    return ListOf(items=[TimelineEntry(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get(
    "/users/{user_id:path}/export",
    summary="Export a user",
    response_class=Response,
    responses={200: {"content": {exporting.MEDIA_TYPE: {"schema": {"type": "string"}}}}},
)
async def export_user(user_id: UserId, caller: CallerOf, services: ServicesOf, exchange: ExchangeOf) -> Response:
    """Return all that is stored of a user, and of the anonymous visitors who turned out to be them; audited.

    A JSON line for each row, `{"table", "row"}`, and as the last line a receipt that counts the rows by table. What
    went to the company's own people about the user (notifications) is not part of it. Somebody unknown has no rows.
    """
    now, receipt_id = datetime.now(UTC), new_id()
    file, rows = await exporting.write_rows(services.database, caller.company_id, user_id)
    async with services.database.transaction(caller.company_id) as connection:
        detail = {"receipt_id": receipt_id, "rows": dict(rows)}
        await audit.record(
            connection, caller.company_id, caller.actor, "user.exported", user_id, detail, exchange.trace_id
        )
    receipt = {"receipt_id": receipt_id, "exported_at": now, "rows": dict(rows)}
    return StreamingResponse(
        exporting.read_pieces(file, receipt),
        media_type=exporting.MEDIA_TYPE,
        headers={"Content-Disposition": 'attachment; filename="user.ndjson"'},
    )


@router.patch("/users/{user_id:path}", summary="Respect a user's wishes", response_model=UserWishes)
async def change_wishes(user_id: UserId, body: WishesRequest, write: WriteOf) -> Response:
    """Record whether the user consents to being helped, or wants to be left alone; holds from the next decision on."""
    wished = body.model_dump(exclude_none=True)
    if not wished:
        raise InvalidRequest("Name consent or do_not_disturb.")
    caller = write.caller

    async def work(connection: Connection) -> Answer:
        now_wished = await wishes.set_wishes(connection, caller.company_id, user_id, datetime.now(UTC), **wished)
        await audit.record(
            connection, caller.company_id, caller.actor, "user.wishes_changed", user_id, wished, write.trace_id
        )
        return Answer({"user_id": user_id, **asdict(now_wished)})

    return await write.run(work)


@router.delete("/users/{user_id:path}", summary="Erase a user", response_model=ErasureReceipt)
async def erase_user(user_id: UserId, write: WriteOf) -> Response:
    """Erase everything that is stored of a user, and of the anonymous visitors who turned out to be them.

    The receipt counts the rows that went, by table; calls of models keep their cost and lose everything else. Erasing
    somebody who is not there, or again, is no error. What the user does afterwards is stored as of somebody new.
    """
    caller, services, now = write.caller, write.services, datetime.now(UTC)
    names: list[str] = [user_id]

    async def work(connection: Connection) -> Answer:
        receipt_id = new_id()
        erased = await erasures.erase(connection, caller.company_id, user_id, receipt_id, now)
        names.extend(erased.users)
        detail = {"rows": dict(erased.rows)}
        await audit.record(
            connection, caller.company_id, caller.actor, "user.erased", f"erased:{receipt_id}", detail, write.trace_id
        )
        receipt = ErasureReceipt(receipt_id=receipt_id, erased_at=now, rows=dict(erased.rows))
        return Answer(receipt.model_dump(mode="json"))

    response = await write.run(work)
    await forget_user(services.redis, services.settings.store.stream_shards, caller.company_id, set(names))
    return response


@router.get("/nudges", summary="List nudges")
async def list_nudges(
    caller: CallerOf,
    services: ServicesOf,
    user_id: UserFilter = None,
    status: Annotated[NudgeStatus | None, Query(description="Of this status alone")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ListOf[NudgeRow]:
    """Return nudges and what became of them, newest first."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await nudges.list_(
            connection, caller.company_id, user_id=user_id, status=status, cursor=cursor, limit=limit
        )
    return ListOf(items=[NudgeRow(**row) for row in page.items], next_cursor=page.next_cursor)
