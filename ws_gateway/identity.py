"""Who is at the other end: the token of a connection, checked against its company's identity secrets.

Secrets are cached for a short time, so that a storm of reconnects asks the database once per company.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from core.errors import Forbidden, Unauthenticated
from core.security import UserClaims, read_company, verify_user_token

CACHE_SECONDS: Final = 30.0
CACHE_SIZE: Final = 10_000

LoadSecrets = Callable[[str], Awaitable[tuple[str, ...]]]
"""Company id → its identity secrets in the clear, newest first; empty when there is no such company."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client asks for in its URL: `/ws/{user_id}?token=…&after=…&epoch=…`."""

    user_id: str
    token: str
    after: int
    epoch: str | None


def parse_opening(target: str) -> Opening | None:
    """Return what a request target asks for, or None when it is not a socket's path."""
    parts = urlsplit(target)
    prefix, _, user = parts.path.partition("/ws/")
    if prefix or not user or "/" in user:
        return None
    query = parse_qs(parts.query)
    after = query.get("after", ["0"])[0]
    return Opening(
        user_id=unquote(user),
        token=query.get("token", [""])[0],
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 17 else 0,
        epoch=query.get("epoch", [None])[0],
    )


class Identity:
    """Checks tokens; holds the secrets of the companies seen lately."""

    def __init__(self, load_secrets: LoadSecrets) -> None:
        self._load = load_secrets
        self._cache: OrderedDict[str, tuple[float, tuple[str, ...]]] = OrderedDict()

    async def verify(self, opening: Opening, now: datetime) -> UserClaims:
        """Return the claims of an opening's token.

        Raises:
            Unauthenticated: it is missing, unreadable, badly signed or expired.
            Forbidden: it speaks for another user than the path names.
        """
        company_id = _canonical(read_company(opening.token))
        claims = verify_user_token(opening.token, await self._secrets(company_id, now), company_id, now)
        if claims.user_id != opening.user_id:
            raise Forbidden("The token speaks for another user.")
        return claims

    async def _secrets(self, company_id: str, now: datetime) -> tuple[str, ...]:
        until, secrets = self._cache.get(company_id, (0.0, ()))
        if until < now.timestamp():
            secrets = await self._load(company_id)
            self._cache[company_id] = (now.timestamp() + CACHE_SECONDS, secrets)
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        return secrets


def _canonical(company_id: str) -> str:
    try:
        canonical = str(UUID(company_id))
    except ValueError as error:
        raise Unauthenticated("The user token names no company.") from error
    if canonical != company_id:
        raise Unauthenticated("The user token names no company.")
    return canonical
