"""The outbox: frames on their way to a user's sockets, durable until the user has seen them.

A durable frame gets a sequence number and stays in the user's own stream, from which a reconnecting client is brought
up to date; it also goes to each gateway that holds a socket of the user. Publishing the same key twice makes one
frame, so a turn that runs again delivers nothing twice.

Sequence numbers are Unix milliseconds, moved on where two would be equal: they increase per user without a counter
that could be lost or expire. Since they have gaps, each delivery names the number before its own: by that a gateway
knows that it missed one, or that two publishers overtook each other, and reads the user's stream.

A frame is stored and passed on by one script call, so both happen in the same order. On Redis Cluster a gateway's
stream may live on another node than the user's keys; then the script says so, and the publisher passes the frame on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import orjson
from redis.asyncio import Redis

from core import streams
from core.ids import new_id

KEPT_FRAMES: Final = 200
"""Durable frames kept per user; older nudges are found in PostgreSQL."""
FRAMES_TTL_SECONDS: Final = 7 * 86_400
DELIVERIES_KEPT: Final = 100_000
"""Entries kept of a gateway's delivery stream; one that falls further behind reads the users' streams instead."""
DELIVERIES_TTL_SECONDS: Final = 120
KEPT_ACKS: Final = 500
"""Acknowledgements remembered per user; a client that makes up more starts anew."""

# Passes a frame on to each gateway that holds a live socket of the user; returns those it could not reach from here.
# ARGV: 1 address, 2 prefix of delivery keys, 3 entries kept, 4 seconds kept
_ROUTING: Final = """
local clock = redis.call('TIME')
local now_ms = tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000)

local function pass_on(connections_key, seq, previous, data)
    local unreached, done = {}, {}
    local connections = redis.call('HGETALL', connections_key)
    for i = 1, #connections, 2 do
        local gateway, expires = string.match(connections[i + 1], '^(.*)|(%d+)$')
        if not gateway or tonumber(expires) <= now_ms then
            redis.call('HDEL', connections_key, connections[i])
        elseif not done[gateway] then
            done[gateway] = true
            local added = redis.pcall('XADD', ARGV[2] .. gateway, 'MAXLEN', '~', ARGV[3], '*',
                                      'u', ARGV[1], 's', seq, 'p', previous, 'd', data)
            if type(added) == 'table' and added.err then
                unreached[#unreached + 1] = gateway
            else
                redis.call('EXPIRE', ARGV[2] .. gateway, ARGV[4])
            end
        end
    end
    return unreached
end
"""

# Stores a frame, unless its key has one already, and passes it on. The index (key → number) spares a search; when it
# has outgrown the stream it is made anew from what the stream still holds.
# KEYS: 1 frames, 2 connections, 3 index. ARGV, further: 5 key of the frame, 6 frame, 7 frames kept, 8 seconds kept
_PUBLISH: Final = (
    _ROUTING
    + """
local known = redis.call('HGET', KEYS[3], ARGV[5])
local stored = known and redis.call('XRANGE', KEYS[1], known .. '-0', known .. '-0')[1]
if stored then
    local previous, frame = string.format('%d', tonumber(known) - 1), stored[2][4]
    return {known, previous, frame, pass_on(KEYS[2], known, previous, frame)}
end

local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local previous = newest and string.match(newest[1], '^%d+') or '0'
local seq = string.format('%d', math.max(tonumber(previous) + 1, now_ms))
local frame = '{"seq":' .. seq .. ',' .. string.sub(ARGV[6], 2)
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[7], seq .. '-0', 'k', ARGV[5], 'd', frame)
redis.call('EXPIRE', KEYS[1], ARGV[8])
redis.call('HSET', KEYS[3], ARGV[5], seq)
redis.call('EXPIRE', KEYS[3], ARGV[8])
if redis.call('HLEN', KEYS[3]) > 2 * redis.call('XLEN', KEYS[1]) + 16 then
    redis.call('DEL', KEYS[3])
    for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do
        redis.call('HSET', KEYS[3], entry[2][2], string.match(entry[1], '^%d+'))
    end
    redis.call('EXPIRE', KEYS[3], ARGV[8])
end
return {seq, previous, frame, pass_on(KEYS[2], seq, previous, frame)}
"""
)

# KEYS: 1 connections. ARGV, further: 5 frame
_SEND: Final = _ROUTING + "return pass_on(KEYS[1], '0', '0', ARGV[5])"

# Passes a frame on unless the user has stopped what it belongs to; returns 0 then. One call does both, since a
# sentence waits for it. KEYS: 1 connections, 2 stop. ARGV, further: 5 frame, 6 what the frame belongs to
_SEND_UNLESS_STOPPED: Final = (
    _ROUTING
    + """
if redis.call('GET', KEYS[2]) == ARGV[6] then
    return 0
end
return pass_on(KEYS[1], '0', '0', ARGV[5])
"""
)

# Keeps the time at which an acknowledgement came first, and returns it.
# KEYS: 1 acknowledgements. ARGV: 1 field, 2 now in ms, 3 seconds kept, 4 acknowledgements kept
_NOTE_ACK: Final = """
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 then
    if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4]) then
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    end
    redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return redis.call('HGET', KEYS[1], ARGV[1])
"""


_PUBLISH_KEYS: Final = (streams.frames_key, streams.connections_key, streams.frame_index_key)


class Frame(NamedTuple):
    """A durable frame as stored: its number and its bytes, ready to be sent. A number of 0 marks a passing frame."""

    seq: int
    data: bytes


class Delivery(NamedTuple):
    """A frame on its way to a gateway. `previous` is the number of the user's frame before it."""

    company_id: str
    user_id: str
    frame: Frame
    previous: int


class Stored(NamedTuple):
    """What Redis holds of a user's outbox. `seen` are the nudges that a page has reported as shown or more."""

    epoch: str
    frames: list[Frame]
    seen: frozenset[str]


class Ack(NamedTuple):
    """A user's report of one nudge; `at_ms` is our clock."""

    company_id: str
    user_id: str
    nudge_id: str
    status: str
    at_ms: int


class Outbox:
    """Publishes frames to users and reads back what they may have missed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._publish = redis.register_script(_PUBLISH)
        self._send = redis.register_script(_SEND)
        self._send_unless_stopped = redis.register_script(_SEND_UNLESS_STOPPED)

    async def publish(self, company_id: str, user_id: str, frame: Mapping[str, Any], *, key: str) -> int:
        """Store a durable frame under `key` and pass it to the user's gateways; returns its sequence number."""
        keys = [key_of(company_id, user_id) for key_of in _PUBLISH_KEYS]
        address = _address(company_id, user_id)
        rest: list[Any] = [key, orjson.dumps(frame), KEPT_FRAMES, FRAMES_TTL_SECONDS]
        seq, previous, data, unreached = await self._publish(keys, [*_route(address), *rest])
        await self._pass_on(address, (seq, previous, data), unreached)
        return int(seq)

    async def send(self, company_id: str, user_id: str, frame: Mapping[str, Any]) -> None:
        """Pass a passing frame (a delta, a status) to the user's gateways; whoever is away misses it."""
        address, data = _address(company_id, user_id), orjson.dumps(frame)
        unreached = await self._send([streams.connections_key(company_id, user_id)], [*_route(address), data])
        await self._pass_on(address, (b"0", b"0", data), unreached)

    async def send_unless_stopped(
        self, company_id: str, user_id: str, frame: Mapping[str, Any], *, turn_id: str
    ) -> bool:
        """Pass a passing frame of a turn's answer on; False, and nothing sent, if the user has stopped that answer."""
        address, data = _address(company_id, user_id), orjson.dumps(frame)
        keys = [streams.connections_key(company_id, user_id), streams.stop_key(company_id, user_id)]
        unreached = await self._send_unless_stopped(keys, [*_route(address), data, turn_id])
        if unreached == 0:
            return False
        await self._pass_on(address, (b"0", b"0", data), unreached)
        return True

    async def after(self, company_id: str, user_id: str, seq: int) -> list[Frame]:
        """Return the stored frames after `seq`, in order."""
        key = streams.frames_key(company_id, user_id)
        return _frames(await self._redis.xrange(key, min=f"({seq}-0" if seq else "-"))

    async def read(self, company_id: str, user_id: str) -> Stored:
        """Return all that Redis holds of a user's outbox, in one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        self._add_epoch(pipeline)
        pipeline.xrange(streams.frames_key(company_id, user_id))
        pipeline.hkeys(streams.acks_key(company_id, user_id))
        _, epoch, entries, acks = await pipeline.execute()
        return Stored(epoch.decode(), _frames(entries), _seen(acks))

    async def epoch(self) -> str:
        """Return the epoch of this Redis; it changes when Redis was lost, and then clients forget their number."""
        pipeline = self._redis.pipeline(transaction=False)
        self._add_epoch(pipeline)
        _, epoch = await pipeline.execute()
        return cast(bytes, epoch).decode()

    async def note_acks(self, acks: Sequence[Ack]) -> list[int]:
        """Remember acknowledgements; returns for each the time (ms) at which it came first, from whichever tab."""
        pipeline = self._redis.pipeline(transaction=False)
        for ack in acks:
            key, field = streams.acks_key(ack.company_id, ack.user_id), f"{ack.nudge_id}:{ack.status}"
            pipeline.eval(_NOTE_ACK, 1, key, field, str(ack.at_ms), str(FRAMES_TTL_SECONDS), str(KEPT_ACKS))
        return [int(first) for first in await pipeline.execute()]

    @staticmethod
    def _add_epoch(pipeline: Any) -> None:
        pipeline.set(streams.EPOCH_KEY, new_id(), nx=True)
        pipeline.get(streams.EPOCH_KEY)

    async def _pass_on(self, address: bytes, values: tuple[bytes, bytes, bytes], gateways: Sequence[bytes]) -> None:
        """Pass a frame to gateways whose streams live on another node of a cluster."""
        if not gateways:
            return
        entry: Any = {b"u": address, **dict(zip((b"s", b"p", b"d"), values, strict=True))}
        pipeline = self._redis.pipeline(transaction=False)
        for gateway in gateways:
            key = streams.deliveries_key(gateway.decode())
            pipeline.xadd(key, entry, maxlen=DELIVERIES_KEPT, approximate=True)
            pipeline.expire(key, DELIVERIES_TTL_SECONDS)
        await pipeline.execute()


def decode_delivery(fields: Mapping[bytes, bytes]) -> Delivery:
    """Decode an entry of a delivery stream; raises ValueError for anything that we did not write."""
    try:
        company_id, user_id = orjson.loads(fields[b"u"])
        return Delivery(company_id, user_id, Frame(int(fields[b"s"]), fields[b"d"]), int(fields[b"p"]))
    except (KeyError, TypeError) as error:
        raise ValueError("not a delivery") from error


def _address(company_id: str, user_id: str) -> bytes:
    return orjson.dumps((company_id, user_id))


def _route(address: bytes) -> list[Any]:
    return [address, streams.deliveries_key(""), DELIVERIES_KEPT, DELIVERIES_TTL_SECONDS]


def _frames(entries: Any) -> list[Frame]:
    return [Frame(int(entry_id.split(b"-")[0]), fields[b"d"]) for entry_id, fields in entries]


def _seen(acks: Any) -> frozenset[str]:
    """A nudge counts as seen by every report but our own `sent`."""
    reports = (field.decode().rpartition(":") for field in acks)
    return frozenset(nudge_id for nudge_id, _, status in reports if status != "sent")
