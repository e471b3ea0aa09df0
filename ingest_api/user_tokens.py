"""Checking the user tokens that pages send along, with a small cache: one HMAC per token, not one per request."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from core.security import UserClaims, verify_user_token

MAX_CACHED: Final = 50_000
RECHECK_SECONDS: Final = 60.0
"""A verified token is trusted this long, then verified again: identity secrets may have been rotated."""

SecretsLoader = Callable[[str], Awaitable[tuple[str, ...]]]


class TokenChecker:
    """Verifies user tokens of companies; `load_secrets` returns a company's identity secrets in the clear."""

    def __init__(self, load_secrets: SecretsLoader) -> None:
        self._load_secrets = load_secrets
        self._checked: OrderedDict[bytes, tuple[UserClaims, float]] = OrderedDict()

    async def check(self, token: str, company_id: str, now: datetime) -> UserClaims:
        """Return the claims of a token of this company; raises as `core.security.verify_user_token` does."""
        name = sha256(f"{company_id}:{token}".encode("utf-8", "replace")).digest()
        moment = now.timestamp()
        known = self._checked.get(name)
        if known is not None and known[1] > moment:
            return known[0]
        claims = verify_user_token(token, await self._load_secrets(company_id), company_id, now)
        self._checked[name] = (claims, min(moment + RECHECK_SECONDS, claims.expires_at.timestamp()))
        self._checked.move_to_end(name)
        if len(self._checked) > MAX_CACHED:
            self._checked.popitem(last=False)
        return claims
