"""The outbox: frames on their way to a user's sockets, durable until the user has seen them.

A durable frame gets a sequence number and stays in the user's own stream, from which a reconnecting client is brought
up to date; it also goes to each gateway that holds a socket of the user. Publishing the same key twice makes one
frame, so a turn that runs again delivers nothing twice.

Sequence numbers are Unix milliseconds, moved on where two would be equal: they increase per user without a counter
that could be lost or expire.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

import orjson
from redis.asyncio import Redis

from core import streams
from core.ids import new_id

KEPT_FRAMES: Final = 200
"""Durable frames kept per user; older nudges are found in PostgreSQL."""
FRAMES_TTL_SECONDS: Final = 7 * 86_400
DELIVERIES_KEPT: Final = 100_000
"""Entries kept of a gateway's delivery stream; one that falls further behind lets its clients resume."""
DELIVERIES_TTL_SECONDS: Final = 120

_PUBLISH: Final = """
local seen = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', ARGV[3])
local last = 0
if #seen > 0 then last = tonumber(string.match(seen[1][1], '^%d+')) end
for _, entry in ipairs(seen) do
    if entry[2][2] == ARGV[1] then
        return {string.match(entry[1], '^%d+'), entry[2][4], redis.call('HGETALL', KEYS[2])}
    end
end
local now = redis.call('TIME')
local seq = math.max(last + 1, tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000))
local text = string.format('%d', seq)
local frame = '{"seq":' .. text .. ',' .. string.sub(ARGV[2], 2)
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], text .. '-0', 'k', ARGV[1], 'd', frame)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {text, frame, redis.call('HGETALL', KEYS[2])}
"""


class Frame(NamedTuple):
    """A durable frame as stored: its number and its bytes, ready to be sent."""

    seq: int
    data: bytes


class Outbox:
    """Publishes frames to users and reads back what they may have missed."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._publish = redis.register_script(_PUBLISH)

    async def publish(self, company_id: str, user_id: str, frame: Mapping[str, Any], *, key: str) -> int:
        """Store a durable frame under `key` and pass it to the user's gateways; returns its sequence number."""
        keys = [streams.frames_key(company_id, user_id), streams.connections_key(company_id, user_id)]
        reply = await self._publish(keys, [key, orjson.dumps(frame), KEPT_FRAMES, FRAMES_TTL_SECONDS])
        seq, data, connections = int(reply[0]), cast(bytes, reply[1]), cast(list[bytes], reply[2])
        await self._deliver(company_id, user_id, seq, data, connections[1::2])
        return seq

    async def send(self, company_id: str, user_id: str, frame: Mapping[str, Any]) -> None:
        """Pass a passing frame (a delta, a status) to the user's gateways; whoever is away misses it."""
        connections = cast(list[bytes], await self._redis.hvals(streams.connections_key(company_id, user_id)))
        await self._deliver(company_id, user_id, 0, orjson.dumps(frame), connections)

    async def after(self, company_id: str, user_id: str, seq: int) -> list[Frame]:
        """Return the stored frames after `seq`, in order."""
        key = streams.frames_key(company_id, user_id)
        entries: Any = await self._redis.xrange(key, min=f"({seq}-0" if seq else "-")
        return [Frame(int(entry_id.split(b"-")[0]), fields[b"d"]) for entry_id, fields in entries]

    async def epoch(self) -> str:
        """Return the epoch of this Redis; it changes when Redis was lost, and then clients forget their number."""
        fresh = new_id()
        await self._redis.set(streams.EPOCH_KEY, fresh, nx=True)
        stored = cast(bytes | None, await self._redis.get(streams.EPOCH_KEY))
        return stored.decode() if stored else fresh

    async def _deliver(
        self, company_id: str, user_id: str, seq: int, data: bytes, connections: Iterable[bytes]
    ) -> None:
        gateways = live_gateways(connections, int(time.time() * 1000))
        if not gateways:
            return
        entry: Any = {b"u": orjson.dumps((company_id, user_id)), b"s": seq, b"d": data}
        pipeline = self._redis.pipeline(transaction=False)
        for gateway in gateways:
            key = streams.deliveries_key(gateway)
            pipeline.xadd(key, entry, maxlen=DELIVERIES_KEPT, approximate=True)
            pipeline.expire(key, DELIVERIES_TTL_SECONDS)
        await pipeline.execute()


def live_gateways(connections: Iterable[bytes], now_ms: int) -> set[str]:
    """Return the gateways that hold a live socket, from the values of a user's `ws_connections` hash."""
    gateways = set()
    for value in connections:
        gateway, _, expires_ms = value.decode().rpartition("|")
        if gateway and expires_ms.isdigit() and int(expires_ms) > now_ms:
            gateways.add(gateway)
    return gateways
