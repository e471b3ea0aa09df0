"""API keys, the webhook secret, and the audit log: what owners look after."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from core.errors import NotFound
from core.security import create_api_key, hash_api_key
from db import api_keys, audit, companies
from db.pool import Connection
from ingest_api.deps import CallerOf, Cursor, ExchangeOf, Limit, ServicesOf
from ingest_api.problems import problem_responses
from ingest_api.schemas import ApiKeyRow, AuditEntry, ListOf, NewApiKey, WebhookSecret
from ingest_api.writes import Answer, WriteOf

router = APIRouter(prefix="/api/v1", tags=["keys"])


class NewKeyRequest(BaseModel):
    """Which kind of key, and what to call it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["public", "secret"]
    label: Annotated[str, StringConstraints(max_length=120, strip_whitespace=True)] = ""


@router.get("/api-keys", summary="List API keys")
async def list_keys(caller: CallerOf, services: ServicesOf) -> ListOf[ApiKeyRow]:
    """Return the keys, revoked ones too; a key itself is shown once, when it is made."""
    async with services.database.transaction(caller.company_id) as connection:
        rows = await api_keys.list_(connection, caller.company_id)
    return ListOf(items=[ApiKeyRow(**row) for row in rows], next_cursor=None)


@router.post("/api-keys", summary="Make an API key", status_code=201, response_model=NewApiKey)
async def create_key(write: WriteOf, body: NewKeyRequest) -> Response:
    """Make a key. It is shown in this answer and never again, not even for the same `Idempotency-Key`."""
    key = create_api_key(body.kind)
    caller = write.caller

    async def work(connection: Connection) -> Answer:
        now = datetime.now(UTC)
        key_id = await api_keys.create(connection, caller.company_id, body.kind, hash_api_key(key), body.label, now)
        await audit.record(
            connection, caller.company_id, caller.actor, "api_key.created", key_id, {"kind": body.kind}, write.trace_id
        )
        return Answer({"key_id": key_id, "kind": body.kind, "label": body.label}, status=201, once={"key": key})

    return await write.run(work)


@router.delete(
    "/api-keys/{key_id}",
    summary="Revoke an API key",
    status_code=204,
    responses=problem_responses(404),
    response_model=None,
)
async def revoke_key(write: WriteOf, key_id: UUID) -> Response:
    """Revoke a key; it stops working within two seconds, everywhere."""
    caller = write.caller

    async def work(connection: Connection) -> Answer:
        if not await api_keys.revoke(connection, caller.company_id, str(key_id), datetime.now(UTC)):
            raise NotFound("There is no such key in use.")
        await audit.record(
            connection, caller.company_id, caller.actor, "api_key.revoked", str(key_id), {}, write.trace_id
        )
        return Answer({}, status=204)

    return await write.run(work)


@router.get("/webhook-secret", summary="Read the webhook secret")
async def read_webhook_secret(caller: CallerOf, services: ServicesOf, exchange: ExchangeOf) -> WebhookSecret:
    """Return the secret that signs your webhooks (Standard Webhooks); reading it is audited."""
    async with services.database.transaction(caller.company_id) as connection:
        stored = await companies.webhook_secret(connection, caller.company_id)
        if stored is None:
            raise NotFound
        await audit.record(
            connection, caller.company_id, caller.actor, "webhook_secret.read", "company", {}, exchange.trace_id
        )
    return WebhookSecret(secret=services.vault.decrypt(stored))


@router.get("/audit-log", summary="Read the audit log")
async def list_audit(
    caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[AuditEntry]:
    """Return who changed what, newest first."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await audit.list_(connection, caller.company_id, cursor, limit)
    return ListOf(items=[AuditEntry(**row) for row in page.items], next_cursor=page.next_cursor)
