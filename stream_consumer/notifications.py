"""The notifications role: take a row that tells somebody something, send it once, and write down how that went.

Sent twice only if the process dies between the other side's "yes" and our note of it; the message id is the same then,
so that a receiver can tell. What fails for now is tried again with growing waits, then given up and shown as failed.
"""

import logging
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from redis.asyncio import Redis

from channels.email import EmailChannel, SmtpServer, parse_smtp_url
from channels.message import Channel, DeliveryFailed
from channels.posting import Poster
from channels.slack import SlackChannel
from channels.webhook import WebhookChannel
from core import logs, streams
from core.config import EscalationRules
from core.security import Vault
from core.settings import ChannelSettings
from db import companies, configs, notifications
from db.notifications import StoredNotification
from db.pool import Database
from stream_consumer.alerting import message_of
from stream_consumer.entries import DONE, Entry, Failed, Outcome, Postponed
from stream_consumer.locks import Locks
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.retry import ErrorKind, GiveUp, RetryPolicy, Wait, decide

log = logging.getLogger(__name__)

DELIVERY: Final = RetryPolicy(max_attempts=10, base_seconds=2, cap_seconds=180, jitter=0.3)
"""Ten attempts over about a quarter of an hour."""
LONGEST_RETURN: Final = 5.0
"""A wait that is longer is spent in returns to the stream of this many seconds."""
BUSY_SECONDS: Final = 1.0
"""After this a notification that another process is delivering is looked at again."""


class NoAddress(Exception):
    """The company has no address for this channel any more."""


class NotificationsHandler:
    """Handles entries of `notifications_stream`, each on its own."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        vault: Vault,
        settings: ChannelSettings,
        metrics: ConsumerMetrics,
        *,
        policy: RetryPolicy = DELIVERY,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._redis = redis
        self._locks = Locks(redis)
        self._vault = vault
        self._settings = settings
        self._metrics = metrics
        self._policy = policy
        self._now = now
        self._poster = Poster(settings.notification_timeout_seconds, settings.allow_private_webhooks)
        self._smtp = _smtp_of(settings)

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Deliver the notification of each entry."""
        return [await self._handle_one(entry) for entry in entries]

    async def abandon(self, entry: Entry, reason: str) -> None:
        """Show the notification of an entry that is given up on as failed."""
        try:
            company_id, notification_id, _ = streams.decode_notification(entry.payload)
        except ValueError:
            return
        await self._note_failure(company_id, notification_id, reason, final=True)

    async def _handle_one(self, entry: Entry) -> Outcome:
        try:
            company_id, notification_id, trace_id = streams.decode_notification(entry.payload)
        except ValueError as error:
            return Failed(error)
        with logs.bind(trace_id=trace_id, company_id=company_id, notification_id=notification_id):
            async with self._locks.hold(streams.notification_lock_key(notification_id)) as held:
                return await self._take_up(company_id, notification_id) if held else Postponed(BUSY_SECONDS)

    async def _take_up(self, company_id: str, notification_id: str) -> Outcome:
        wait_ms = await self._redis.pttl(streams.notification_hold_key(notification_id))
        if wait_ms > 0:
            return Postponed(min(wait_ms / 1000, LONGEST_RETURN))
        async with self._db.transaction(company_id) as connection:
            row = await notifications.get(connection, company_id, notification_id)
        if row is None or row.status != "pending":
            return DONE
        return await self._deliver(company_id, row)

    async def _deliver(self, company_id: str, row: StoredNotification) -> Outcome:
        try:
            channel, company_name = await self._channel_of(company_id, row.channel)
            await channel.send(message_of(row, company_id, company_name))
        except NoAddress:
            return await self._fail(company_id, row, DeliveryFailed("no_address", permanent=True))
        except DeliveryFailed as failure:
            return await self._fail(company_id, row, failure)
        async with self._db.transaction(company_id) as connection:
            await notifications.mark_sent(connection, company_id, row.notification_id, self._now())
        self._metrics.notifications.labels(row.channel, "sent").inc()
        log.info("notification sent", extra={"channel": row.channel, "attempt": row.attempts + 1})
        return DONE

    async def _fail(self, company_id: str, row: StoredNotification, failure: DeliveryFailed) -> Outcome:
        verdict = decide(self._policy, row.attempts + 1, ErrorKind.OWN, 0.0, random.random())  # noqa: S311
        final = failure.permanent or isinstance(verdict, GiveUp)
        wait = failure.retry_after or (verdict.until if isinstance(verdict, Wait) else 0.0)
        if not final:
            key = streams.notification_hold_key(row.notification_id)
            await self._redis.set(key, failure.reason, px=max(1, int(wait * 1000)))
        await self._note_failure(company_id, row.notification_id, failure.reason, final=final)
        self._metrics.notifications.labels(row.channel, "failed" if final else "retried").inc()
        log.warning("notification failed", extra={"channel": row.channel, "reason": failure.reason, "final": final})
        return DONE if final else Postponed(min(wait, LONGEST_RETURN))

    async def _note_failure(self, company_id: str, notification_id: str, reason: str, *, final: bool) -> None:
        async with self._db.transaction(company_id) as connection:
            await notifications.mark_failed(connection, company_id, notification_id, reason, self._now(), final=final)

    async def _channel_of(self, company_id: str, channel: str) -> tuple[Channel, str]:
        async with self._db.transaction(company_id) as connection:
            rules = (await configs.load(connection, company_id)).config.escalation
            secret = await companies.webhook_secret(connection, company_id)
            name = await companies.name(connection, company_id)
        if secret is None:
            raise NoAddress
        return self._open(channel, rules, self._vault.decrypt(secret)), name or ""

    def _open(self, channel: str, rules: EscalationRules, secret: str) -> Channel:
        slack = str(rules.slack_webhook_url) if rules.slack_webhook_url else _reveal(self._settings)
        if channel == "webhook" and rules.webhook_url:
            return WebhookChannel(str(rules.webhook_url), secret, self._poster)
        if channel == "slack" and slack:
            return SlackChannel(slack, self._poster)
        if channel == "email" and rules.email_to and self._smtp:
            timeout = self._settings.notification_timeout_seconds
            return EmailChannel(self._smtp, self._settings.email_from, rules.email_to, timeout)
        raise NoAddress


def _reveal(settings: ChannelSettings) -> str | None:
    return settings.slack_webhook_url.get_secret_value() if settings.slack_webhook_url else None


def _smtp_of(settings: ChannelSettings) -> SmtpServer | None:
    return parse_smtp_url(settings.smtp_url.get_secret_value()) if settings.smtp_url else None
