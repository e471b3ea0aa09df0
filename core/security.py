"""Keys and tokens: how they are made, stored and checked.

API keys have 192 random bits, so a plain SHA-256 is a safe way to store them; passwords are argon2's business and
live in the API. User tokens are JWTs that the host's own server may sign, so the claims are the contract's.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import jwt
from cryptography.fernet import Fernet, InvalidToken

from core.errors import Forbidden, TokenExpired, Unauthenticated

KeyKind = Literal["public", "secret"]
_PREFIX: Final[dict[KeyKind, str]] = {"public": "pk_", "secret": "sk_"}
MAX_TOKEN_LIFE: Final = timedelta(hours=1)
"""Longest life of a user token (CONTRACT)."""
_LEEWAY: Final = timedelta(seconds=30)
"""How far ahead of ours the clock of a host may be that signs tokens of the full hour."""
_MIN_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class UserClaims:
    """Who a user token speaks for. `anonymous` users have a random id of ours; `session_id` is of a chat session."""

    user_id: str
    company_id: str
    expires_at: datetime
    anonymous: bool = False
    session_id: str | None = None


def create_api_key(kind: KeyKind) -> str:
    """Return a fresh key; it is shown once and stored as `hash_api_key` of it."""
    return _PREFIX[kind] + secrets.token_urlsafe(24)


def key_kind(key: str) -> KeyKind | None:
    """Return what a key claims to be by its prefix, or None."""
    return next((kind for kind, prefix in _PREFIX.items() if key.startswith(prefix)), None)


def hash_api_key(key: str) -> bytes:
    """Return what is stored of a key; looking a hash up leaks nothing useful by timing."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def create_identity_secret() -> str:
    """Return a fresh secret with which a company signs user tokens."""
    return "ids_" + secrets.token_urlsafe(32)


def create_webhook_secret() -> str:
    """Return a fresh Standard Webhooks secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def issue_user_token(
    identity_secret: str,
    company_id: str,
    user_id: str,
    now: datetime,
    *,
    life: timedelta = MAX_TOKEN_LIFE,
    anonymous: bool = False,
    session_id: str | None = None,
) -> tuple[str, datetime]:
    """Sign a user token; returns it with its end, at most one hour away. `session_id` makes it a chat session's."""
    expires_at = now + min(life, MAX_TOKEN_LIFE)
    claims: dict[str, Any] = {"sub": user_id, "company": company_id, "iat": now, "exp": expires_at}
    if anonymous:
        claims["anonymous"] = True
    if session_id is not None:
        claims["sid"] = session_id
    return jwt.encode(claims, identity_secret, algorithm="HS256"), expires_at


def read_company(token: str) -> str:
    """Return the company that a token claims, unverified: it only says which secrets to check against."""
    try:
        company = jwt.decode(token, options={"verify_signature": False}).get("company")
    except (jwt.PyJWTError, ValueError) as error:
        raise Unauthenticated("The user token cannot be read.") from error
    if not isinstance(company, str):
        raise Unauthenticated("The user token names no company.")
    return company


def verify_user_token(token: str, identity_secrets: tuple[str, ...], company_id: str, now: datetime) -> UserClaims:
    """Check a user token against each valid secret (two while rotating).

    Raises:
        TokenExpired: it was valid once.
        Unauthenticated: bad signature, wrong algorithm, missing claim, or a life of more than an hour.
        Forbidden: it belongs to another company.
    """
    claims = _verified_claims(token, identity_secrets)
    if claims.get("company") != company_id:
        raise Forbidden("The user token belongs to another company.")
    user_id, expiry = claims.get("sub"), claims.get("exp")
    if not isinstance(user_id, str) or not 1 <= len(user_id) <= 128 or not isinstance(expiry, int | float):
        raise Unauthenticated("The user token lacks a claim.")
    session_id = claims["sid"] if isinstance(claims.get("sid"), str) else None
    anonymous = bool(claims.get("anonymous"))
    return _checked_life(UserClaims(user_id, company_id, _moment(expiry), anonymous, session_id), now)


def _verified_claims(token: str, identity_secrets: tuple[str, ...]) -> dict[str, Any]:
    for secret in identity_secrets:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
            )
        except (jwt.PyJWTError, ValueError):
            continue
        return claims
    raise Unauthenticated("The user token is not valid.")


def _moment(expiry: float) -> datetime:
    try:
        return datetime.fromtimestamp(expiry, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise Unauthenticated("The user token is not valid.") from error


def _checked_life(claims: UserClaims, now: datetime) -> UserClaims:
    if claims.expires_at < now:
        raise TokenExpired("The user token has expired.")
    if claims.expires_at > now + MAX_TOKEN_LIFE + _LEEWAY:
        raise Unauthenticated("A user token may live one hour at most.")
    return claims


class Vault:
    """Encrypts the companies' secrets at rest, under a key derived from SECRET_KEY (HKDF is not needed: it is random).

    Raises:
        ValueError: the key is shorter than 32 bytes.
    """

    def __init__(self, secret_key: str) -> None:
        material = secret_key.encode()
        if len(material) < _MIN_SECRET_BYTES:
            raise ValueError("SECRET_KEY must have at least 32 bytes")
        self._fernet = Fernet(base64.urlsafe_b64encode(derive_key(material, b"vault")))

    def encrypt(self, text: str) -> bytes:
        """Return the ciphertext to store."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, stored: bytes) -> str:
        """Return the plain text; raises Unauthenticated when SECRET_KEY is not the one it was stored under."""
        try:
            return self._fernet.decrypt(stored).decode()
        except InvalidToken as error:
            raise Unauthenticated("A stored secret cannot be read with this SECRET_KEY.") from error


def derive_key(secret_key: bytes, purpose: bytes) -> bytes:
    """Return a 32-byte key for one purpose, so that no two uses share one."""
    return hmac.new(secret_key, b"onboarding-agent/" + purpose, hashlib.sha256).digest()
