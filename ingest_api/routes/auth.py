"""Logging in: OAuth2's password form, refresh tokens that are good once, and who one is."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, StringConstraints

from core.errors import Unauthenticated
from core.ids import new_id
from db import admins, audit, refresh_tokens
from db.admins import Admin
from db.pool import Connection
from ingest_api.admin_tokens import Person, create_refresh_token, hash_refresh_token
from ingest_api.deps import CallerOf, ExchangeOf, ServicesOf
from ingest_api.passwords import MAX_LENGTH
from ingest_api.schemas import AdminTokens, Me
from ingest_api.wiring import Services

_MAX_EMAIL: Final = 254
_REFUSAL: Final = "The e-mail address or the password is wrong."

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


class RefreshRequest(BaseModel):
    """The refresh token held so far."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


@router.post("/token", summary="Log in")
async def log_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    services: ServicesOf,
    exchange: ExchangeOf,
) -> AdminTokens:
    """Exchange e-mail (as `username`) and password for tokens; an unknown e-mail takes as long as a wrong password."""
    address = request.client.host if request.client else "unknown"
    await services.login_limit.admit(form.username, address)
    admin = await _find(services, form.username)
    fits = await services.passwords.verify(form.password[:MAX_LENGTH], admin.password_hash if admin else None)
    if admin is None or not fits or admin.disabled_at is not None:
        raise Unauthenticated(_REFUSAL)
    exchange.company_id, exchange.actor = admin.company_id, f"admin:{admin.admin_id}"
    async with services.database.transaction(admin.company_id) as connection:
        await audit.record(
            connection, admin.company_id, exchange.actor, "admin.logged_in", admin.admin_id, {}, exchange.trace_id
        )
        return await _issue(services, connection, Person(admin.company_id, admin.admin_id), new_id())


async def _find(services: Services, email: str) -> Admin | None:
    if len(email) > _MAX_EMAIL or "\0" in email:
        return None
    async with services.database.system() as connection:
        return await admins.find_by_email(connection, email)


@router.post("/refresh", summary="Exchange a refresh token")
async def refresh(body: RefreshRequest, services: ServicesOf, exchange: ExchangeOf) -> AdminTokens:
    """Exchange a refresh token for new tokens. Each is good once: one that comes back ends its whole family."""
    token_hash = hash_refresh_token(body.refresh_token)
    async with services.database.system() as connection:
        company_id = await refresh_tokens.find_company(connection, token_hash)
    tokens = await _renew(services, company_id, token_hash) if company_id is not None else None
    if tokens is None:
        raise Unauthenticated("The refresh token is not valid.")
    exchange.company_id = company_id
    return tokens


async def _renew(services: Services, company_id: str, token_hash: bytes) -> AdminTokens | None:
    """Spend the token and issue the next; None, committed, when it was spent before, so that its family ends."""
    async with services.database.transaction(company_id) as connection:
        spent = await refresh_tokens.spend(connection, company_id, token_hash, datetime.now(UTC))
        if spent is None:
            return None
        admin = await admins.get(connection, company_id, spent.admin_id)
        if admin is None or admin.disabled_at is not None:
            return None
        return await _issue(services, connection, Person(company_id, spent.admin_id), spent.family_id)


async def _issue(services: Services, connection: Connection, person: Person, family_id: str) -> AdminTokens:
    now = datetime.now(UTC)
    refresh_token = create_refresh_token()
    ends = now + timedelta(seconds=services.settings.security.refresh_token_seconds)
    token_hash = hash_refresh_token(refresh_token)
    await refresh_tokens.store(connection, person.company_id, token_hash, person.admin_id, family_id, ends)
    return AdminTokens(
        access_token=services.access_tokens.issue(person, now),
        refresh_token=refresh_token,
        expires_in=int(services.access_tokens.life.total_seconds()),
    )


@router.get("/me", summary="Who am I?")
async def me(caller: CallerOf) -> Me:
    """Return the person who is logged in."""
    return Me(company_id=caller.company_id, admin_id=caller.subject, email=caller.email, role=caller.role)
