"""What surrounds a gateway under test. A store that a test wants to cut off is one of its own, on the gateway's way."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from db.pool import Database
from local.installation import Company
from tests.ws_gateway.chatting import Archive
from tests.ws_gateway.harness import Author, Inside, PostgresLine, inside


@pytest.fixture
def redis_url(request: pytest.FixtureRequest, redis_url: str) -> str:
    """The server of the test alone where it asks for one (`redis_server`), else the shared one."""
    own = "redis_server" in request.fixturenames
    return str(request.getfixturevalue("redis_server").url) if own else redis_url


@pytest.fixture
def line(database_url: str) -> PostgresLine:
    """A way to PostgreSQL that can be cut; the gateway of a test that asks for it goes this way."""
    return PostgresLine(database_url)


@pytest.fixture
async def author(database: Database, redis: Redis) -> Author:
    return Author(database, redis)


@pytest.fixture
def archive(database: Database, redis: Redis, company: Company) -> Archive:
    return Archive(database, redis, company)


@pytest.fixture
async def gateway(
    request: pytest.FixtureRequest, database_url: str, redis_url: str, secret_key: str
) -> AsyncIterator[Inside]:
    async with AsyncExitStack() as stack:
        url = database_url
        if "line" in request.fixturenames:
            url = (await stack.enter_async_context(request.getfixturevalue("line"))).url
        yield await stack.enter_async_context(inside(url, redis_url, secret_key))
