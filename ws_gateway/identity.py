"""Who is at the other end: the token of a connection, checked against its company's identity secrets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from core.errors import Forbidden, TokenExpired, Unauthenticated
from core.security import UserClaims, read_company, verify_user_token
from ws_gateway.keyring import Keyring

RECHECK_SECONDS: Final = 2.0
"""A token that does not fit is checked once more against secrets no older than this: they may have been rotated."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a client asks for in its URL: `/ws/{user_id}?token=…&after=…&epoch=…`."""

    user_id: str
    token: str
    after: int | None
    epoch: str | None


def parse_opening(target: str) -> Opening | None:
    """Return what a request target asks for, or None when it names no user."""
    parts = urlsplit(target)
    prefix, _, user = parts.path.partition("/ws/")
    user_id = unquote(user)
    if prefix or not user or "/" in user or "\x00" in user_id:
        return None
    query = parse_qs(parts.query)
    after = query.get("after", [""])[0]
    return Opening(
        user_id=user_id,
        token=query.get("token", [""])[0],
        after=int(after) if after.isascii() and after.isdigit() and len(after) < 17 else None,
        epoch=query.get("epoch", [None])[0],
    )


class Identity:
    """Checks tokens."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def verify(self, opening: Opening, now: datetime) -> UserClaims:
        """Return the claims of an opening's token.

        Raises:
            Unauthenticated: it is missing, unreadable, badly signed or expired.
            Forbidden: it speaks for another user than the path names.
            Unavailable: PostgreSQL is away, and the company was not seen lately.
        """
        company_id = _canonical(read_company(opening.token))
        claims = await self._claims(opening.token, company_id, now)
        if claims.user_id != opening.user_id:
            raise Forbidden("The token speaks for another user.")
        return claims

    async def _claims(self, token: str, company_id: str, now: datetime) -> UserClaims:
        secrets = await self._keyring.secrets(company_id, now.timestamp())
        try:
            return verify_user_token(token, secrets, company_id, now)
        except TokenExpired:
            raise
        except Unauthenticated:
            oldest = now.timestamp() - RECHECK_SECONDS
            renewed = await self._keyring.secrets(company_id, now.timestamp(), newer_than=oldest)
            if renewed == secrets:
                raise
            return verify_user_token(token, renewed, company_id, now)


def _canonical(company_id: str) -> str:
    try:
        canonical = str(UUID(company_id))
    except ValueError as error:
        raise Unauthenticated("The user token names no company.") from error
    if canonical != company_id:
        raise Unauthenticated("The user token names no company.")
    return canonical
