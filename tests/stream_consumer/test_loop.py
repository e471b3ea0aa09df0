import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from core.redis import connect
from stream_consumer.entries import DONE, Entry, Failed, Outcome, Postponed
from stream_consumer.group import ConsumerGroup
from tests.stream_consumer.harness import QUICK, STREAM, Recorder, eventually, pending, running


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = connect(redis_url)
    yield client
    await client.aclose()


async def add(redis: Redis, *payloads: bytes) -> list[bytes]:
    return [await redis.xadd(STREAM, {b"d": payload}) for payload in payloads]


async def letters(redis: Redis) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in await redis.xrange(f"{STREAM}:dead")]


def numbered(count: int) -> list[bytes]:
    return [b"%d" % number for number in range(count)]


def failing_on(poison: bytes, error: Exception, *, for_all: bool = True) -> Recorder:
    """A handler that fails whenever `poison` is in the batch: as a whole, or for that entry alone."""

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        if for_all and any(entry.payload == poison for entry in entries):
            raise error
        return [Failed(error) if entry.payload == poison else DONE for entry in entries]

    return Recorder(react)


async def test_every_entry_is_handled_acknowledged_and_trimmed(redis: Redis) -> None:
    handler = Recorder()
    async with running(redis, handler) as consumer:
        await add(redis, *numbered(35))
        await eventually(lambda: _is(len(handler.seen), 35))
        await eventually(lambda: _none_left(redis))
        assert consumer.count("processed") == 35
    assert sorted(handler.seen, key=int) == numbered(35)
    assert max(map(len, handler.batches)) <= QUICK.batch


async def _is(value: object, expected: object) -> bool:
    return value == expected


async def _none_left(redis: Redis) -> bool:
    return await redis.xlen(STREAM) == 0 and await pending(redis) == 0


async def test_entries_written_before_the_group_existed_are_read(redis: Redis) -> None:
    await add(redis, b"early")
    handler = Recorder()
    async with running(redis, handler):
        await eventually(lambda: _is(handler.seen, [b"early"]))


async def test_never_more_is_held_than_slots_times_batch(redis: Redis) -> None:
    gate, most = asyncio.Event(), 0

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        await gate.wait()
        return [DONE] * len(entries)

    await add(redis, *numbered(100))
    handler = Recorder(react)
    async with running(redis, handler, replace(QUICK, batch=4, slots=3)) as consumer:
        await eventually(lambda: _is(consumer.loop.held, 12))
        for _ in range(20):
            most = max(most, consumer.loop.held, await pending(redis))
            await asyncio.sleep(0.01)
        gate.set()
        await eventually(lambda: _none_left(redis))
    assert most == 12


@pytest.mark.parametrize("for_all", [True, False])
async def test_an_entry_that_keeps_failing_is_set_aside_with_its_reason(redis: Redis, for_all: bool) -> None:
    handler = failing_on(b"7", ValueError("bad shape of jo@example.com"), for_all=for_all)
    ids = await add(redis, *numbered(20))
    async with running(redis, handler) as consumer:
        await eventually(lambda: _is(consumer.count("dead"), 1.0))
        await eventually(lambda: _none_left(redis))
        assert consumer.count("failed") == 3
        assert consumer.count("processed") == 19
    (letter,) = await letters(redis)
    assert letter[b"d"] == b"7"
    assert letter[b"reason"] == b"too_many_failures"
    assert letter[b"error"] == b"ValueError"
    assert letter[b"detail"] == b"bad shape of [email]"
    assert letter[b"attempts"] == b"3"
    assert letter[b"original_id"] == ids[7]
    assert int(letter[b"first_seen_ms"]) == int(ids[7].split(b"-")[0]) <= int(letter[b"last_seen_ms"])
    assert await redis.hgetall(f"{STREAM}:attempts") == {}


async def test_a_poisoned_batch_is_halved_so_that_neighbours_are_handled_at_once(redis: Redis) -> None:
    handler = failing_on(b"3", ValueError())
    await add(redis, *numbered(8))
    async with running(redis, handler):
        await eventually(lambda: _done_but_one(redis))
    sizes = [len(batch) for batch in handler.batches[:7]]
    assert sizes == [8, 4, 2, 2, 1, 1, 4]


async def _done_but_one(redis: Redis) -> bool:
    return await pending(redis) <= 1 and (await redis.hlen(f"{STREAM}:attempts")) == 1


async def test_an_outage_is_waited_out_and_never_counted(redis: Redis) -> None:
    away = 6

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        nonlocal away
        away -= 1
        if away > 0:
            raise ConnectionRefusedError
        return [DONE] * len(entries)

    await add(redis, b"a")
    async with running(redis, Recorder(react)) as consumer:
        await eventually(lambda: _none_left(redis))
        assert consumer.count("outages") == 5
        assert consumer.count("failed") == 0
    assert await letters(redis) == []


async def test_a_claimed_entry_is_forgiven_when_it_was_an_outage(redis: Redis) -> None:
    away = 8
    counts: list[int] = []

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        nonlocal away
        away -= 1
        counts.extend(int(value) for value in await redis.hvals(f"{STREAM}:attempts"))
        if away > 0:
            raise ConnectionRefusedError
        return [DONE] * len(entries)

    await _left_behind(redis, b"a")
    async with running(redis, Recorder(react)):
        await eventually(lambda: _none_left(redis))
    assert counts == [1] * 8  # raised before each try, lowered after each outage
    assert await letters(redis) == []
    assert await redis.exists(f"{STREAM}:attempts") == 0


async def _left_behind(redis: Redis, *payloads: bytes) -> None:
    """Let a consumer read entries and die."""
    dead = ConsumerGroup(redis, STREAM, "dead")
    await dead.ensure()
    await add(redis, *payloads)
    assert len(await dead.read(100, 1)) == len(payloads)


async def test_what_a_dead_consumer_held_is_claimed_and_tried_one_by_one(redis: Redis) -> None:
    await _left_behind(redis, *numbered(5))
    handler = Recorder()
    async with running(redis, handler) as consumer:
        await eventually(lambda: _none_left(redis))
        assert consumer.count("claimed") == 5
    assert handler.batches == [[payload] for payload in numbered(5)]


async def test_an_entry_that_ends_every_process_that_tries_it_is_set_aside(redis: Redis) -> None:
    await _left_behind(redis, b"killer", b"neighbour")
    killer_id = (await redis.xrange(STREAM))[0][0]
    for name in ("first", "second", "third"):  # each counts, as the loop does, and dies in the middle
        await asyncio.sleep(0.35)
        victim = ConsumerGroup(redis, STREAM, name)
        assert len(await victim.claim(300, 10)) == 2
        await victim.add_attempt(killer_id)
    handler = Recorder()
    async with running(redis, handler) as consumer:
        await eventually(lambda: _is(consumer.count("dead"), 1.0))
        await eventually(lambda: _none_left(redis))
    assert handler.seen == [b"neighbour"]
    (letter,) = await letters(redis)
    assert (letter[b"d"], letter[b"reason"], letter[b"attempts"]) == (b"killer", b"process_died", b"3")


async def test_suspects_of_a_role_of_long_entries_go_alone_from_the_second_time_on(redis: Redis) -> None:
    together, at_once, company = 0, 0, asyncio.Event()

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        nonlocal together, at_once
        at_once += 1
        together = max(together, at_once)
        if at_once > 1:
            company.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(company.wait(), patience)
        at_once -= 1
        return [DONE]

    await _left_behind(redis, b"1", b"2", b"3")
    patience = 0.1
    for entry_id, _ in await redis.xrange(STREAM):
        await redis.hset(f"{STREAM}:attempts", entry_id, 1)
    async with running(redis, Recorder(react), replace(QUICK, batch=1, slots=3, isolate_after=1)):
        await eventually(lambda: _none_left(redis))
    assert together == 1
    patience = 20
    await _left_behind(redis, b"1", b"2", b"3")
    async with running(redis, Recorder(react), replace(QUICK, batch=1, slots=3, isolate_after=1)):
        await eventually(lambda: _none_left(redis))
    assert together > 1


async def test_an_entry_put_off_comes_back_soon_and_blocks_nobody(redis: Redis) -> None:
    puts_off = 4

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        nonlocal puts_off
        outcomes: list[Outcome] = []
        for entry in entries:
            later = entry.payload == b"locked" and puts_off > 0
            puts_off -= later
            outcomes.append(Postponed(0.03) if later else DONE)
        return outcomes

    handler = Recorder(react)
    await add(redis, b"locked", b"free")
    policy = replace(QUICK, batch=1, claim_idle_ms=60_000, claim_every_seconds=30)
    async with running(redis, handler, policy) as consumer:
        await eventually(lambda: _none_left(redis))
        assert consumer.count("failed") == 0
    assert handler.seen.index(b"free") == 1
    assert handler.seen.count(b"locked") == 5


async def test_an_entry_put_off_comes_back_soon_though_redis_has_another_idea_of_the_time(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_back = ConsumerGroup.give_back

    async def too_late(group: ConsumerGroup, entry_id: bytes, idle_ms: int, *, as_new: bool) -> None:
        await give_back(group, entry_id, idle_ms - 150, as_new=as_new)

    monkeypatch.setattr(ConsumerGroup, "give_back", too_late)
    handler = Recorder(lambda entries: _first_time_put_off(handler, entries))
    await add(redis, b"locked")
    policy = replace(QUICK, claim_idle_ms=60_000, claim_every_seconds=3600)
    async with running(redis, handler, policy):
        await eventually(lambda: _none_left(redis))
    assert handler.seen == [b"locked"] * 2


async def _first_time_put_off(handler: Recorder, entries: Sequence[Entry]) -> Sequence[Outcome]:
    return [Postponed(0.03) if len(handler.batches) == 1 else DONE for _ in entries]


async def test_two_consumers_share_a_group_without_doing_anything_twice(redis: Redis) -> None:
    one, two = Recorder(), Recorder()
    async with running(redis, one), running(redis, two):
        for start in range(0, 400, 40):
            await add(redis, *numbered(400)[start : start + 40])
            await asyncio.sleep(0.005)
        await eventually(lambda: _none_left(redis))
    assert sorted(one.seen + two.seen, key=int) == numbered(400)


async def test_a_long_handler_keeps_its_claim(redis: Redis) -> None:
    gate = asyncio.Event()

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        await gate.wait()
        return [DONE] * len(entries)

    slow, other = Recorder(react), Recorder()
    policy = replace(QUICK, claim_idle_ms=1500)  # renewed each half second: a machine may be late by a whole one
    await add(redis, b"a")
    async with running(redis, slow, policy):
        await eventually(lambda: _is(slow.seen, [b"a"]))
        async with running(redis, other, policy):
            await asyncio.sleep(2)
        gate.set()
        await eventually(lambda: _none_left(redis))
    assert other.seen == []


async def test_trimming_stops_at_the_oldest_pending_entry_of_any_consumer(redis: Redis) -> None:
    group = ConsumerGroup(redis, STREAM, "one")
    other = ConsumerGroup(redis, STREAM, "two")
    await group.ensure()
    ids = await add(redis, *numbered(6))
    mine = [entry.entry_id for entry in await group.read(2, 1)]
    theirs = [entry.entry_id for entry in await other.read(2, 1)]
    await other.acknowledge(theirs)
    assert await group.trim() == 0
    await group.acknowledge(mine[:1])
    assert await other.trim() == 1
    await group.acknowledge(mine[1:])
    assert await other.trim() == 3
    assert [entry_id for entry_id, _ in await redis.xrange(STREAM)] == ids[4:]


async def test_trimming_waits_for_every_group(redis: Redis) -> None:
    group = ConsumerGroup(redis, STREAM, "one")
    await group.ensure()
    await redis.xgroup_create(STREAM, "observers", id="0")
    await add(redis, *numbered(3))
    await group.acknowledge([entry.entry_id for entry in await group.read(9, 1)])
    assert await group.trim() == 0
    await redis.xgroup_setid(STREAM, "observers", "$")
    assert await group.trim() == 3


async def test_a_lost_group_is_made_again_and_reads_from_the_start(redis: Redis) -> None:
    handler = Recorder()
    async with running(redis, handler):
        await add(redis, b"before")
        await eventually(lambda: _is(handler.seen, [b"before"]))
        await redis.flushall()
        await add(redis, b"after")
        await eventually(lambda: _is(handler.seen, [b"before", b"after"]))


async def test_stopping_finishes_what_is_under_way_and_leaves_the_group(redis: Redis) -> None:
    gate = asyncio.Event()

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        await gate.wait()
        return [DONE] * len(entries)

    handler = Recorder(react)
    await add(redis, b"a")
    async with running(redis, handler) as consumer:
        await eventually(lambda: _is(handler.seen, [b"a"]))
        consumer.stop.set()
        await add(redis, b"b")
        gate.set()
    assert handler.seen == [b"a"]
    assert await pending(redis) == 0
    assert await redis.xinfo_consumers(STREAM, "workers") == []


async def test_stopping_during_an_outage_leaves_the_entries_to_others(redis: Redis) -> None:
    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        raise ConnectionRefusedError

    handler = Recorder(react)
    await add(redis, b"a")
    async with running(redis, handler):
        await eventually(lambda: _is(len(handler.batches) > 1, True))
    assert await pending(redis) == 1
    assert len(await redis.xinfo_consumers(STREAM, "workers")) == 1
    successor = Recorder()
    async with running(redis, successor):
        await eventually(lambda: _none_left(redis))
    assert successor.seen == [b"a"]


async def test_only_silent_consumers_without_entries_are_removed(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stream_consumer.group.SILENT_CONSUMER_MS", 50)
    idle, holding = ConsumerGroup(redis, STREAM, "idle"), ConsumerGroup(redis, STREAM, "holding")
    await idle.ensure()
    await idle.read(1, 1)
    await add(redis, b"a")
    await holding.read(1, 1)
    await asyncio.sleep(0.1)
    await ConsumerGroup(redis, STREAM, "sweeper").sweep_consumers()
    assert [row["name"] for row in await redis.xinfo_consumers(STREAM, "workers")] == [b"holding"]


async def test_the_backlog_is_published(redis: Redis) -> None:
    gate = asyncio.Event()

    async def react(entries: Sequence[Entry]) -> Sequence[Outcome]:
        await gate.wait()
        return [DONE] * len(entries)

    await add(redis, *numbered(25))
    async with running(redis, Recorder(react)) as consumer:
        await eventually(lambda: _is((consumer.count("lag"), consumer.count("pending")), (15.0, 10.0)))
        gate.set()
        await eventually(lambda: _is((consumer.count("lag"), consumer.count("pending")), (0.0, 0.0)))


async def test_the_backlog_after_a_deletion_in_the_middle_is_an_upper_bound(redis: Redis) -> None:
    group = ConsumerGroup(redis, STREAM, "one")
    await group.ensure()
    ids = await add(redis, *numbered(5))
    await group.read(1, 1)
    await redis.xdel(STREAM, ids[2])
    assert (await group.backlog()).waiting >= 3
