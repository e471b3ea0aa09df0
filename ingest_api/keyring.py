"""Which company an API key belongs to: a small cache in front of PostgreSQL, so that events need no query.

A key found is trusted for two seconds, then looked up again: a revoked key, or a changed list of origins, takes
effect that fast. While PostgreSQL is away, keys already known go on working for an hour, so that an outage of the
database costs no events. Unknown keys are remembered for a moment as well, apart from the good ones, and both stores
are bounded: guessing keys neither grows memory nor pushes a good key out.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from core.errors import ProductError, Unauthenticated, Unavailable
from core.security import KeyKind, hash_api_key, key_kind

FRESH_SECONDS: Final = 2.0
STALE_SECONDS: Final = 3600.0
"""How long a known key goes on working while PostgreSQL is away."""
UNKNOWN_SECONDS: Final = 5.0
MAX_KNOWN: Final = 50_000
MAX_UNKNOWN: Final = 10_000
MAX_LOOKUPS: Final = 4
"""Look-ups under way at a time, so that guessed keys cannot take every database connection."""
_MAX_KEY_LENGTH: Final = 128


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key stands for. `origins` limits the pages that may use a public key; None allows any."""

    company_id: str
    key_id: str
    kind: KeyKind
    origins: frozenset[str] | None = None

    def allows_origin(self, origin: str | None) -> bool:
        """Tell whether a request from this origin may use the key; without an Origin it came from no page."""
        return self.origins is None or origin is None or origin in self.origins


@dataclass(slots=True)
class _Known:
    grant: Grant
    loaded_at: float
    fresh_until: float


class Keyring:
    """Resolves keys. `load` finds the grant of a key hash, None when there is no such key; it may raise outages."""

    def __init__(
        self,
        load: Callable[[bytes], Awaitable[Grant | None]],
        *,
        is_outage: Callable[[BaseException], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._is_outage = is_outage
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._unknown: OrderedDict[bytes, float] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[Grant | None]] = {}
        self._slots = asyncio.Semaphore(MAX_LOOKUPS)

    async def resolve(self, key: str) -> Grant:
        """Return the grant of a key.

        Raises:
            Unauthenticated: there is no such key, or it was revoked.
            Unavailable: PostgreSQL is away and the key is not known here.
        """
        key_hash = hash_api_key(key)
        known = self._known.get(key_hash)
        if known is not None and known.fresh_until > self._clock():
            return known.grant
        grant = await self._find(key_hash) if _is_plausible(key) else None
        if grant is None:
            raise Unauthenticated("The API key is not valid.")
        return grant

    async def _find(self, key_hash: bytes) -> Grant | None:
        if self._unknown.get(key_hash, 0.0) > self._clock():
            return None
        task = self._under_way.get(key_hash)
        if task is None:
            task = self._under_way[key_hash] = asyncio.create_task(self._look_up(key_hash))
            task.add_done_callback(lambda _: self._under_way.pop(key_hash, None))
        return await asyncio.shield(task)

    async def _look_up(self, key_hash: bytes) -> Grant | None:
        try:
            async with self._slots:
                grant = await self._load(key_hash)
        except Exception as error:
            return self._fall_back(key_hash, error)
        if grant is None:
            self._forget(key_hash)
        else:
            self._remember(key_hash, grant)
        return grant

    def _fall_back(self, key_hash: bytes, error: Exception) -> Grant:
        if not self._is_outage(error):
            raise error
        known, now = self._known.get(key_hash), self._clock()
        if known is None or known.loaded_at + STALE_SECONDS < now:
            raise _unavailable() from error
        known.fresh_until = now + FRESH_SECONDS
        return known.grant

    def _remember(self, key_hash: bytes, grant: Grant) -> None:
        now = self._clock()
        self._known[key_hash] = _Known(grant, now, now + FRESH_SECONDS)
        self._known.move_to_end(key_hash)
        self._unknown.pop(key_hash, None)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def _forget(self, key_hash: bytes) -> None:
        self._known.pop(key_hash, None)
        self._unknown[key_hash] = self._clock() + UNKNOWN_SECONDS
        if len(self._unknown) > MAX_UNKNOWN:
            self._unknown.popitem(last=False)


def _is_plausible(key: str) -> bool:
    return key_kind(key) is not None and len(key) <= _MAX_KEY_LENGTH


def _unavailable() -> ProductError:
    return Unavailable("API keys cannot be checked at the moment.", retry_after=2)
