"""The knowledge base: its sources, what became of reading them, and search."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from redis.exceptions import RedisError

from core.errors import Conflict, InvalidRequest, NotFound
from core.ids import new_id
from core.streams import FIELD, JOBS, IngestJob, encode_job, shard_of
from db import audit, knowledge_chunks, knowledge_runs, knowledge_sources, knowledge_uploads, knowledge_views
from db.pool import Connection
from ingest_api.deps import CallerOf, Cursor, ExchangeOf, Limit, ServicesOf, is_form
from ingest_api.knowledge_schemas import (
    MAX_TITLE,
    NEW_SOURCE,
    FoundPassage,
    IngestRequest,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeRun,
    KnowledgeSource,
    Language,
    NewFile,
    NewPages,
    NewText,
    SearchAnswer,
    Tag,
)
from ingest_api.problems import problem_responses
from ingest_api.refusals import EmptyDocument, InvalidJson, SourceNotAllowed
from ingest_api.schemas import ListOf
from ingest_api.uploads import read_upload
from ingest_api.wiring import Services
from ingest_api.writes import Answer, Write, WriteOf
from knowledge.fetching.allowlist import check_allowed, parse_sources
from knowledge.fetching.refusals import Refused
from knowledge.fetching.urls import parse

SOURCES_PATH: Final = "/api/v1/knowledge/sources"
FORM_BYTES: Final = 65_536
"""What a form may hold beside its file."""
MAX_QUERY: Final = 1000
_NO_NUL: Final = r"^[^\x00]+$"
_log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"])

_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "PDF, DOCX, HTML, Markdown, text, CSV or XLSX"},
        "title": {"type": "string", "maxLength": 500, "description": "The file's name when left out"},
        "tags": {"type": "string", "description": "Divided by commas; the field may be repeated"},
        "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    },
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NEW_SOURCE.json_schema(ref_template="#/components/schemas/{model}")},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    media_type: str | None
    content: bytes


@router.post(
    "/sources",
    summary="Add a source",
    status_code=201,
    response_model=KnowledgeSource,
    responses=problem_responses(413),
    openapi_extra=_BODY,
)
async def add_source(request: Request, write: WriteOf) -> Response:
    """Add a text, a page, a sitemap (JSON), or a file (form), and begin to read it in the background.

    The answer names the run; nothing of the source can be found before it is done.
    """
    wish, file = await (_wish_of_form(request) if is_form(request) else _wish_of_json(request))
    if isinstance(wish, NewPages):
        _check_allowed(write.services, wish.location)
    jobs: list[IngestJob] = []

    async def work(connection: Connection) -> Answer:
        caller, now, source_id = write.caller, datetime.now(UTC), new_id()
        place = (connection, caller.company_id)
        await knowledge_sources.create(
            *place, source_id=source_id, kind=_kind_of(wish), title=_title_of(wish, file), created_by=caller.actor,
            now=now, location=wish.location if isinstance(wish, NewPages) else file.name if file else None,
            tags=list(dict.fromkeys(wish.tags)), language=wish.language,
        )  # fmt: skip
        if (content := file or _as_file(wish)) is not None:
            await knowledge_uploads.save(
                *place, source_id, name=content.name, media_type=content.media_type, content=content.content, now=now
            )
        jobs.append(await _queue(connection, write, source_id, now))
        detail = {"kind": _kind_of(wish), "run_id": jobs[0].run_id}
        await audit.record(*place, caller.actor, "knowledge_source.added", source_id, detail, write.trace_id)
        return Answer(await _view(connection, caller.company_id, source_id), status=201)

    response = await write.run(work)
    await _publish(write.services, jobs)
    return response


@router.get("/sources", summary="List sources")
async def list_sources(
    caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[KnowledgeSource]:
    """Return the sources, newest first, each with what can be found of it and its last run."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await knowledge_views.list_sources(connection, caller.company_id, cursor, limit)
    return ListOf(items=[KnowledgeSource(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/sources/{source_id}", summary="Read a source", responses=problem_responses(404))
async def read_source(source_id: UUID, caller: CallerOf, services: ServicesOf) -> KnowledgeSource:
    """Return one source with its last run: how far it has come, and which documents could not be read."""
    async with services.database.transaction(caller.company_id) as connection:
        row = await knowledge_views.get_source(connection, caller.company_id, str(source_id))
    if row is None:
        raise NotFound
    return KnowledgeSource(**row)


@router.delete(
    "/sources/{source_id}",
    summary="Delete a source",
    status_code=204,
    response_model=None,
    responses=problem_responses(404),
)
async def delete_source(source_id: UUID, write: WriteOf) -> Response:
    """Delete a source: from now on no search finds anything of it; what is stored of it goes in the background."""

    async def work(connection: Connection) -> Answer:
        caller, wanted = write.caller, str(source_id)
        if not await knowledge_sources.remove(connection, caller.company_id, wanted, datetime.now(UTC)):
            raise NotFound
        await audit.record(
            connection, caller.company_id, caller.actor, "knowledge_source.deleted", wanted, {}, write.trace_id
        )
        return Answer({}, status=204)

    return await write.run(work)


@router.get("/sources/{source_id}/documents", summary="List a source's documents", responses=problem_responses(404))
async def list_documents(
    source_id: UUID, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[KnowledgeDocument]:
    """Return the documents that can be found now, the latest read first."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await knowledge_views.list_documents(connection, caller.company_id, str(source_id), cursor, limit)
    if page is None:
        raise NotFound
    return ListOf(items=[KnowledgeDocument(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/documents/{document_id}/chunks", summary="Read a document's chunks", responses=problem_responses(404))
async def list_chunks(
    document_id: UUID, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[KnowledgeChunk]:
    """Return a document as it was cut, in the order of its text."""
    offset = _offset_of(cursor)
    async with services.database.transaction(caller.company_id) as connection:
        rows = await knowledge_chunks.of_document(
            connection, caller.company_id, str(document_id), limit=limit + 1, offset=offset
        )
    if not rows and not offset:
        raise NotFound
    following = str(offset + limit) if len(rows) > limit else None
    return ListOf(items=[KnowledgeChunk.model_validate(row) for row in rows[:limit]], next_cursor=following)


@router.post(
    "/sources/{source_id}/ingest",
    summary="Read a source again",
    status_code=202,
    response_model=KnowledgeRun,
    responses=problem_responses(404),
)
async def ingest(source_id: UUID, write: WriteOf, body: IngestRequest | None = None) -> Response:
    """Read a source again in the background: what changed is replaced, what is gone goes, the rest is left alone.

    While one run works, one more is queued behind it; asking again meanwhile answers with the queued one.
    """
    jobs: list[IngestJob] = []

    async def work(connection: Connection) -> Answer:
        caller, wanted = write.caller, str(source_id)
        if await knowledge_sources.get(connection, caller.company_id, wanted) is None:
            raise NotFound
        loss_allowed = body is not None and body.allow_loss
        jobs.append(await _queue(connection, write, wanted, datetime.now(UTC), loss_allowed=loss_allowed))
        detail = {"run_id": jobs[0].run_id, "allow_loss": loss_allowed}
        await audit.record(
            connection, caller.company_id, caller.actor, "knowledge_source.ingested", wanted, detail, write.trace_id
        )
        run = await knowledge_runs.get(connection, caller.company_id, jobs[0].run_id)
        return Answer(KnowledgeRun.model_validate(run).model_dump(mode="json"), status=202)

    response = await write.run(work)
    await _publish(write.services, jobs)
    return response


@router.get("/sources/{source_id}/runs", summary="List a source's runs")
async def list_runs(
    source_id: UUID, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[KnowledgeRun]:
    """Return the readings of a source, newest first."""
    async with services.database.transaction(caller.company_id) as connection:
        page = await knowledge_runs.list_(
            connection, caller.company_id, source_id=str(source_id), cursor=cursor, limit=limit
        )
    return ListOf(items=[KnowledgeRun(**row) for row in page.items], next_cursor=page.next_cursor)


@router.get("/runs/{run_id}", summary="Read a run", responses=problem_responses(404))
async def read_run(run_id: UUID, caller: CallerOf, services: ServicesOf) -> KnowledgeRun:
    """Return one reading of a source: how far it has come, and what went wrong."""
    async with services.database.transaction(caller.company_id) as connection:
        run = await knowledge_runs.get(connection, caller.company_id, str(run_id))
    if run is None:
        raise NotFound
    return KnowledgeRun.model_validate(run)


@router.post(
    "/runs/{run_id}/cancel", summary="Cancel a run", response_model=KnowledgeRun, responses=problem_responses(404, 409)
)
async def cancel_run(run_id: UUID, write: WriteOf) -> Response:
    """End a run that is queued, under way or waiting; what can be found stays as it was before it."""

    async def work(connection: Connection) -> Answer:
        caller, wanted, now = write.caller, str(run_id), datetime.now(UTC)
        cancelled = await knowledge_runs.cancel(connection, caller.company_id, wanted, now)
        run = await knowledge_runs.get(connection, caller.company_id, wanted)
        if run is None:
            raise NotFound
        if not cancelled:
            raise Conflict("The run has ended.")
        await _rest(connection, caller.company_id, run.source_id, now)
        await audit.record(
            connection, caller.company_id, caller.actor, "knowledge_run.cancelled", wanted, {}, write.trace_id
        )
        return Answer(KnowledgeRun.model_validate(run).model_dump(mode="json"))

    return await write.run(work)


@router.get("/search", summary="Search the knowledge base")
async def search(
    caller: CallerOf,
    services: ServicesOf,
    exchange: ExchangeOf,
    q: Annotated[str, Query(min_length=1, max_length=MAX_QUERY, pattern=_NO_NUL, description="A question, or words")],
    k: Annotated[int | None, Query(ge=1, le=50, description="Passages at most; KB_TOP_K when left out")] = None,
    language: Annotated[Language | None, Query(description="Of this language alone")] = None,
    tags: Annotated[list[Tag] | None, Query(max_length=20, description="Of sources with one of these tags")] = None,
) -> SearchAnswer:
    """Return the passages that answer best, with their scores and the places that match.

    Answered by the jobs role; 503 with the code `search_unavailable` when none runs.
    """
    if not q.strip():
        raise InvalidRequest("The question is blank.")
    found = await services.searches.ask(
        caller.company_id, q, exchange.trace_id, k=k, language=language, tags=tags or ()
    )
    return SearchAnswer(query=q, items=[FoundPassage.model_validate(passage) for passage in found])


async def _wish_of_json(request: Request) -> tuple[NewText | NewPages, None]:
    try:
        return NEW_SOURCE.validate_json(await request.body()), None
    except ValidationError as error:
        raise _refusal(error) from None


async def _wish_of_form(request: Request) -> tuple[NewFile, _File]:
    upload = await read_upload(request)
    fields = {"title": upload.one("title"), "tags": list(upload.several("tags")), "language": upload.one("language")}
    if unknown := sorted(set(upload.fields) - set(fields)):
        raise InvalidRequest(f"The form has an unknown field {unknown[0][:64]!r}.")
    try:
        wish = NewFile.model_validate(fields)
    except ValidationError as error:
        raise _refusal(error) from None
    if not upload.content:
        raise EmptyDocument
    return wish, _File(upload.name, upload.media_type, upload.content)


def _refusal(error: ValidationError) -> Exception:
    """Return what the framework would have raised, had it read the body."""
    faults: list[Mapping[str, Any]] = list(error.errors(include_url=False, include_context=False, include_input=False))
    if any(fault["type"] == "json_invalid" for fault in faults):
        return InvalidJson()
    return RequestValidationError([{**fault, "loc": ("body", *fault["loc"])} for fault in faults])


def _check_allowed(services: Services, location: str) -> None:
    try:
        check_allowed(parse(location), parse_sources(services.settings.knowledge.kb_allowed_sources))
    except Refused as refused:
        raise SourceNotAllowed(refused.detail) from None


def _kind_of(wish: NewText | NewPages | NewFile) -> str:
    return "file" if isinstance(wish, NewFile) else wish.kind


def _title_of(wish: NewText | NewPages | NewFile, file: _File | None) -> str:
    given = wish.title or (wish.location if isinstance(wish, NewPages) else file.name if file else "")
    return given[:MAX_TITLE]


def _as_file(wish: NewText | NewPages | NewFile) -> _File | None:
    return _File(f"{wish.title}.md", "text/markdown", wish.text.encode()) if isinstance(wish, NewText) else None


async def _queue(
    connection: Connection, write: Write, source_id: str, now: datetime, *, loss_allowed: bool = False
) -> IngestJob:
    """Queue a run, or find the one that is queued already."""
    company_id, run_id = write.caller.company_id, new_id()
    fresh = await knowledge_runs.queue(
        connection, company_id, run_id=run_id, source_id=source_id, trace_id=write.trace_id, now=now,
        loss_allowed=loss_allowed,
    )  # fmt: skip
    waiting = None if fresh else await knowledge_runs.queued(connection, company_id, source_id)
    return IngestJob(company_id, waiting.run_id if waiting else run_id, write.trace_id)


async def _view(connection: Connection, company_id: str, source_id: str) -> dict[str, Any]:
    row = await knowledge_views.get_source(connection, company_id, source_id)
    assert row is not None
    return KnowledgeSource(**row).model_dump(mode="json")


async def _rest(connection: Connection, company_id: str, source_id: str, now: datetime) -> None:
    """Say of a source whose run was cancelled that nothing is read any more."""
    source = await knowledge_sources.get(connection, company_id, source_id)
    if source is not None:
        status = "ready" if source.revision else "pending"
        await knowledge_sources.set_status(connection, company_id, source_id, status, now)


async def _publish(services: Services, jobs: list[IngestJob]) -> None:
    """Point the jobs role to runs. The rows are stored: should Redis be away, the sweep for runs finds them."""
    for job in jobs:
        stream = shard_of(JOBS, services.settings.store.stream_shards, job.company_id, job.run_id)
        try:
            await services.redis.xadd(stream, {FIELD: encode_job(job)})
        except (RedisError, OSError) as error:
            _log.warning("ingestion.left_to_the_sweep", extra={"error": type(error).__name__})


def _offset_of(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise InvalidRequest("The cursor is not one that we gave.")
    return int(cursor)
