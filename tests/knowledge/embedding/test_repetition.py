"""What was embedded once is not embedded again; and without Redis it is embedded all the same."""

import os
import signal

import numpy as np
import pytest
from redis.asyncio import Redis

from core.redis import connect
from knowledge.embedding.cache import VectorCache, digest_of
from knowledge.embedding.embedder import Space
from tests.conftest import RedisServer
from tests.knowledge.embedding.conftest import COMPANY, Build, expected, llm_at, same
from tests.llm_server import LlmServer

SPACE = Space("m", 4)


def sent(server: LlmServer) -> list[str]:
    return [text for request in server.requests for text in request.body["input"]]


async def test_equal_texts_of_a_call_are_sent_once(server: LlmServer, build: Build) -> None:
    texts = ["Export", "Import", "Export", " Export\0", "Import"]
    vectors = await build(llm_at(server), embedding_cache_timeout=0).primary.embed(COMPANY, texts)
    assert same(vectors, ["Export", "Import", "Export", "Export", "Import"])
    assert sent(server) == ["Export", "Import"]


async def _work(build: Build, server: LlmServer, seconds: int) -> int:
    """Embed a source ten times over, a tenth of it new each time; returns how many requests that took."""
    for day in range(10):
        texts = [f"page {number}" for number in range(day * 10, day * 10 + 100)]
        embedder = build(llm_at(server), embedding_batch=10, embedding_cache_timeout=seconds).primary
        assert same(await embedder.embed(COMPANY, texts), texts)
    calls = len(server.requests)
    server.requests.clear()
    return calls


async def test_repeated_work_costs_a_fifth_of_the_calls_at_most(server: LlmServer, build: Build) -> None:
    without = await _work(build, server, seconds=0)
    with_cache = await _work(build, server, seconds=86_400)
    assert without == 100
    assert with_cache == 19
    assert await _work(build, server, seconds=86_400) == 0


async def test_companies_share_what_is_known_and_spaces_do_not(server: LlmServer, build: Build) -> None:
    await build(llm_at(server)).primary.embed(COMPANY, ["Export"])
    await build(llm_at(server)).primary.embed("0193a5b0-0000-7000-8000-000000000002", ["Export"])
    assert len(server.requests) == 1
    [short] = await build(llm_at(server), embedding_dimension=256).primary.embed(COMPANY, ["Export"])
    assert len(server.requests) == 2
    assert np.allclose(short, expected("Export", 256), atol=1e-6)


async def test_a_vector_is_kept_for_as_long_as_it_is_said(server: LlmServer, build: Build, redis: Redis) -> None:
    await build(llm_at(server), embedding_cache_timeout=3600).primary.embed(COMPANY, ["Export", "Import"])
    keys = await redis.keys("vector:*")
    assert len(keys) == 2
    assert all([3590 < await redis.ttl(key) <= 3600 for key in keys])


async def test_a_damaged_entry_is_made_anew(server: LlmServer, build: Build, redis: Redis) -> None:
    embedder = build(llm_at(server)).primary
    await embedder.embed(COMPANY, ["Export"])
    [key] = await redis.keys("vector:*")
    await redis.set(key, b"\0" * 7)
    assert same(await embedder.embed(COMPANY, ["Export"]), ["Export"])
    assert len(server.requests) == 2
    assert same(await embedder.embed(COMPANY, ["Export"]), ["Export"])
    assert len(server.requests) == 2


async def test_embedding_outlives_redis(server: LlmServer, build: Build, redis_server: RedisServer) -> None:
    redis = connect(redis_server.url)
    embedder = build(llm_at(server), redis=redis).primary
    await embedder.embed(COMPANY, ["first"])
    redis_server.stop()
    for number in range(5):
        assert same(await embedder.embed(COMPANY, ["first", f"text {number}"]), ["first", f"text {number}"])
    redis_server.start()
    fresh = build(llm_at(server), redis=redis).primary
    server.requests.clear()
    assert same(await fresh.embed(COMPANY, ["first", "second"]), ["first", "second"])
    assert sent(server) == ["second"]
    await redis.aclose()


async def test_embedding_outlives_a_redis_that_hangs_or_is_full(
    server: LlmServer, build: Build, redis_server: RedisServer
) -> None:
    redis = connect(redis_server.url)
    embedder = build(llm_at(server), redis=redis).primary
    await redis.config_set("maxmemory", "1")
    assert same(await embedder.embed(COMPANY, ["full"]), ["full"])
    await redis.config_set("maxmemory", "0")
    assert redis_server.process is not None
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        assert same(await embedder.embed(COMPANY, ["hangs"]), ["hangs"])
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)
    # What was given up halfway must not be read as the answer to the next question.
    await embedder.embed(COMPANY, ["late"])
    for _ in range(3):
        assert same(await embedder.embed(COMPANY, ["hangs", "late", "new"]), ["hangs", "late", "new"])
    await redis.aclose()


async def test_a_redis_that_is_away_is_left_alone_for_a_while(redis_server: RedisServer) -> None:
    now, failures = 0.0, 0

    def failed() -> None:
        nonlocal failures
        failures += 1

    redis = connect(redis_server.url)
    cache = VectorCache(redis, 60, failed, clock=lambda: now)
    known = {digest_of("x", is_query=False): np.array([1, 0, 0, 0], dtype=np.float32)}
    redis_server.stop()
    for _ in range(10):
        await cache.keep(SPACE, known)
    assert failures == 3
    redis_server.start()
    assert await cache.find(SPACE, known) == {}
    now = 11.0
    await cache.keep(SPACE, known)
    assert list(await cache.find(SPACE, known)) == list(known)
    await redis.aclose()


async def test_a_fault_of_ours_is_not_taken_for_an_outage(redis: Redis) -> None:
    cache = VectorCache(redis, 60, lambda: None)
    digest = digest_of("x", is_query=False)
    await redis.lpush(b"vector:m:4:" + digest, "not a string")
    assert await cache.find(SPACE, [digest]) == {}
    with pytest.raises(AttributeError):
        await cache.keep(SPACE, {digest: None})  # type: ignore[dict-item]


def test_a_question_is_not_its_passage() -> None:
    assert digest_of("x", is_query=True) != digest_of("x", is_query=False)
