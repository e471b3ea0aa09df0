"""Users' windows in Redis: read many at once, written only if nobody else wrote in between.

The version of a window is compared and raised inside Redis. Whoever loses folds its events again into what the winner
left; since folding knows events by id, nothing counts twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from itertools import chain
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from core import streams
from detection.window import Window, decode_window, encode_window
from stream_consumer.batch import UserKey

WINDOW_TTL_SECONDS: Final = 6 * 3600
"""Life of a window that nobody touches; later it is rebuilt from PostgreSQL."""

# Returns version and data of each window.
_LOAD: Final = """
local found = {}
for place, key in ipairs(KEYS) do found[place] = redis.call('HMGET', key, 'v', 'd') end
return found
"""

# Writes each window whose version is still the one that was read, and tells which were written. ARGV: the life of a
# window, then for each key the version read, the next version and the data.
_STORE: Final = """
local stored = {}
for place, key in ipairs(KEYS) do
    local at = place * 3 - 1
    if (redis.call('HGET', key, 'v') or '') == ARGV[at] then
        redis.call('HSET', key, 'v', ARGV[at + 1], 'd', ARGV[at + 2])
        redis.call('EXPIRE', key, ARGV[1])
        stored[place] = 1
    else
        stored[place] = 0
    end
end
return stored
"""
_USERS_A_CALL: Final = 200
"""A script call holds Redis up for as long as it runs: 1 ms was measured for 200 windows of 1.5 kB."""


@dataclass(frozen=True, slots=True)
class Versioned:
    """A window as read: `window` is None when Redis has none that this program can read."""

    version: bytes
    window: Window | None


class WindowStore:
    """The windows of all users."""

    def __init__(self, redis: Redis, shards: int) -> None:
        self._redis = redis
        self._shards = shards

    async def load(self, users: Sequence[UserKey]) -> dict[UserKey, Versioned]:
        """Read the window of each user in one round trip."""
        found = await self._call(_LOAD, users, ())
        return {user: Versioned(version or b"", _decode(data)) for user, (version, data) in found.items()}

    async def store(self, windows: Mapping[UserKey, tuple[bytes, Window]], now_ms: int) -> list[UserKey]:
        """Write windows over the versions they were read at; returns the users whose window had changed meanwhile."""
        rows = [
            (version, _next_version(version, now_ms), encode_window(window)) for version, window in windows.values()
        ]
        stored = await self._call(_STORE, list(windows), (WINDOW_TTL_SECONDS,), rows)
        return [user for user, written in stored.items() if not written]

    async def _call(
        self, script: str, users: Sequence[UserKey], common: tuple[Any, ...], rows: Sequence[tuple[Any, ...]] = ()
    ) -> dict[UserKey, Any]:
        """Run a script over the users' windows, in one round trip, and return its answer for each.

        One call takes many windows, except in a cluster, where each user's keys are in a slot of their own.
        """
        size = _USERS_A_CALL if self._shards == 1 else 1
        pipeline = self._redis.pipeline(transaction=False)
        for start in range(0, len(users), size):
            part = slice(start, start + size)
            keys = [streams.session_key(*user) for user in users[part]]
            pipeline.evalsha(_sha(script), len(keys), *keys, *common, *chain.from_iterable(rows[part]))
        try:
            replies: list[list[Any]] = await pipeline.execute()
        except NoScriptError:  # a Redis that was started again; none of the calls did anything
            await self._redis.script_load(script)
            return await self._call(script, users, common, rows)
        return dict(zip(users, chain.from_iterable(replies), strict=True))

    async def set_deadlines(self, deadlines: Mapping[UserKey, int]) -> None:
        """Have the sweeper look at users at these moments (Unix ms), or earlier where it was going to already.

        Never later: one that comes too early costs a look, one that another consumer had put off would be lost.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for key, members in self._by_shard(deadlines).items():
            pipeline.zadd(key, members, lt=True)
        if deadlines:
            await pipeline.execute()

    def _by_shard(self, deadlines: Mapping[UserKey, int]) -> dict[str, dict[str, int]]:
        shards: dict[str, dict[str, int]] = {}
        for user, at_ms in deadlines.items():
            key = streams.idle_deadlines_key(streams.shard_number(self._shards, *user))
            shards.setdefault(key, {})[member_of(user)] = at_ms
        return shards


@cache
def _sha(script: str) -> str:
    return sha1(script.encode(), usedforsecurity=False).hexdigest()


def member_of(user: UserKey) -> str:
    """Return a user as a member of a sorted set; a company id holds no colon, so it can be split again."""
    return f"{user.company_id}:{user.user_id}"


def user_of(member: bytes) -> UserKey:
    """Return the user that a member of a sorted set stands for."""
    company_id, _, user_id = member.decode().partition(":")
    return UserKey(company_id, user_id)


def _next_version(version: bytes, now_ms: int) -> int:
    """Versions carry the time, so that a window which was lost and made anew is never taken for the one before."""
    return max(int(version or 0) + 1, now_ms)


def _decode(data: bytes | None) -> Window | None:
    try:
        return decode_window(data) if data else None
    except ValueError:
        return None
