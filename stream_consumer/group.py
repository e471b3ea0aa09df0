"""One stream seen as a member of its consumer group: read, claim, renew, acknowledge, bury, trim, leave.

Thin over Redis; nothing is decided here. Every method may raise what `core.redis.is_outage` recognises, and
`is_group_lost` recognises a Redis that came back empty.
"""

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from core import streams
from core.ids import new_id
from stream_consumer import scripts
from stream_consumer.entries import Entry

SILENT_CONSUMER_MS: Final = 600_000
"""Silence after which a consumer that holds nothing is removed from the group."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How far a group is behind: entries never delivered, and entries delivered but not acknowledged."""

    waiting: int
    pending: int


def unique_consumer_name() -> str:
    """Return a name that no other consumer has or had: a restarted process is another consumer."""
    return f"{socket.gethostname()}-{os.getpid()}-{new_id()[-8:]}"


def is_group_lost(error: BaseException) -> bool:
    """Tell whether Redis does not know the stream or group any more, as after a loss of its data."""
    text = str(error)
    return isinstance(error, ResponseError) and (
        "NOGROUP" in text or "no such key" in text or "requires the key to exist" in text
    )


class ConsumerGroup:
    """The group `workers` of one stream, through the eyes of one consumer."""

    def __init__(self, redis: Redis, stream: str, consumer: str) -> None:
        self.stream = stream
        self.consumer = consumer
        self._redis = redis
        self._claim = redis.register_script(scripts.CLAIM)
        self._renew = redis.register_script(scripts.RENEW)
        self._give_back = redis.register_script(scripts.GIVE_BACK)
        self._bury = redis.register_script(scripts.BURY)
        self._trim = redis.register_script(scripts.TRIM)
        self._leave = redis.register_script(scripts.LEAVE)

    async def ensure(self) -> None:
        """Create the stream and its group where they are missing; the group starts at the oldest entry."""
        try:
            await self._redis.xgroup_create(self.stream, streams.GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def read(self, count: int, block_ms: int) -> list[Entry]:
        """Return up to `count` entries that nobody has seen yet, waiting at most `block_ms`."""
        reply: Any = await self._redis.xreadgroup(
            streams.GROUP, self.consumer, {self.stream: ">"}, count=count, block=block_ms
        )
        if not reply:
            return []
        rows = reply[0][1]
        return [Entry(self.stream, entry_id, fields.get(streams.FIELD, b"")) for entry_id, fields in rows]

    async def claim(self, min_idle_ms: int, count: int) -> list[Entry]:
        """Take over up to `count` entries that nobody has renewed for `min_idle_ms`."""
        rows: Any = await self._claim([self.stream], [streams.GROUP, self.consumer, min_idle_ms, count])
        return [Entry(self.stream, entry_id, payload, int(times), True) for entry_id, times, payload in rows]

    async def renew(self, entry_ids: Sequence[bytes]) -> set[bytes]:
        """Keep others from claiming what we hold; returns the ids that are still ours."""
        return set(cast(list[bytes], await self._renew([self.stream], [streams.GROUP, self.consumer, *entry_ids])))

    async def acknowledge(self, entry_ids: Sequence[bytes], *, forget: Sequence[bytes] = ()) -> None:
        """Take entries off the pending list; `forget` names those that may have attempts on record."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.xack(self.stream, streams.GROUP, *entry_ids)
        if forget:
            pipeline.hdel(streams.attempts_key(self.stream), *forget)
        await pipeline.execute()

    async def add_attempt(self, entry_id: bytes) -> int:
        """Count an attempt against an entry; returns how many there are now."""
        return await self._redis.hincrby(streams.attempts_key(self.stream), cast(str, entry_id), 1)

    async def take_attempt_back(self, entry_id: bytes) -> None:
        """Undo `add_attempt`: it was not the entry's fault."""
        key = streams.attempts_key(self.stream)
        if await self._redis.hincrby(key, cast(str, entry_id), -1) <= 0:
            await self._redis.hdel(key, cast(str, entry_id))

    async def attempts(self, entry_ids: Sequence[bytes]) -> list[int]:
        """Return the attempts counted against each entry."""
        values = await self._redis.hmget(streams.attempts_key(self.stream), cast(list[str], list(entry_ids)))
        return [int(value or 0) for value in values]

    async def give_back(self, entry_id: bytes, idle_ms: int, *, as_new: bool) -> None:
        """Let any consumer claim an entry as if it had been idle for `idle_ms`; `as_new` clears its delivery count."""
        arguments: list[str | bytes | int] = [streams.GROUP, self.consumer, entry_id, max(0, idle_ms)]
        arguments.append(0 if as_new else "")
        await self._give_back([self.stream], arguments)

    async def bury(self, entry_id: bytes, letter: Mapping[str, str | bytes | int]) -> bytes | None:
        """Move an entry to the dead letters; returns the letter's id, or None when another consumer dealt with it."""
        keys = [self.stream, streams.dead_letters(self.stream), streams.attempts_key(self.stream)]
        fields = [part for pair in letter.items() for part in pair]
        return cast(bytes | None, await self._bury(keys, [streams.GROUP, entry_id, *fields]))

    async def trim(self) -> int:
        """Remove entries that every group is done with; returns how many."""
        return cast(int, await self._trim([self.stream]))

    async def leave(self) -> None:
        """Take this consumer out of the group, unless it still holds entries: those wait for a claim."""
        await self._leave([self.stream], [streams.GROUP, self.consumer, 0])

    async def sweep_consumers(self) -> None:
        """Remove consumers that hold nothing and have been silent for long: processes that were killed."""
        await self._leave([self.stream], [streams.GROUP, "", SILENT_CONSUMER_MS])

    async def backlog(self) -> Backlog:
        """Return how far behind the group is."""
        groups: Iterable[Mapping[str, Any]] = await self._redis.xinfo_groups(self.stream)
        info = next((row for row in groups if row["name"] == streams.GROUP.encode()), None)
        if info is None:
            raise ResponseError("NOGROUP")
        lag = info["lag"]
        # Redis cannot tell the lag after a deletion in the middle; the length is then an upper bound.
        waiting = int(lag) if lag is not None else int(await self._redis.xlen(self.stream))
        return Backlog(waiting, int(info["pending"]))
