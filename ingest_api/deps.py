"""What routes ask for: the services, the caller (checked against the table of `access`), and how a list is paged."""

from typing import Annotated, Final, cast

from fastapi import Depends, Path, Query, Request, Security
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer

from core.errors import Forbidden, InvalidRequest, OriginRefused, Unauthenticated
from db import admins
from db.pages import MAX_LIMIT
from ingest_api.access import Caller, Role, check_access
from ingest_api.exchange import Exchange
from ingest_api.intake import holds_nul
from ingest_api.wiring import Services

_KEY = APIKeyHeader(
    name="X-API-Key",
    scheme_name="ApiKey",
    auto_error=False,
    description="A secret key (sk_…) of the company's server; a public key (pk_…) only writes events and gets tokens.",
)
_BEARER = OAuth2PasswordBearer(
    tokenUrl="/api/v1/auth/token",
    refreshUrl="/api/v1/auth/refresh",
    scheme_name="Person",
    auto_error=False,
    description="The access token of a person who logged in.",
)


def get_services(request: Request) -> Services:
    """Return the services of this app."""
    services: Services = request.app.state.services
    return services


def get_exchange(request: Request) -> Exchange:
    """Return what the edge knows of this request."""
    exchange: Exchange = request.scope["exchange"]
    return exchange


ServicesOf = Annotated[Services, Depends(get_services)]
ExchangeOf = Annotated[Exchange, Depends(get_exchange)]


async def authorize(
    request: Request,
    services: ServicesOf,
    exchange: ExchangeOf,
    key: Annotated[str | None, Security(_KEY)] = None,
    token: Annotated[str | None, Security(_BEARER)] = None,
) -> Caller:
    """Return the caller, once it is known that the route is open to its role, and that the body can be stored."""
    if key is not None:
        caller = await _by_key(services, key, request.headers.get("origin"))
    elif token is not None:
        caller = await _by_token(services, token)
    else:
        raise Unauthenticated("Send X-API-Key, or Authorization: Bearer with an access token.")
    exchange.company_id, exchange.actor = caller.company_id, caller.actor
    services.quota.admit(caller.subject)
    check_access(caller, request.method, request.scope["route"].path_format)
    await check_text(request)
    return caller


async def check_text(request: Request) -> None:
    """Raise InvalidRequest for a body that holds what no text column can; files may hold any byte, and out of what
    people say (`SAID`) it is taken like every control character."""
    is_said = SAID in request.scope["route"].dependencies
    if not is_form(request) and not is_said and holds_nul(await request.body()):
        raise InvalidRequest("Text may not contain NUL characters.")


def is_form(request: Request) -> bool:
    """Tell whether the body is a form with files; those may hold any byte."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


async def _by_key(services: Services, key: str, origin: str | None) -> Caller:
    grant = await services.keyring.resolve(key)
    if grant.kind == "public" and not grant.allows_origin(origin):
        raise OriginRefused
    return Caller(grant.company_id, grant.key_id, grant.kind)


async def _by_token(services: Services, token: str) -> Caller:
    person = services.access_tokens.read(token)
    async with services.database.transaction(person.company_id) as connection:
        admin = await admins.get(connection, person.company_id, person.admin_id)
    if admin is None or admin.disabled_at is not None:
        raise Forbidden("This account is not active.")
    return Caller(person.company_id, person.admin_id, cast(Role, admin.role), admin.email)


async def _takes_what_is_said() -> None:
    """Do nothing: it is there to be found among a route's dependencies."""


SAID: Final = Depends(_takes_what_is_said)
"""Marks a route (`dependencies=[SAID]`) whose body is what people say: it is cleaned, where others are refused."""
_NO_NUL: Final = r"^[^\x00]+$"

CallerOf = Annotated[Caller, Depends(authorize)]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next_cursor` of the page before")]
UserId = Annotated[str, Path(min_length=1, max_length=128, pattern=_NO_NUL)]
SessionId = Annotated[str, Path(min_length=1, max_length=128, pattern=_NO_NUL)]
UserFilter = Annotated[
    str | None, Query(min_length=1, max_length=128, pattern=_NO_NUL, description="Of this user alone")
]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows on the page")]
