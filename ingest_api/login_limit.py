"""Brakes on guessing passwords: attempts per account and per address, counted in Redis for all processes together."""

from hashlib import sha256
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter

from core.errors import RateLimited

PER_ACCOUNT: Final = RateLimitItemPerMinute(10, 5, namespace="login_account")
"""Ten attempts in five minutes on one e-mail address, known or not."""
PER_ADDRESS: Final = RateLimitItemPerMinute(50, 5, namespace="login_address")
"""Fifty in five minutes from one client address: an office behind one address may be many people."""


class LoginLimit:
    """Counts login attempts. Nothing is admitted while Redis is away: guessing must not become free."""

    def __init__(self, redis_url: str) -> None:
        scheme, _, rest = redis_url.partition("://")
        known = {"unix": "async+redis+unix", "redis": "async+redis", "rediss": "async+rediss"}
        self._storage = RedisStorage(f"{known[scheme]}://{rest}", implementation="redispy")
        self._limiter = FixedWindowRateLimiter(self._storage)

    async def admit(self, account: str, address: str) -> None:
        """Count an attempt; raises RateLimited when there were too many."""
        for limit, name in ((PER_ADDRESS, address), (PER_ACCOUNT, account.lower())):
            hashed = sha256(name.encode("utf-8", "replace")).hexdigest()
            if not await self._limiter.hit(limit, hashed):
                raise RateLimited("Too many attempts to log in.", retry_after=limit.get_expiry())
