"""Users' windows in Redis: read many at once, written only if nobody else wrote in between.

The version of a window is compared and raised inside Redis. Whoever loses folds its events again into what the winner
left; since folding knows events by id, nothing counts twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from core import streams
from detection.window import Window, decode_window, encode_window
from stream_consumer.batch import UserKey

WINDOW_TTL_SECONDS: Final = 6 * 3600
"""Life of a window that nobody touches; later it is rebuilt from PostgreSQL."""

_STORE: Final = """
if (redis.call('HGET', KEYS[1], 'v') or '') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
"""


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
        self._store = sha1(_STORE.encode(), usedforsecurity=False).hexdigest()

    async def load(self, users: Sequence[UserKey]) -> dict[UserKey, Versioned]:
        """Read the window of each user in one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for user in users:
            pipeline.hmget(streams.session_key(*user), ("v", "d"))
        replies: list[Any] = await pipeline.execute()
        return {
            user: Versioned(version or b"", _decode(data)) for user, (version, data) in zip(users, replies, strict=True)
        }

    async def store(self, windows: Mapping[UserKey, tuple[bytes, Window]], now_ms: int) -> list[UserKey]:
        """Write windows over the versions they were read at; returns the users whose window had changed meanwhile."""
        pipeline = self._redis.pipeline(transaction=False)
        for user, (version, window) in windows.items():
            data, key = encode_window(window), streams.session_key(*user)
            pipeline.evalsha(self._store, 1, key, version, _next_version(version, now_ms), data, WINDOW_TTL_SECONDS)
        try:
            replies: list[int] = await pipeline.execute()
        except NoScriptError:  # a Redis that was started again; none of the batch was written
            await self._redis.script_load(_STORE)
            return await self.store(windows, now_ms)
        return [user for user, stored in zip(windows, replies, strict=True) if not stored]

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
