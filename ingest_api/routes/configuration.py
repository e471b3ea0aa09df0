"""A company's configuration and baselines: read, changed in part, every change a version and an audit entry."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue, ValidationError

from core.baselines import Baseline
from core.config import CompanyConfig
from core.errors import Conflict, InvalidRequest
from db import baselines, configs
from db.configs import StoredConfig
from db.pool import Connection
from ingest_api.access import ACCESS, Caller
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf
from ingest_api.merge_patch import merge
from ingest_api.problems import faults_of, problem_responses
from ingest_api.refusals import VersionConflict
from ingest_api.schemas import BaselineDocument, ConfigDocument, ConfigVersion, ListOf
from ingest_api.versions import etag, expected_version
from ingest_api.writes import Answer, WriteOf

_HIDDEN: Final = "[secret]"

router = APIRouter(prefix="/api/v1", tags=["configuration"])


@router.get("/config", summary="Read the configuration", response_model=ConfigDocument)
async def read_config(caller: CallerOf, services: ServicesOf) -> Response:
    """Return the configuration in force, with the defaults filled in; `ETag` is its version."""
    async with services.database.transaction(caller.company_id) as connection:
        stored = await configs.load(connection, caller.company_id)
    return JSONResponse(_document(stored, caller), headers=etag(stored.version))


@router.post(
    "/config",
    summary="Change the configuration",
    response_model=ConfigDocument,
    responses=problem_responses(409, 422),
)
async def change_config(
    write: WriteOf,
    patch: Annotated[
        dict[str, JsonValue],
        Body(description="A partial document, laid over the present one (RFC 7396); null restores a default."),
    ],
    if_match: Annotated[str | None, Header(description="The version that the change is based on")] = None,
) -> Response:
    """Change part of the configuration, or all; with `If-Match`, only if nobody changed it meanwhile (else 409).

    The answer of `GET` may be sent back as it came: then its `version` stands for `If-Match`.
    """
    change, read_at = _opened(patch)
    expected = read_at if if_match is None else expected_version(if_match)

    async def work(connection: Connection) -> Answer:
        stored = await _save_config(connection, write.caller, change, expected, write.trace_id)
        return Answer(_document(stored, write.caller), headers=etag(stored.version))

    return await write.run(work)


def _opened(document: dict[str, Any]) -> tuple[dict[str, Any], int | None]:
    """Return the change that a document asks for and the version it names: it may be one of ours (ConfigDocument)."""
    config, version = document.get("config"), document.get("version")
    if not isinstance(config, dict) or not document.keys() <= {"config", "version"}:
        return document, None
    if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
        raise InvalidRequest("The version must be a number.")
    return config, version


async def _save_config(
    connection: Connection, caller: Caller, patch: dict[str, Any], expected: int | None, trace_id: str
) -> StoredConfig:
    for _ in range(2):
        current = await configs.load(connection, caller.company_id)
        if expected is not None and expected != current.version:
            raise VersionConflict(f"The configuration is at version {current.version}, not {expected}.")
        config = _merged(current.config, patch)
        try:
            version = await configs.save(
                connection,
                caller.company_id,
                config,
                caller.actor,
                datetime.now(UTC),
                expected_version=current.version,
                trace_id=trace_id,
            )
        except Conflict:  # somebody was faster; the lock that `save` took is ours now, so the next round is the last
            continue
        return StoredConfig(version, config)
    raise VersionConflict


def _merged(current: CompanyConfig, patch: dict[str, Any]) -> CompanyConfig:
    try:
        return CompanyConfig.model_validate(merge(current.model_dump(mode="json"), patch))
    except ValidationError as error:
        raise InvalidRequest("The configuration would not be valid.", errors=faults_of(error)) from None


def _document(stored: StoredConfig, caller: Caller) -> dict[str, Any]:
    """Return the answer; those who may not change the configuration do not see addresses that hold a credential."""
    config = stored.config.model_dump(mode="json")
    if caller.role not in ACCESS["POST", "/api/v1/config"]:
        config = hide_credentials(config)
    return {"version": stored.version, "config": config}


def hide_credentials(config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration whose webhook addresses are masked: knowing one is enough to post to it."""
    escalation = dict(config.get("escalation", {}))
    for name in ("webhook_url", "slack_webhook_url"):
        if escalation.get(name) is not None:
            escalation[name] = _HIDDEN
    return {**config, "escalation": escalation}


@router.get("/config/history", summary="Earlier configurations")
async def read_config_history(
    caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[ConfigVersion]:
    """Return every version that was stored, newest first, with who stored it; credentials are masked."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await configs.history(connection, caller.company_id, cursor, limit)
    items = [ConfigVersion(**{**row, "config": hide_credentials(row["config"])}) for row in page.items]
    return ListOf(items=items, next_cursor=page.next_cursor)


@router.get("/baselines", summary="List baselines")
async def list_baselines(caller: CallerOf, services: ServicesOf) -> ListOf[BaselineDocument]:
    """Return every version of every baseline; one is active."""
    async with services.database.transaction(caller.company_id) as connection:
        stored = await baselines.list_(connection, caller.company_id)
    return ListOf(items=[BaselineDocument.model_validate(item) for item in stored], next_cursor=None)


@router.post("/baselines", summary="Store a baseline", status_code=201, response_model=BaselineDocument)
async def save_baseline(write: WriteOf, baseline: Baseline) -> Response:
    """Store a baseline and make it the active one; one of the same name becomes its next version."""

    async def work(connection: Connection) -> Answer:
        stored = await baselines.save(
            connection,
            write.caller.company_id,
            baseline,
            write.caller.actor,
            datetime.now(UTC),
            trace_id=write.trace_id,
        )
        return Answer(BaselineDocument.model_validate(stored).model_dump(mode="json"), status=201)

    return await write.run(work)
