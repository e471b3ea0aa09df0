"""Access and refresh tokens of the people who log in.

An access token is a short-lived JWT that says who; what that person may do is read from the database at each request,
so a changed role or a locked account takes effect at once. A refresh token is random, stored hashed, and good once.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

import jwt

from core.errors import TokenExpired, Unauthenticated
from core.security import derive_key

_ALGORITHM: Final = "HS256"
_REFRESH_PREFIX: Final = "rt_"


class Person(NamedTuple):
    """Whom an access token names."""

    company_id: str
    admin_id: str


class AccessTokens:
    """Signs and reads access tokens, under a key derived from SECRET_KEY."""

    def __init__(self, secret_key: str, life_seconds: int) -> None:
        self._key = derive_key(secret_key.encode(), b"access-token")
        self.life = timedelta(seconds=life_seconds)

    def issue(self, person: Person, now: datetime) -> str:
        """Return a token for a person, good from `now` on for its life."""
        claims = {"sub": person.admin_id, "company": person.company_id, "iat": now, "exp": now + self.life}
        return jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def read(self, token: str) -> Person:
        """Return whom a token names; raises TokenExpired or Unauthenticated."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._key, algorithms=[_ALGORITHM], options={"require": ["sub", "company", "exp"]}
            )
        except jwt.ExpiredSignatureError:
            raise TokenExpired from None
        except (jwt.PyJWTError, ValueError):
            raise Unauthenticated("The access token is not valid.") from None
        return Person(str(claims["company"]), str(claims["sub"]))


def create_refresh_token() -> str:
    """Return a fresh refresh token (256 random bits)."""
    return _REFRESH_PREFIX + secrets.token_urlsafe(32)


def hash_refresh_token(token: str) -> bytes:
    """Return what is stored of a refresh token."""
    return sha256(token.encode("utf-8", "replace")).digest()
