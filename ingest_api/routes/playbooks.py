"""Playbooks: the shipped ones, a company's own in versions, and which version is in force."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import JSONResponse

from core.errors import Conflict
from core.playbooks import NAME_PATTERN, Playbook
from core.tools import ToolDefinition, unknown_tools
from db import playbooks, tools
from db.pool import Connection
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf
from ingest_api.playbook_schemas import PlaybookDocument, PlaybookVersion, PlaybookWarning
from ingest_api.problems import problem_responses
from ingest_api.refusals import VersionConflict
from ingest_api.schemas import ListOf
from ingest_api.versions import etag, expected_version
from ingest_api.writes import Answer, WriteOf

PlaybookName = Annotated[str, Path(pattern=NAME_PATTERN)]
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]

router = APIRouter(prefix="/api/v1/playbooks", tags=["playbooks"])


@router.get("", summary="List playbooks")
async def list_playbooks(caller: CallerOf, services: ServicesOf) -> ListOf[PlaybookDocument]:
    """Return what holds under each name: the company's own, and the shipped ones that it did not replace."""
    async with services.database.transaction(caller.company_id) as connection:
        items = await _documents(connection, caller.company_id)
    return ListOf(items=items, next_cursor=None)


@router.get("/{name}", summary="Read a playbook", response_model=PlaybookDocument, responses=problem_responses(404))
async def read_playbook(name: PlaybookName, caller: CallerOf, services: ServicesOf) -> Response:
    """Return the playbook that holds under a name; `ETag` is the number of its version, 0 for a shipped one."""
    async with services.database.transaction(caller.company_id) as connection:
        document = await _document(connection, caller.company_id, name)
    return JSONResponse(document, headers=etag(document["number"] or 0))


async def _document(connection: Connection, company_id: str, name: str) -> dict[str, Any]:
    for one in await _documents(connection, company_id):
        if one.name == name:
            return one.model_dump(mode="json")
    raise playbooks.UnknownPlaybook(f"There is no playbook {name}.")


async def _documents(connection: Connection, company_id: str) -> list[PlaybookDocument]:
    defined = [one.definition for one in await tools.valid(connection, company_id)]
    listed = await playbooks.list_(connection, company_id)
    return [
        PlaybookDocument.model_validate(one).model_copy(update={"warnings": _warnings(one, defined)}) for one in listed
    ]


def _warnings(listed: playbooks.ListedPlaybook, defined: Sequence[ToolDefinition]) -> list[PlaybookWarning]:
    """Return what may be a mistake in a playbook; one that cannot be read has its fault instead."""
    if listed.playbook is None:
        return []
    unknown = unknown_tools(listed.playbook, defined)
    return [
        PlaybookWarning(field=f"tools.{position}", code="unknown_tool", detail=f"there is no tool {name} yet")
        for position, name in unknown
    ]


@router.post(
    "",
    summary="Store a playbook",
    status_code=201,
    response_model=PlaybookDocument,
    responses=problem_responses(409, 422),
)
async def save_playbook(
    write: WriteOf,
    playbook: Playbook,
    if_match: Annotated[str | None, Header(description="Number of the latest version; 0 when there is none")] = None,
) -> Response:
    """Store the next version of a playbook and put it into force; a shipped one of its name steps back.

    A 422 names every fault by its place, such as `body.stages.greeting.next.0`. `warnings` of the answer name tools
    that the company does not have: they may be defined later, and are not offered until then.
    """
    expected, caller = expected_version(if_match), write.caller

    async def work(connection: Connection) -> Answer:
        try:
            number = await playbooks.save(
                connection,
                caller.company_id,
                playbook,
                caller.actor,
                datetime.now(UTC),
                expected_version=expected,
                trace_id=write.trace_id,
            )
        except Conflict as error:
            raise VersionConflict(error.detail) from None
        document = await _document(connection, caller.company_id, playbook.name)
        return Answer(document, status=201, headers=etag(number))

    return await write.run(work)


@router.delete(
    "/{name}", summary="Withdraw a playbook", status_code=204, response_model=None, responses=problem_responses(404)
)
async def withdraw_playbook(name: PlaybookName, write: WriteOf) -> Response:
    """Take the company's own playbook out of force; the shipped one of its name holds again. Its versions are kept."""
    caller = write.caller

    async def work(connection: Connection) -> Answer:
        await playbooks.withdraw(connection, caller.company_id, name, caller.actor, trace_id=write.trace_id)
        return Answer({}, status=204)

    return await write.run(work)


@router.get("/{name}/versions", summary="List a playbook's versions")
async def list_versions(
    name: PlaybookName, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[PlaybookVersion]:
    """Return the versions that the company stored under a name, newest first."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await playbooks.history(connection, caller.company_id, name, cursor, limit)
    return ListOf(items=[PlaybookVersion(**row) for row in page.items], next_cursor=page.next_cursor)


@router.post(
    "/{name}/versions/{version}/activate",
    summary="Put a version into force",
    response_model=PlaybookDocument,
    responses=problem_responses(404, 409),
)
async def activate_version(name: PlaybookName, version: VersionNumber, write: WriteOf) -> Response:
    """Put an earlier version into force again; conversations follow it from their next turn on."""
    caller = write.caller

    async def work(connection: Connection) -> Answer:
        await playbooks.activate(connection, caller.company_id, name, version, caller.actor, trace_id=write.trace_id)
        return Answer(await _document(connection, caller.company_id, name), headers=etag(version))

    return await write.run(work)
