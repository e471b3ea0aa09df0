"""For whom a request about conversations speaks: the company's server for any user, a page for its own alone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from core.conversations import Channel
from core.errors import InvalidRequest, NotFound, OriginRefused, Unauthenticated
from core.ids import is_uuid
from core.security import UserClaims, read_company
from ingest_api.access import Caller
from ingest_api.deps import CallerOf, ExchangeOf, ServicesOf, check_text
from ingest_api.refusals import UserMismatch
from ingest_api.wiring import Services

UserToken = Annotated[
    str | None,
    Header(
        alias="X-User-Token", max_length=4096, description="A token of the user; a public key needs one to speak at all"
    ),
]
_TOKEN = APIKeyHeader(
    name="X-User-Token",
    scheme_name="UserToken",
    auto_error=False,
    description="A user's token: signed by the company's server, of an anonymous visitor, or of a chat session.",
)
_BEARER = HTTPBearer(scheme_name="UserBearer", auto_error=False, description="The same token, as a bearer.")
_KEY = APIKeyHeader(name="X-API-Key", scheme_name="PageKey", auto_error=False, description="The page's public key.")


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who calls, and the one user that the call may be about; None lets it be about any user of the company."""

    caller: Caller
    user_id: str | None
    anonymous: bool = False

    @property
    def channel(self) -> Channel:
        """Where what is said comes from."""
        return Channel.API if self.user_id is None else Channel.PAGE

    def require_user(self, named: str | None) -> str:
        """Return the user that the call is about.

        Raises:
            UserMismatch: it names another user than its token.
            InvalidRequest: it names none.
        """
        if self.user_id is not None and named not in (None, self.user_id):
            raise UserMismatch("The user token belongs to another user.")
        user_id = self.user_id or named
        if user_id is None:
            raise InvalidRequest("Name the user.", errors=[{"field": "body.user_id", "detail": "is required"}])
        return user_id

    def check_owner(self, user_id: str) -> None:
        """Raise NotFound for what is another user's: whoever speaks must not learn that it is there."""
        if self.user_id not in (None, user_id):
            raise NotFound


async def get_speaker(services: ServicesOf, caller: CallerOf, token: UserToken = None) -> Speaker:
    """Return for whom the request speaks; a public key speaks for the user of the token alone."""
    if token is None and caller.role == "public":
        raise Unauthenticated("With a public key, X-User-Token must say who the user is.")
    if token is None:
        return Speaker(caller, None)
    claims = await services.tokens.check(token, caller.company_id, datetime.now(UTC))
    return Speaker(caller, claims.user_id, claims.anonymous)


SpeakerOf = Annotated[Speaker, Depends(get_speaker)]


async def get_visitor(
    request: Request,
    services: ServicesOf,
    exchange: ExchangeOf,
    token: Annotated[str | None, Depends(_TOKEN)] = None,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None,
    key: Annotated[str | None, Depends(_KEY)] = None,
) -> UserClaims:
    """Return the user whose page calls, by token; a public key may come along, and then its origins are checked.

    Raises:
        Unauthenticated, TokenExpired: no token, or one that is not good.
        Forbidden: the key is another company's than the token, or may not be used from this page.
    """
    presented = token or (bearer.credentials if bearer else None)
    if presented is None:
        raise Unauthenticated("Send X-User-Token, or Authorization: Bearer with a user token.")
    company_id = await _company(services, key, request.headers.get("origin")) if key else _claimed(presented)
    claims = await services.tokens.check(presented, company_id, datetime.now(UTC))
    exchange.company_id, exchange.actor = claims.company_id, "user"
    services.quota.admit(f"{claims.company_id}:{claims.user_id}")
    await check_text(request)
    return claims


async def _company(services: Services, key: str, origin: str | None) -> str:
    grant = await services.keyring.resolve(key)
    if grant.kind == "public" and not grant.allows_origin(origin):
        raise OriginRefused
    return grant.company_id


def _claimed(token: str) -> str:
    """Return the company that a token names, unverified: it says whose secrets to check it with."""
    company_id = read_company(token)
    if not is_uuid(company_id):
        raise Unauthenticated("The user token names no company.")
    return company_id


VisitorOf = Annotated[UserClaims, Depends(get_visitor)]
