from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from core.streams import dead_letters
from stream_consumer import deadletters
from stream_consumer.group import ConsumerGroup
from tests.stream_consumer.harness import STREAM, Recorder, eventually, running


async def bury(redis: Redis, *payloads: bytes, stream: str = STREAM) -> list[str]:
    group = ConsumerGroup(redis, stream, "one")
    await group.ensure()
    ids = []
    for payload in payloads:
        entry_id = await redis.xadd(stream, {b"d": payload})
        await group.read(1, 1)
        letter = {"d": payload, "reason": "too_many_failures", "error": "ValueError", "detail": "bad", "attempts": 3}
        seen = {"first_seen_ms": 1000, "last_seen_ms": 2000 + len(ids), "original_id": entry_id}
        ids.append((await group.bury(entry_id, {**letter, **seen}) or b"").decode())
    return ids


async def test_letters_are_listed_newest_first_with_everything_known(redis: Redis) -> None:
    ids = await bury(redis, b"a", b"\xff")
    newest, oldest = await deadletters.list_letters(redis, STREAM)
    assert [newest.letter_id, oldest.letter_id] == ids[::-1]
    assert (oldest.payload, oldest.reason, oldest.error, oldest.detail, oldest.attempts) == (
        b"a", "too_many_failures", "ValueError", "bad", 3,
    )  # fmt: skip
    assert oldest.first_seen < oldest.last_seen
    assert await deadletters.show(redis, STREAM, ids[0]) == oldest
    assert await deadletters.show(redis, STREAM, "1-1") is None
    lines: list[str] = []
    await deadletters.print_letters(redis, STREAM, 1, lines.append)
    assert [orjson.loads(line)["payload"] for line in lines] == ["\ufffd"]


async def test_an_entry_is_buried_once_however_many_hold_it(redis: Redis) -> None:
    group = ConsumerGroup(redis, STREAM, "one")
    await group.ensure()
    entry_id = await redis.xadd(STREAM, {b"d": b"a"})
    await group.read(1, 1)
    letter: dict[str, Any] = {"d": b"a", "reason": "x"}
    assert await group.bury(entry_id, letter) is not None
    assert await group.bury(entry_id, letter) is None
    assert await redis.xlen(dead_letters(STREAM)) == 1


async def test_a_letter_put_back_is_handled_once_more(redis: Redis) -> None:
    first, second = await bury(redis, b"a", b"b")
    assert await deadletters.redrive(redis, STREAM, [first, "1-1"]) == 1
    assert await deadletters.redrive(redis, STREAM, [first]) == 0
    handler = Recorder()
    async with running(redis, handler):
        await eventually(lambda: _seen(handler, [b"a"]))
    assert [letter.letter_id for letter in await deadletters.list_letters(redis, STREAM)] == [second]


async def _seen(handler: Recorder, payloads: list[bytes]) -> bool:
    return handler.seen == payloads


async def test_all_letters_are_put_back_in_their_order(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_consumer.deadletters._PAGE", 2)
    payloads = [b"%d" % number for number in range(5)]
    await bury(redis, *payloads)
    assert await deadletters.redrive(redis, STREAM) == 5
    handler = Recorder()
    async with running(redis, handler):
        await eventually(lambda: _seen(handler, payloads))
    assert await deadletters.redrive(redis, STREAM) == 0


async def test_letters_are_dropped_for_good(redis: Redis) -> None:
    first, _ = await bury(redis, b"a", b"b")
    assert await deadletters.drop(redis, STREAM, [first, "1-1"]) == 1
    assert len(await deadletters.list_letters(redis, STREAM)) == 1


async def test_letters_of_every_shard_are_found(redis: Redis) -> None:
    (first,) = await bury(redis, b"a", stream=f"{STREAM}:{{0}}")
    (second,) = await bury(redis, b"b", stream=f"{STREAM}:{{1}}")
    found = await deadletters.list_letters(redis, STREAM, shards=2)
    assert {letter.payload for letter in found} == {b"a", b"b"}
    letter = await deadletters.show(redis, STREAM, second, shards=2)
    assert letter is not None
    assert await deadletters.drop(redis, STREAM, [first], shards=2) >= 1
    assert await deadletters.redrive(redis, STREAM, shards=2) >= 1
