"""Checking the user tokens that pages send along, with a small cache: one HMAC per token, not one per request."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import jwt

from core.errors import TokenExpired, Unauthenticated
from core.events import from_ms
from core.security import UserClaims, verify_user_token

MAX_CACHED: Final = 50_000
RECHECK_SECONDS: Final = 60.0
"""A verified token is trusted this long, then verified again: identity secrets may have been rotated."""

MAX_LOOKUPS: Final = 4
"""Look-ups under way at a time, so that forged tokens cannot take every database connection."""
RENEWABLE: Final = timedelta(days=30)
"""How long after its end an anonymous visitor's token still proves who they were."""

SecretsLoader = Callable[[str], Awaitable[tuple[str, ...]]]


class TokenChecker:
    """Verifies user tokens of companies; `load_secrets` returns a company's identity secrets in the clear."""

    def __init__(self, load_secrets: SecretsLoader) -> None:
        self._load_secrets = load_secrets
        self._slots = asyncio.Semaphore(MAX_LOOKUPS)
        self._checked: OrderedDict[bytes, tuple[UserClaims, float]] = OrderedDict()

    async def check(self, token: str, company_id: str, now: datetime) -> UserClaims:
        """Return the claims of a token of this company; raises as `core.security.verify_user_token` does."""
        name = sha256(f"{company_id}:{token}".encode("utf-8", "replace")).digest()
        moment = now.timestamp()
        known = self._checked.get(name)
        if known is not None and known[1] > moment:
            return known[0]
        async with self._slots:
            secrets = await self._load_secrets(company_id)
        claims = verify_user_token(token, secrets, company_id, now)
        self._checked[name] = (claims, min(moment + RECHECK_SECONDS, claims.expires_at.timestamp()))
        self._checked.move_to_end(name)
        if len(self._checked) > MAX_CACHED:
            self._checked.popitem(last=False)
        return claims


def check_renewable(token: str, secrets: tuple[str, ...], company_id: str, now: datetime) -> UserClaims:
    """Return the claims of a token that may have run out by up to 30 days.

    Raises:
        TokenExpired: it ran out before that.
        Unauthenticated, Forbidden: as `core.security.verify_user_token`.
    """
    claims = verify_user_token(token, secrets, company_id, min(now, _claimed_end(token)))
    if claims.expires_at + RENEWABLE < now:
        raise TokenExpired
    return claims


def _claimed_end(token: str) -> datetime:
    """Return when a token says that it ends, unverified: only to verify it as of then."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return from_ms(int(claims["exp"]) * 1000)
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError, OSError):
        raise Unauthenticated("The user token cannot be read.") from None
