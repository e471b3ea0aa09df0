"""From an alert to what goes out: which channels a company has, the rows that say so, and the words of the message.

Rows hold the alert, not the address: that is read from the configuration when the message is sent, so that secrets
stand in one place and a corrected address serves what waits.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis

from channels.message import Message
from core import streams
from core.config import EscalationRules
from core.conversations import ConversationTurn
from core.ids import notification_id
from core.settings import ChannelSettings
from core.turns import Turn
from db import notifications
from db.notifications import StoredNotification
from db.pool import Connection
from graph.state import Alert

CREATED: Final = "escalation.created"
OVERDUE: Final = "escalation.overdue"
"""Nobody answered a ticket by the time that its user was promised."""
ENDANGERED: Final = "escalation.endangered"
"""Who waits for a person speaks of danger by now."""


def channels_of(rules: EscalationRules, settings: ChannelSettings) -> list[str]:
    """Return the channels through which a company's escalations go out; none while notifications are switched off."""
    if not settings.enable_webhook_notifications:
        return []
    chosen = {
        "webhook": rules.webhook_url is not None,
        "slack": (rules.slack_webhook_url or settings.slack_webhook_url) is not None,
        "email": bool(rules.email_to) and settings.smtp_url is not None,
    }
    return [channel for channel, wanted in chosen.items() if wanted]


async def insert_notifications(
    connection: Connection, alert: Alert, turn: Turn | ConversationTurn, chosen: Sequence[str], *, event: str = CREATED
) -> list[str]:
    """Add a notification per channel and return their ids; those of an earlier run are there already."""
    ids = []
    for channel in chosen:
        ids.append(notification_id(alert.escalation_id, event, channel))
        await notifications.insert(
            connection,
            turn.company_id,
            notification_id=ids[-1],
            event=event,
            channel=channel,
            payload=alert.model_dump(mode="json"),
            trace_id=turn.trace_id,
            now=alert.created_at,
            user_id=turn.user_id,
        )
    return ids


async def publish_notifications(
    redis: Redis, shards: int, turn: Turn | ConversationTurn, notification_ids: Sequence[str]
) -> None:
    """Put notifications into their stream; one that is published twice is sent once."""
    pipeline = redis.pipeline(transaction=False)
    key = streams.shard_of(streams.NOTIFICATIONS, shards, turn.company_id, turn.user_id)
    for notification in notification_ids:
        entry = streams.encode_notification(turn.company_id, notification, turn.trace_id)
        pipeline.xadd(key, {streams.FIELD: entry})
    if notification_ids:
        await pipeline.execute()


def message_of(notification: StoredNotification, company_id: str, company_name: str) -> Message:
    """Return the message that a notification's row stands for."""
    payload = notification.payload
    return Message(
        message_id=notification.notification_id,
        event=notification.event,
        at=notification.created_at,
        title=str(payload.get("headline") or notification.event),
        text="\n\n".join(str(payload[key]) for key in ("why", "suggestion") if payload.get(key)),
        facts=_facts(payload, company_name),
        link=payload.get("link"),
        data={"company_id": company_id, "notification_id": notification.notification_id, **payload},
    )


def _facts(payload: Mapping[str, Any], company_name: str) -> tuple[tuple[str, str], ...]:
    facts = {
        "Company": company_name,
        "User": payload.get("user_id"),
        "Stuck at": payload.get("step_title") or payload.get("stuck_point"),
        "Page": payload.get("page_url"),
        "Noticed by": payload.get("signal"),
        "Already tried": "\n".join(payload.get("tried") or ()),
    }
    return tuple((label, str(value)) for label, value in facts.items() if value)
