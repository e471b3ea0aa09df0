"""The outbox on a real Redis: one frame a key, numbers that only grow, what is kept and what is forgotten."""

import asyncio

import orjson
import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core import streams
from core.outbox import KEPT_ACKS, KEPT_FRAMES, Ack, Outbox, decode_delivery

C, U = "0193a2b4-7c1d-7abc-9def-0123456789ab", "u1"
NEVER = 2**52


@pytest.fixture
def outbox(redis: Redis) -> Outbox:
    return Outbox(redis)


async def listen(redis: Redis, *gateways: str) -> None:
    await redis.hset(streams.connections_key(C, U), mapping={f"c-{name}": f"{name}|{NEVER}" for name in gateways})


async def delivered(redis: Redis, gateway: str) -> list[tuple[int, int, bytes]]:
    entries = await redis.xrange(streams.deliveries_key(gateway))
    found = [decode_delivery(fields) for _, fields in entries]
    assert all((each.company_id, each.user_id) == (C, U) for each in found)
    return [(each.frame.seq, each.previous, each.frame.data) for each in found]


async def test_a_frame_is_stored_with_its_number_and_passed_on(outbox: Outbox, redis: Redis) -> None:
    await listen(redis, "g1", "g2")
    first = await outbox.publish(C, U, {"type": "nudge", "n": 'a "quoted" text'}, key="k1")
    second = await outbox.publish(C, U, {"type": "nudge", "n": 2}, key="k2")
    frames = await outbox.after(C, U, 0)
    assert [frame.seq for frame in frames] == [first, second]
    assert orjson.loads(frames[0].data) == {"seq": first, "type": "nudge", "n": 'a "quoted" text'}
    for gateway in ("g1", "g2"):
        assert await delivered(redis, gateway) == [(first, 0, frames[0].data), (second, first, frames[1].data)]
    assert await outbox.after(C, U, first) == frames[1:]
    assert await outbox.after(C, "u2", 0) == []


async def test_the_same_key_gives_the_same_frame_and_reaches_who_came_since(outbox: Outbox, redis: Redis) -> None:
    seqs = await asyncio.gather(*(outbox.publish(C, U, {"type": "nudge", "try": n}, key="k") for n in range(5)))
    await outbox.publish(C, U, {"type": "nudge"}, key="other")
    await listen(redis, "g")
    assert {await outbox.publish(C, U, {"type": "nudge", "try": 6}, key="k")} == set(seqs)
    stored = await outbox.after(C, U, 0)
    assert len(stored) == 2
    assert await delivered(redis, "g") == [(seqs[0], seqs[0] - 1, stored[0].data)]


async def test_numbers_grow_even_when_the_clock_went_back(outbox: Outbox, redis: Redis) -> None:
    ahead = NEVER
    await redis.xadd(streams.frames_key(C, U), {"k": "old", "d": "{}"}, id=f"{ahead}-0")
    assert await outbox.publish(C, U, {"type": "nudge"}, key="k") == ahead + 1


async def test_what_is_kept_is_bounded_and_so_is_the_index(outbox: Outbox, redis: Redis) -> None:
    total = KEPT_FRAMES * 4
    numbers = [await outbox.publish(C, U, {"type": "nudge"}, key=f"k{n}") for n in range(total)]
    assert numbers == sorted(set(numbers))
    length = await redis.xlen(streams.frames_key(C, U))
    assert KEPT_FRAMES <= length < KEPT_FRAMES * 2
    assert await redis.hlen(streams.frame_index_key(C, U)) <= 2 * length + 16
    assert await outbox.publish(C, U, {"type": "nudge"}, key=f"k{total - 1}") == numbers[-1]
    assert await outbox.publish(C, U, {"type": "nudge"}, key="k0") > numbers[-1]
    for key in (streams.frames_key(C, U), streams.frame_index_key(C, U)):
        assert await redis.ttl(key) > 0


async def test_a_passing_frame_is_stored_nowhere(outbox: Outbox, redis: Redis) -> None:
    await listen(redis, "g")
    await outbox.send(C, U, {"type": "typing"})
    assert await delivered(redis, "g") == [(0, 0, b'{"type":"typing"}')]
    assert await redis.exists(streams.frames_key(C, U)) == 0


async def test_a_frame_of_a_stopped_answer_is_not_passed_on_and_those_of_others_are(
    outbox: Outbox, redis: Redis
) -> None:
    await listen(redis, "g")
    assert await outbox.send_unless_stopped(C, U, {"n": 1}, turn_id="t1")
    await redis.set(streams.stop_key(C, U), "t1")
    assert not await outbox.send_unless_stopped(C, U, {"n": 2}, turn_id="t1")
    assert await outbox.send_unless_stopped(C, U, {"n": 3}, turn_id="t2")
    assert await delivered(redis, "g") == [(0, 0, b'{"n":1}'), (0, 0, b'{"n":3}')]


async def test_a_gateway_that_the_script_cannot_reach_is_named_and_the_frame_is_kept(
    outbox: Outbox, redis: Redis
) -> None:
    await listen(redis, "broken", "g")
    await redis.set(streams.deliveries_key("broken"), "not a stream")
    with pytest.raises(ResponseError):
        await outbox.publish(C, U, {"type": "nudge"}, key="k")
    (stored,) = await outbox.after(C, U, 0)
    assert await delivered(redis, "g") == [(stored.seq, 0, stored.data)]
    await redis.delete(streams.deliveries_key("broken"))
    await outbox._pass_on(orjson.dumps((C, U)), (b"7", b"3", stored.data), [b"broken"])
    assert await delivered(redis, "broken") == [(7, 3, stored.data)]
    assert await redis.ttl(streams.deliveries_key("broken")) > 0


async def test_the_epoch_stays_until_redis_is_lost(outbox: Outbox, redis: Redis) -> None:
    epochs = {await outbox.epoch(), (await outbox.read(C, U)).epoch, await outbox.epoch()}
    assert len(epochs) == 1
    await redis.flushall()
    assert await outbox.epoch() not in epochs


async def test_acknowledgements_keep_the_time_of_the_first(outbox: Outbox) -> None:
    acks = [Ack(C, U, "n1", "sent", 10), Ack(C, U, "n1", "shown", 20), Ack(C, U, "n1", "shown", 30)]
    assert await outbox.note_acks(acks) == [10, 20, 20]
    assert await outbox.note_acks([Ack(C, U, "n1", "shown", 40), Ack(C, "u2", "n1", "shown", 50)]) == [20, 50]
    assert await outbox.note_acks([Ack(C, U, "n2", "sent", 60)]) == [60]
    assert (await outbox.read(C, U)).seen == {"n1"}


async def test_acknowledgements_made_up_take_no_more_room_than_a_bound(outbox: Outbox, redis: Redis) -> None:
    await outbox.note_acks([Ack(C, U, f"n{n}", "shown", n) for n in range(KEPT_ACKS * 2 + 5)])
    assert 0 < await redis.hlen(streams.acks_key(C, U)) <= KEPT_ACKS
    assert await redis.ttl(streams.acks_key(C, U)) > 0


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {b"u": b"[]", b"s": b"1", b"p": b"0", b"d": b""},
        {b"u": b'["c","u"]', b"s": b"x", b"p": b"0", b"d": b""},
        {b"u": b"{", b"s": b"1", b"p": b"0", b"d": b""},
        {b"u": b"7", b"s": b"1", b"p": b"0", b"d": b""},
    ],
)
def test_a_delivery_that_is_not_ours_is_refused(fields: dict[bytes, bytes]) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode_delivery(fields)
