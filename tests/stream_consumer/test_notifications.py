import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pytest_httpserver import HTTPServer
from redis.asyncio import Redis
from standardwebhooks import Webhook
from werkzeug import Request, Response

from core.config import CompanyConfig, EscalationRules
from core.ids import new_id
from core.security import Vault
from core.settings import ChannelSettings
from core.streams import NOTIFICATIONS, encode_notification
from db import companies, notifications
from db.notifications import StoredNotification
from db.pool import Database
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.notifications import NotificationsHandler
from stream_consumer.requeue import Requeue, RequeuePolicy
from stream_consumer.retry import RetryPolicy
from tests.channels.test_email import mail_server
from tests.stream_consumer.harness import QUICK, Running, eventually, pending, running
from tests.stream_consumer.test_turns import SLOTS, configure

ALERT = {
    "headline": "u is stuck at “Connect”", "why": "The key was refused three times.", "suggestion": "Call them.",
    "user_id": "u", "stuck_point": "connect-crm", "signal": "validation_loop", "tried": ["tooltip: A (shown)"],
    "link": "https://acme.example/u",
}  # fmt: skip
PATIENT = RetryPolicy(max_attempts=3, base_seconds=0.05, cap_seconds=0.1)


@asynccontextmanager
async def working(
    database: Database, redis: Redis, secret_key: str, policy: RetryPolicy = PATIENT, **settings: Any
) -> AsyncIterator[Running]:
    chosen = ChannelSettings(**{"allow_private_webhooks": True, **settings})
    metrics = ConsumerMetrics(CollectorRegistry())
    handler = NotificationsHandler(database, redis, Vault(secret_key), chosen, metrics, policy=policy)
    async with running(redis, handler, SLOTS, stream=NOTIFICATIONS) as consumer:
        yield consumer


async def notify(database: Database, redis: Redis, company_id: str, channel: str, *, publish: bool = True) -> str:
    key = new_id()
    async with database.transaction(company_id) as connection:
        await notifications.insert(
            connection, company_id, notification_id=key, event="escalation.created", channel=channel, payload=ALERT,
            trace_id="t", now=datetime.now(UTC), user_id="u",
        )  # fmt: skip
    if publish:
        await redis.xadd(NOTIFICATIONS, {b"d": encode_notification(company_id, key, "t")})
    return key


async def stored(database: Database, company_id: str, key: str) -> StoredNotification:
    async with database.transaction(company_id) as connection:
        row = await notifications.get(connection, company_id, key)
    assert row is not None
    return row


async def has_status(database: Database, company_id: str, key: str, status: str) -> bool:
    return (await stored(database, company_id, key)).status == status


async def use(database: Database, company_id: str, **rules: Any) -> None:
    await configure(database, company_id, CompanyConfig(escalation=EscalationRules(**rules)))


async def test_a_webhook_gets_the_alert_signed_with_the_companys_secret(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer
) -> None:
    company_id = company.company_id
    httpserver.expect_request("/hook").respond_with_data("")
    await use(database, company_id, webhook_url=httpserver.url_for("/hook"))
    key = await notify(database, redis, company_id, "webhook")
    async with working(database, redis, secret_key):
        await eventually(lambda: has_status(database, company_id, key, "sent"))
    async with database.transaction(company_id) as connection:
        secret = Vault(secret_key).decrypt(await companies.webhook_secret(connection, company_id) or b"")
    request = httpserver.log[0][0]
    body = Webhook(secret).verify(request.data, dict(request.headers))
    assert request.headers["webhook-id"] == key
    assert body["data"]["headline"] == ALERT["headline"]
    assert body["data"]["company_id"] == company_id
    row = await stored(database, company_id, key)
    assert (row.attempts, row.last_error) == (1, None)
    assert row.sent_at is not None


async def test_slack_and_email_go_where_the_company_or_the_installation_says(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer
) -> None:
    company_id = company.company_id
    httpserver.expect_request("/slack").respond_with_data("ok")
    await use(database, company_id, email_to=("cs@acme.test",))
    async with mail_server() as mailbox:
        settings = {
            "slack_webhook_url": httpserver.url_for("/slack"), "smtp_url": f"smtp://127.0.0.1:{mailbox.port}",
            "email_from": "agent@acme.test",
        }  # fmt: skip
        keys = [await notify(database, redis, company_id, channel) for channel in ("slack", "email")]
        async with working(database, redis, secret_key, **settings):
            for key in keys:
                await eventually(lambda key=key: has_status(database, company_id, key, "sent"))
    assert "Acme" in httpserver.log[0][0].get_data(as_text=True)
    assert b"Call them." in mailbox.mails[0]


async def test_a_failure_that_passes_is_tried_again_until_it_passes(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer
) -> None:
    company_id = company.company_id
    httpserver.expect_ordered_request("/hook").respond_with_data("", status=503)
    httpserver.expect_ordered_request("/hook").respond_with_data("", status=429, headers={"Retry-After": "1"})
    httpserver.expect_ordered_request("/hook").respond_with_data("")
    await use(database, company_id, webhook_url=httpserver.url_for("/hook"))
    key = await notify(database, redis, company_id, "webhook")
    async with working(database, redis, secret_key) as consumer:
        await eventually(lambda: has_status(database, company_id, key, "sent"))
        assert consumer.count("failed", NOTIFICATIONS) == 0
    requests = [request for request, _ in httpserver.log]
    assert len({request.headers["webhook-id"] for request in requests}) == 1
    waited = int(requests[2].headers["webhook-timestamp"]) - int(requests[1].headers["webhook-timestamp"])
    assert waited >= 1
    assert (await stored(database, company_id, key)).attempts == 3


@pytest.mark.parametrize(("status", "attempts"), [(500, 3), (404, 1)])
async def test_what_does_not_pass_is_shown_as_failed(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer, status: int, attempts: int
) -> None:
    company_id = company.company_id
    httpserver.expect_request("/hook").respond_with_data("", status=status)
    await use(database, company_id, webhook_url=httpserver.url_for("/hook"))
    key = await notify(database, redis, company_id, "webhook")
    async with working(database, redis, secret_key):
        await eventually(lambda: has_status(database, company_id, key, "failed"))
        await eventually(lambda: _nothing_pending(redis))
    row = await stored(database, company_id, key)
    assert (row.attempts, row.last_error) == (attempts, f"http_{status}")
    assert len(httpserver.log) == attempts
    assert await redis.exists(f"{NOTIFICATIONS}:dead") == 0


async def _nothing_pending(redis: Redis) -> bool:
    return await pending(redis, NOTIFICATIONS) == 0


@pytest.mark.parametrize("channel", ["webhook", "slack", "email", "pigeon"])
async def test_a_channel_without_an_address_fails_at_once(
    database: Database, redis: Redis, company: Any, secret_key: str, channel: str
) -> None:
    key = await notify(database, redis, company.company_id, channel)
    async with working(database, redis, secret_key):
        await eventually(lambda: has_status(database, company.company_id, key, "failed"))
    assert (await stored(database, company.company_id, key)).last_error == "no_address"


async def test_private_addresses_are_refused_unless_allowed(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    await use(database, company.company_id, webhook_url=httpserver.url_for("/hook"))
    key = await notify(database, redis, company.company_id, "webhook")
    async with working(database, redis, secret_key, allow_private_webhooks=False):
        await eventually(lambda: has_status(database, company.company_id, key, "failed"))
    assert (await stored(database, company.company_id, key)).last_error == "private_address"
    assert httpserver.log == []


async def test_a_notification_in_the_stream_twice_is_sent_once(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer
) -> None:
    company_id = company.company_id

    def slowly(_: Request) -> Response:
        asyncio.run(asyncio.sleep(0.3))
        return Response("")

    httpserver.expect_request("/hook").respond_with_handler(slowly)
    await use(database, company_id, webhook_url=httpserver.url_for("/hook"))
    key = await notify(database, redis, company_id, "webhook")
    await redis.xadd(NOTIFICATIONS, {b"d": encode_notification(company_id, key, "t")})
    async with working(database, redis, secret_key), working(database, redis, secret_key):
        await eventually(lambda: has_status(database, company_id, key, "sent"))
        await eventually(lambda: _nothing_pending(redis))
    assert len(httpserver.log) == 1


async def test_an_entry_that_is_no_notification_is_set_aside(
    database: Database, redis: Redis, company: Any, secret_key: str
) -> None:
    await redis.xadd(NOTIFICATIONS, {b"d": b"[1,2,3]"})
    await redis.xadd(NOTIFICATIONS, {b"d": encode_notification(company.company_id, new_id(), "t")})
    async with working(database, redis, secret_key) as consumer:
        await eventually(lambda: _dead(consumer))
        await eventually(lambda: _nothing_pending(redis))
        assert consumer.count("processed", NOTIFICATIONS) == 1


async def _dead(consumer: Running) -> bool:
    return consumer.count("dead", NOTIFICATIONS) == 1


async def test_a_notification_that_kills_its_process_is_shown_as_failed(
    database: Database, redis: Redis, company: Any, secret_key: str
) -> None:
    key = await notify(database, redis, company.company_id, "webhook")
    ((entry_id, _),) = await redis.xrange(NOTIFICATIONS)
    await redis.xgroup_create(NOTIFICATIONS, "workers", id="0")
    await redis.xreadgroup("workers", "dead", {NOTIFICATIONS: ">"})
    await redis.hset(f"{NOTIFICATIONS}:attempts", entry_id, QUICK.retry.max_attempts)
    async with working(database, redis, secret_key) as consumer:
        await eventually(lambda: _dead(consumer))
    row = await stored(database, company.company_id, key)
    assert (row.status, row.last_error) == ("failed", "process_died")


async def test_notifications_left_behind_are_put_back(
    database: Database, redis: Redis, company: Any, secret_key: str, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/hook").respond_with_data("")
    await use(database, company.company_id, webhook_url=httpserver.url_for("/hook"))
    key = await notify(database, redis, company.company_id, "webhook", publish=False)
    requeue = Requeue(database, redis, 1, RequeuePolicy(every_seconds=0.05, older_than_seconds=0.1))
    stop = asyncio.Event()
    sweep = asyncio.create_task(requeue.run(requeue.requeue_notifications, "notifications", stop))
    async with working(database, redis, secret_key):
        await eventually(lambda: has_status(database, company.company_id, key, "sent"))
    stop.set()
    await sweep
    assert len(httpserver.log) == 1
