"""Tools that a company defines for its conversations: its own HTTP endpoints, and MCP servers."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Header, Path, Response
from fastapi.responses import JSONResponse
from pydantic import JsonValue, ValidationError

from core.addresses import EVERYWHERE, address_in, is_reachable
from core.errors import Conflict, InvalidRequest, NotFound
from core.playbooks import NAME_PATTERN
from core.security import create_webhook_secret
from core.tools import ToolDefinition
from db import tools
from db.pool import Connection
from db.tools import StoredTool
from ingest_api.deps import CallerOf, ServicesOf
from ingest_api.merge_patch import merge
from ingest_api.playbook_schemas import NewTool, ToolDocument
from ingest_api.problems import faults_of, problem_responses
from ingest_api.refusals import PrivateAddress, VersionConflict
from ingest_api.schemas import ListOf
from ingest_api.versions import etag, expected_version
from ingest_api.wiring import Services
from ingest_api.writes import Answer, Write, WriteOf

ToolName = Annotated[str, Path(pattern=NAME_PATTERN)]
_OWN: Final = {"secret", "enabled"}
"""Members of a tool that are not of its definition."""

router = APIRouter(prefix="/api/v1/tools", tags=["tools"])


@router.get("", summary="List tools")
async def list_tools(caller: CallerOf, services: ServicesOf) -> ListOf[ToolDocument]:
    """Return the company's tools by name, those that are switched off too. Secrets are never shown again."""
    async with services.database.transaction(caller.company_id) as connection:
        stored = await tools.list_(connection, caller.company_id)
    return ListOf(items=[ToolDocument(**_shown(tool)) for tool in stored], next_cursor=None)


@router.get("/{name}", summary="Read a tool", response_model=ToolDocument, responses=problem_responses(404))
async def read_tool(name: ToolName, caller: CallerOf, services: ServicesOf) -> Response:
    """Return one tool; `ETag` is its version."""
    async with services.database.transaction(caller.company_id) as connection:
        stored = await _get(connection, caller.company_id, name)
    return JSONResponse(_shown(stored), headers=etag(stored.version))


@router.post(
    "", summary="Add a tool", status_code=201, response_model=ToolDocument, responses=problem_responses(409, 422)
)
async def add_tool(write: WriteOf, body: NewTool) -> Response:
    """Add a tool. A secret that was made here is shown in this answer and never again; a name taken is a 409.

    Playbooks that name the tool may use it from their next turn on.
    """
    _check_reachable(write.services, body)

    async def work(connection: Connection) -> Answer:
        return await _save(connection, write, body, expected=0, status=201, makes_secret=True)

    return await write.run(work)


@router.patch(
    "/{name}", summary="Change a tool", response_model=ToolDocument, responses=problem_responses(404, 409, 422)
)
async def change_tool(
    name: ToolName,
    write: WriteOf,
    patch: Annotated[
        dict[str, JsonValue],
        Body(description="Members to change (RFC 7396); null restores a default, and for `secret` makes a new one."),
    ],
    if_match: Annotated[str | None, Header(description="The version that the change is based on")] = None,
) -> Response:
    """Change part of a tool; its secret stays unless it is named."""
    expected = expected_version(if_match)
    if patch.get("name", name) != name:
        raise InvalidRequest("A tool cannot be renamed.", errors=[{"field": "body.name", "detail": "is fixed"}])

    async def work(connection: Connection) -> Answer:
        stored = await _get(connection, write.caller.company_id, name)
        known = {**stored.definition.model_dump(mode="json", exclude_unset=True), "enabled": stored.enabled}
        wanted = _parse(merge(known, patch))
        if "url" in patch:
            _check_reachable(write.services, wanted)
        return await _save(
            connection,
            write,
            wanted,
            expected=stored.version if expected is None else expected,
            makes_secret="secret" in patch,
        )

    return await write.run(work)


@router.delete(
    "/{name}", summary="Remove a tool", status_code=204, response_model=None, responses=problem_responses(404)
)
async def remove_tool(name: ToolName, write: WriteOf) -> Response:
    """Remove a tool and its secret; what was called stays in the log."""
    caller = write.caller

    async def work(connection: Connection) -> Answer:
        if not await tools.delete(connection, caller.company_id, name, actor=caller.actor, trace_id=write.trace_id):
            raise NotFound
        return Answer({}, status=204)

    return await write.run(work)


async def _get(connection: Connection, company_id: str, name: str) -> StoredTool:
    stored = await tools.get(connection, company_id, name)
    if stored is None:
        raise NotFound
    return stored


def _parse(document: Any) -> NewTool:
    try:
        return NewTool.model_validate(document)
    except ValidationError as error:
        raise InvalidRequest("The tool would not be valid.", errors=faults_of(error, "body")) from None


def _check_reachable(services: Services, wanted: NewTool) -> None:
    """Raise PrivateAddress for an address to which each call would be refused. Names are checked at each call."""
    networks = EVERYWHERE if services.settings.conversations.allow_private_tools else ()
    address = address_in(wanted.url.host or "")
    if address is not None and not is_reachable(address, networks):
        raise PrivateAddress(
            "The tool could never be reached there.",
            errors=[{"field": "body.url", "detail": "is not a public address"}],
        )


async def _save(
    connection: Connection, write: Write, wanted: NewTool, *, expected: int, makes_secret: bool, status: int = 200
) -> Answer:
    """Store a tool; a secret is made where one is wanted and none was given."""
    made = create_webhook_secret() if makes_secret and wanted.secret is None and wanted.kind == "http" else None
    secret, caller = wanted.secret or made, write.caller
    try:
        stored = await tools.save(
            connection,
            caller.company_id,
            ToolDefinition.model_validate(wanted.model_dump(exclude=_OWN, exclude_unset=True)),
            secret=write.services.vault.encrypt(secret) if secret else None,
            enabled=wanted.enabled,
            actor=caller.actor,
            now=datetime.now(UTC),
            expected_version=expected,
            trace_id=write.trace_id,
        )
    except Conflict as error:
        raise VersionConflict(error.detail) from None
    return Answer(_shown(stored), status, etag(stored.version), {"secret": made} if made else {})


def _shown(tool: StoredTool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "definition": tool.definition.model_dump(mode="json"),
        "enabled": tool.enabled,
        "has_secret": tool.secret is not None,
        "version": tool.version,
        "updated_at": tool.updated_at.isoformat(),
        "updated_by": tool.updated_by,
    }
