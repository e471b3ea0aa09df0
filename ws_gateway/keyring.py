"""The identity secrets of the companies seen lately: a small cache in front of PostgreSQL.

However many clients of a company come at once, one query is made. While PostgreSQL is away, secrets known before go on
being used, so that its outage disconnects nobody for good. The cache is bounded, and companies that do not exist are
kept apart, so that guessing ids neither grows memory nor pushes a real company out.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from core.errors import Unavailable

FRESH_SECONDS: Final = 30.0
STALE_SECONDS: Final = 3600.0
"""How long secrets known before serve while PostgreSQL is away."""
AGAIN_SECONDS: Final = 3.0
"""After a failed look-up, how long until the next."""
MAX_COMPANIES: Final = 10_000
MAX_LOOKUPS: Final = 4
"""Look-ups under way at a time, so that guessed companies cannot take every database connection."""

Secrets = tuple[str, ...]
LoadSecrets = Callable[[str], Awaitable[Secrets]]
"""Company id → its identity secrets in the clear, newest first; empty when there is no such company."""


@dataclass(frozen=True, slots=True)
class _Kept:
    secrets: Secrets
    loaded_at: float
    fresh_until: float


class Keyring:
    """Holds secrets. Times are seconds of whichever clock the caller uses."""

    def __init__(self, load: LoadSecrets) -> None:
        self._load = load
        self._known: OrderedDict[str, _Kept] = OrderedDict()
        self._unknown: OrderedDict[str, _Kept] = OrderedDict()
        self._loading: dict[str, asyncio.Task[Secrets]] = {}
        self._lookups = asyncio.Semaphore(MAX_LOOKUPS)

    async def secrets(self, company_id: str, now: float, *, newer_than: float | None = None) -> Secrets:
        """Return a company's secrets; with `newer_than`, those loaded before that moment are looked up again.

        Raises:
            Unavailable: PostgreSQL is away, and they were not known lately.
        """
        kept = self._known.get(company_id) or self._unknown.get(company_id)
        if kept and now <= kept.fresh_until and (newer_than is None or kept.loaded_at >= newer_than):
            return self._use(company_id, kept)
        try:
            secrets = await self._load_once(company_id)
        except Unavailable:
            if kept is None or now - kept.loaded_at > STALE_SECONDS:
                raise
            return self._use(company_id, _Kept(kept.secrets, kept.loaded_at, now + AGAIN_SECONDS))
        return self._use(company_id, _Kept(secrets, now, now + FRESH_SECONDS))

    async def _load_once(self, company_id: str) -> Secrets:
        task = self._loading.get(company_id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._look_up(company_id))
            self._loading[company_id] = task
        return await asyncio.shield(task)

    async def _look_up(self, company_id: str) -> Secrets:
        try:
            async with self._lookups:
                return await self._load(company_id)
        finally:
            del self._loading[company_id]

    def _use(self, company_id: str, kept: _Kept) -> Secrets:
        shelf, other = (self._known, self._unknown) if kept.secrets else (self._unknown, self._known)
        other.pop(company_id, None)
        shelf[company_id] = kept
        shelf.move_to_end(company_id)
        if len(shelf) > MAX_COMPANIES:
            shelf.popitem(last=False)
        return kept.secrets
