"""What surrounds a gateway under test."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from db.pool import Database
from tests.ws_gateway.harness import Author, Inside, inside


@pytest.fixture
async def author(database: Database, redis: Redis) -> Author:
    return Author(database, redis)


@pytest.fixture
async def gateway(database_url: str, redis_url: str, secret_key: str) -> AsyncIterator[Inside]:
    async with inside(database_url, redis_url, secret_key) as site:
        yield site
