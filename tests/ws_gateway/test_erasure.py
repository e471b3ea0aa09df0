"""A user who is erased is disconnected, on every gateway and in every tab, and nobody else is."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from redis.asyncio import Redis

from core import streams
from core.frames import CloseCode
from core.ids import new_id
from db import erasures
from db.pool import Database
from ingest_api.forgetting import forget_user
from local.installation import Company
from tests.ws_gateway.harness import Author, Inside, eventually, inside


async def test_an_erased_users_sockets_are_closed_and_leave_no_trace(
    gateway: Inside,
    company: Company,
    other_company: Company,
    redis: Redis,
    database_url: str,
    redis_url: str,
    secret_key: str,
) -> None:
    async with inside(database_url, redis_url, secret_key) as elsewhere:
        tabs = [await site.join(company) for site in (gateway, gateway, elsewhere)]
        others = [await gateway.join(company, "u2"), await gateway.join(other_company)]
        await forget_user(redis, 1, company.company_id, {"u1"})
        assert [await tab.closed() for tab in tabs] == [CloseCode.ERASED] * 3
        await eventually(partial(_knows_nobody, (gateway, elsewhere), company))
        assert await redis.exists(streams.connections_key(company.company_id, "u1")) == 0
        for tab in others:
            assert await tab.pong() == []


async def test_who_comes_back_is_somebody_new(
    gateway: Inside, company: Company, author: Author, redis: Redis, database: Database
) -> None:
    tab = await gateway.join(company)
    await author.nudge(company)
    frame = await tab.expect("nudge")
    async with database.transaction(company.company_id) as connection:
        await erasures.erase(connection, company.company_id, "u1", new_id(), datetime.now(UTC))
    await forget_user(redis, 1, company.company_id, {"u1"})
    assert await tab.closed() == CloseCode.ERASED
    again = await gateway.resume(company, tab.hello, frame["seq"] - 1)
    assert await again.pong() == []


async def _knows_nobody(sites: Iterable[Inside], company: Company) -> bool:
    return not any(site.running.registry.of(company.company_id, "u1") for site in sites)
