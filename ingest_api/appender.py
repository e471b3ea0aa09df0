"""Group commit into the event streams: requests that arrive while a script call is under way share the next one.

Each request is answered after its own events are stored, all of them in one atomic call, or none. The queue is
bounded; when it is full, or Redis is away or out of memory, the caller is told to come back. A call whose answer got
lost may have stored its events: the caller's retry then makes duplicates, which the event ids absorb.
"""

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from core.errors import Unavailable
from core.redis import is_outage

MAX_GROUP: Final = 1_000
"""Events in one script call: about a millisecond of Redis' time."""
MAX_WAITING: Final = 20_000
"""Events waiting in one process; more is a 503."""
RETRY_AFTER_SECONDS: Final = 2

# One argument per request, its entries separated by newlines, which JSON never contains raw: packing one argument per
# event would cost the API more than everything else here.
SCRIPT: Final = """
local stored = 0
for i = 1, #ARGV do
    for entry in string.gmatch(ARGV[i], '[^\\n]+') do
        redis.call('XADD', KEYS[1], '*', 'd', entry)
        stored = stored + 1
    end
end
return stored
"""
_SHA: Final = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()


class _Waiting(NamedTuple):
    entries: bytes
    size: int
    stored: asyncio.Future[None]


@dataclass(slots=True)
class _Lane:
    """What waits for one stream; one script call of a lane is under way at a time, so a user's order is kept."""

    stream: str
    waiting: deque[_Waiting] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class GroupObserver(Protocol):
    """Is told of every script call that succeeded."""

    def __call__(self, *, requests: int, events: int, seconds: float) -> None:
        """Take note of one call: how many requests shared it, how many events it stored, how long it took."""


def _ignore(*, requests: int, events: int, seconds: float) -> None:
    """Observe nothing."""


class Appender:
    """Appends entries to streams, grouped. Bound to the event loop that first uses it."""

    def __init__(self, redis: Redis, *, max_waiting: int = MAX_WAITING, observe: GroupObserver = _ignore) -> None:
        self._redis = redis
        self._max_waiting = max_waiting
        self._observe = observe
        self._lanes: dict[str, _Lane] = {}
        self.waiting = 0

    async def append(self, entries: Mapping[str, Sequence[bytes]]) -> None:
        """Store entries, by stream, and return when they are stored; entries must not contain raw newlines.

        Raises:
            Unavailable: the queue is full, or Redis is away or out of memory. Of several streams, some may have stored
                theirs; the retry is harmless.
        """
        total = sum(map(len, entries.values()))
        if self.waiting + total > self._max_waiting:
            raise Unavailable("Too many events are waiting to be stored.", retry_after=RETRY_AFTER_SECONDS)
        futures = [self._enqueue(stream, part) for stream, part in entries.items()]
        if len(futures) == 1:
            await futures[0]
            return
        for outcome in await asyncio.gather(*futures, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def _enqueue(self, stream: str, entries: Sequence[bytes]) -> asyncio.Future[None]:
        lane = self._lanes.get(stream)
        if lane is None:
            lane = self._lanes[stream] = _Lane(stream)
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(_Waiting(b"\n".join(entries), len(entries), stored))
        self.waiting += len(entries)
        if lane.task is None:
            lane.task = asyncio.create_task(self._drain(lane))
        return stored

    async def _drain(self, lane: _Lane) -> None:
        try:
            while lane.waiting:
                await self._commit(lane.stream, self._take_group(lane))
        finally:
            lane.task = None

    def _take_group(self, lane: _Lane) -> list[_Waiting]:
        group = [lane.waiting.popleft()]
        events = group[0].size
        while lane.waiting and events + lane.waiting[0].size <= MAX_GROUP:
            group.append(lane.waiting.popleft())
            events += group[-1].size
        self.waiting -= events
        return group

    async def _commit(self, stream: str, group: list[_Waiting]) -> None:
        started = time.perf_counter()
        try:
            stored = await self._run_script(stream, [item.entries for item in group])
        except Exception as error:  # whatever went wrong, every waiting request must learn of it
            _answer(group, _as_refusal(error))
            return
        _answer(group, None)
        self._observe(requests=len(group), events=stored, seconds=time.perf_counter() - started)

    async def _run_script(self, stream: str, arguments: list[bytes]) -> int:
        run: Any = self._redis.execute_command
        try:
            return int(await run("EVALSHA", _SHA, 1, stream, *arguments))
        except NoScriptError:  # a fresh or flushed Redis; nothing was run
            return int(await run("EVAL", SCRIPT, 1, stream, *arguments))


def _answer(group: Sequence[_Waiting], error: Exception | None) -> None:
    for item in group:
        if item.stored.done():  # its request was given up
            continue
        if error is None:
            item.stored.set_result(None)
        else:
            item.stored.set_exception(error)


def _as_refusal(error: Exception) -> Exception:
    if isinstance(error, RedisError | OSError) and is_outage(error):
        refusal = Unavailable("Events cannot be stored at the moment.", retry_after=RETRY_AFTER_SECONDS)
        refusal.__cause__ = error
        return refusal
    return error
