"""Tokens of users: minted for the company's own server, for anonymous visitors, and the step from one to the other."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.errors import Forbidden, Unauthenticated
from core.events import AcceptedEvent, Name, to_ms
from core.ids import ANONYMOUS_PREFIX, derive_id, new_id
from core.security import MAX_TOKEN_LIFE, issue_user_token
from core.streams import EVENTS, encode_event, shard_of
from ingest_api.deps import CallerOf, ExchangeOf, ServicesOf
from ingest_api.schemas import Accepted, UserToken
from ingest_api.user_tokens import check_renewable

_Token = Annotated[str, StringConstraints(min_length=1, max_length=4096)]

router = APIRouter(prefix="/api/v1", tags=["tokens"])


class UserTokenRequest(BaseModel):
    """Whom the token is for. The company's server must have checked who that is."""

    model_config = ConfigDict(extra="forbid")

    user_id: Name
    ttl_seconds: Annotated[int, Field(ge=60, le=3600)] = 3600


class AnonymousTokenRequest(BaseModel):
    """Empty for a new visitor; with the token held so far, the same visitor goes on."""

    model_config = ConfigDict(extra="forbid")

    user_id: Name | None = None
    token: _Token | None = None


class IdentifyRequest(BaseModel):
    """Both tokens of one browser: who the visitor turned out to be, and who they were."""

    model_config = ConfigDict(extra="forbid")

    user_token: _Token
    anonymous_token: _Token


@router.post("/user-tokens", summary="Mint a user token", status_code=201)
async def mint_user_token(body: UserTokenRequest, caller: CallerOf, services: ServicesOf) -> UserToken:
    """Sign a token for a user of yours. For your server alone: it takes the secret key."""
    secrets = await services.load_identity_secrets(caller.company_id)
    life = min(timedelta(seconds=body.ttl_seconds), MAX_TOKEN_LIFE)
    token, expires_at = issue_user_token(secrets[0], caller.company_id, body.user_id, datetime.now(UTC), life=life)
    return UserToken(token=token, user_id=body.user_id, expires_at=expires_at)


@router.post("/anonymous-tokens", summary="Get a token for an anonymous visitor", status_code=201)
async def mint_anonymous_token(
    caller: CallerOf, services: ServicesOf, body: AnonymousTokenRequest | None = None
) -> UserToken:
    """Sign a token for a random id, or renew one that was signed here and has run out less than 30 days ago."""
    secrets = await services.load_identity_secrets(caller.company_id)
    now = datetime.now(UTC)
    user_id = ANONYMOUS_PREFIX + new_id()
    if body is not None and body.token is not None:
        claims = check_renewable(body.token, secrets, caller.company_id, now)
        if not claims.anonymous or body.user_id not in (None, claims.user_id):
            raise Forbidden("Only the token of the same anonymous visitor can be renewed.")
        user_id = claims.user_id
    token, expires_at = issue_user_token(secrets[0], caller.company_id, user_id, now, anonymous=True)
    return UserToken(token=token, user_id=user_id, expires_at=expires_at)


@router.post("/identify", summary="Join an anonymous visitor with a user", status_code=202)
async def identify(body: IdentifyRequest, caller: CallerOf, services: ServicesOf, exchange: ExchangeOf) -> Accepted:
    """Say that the anonymous visitor is this user; history and waiting nudges move over shortly after."""
    now = datetime.now(UTC)
    secrets = await services.load_identity_secrets(caller.company_id)
    user = await services.tokens.check(body.user_token, caller.company_id, now)
    visitor = check_renewable(body.anonymous_token, secrets, caller.company_id, now)
    if user.anonymous or not visitor.anonymous:
        raise Unauthenticated("Send a user's token and an anonymous visitor's token.")
    event = _merge_event(caller.company_id, user.user_id, visitor.user_id, exchange.trace_id, now)
    stream = shard_of(EVENTS, services.settings.store.stream_shards, caller.company_id, user.user_id)
    await services.appender.append({stream: [encode_event(event)]})
    return Accepted(accepted=1)


def _merge_event(company_id: str, user_id: str, anonymous_id: str, trace_id: str, now: datetime) -> AcceptedEvent:
    at = to_ms(now)
    return AcceptedEvent(
        company_id=company_id,
        event_id=derive_id("merge", company_id, anonymous_id, user_id),
        user_id=user_id,
        session_id="identify",
        event_type="user_merged",
        target_element=None,
        page_url=None,
        occurred_ms=at,
        corrected_ms=at,
        received_ms=at,
        properties={"anonymous_id": anonymous_id},
        trace_id=trace_id,
    )
