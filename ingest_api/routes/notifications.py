"""Notifications that went out, or could not: a log, and another try."""

import logging
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Query, Response
from redis.exceptions import RedisError

from core.errors import NotFound
from core.streams import FIELD, NOTIFICATIONS, encode_notification, shard_of
from db import audit, notifications
from db.pool import Connection
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf
from ingest_api.problems import problem_responses
from ingest_api.schemas import ListOf, NotificationRow, Resent
from ingest_api.wiring import Services
from ingest_api.writes import Answer, Write, WriteOf

NotificationStatus: TypeAlias = Literal["pending", "sent", "failed"]
_log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1", tags=["notifications"])


@router.get("/notifications", summary="List notifications")
async def list_notifications(
    caller: CallerOf,
    services: ServicesOf,
    status: Annotated[NotificationStatus | None, Query(description="In this status alone")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> ListOf[NotificationRow]:
    """Return notifications, newest first; `last_error` says why one could not be delivered."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await notifications.list_(connection, caller.company_id, status=status, cursor=cursor, limit=limit)
    return ListOf(items=[NotificationRow(**row) for row in page.items], next_cursor=page.next_cursor)


@router.post(
    "/notifications/{notification_id}/resend",
    summary="Send a notification again",
    status_code=202,
    response_model=Resent,
    responses=problem_responses(404),
)
async def resend(notification_id: UUID, write: WriteOf) -> Response:
    """Try a notification again that waits or was given up; one that was sent, or is unknown, is a 404."""
    wanted = str(notification_id)

    async def work(connection: Connection) -> Answer:
        caller = write.caller
        if not await notifications.requeue(connection, caller.company_id, wanted, datetime.now(UTC)):
            raise NotFound("There is no such notification to send.")
        await audit.record(
            connection, caller.company_id, caller.actor, "notification.resent", wanted, {}, write.trace_id
        )
        return Answer({"notification_id": wanted, "status": "pending"}, status=202)

    response = await write.run(work)
    await _publish(write.services, write, wanted)
    return response


async def _publish(services: Services, write: Write, notification_id: str) -> None:
    """Point the consumers to it. The row is stored: should Redis be away, the sweep for waiting rows finds it."""
    company_id = write.caller.company_id
    stream = shard_of(NOTIFICATIONS, services.settings.store.stream_shards, company_id, notification_id)
    try:
        await services.redis.xadd(stream, {FIELD: encode_notification(company_id, notification_id, write.trace_id)})
    except (RedisError, OSError) as error:
        _log.warning("notification.left_to_the_sweep", extra={"error": type(error).__name__})
