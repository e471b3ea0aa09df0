"""Windows in Redis: many in one call, each compared and written by itself, in one slot or in many."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.redis import connect
from core.streams import session_key
from detection.window import Window
from stream_consumer.batch import UserKey
from stream_consumer.windows import WINDOW_TTL_SECONDS, WindowStore

USERS = [UserKey("0193a2b4-7c1d-7abc-9def-0123456789ab", f"user {number}") for number in range(450)]


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


@pytest.mark.parametrize("shards", [1, 4])
async def test_hundreds_are_written_and_read_back(redis: Redis, shards: int) -> None:
    store = WindowStore(redis, shards)
    fresh = await store.load(USERS)
    assert {(found.version, found.window) for found in fresh.values()} == {(b"", None)}
    assert await store.store({user: (b"", Window()) for user in USERS}, 1_000) == []
    found = await store.load(USERS)
    assert list(found) == USERS
    assert {each.version for each in found.values()} == {b"1000"}
    assert all(each.window is not None for each in found.values())
    assert 0 < await redis.ttl(session_key(*USERS[-1])) <= WINDOW_TTL_SECONDS


@pytest.mark.parametrize("shards", [1, 4])
async def test_one_that_changed_meanwhile_loses_alone(redis: Redis, shards: int) -> None:
    store = WindowStore(redis, shards)
    users = USERS[:250]
    await store.store({user: (b"", Window()) for user in users}, 1_000)
    await store.store({users[7]: (b"1000", Window())}, 2_000)
    assert await store.store({user: (b"1000", Window()) for user in users}, 3_000) == [users[7]]
    versions = {user: found.version for user, found in (await store.load(users)).items()}
    assert versions.pop(users[7]) == b"2000"
    assert set(versions.values()) == {b"3000"}


async def test_versions_grow_even_when_the_clock_goes_back(redis: Redis) -> None:
    store = WindowStore(redis, 1)
    await store.store({USERS[0]: (b"", Window())}, 5_000)
    await store.store({USERS[0]: (b"5000", Window())}, 10)
    assert (await store.load(USERS[:1]))[USERS[0]].version == b"5001"


async def test_scripts_are_given_again_to_a_redis_that_forgot_them(redis: Redis) -> None:
    store = WindowStore(redis, 1)
    await store.store({USERS[0]: (b"", Window())}, 1_000)
    await redis.script_flush()
    assert (await store.load(USERS[:1]))[USERS[0]].version == b"1000"
    await redis.script_flush()
    assert await store.store({USERS[0]: (b"1000", Window())}, 2_000) == []


async def test_what_cannot_be_read_counts_as_gone(redis: Redis) -> None:
    await redis.hset(session_key(*USERS[0]), mapping={"v": "7", "d": b"\xff nonsense"})
    found = (await WindowStore(redis, 1).load(USERS[:1]))[USERS[0]]
    assert (found.version, found.window) == (b"7", None)


async def test_nobody_is_no_call(redis: Redis) -> None:
    assert await WindowStore(redis, 1).load([]) == {}
    assert await WindowStore(redis, 1).store({}, 1) == []
