"""Looks at users whose silence has become a sign: each deadline once, however many consumers sweep.

Due members move from the deadlines to the leases in one script, so that no two sweepers get the same one; a sweeper
that is killed leaves its leases, and they come due again. A deadline that an event sets meanwhile is not touched.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from redis.asyncio import Redis

from core import streams
from core.events import to_ms
from core.ids import derive_id
from core.turns import Signal
from detection.signals import detect_idle, next_deadline
from stream_consumer.batch import UserKey
from stream_consumer.candidates import Candidate, TurnMaker
from stream_consumer.companies import Companies, Company
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.patience import Interrupted, Patience
from stream_consumer.retry import RetryPolicy
from stream_consumer.windows import Versioned, WindowStore, member_of, user_of

log = logging.getLogger(__name__)

LEASE_MS: Final = 30_000
"""How long a sweeper may look at what it took before another one does."""
TAKEN: Final = 200
"""Users looked at in one round."""

_TAKE: Final = """
-- KEYS: deadlines, leases. ARGV: now ms, lease end ms, count. Leases that ran out count as due at once.
local function move(from, limit)
    local due = redis.call('ZRANGEBYSCORE', from, '-inf', ARGV[1], 'LIMIT', 0, limit)
    for _, member in ipairs(due) do
        redis.call('ZREM', from, member)
        redis.call('ZADD', KEYS[2], ARGV[2], member)
    end
    return due
end
local taken = move(KEYS[2], tonumber(ARGV[3]))
for _, member in ipairs(move(KEYS[1], tonumber(ARGV[3]) - #taken)) do taken[#taken + 1] = member end
return taken
"""


@dataclass(frozen=True, slots=True)
class Sweep:
    """How often to look, in seconds, and for how long what was taken is ours."""

    every_seconds: float = 1.0
    lease_ms: int = LEASE_MS


class Sweeper:
    """Sweeps the idle deadlines of every shard until told to stop."""

    def __init__(
        self,
        redis: Redis,
        windows: WindowStore,
        companies: Companies,
        turns: TurnMaker,
        metrics: ConsumerMetrics,
        shards: int,
        *,
        sweep: Sweep = Sweep(),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._redis = redis
        self._windows = windows
        self._companies = companies
        self._turns = turns
        self._metrics = metrics
        self._shards = shards
        self._sweep = sweep
        self._now = now
        self._take = redis.register_script(_TAKE)

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep again and again; outages are waited out."""
        patience = Patience(RetryPolicy(), stop)
        with suppress(Interrupted):
            while not stop.is_set():
                looked = await patience.insist(self.sweep)
                if looked < TAKEN:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(stop.wait(), self._sweep.every_seconds)

    async def sweep(self) -> int:
        """Look at everybody who is due; returns how many that were."""
        looked = 0
        for shard in range(self._shards):
            taken = await self._taken(shard)
            if taken:
                await self._look(taken)
                await self._redis.zrem(streams.idle_leases_key(shard), *map(member_of, taken))
                self._metrics.idle_fired.inc(len(taken))
            looked += len(taken)
        return looked

    async def _taken(self, shard: int) -> list[UserKey]:
        now_ms = to_ms(self._now())
        keys = [streams.idle_deadlines_key(shard), streams.idle_leases_key(shard)]
        members: Any = await self._take(keys, [now_ms, now_ms + self._sweep.lease_ms, TAKEN])
        return [user_of(member) for member in members]

    async def _look(self, users: Sequence[UserKey]) -> None:
        """Notice who is stuck, publish turns, store what was noticed; a window changed by an event is read again."""
        companies = await self._companies.get({user.company_id for user in users})
        left = users
        while left:
            now = self._now()
            stored = {user: found for user, found in (await self._windows.load(left)).items() if found.window}
            candidates, changed, deadlines = [], {}, {}
            for user, found in stored.items():
                company = companies[user.company_id]
                noticed = _candidates(user, found, company, to_ms(now))
                candidates += noticed
                assert found.window is not None
                changed[user] = (found.version, found.window)
                at_ms = next_deadline(found.window, company.config.detection, company.baseline)
                if at_ms is not None:
                    deadlines[user] = max(at_ms, to_ms(now))
            if candidates:
                await self._turns.make(candidates, now)
            left = await self._windows.store(changed, to_ms(now)) if changed else []
            await self._windows.set_deadlines({user: at for user, at in deadlines.items() if user not in left})


def _candidates(user: UserKey, found: Versioned, company: Company, now_ms: int) -> list[Candidate]:
    assert found.window is not None
    signals = detect_idle(found.window, company.config.detection, company.baseline, now_ms)
    session = found.window.session_id
    return [Candidate(user, session, _trace_of(user, signal), signal, company) for signal in signals]


def _trace_of(user: UserKey, signal: Signal) -> str:
    """A silence has no request of its own to be traced to; the same one has the same trace in every sweep."""
    return derive_id("trace", *user, signal.kind.value, signal.first_evidence_id)
