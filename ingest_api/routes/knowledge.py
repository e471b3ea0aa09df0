"""The knowledge base: its sources, what became of reading them, and search."""

import logging
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from core.errors import InvalidRequest, NotFound
from core.ids import new_id
from db import audit, knowledge_chunks, knowledge_sources, knowledge_uploads, knowledge_views
from db.pool import Connection
from ingest_api.access import Caller
from ingest_api.deps import CallerOf, Cursor, ExchangeOf, Limit, ServicesOf
from ingest_api.knowledge_schemas import (
    FoundPassage,
    KnowledgeChunk,
    KnowledgeDocument,
    KnowledgeSource,
    Language,
    SearchAnswer,
    SearchAnswerability,
    Tag,
)
from ingest_api.problems import problem_responses
from ingest_api.refusals import SourceNotAllowed
from ingest_api.routes.ingestions import publish_run, queue_run
from ingest_api.schemas import ListOf
from ingest_api.wiring import Services
from ingest_api.wishes import BODY, Wish, read_wish
from ingest_api.writes import Answer, WriteOf
from knowledge.fetching.allowlist import check_allowed, parse_sources
from knowledge.fetching.refusals import Refused
from knowledge.fetching.urls import parse
from knowledge.retrieval.answerability import answerable

SOURCES_PATH: Final = "/api/v1/knowledge/sources"
FORM_BYTES: Final = 65_536
"""What a form may hold beside its file."""
MAX_QUERY: Final = 1000
_NO_NUL: Final = r"^[^\x00]+$"
_log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"])


@router.post(
    "/sources",
    summary="Add a source",
    status_code=201,
    response_model=KnowledgeSource,
    responses=problem_responses(413),
    openapi_extra=BODY,
)
async def add_source(request: Request, write: WriteOf) -> Response:
    """Add a text, a page, a sitemap (JSON), or a file (form), and begin to read it in the background.

    The answer names the run; nothing of the source can be found before it is done.
    """
    wish = await read_wish(request)
    if wish.kind in ("url", "sitemap") and wish.location is not None:
        _check_allowed(write.services, wish.location)

    async def work(connection: Connection) -> Answer:
        caller, now, source_id = write.caller, datetime.now(UTC), new_id()
        await _store(connection, caller, source_id, wish, now)
        job = await queue_run(connection, write, source_id, now)
        detail = {"kind": wish.kind, "run_id": job.run_id}
        await audit.record(
            connection, caller.company_id, caller.actor, "knowledge_source.added", source_id, detail, write.trace_id
        )
        shown = await _view(connection, caller.company_id, source_id)
        return Answer(shown, status=201, then=partial(publish_run, write.services, job))

    return await write.run(work)


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
    """Return the passages that answer best, with their scores and the places that match, and how likely they answer.

    Answered by the jobs role; 503 with the code `search_unavailable` when none runs.
    """
    if not q.strip():
        raise InvalidRequest("The question is blank.")
    found = await services.searches.ask(
        caller.company_id, q, exchange.trace_id, k=k, language=language, tags=tags or ()
    )
    return SearchAnswer(
        query=q,
        answerability=SearchAnswerability.model_validate(answerable(q, found)),
        items=[FoundPassage.model_validate(passage) for passage in found],
    )


def _check_allowed(services: Services, location: str) -> None:
    try:
        check_allowed(parse(location), parse_sources(services.settings.knowledge.kb_allowed_sources))
    except Refused as refused:
        raise SourceNotAllowed(refused.detail) from None


async def _store(connection: Connection, caller: Caller, source_id: str, wish: Wish, now: datetime) -> None:
    await knowledge_sources.create(
        connection,
        caller.company_id,
        source_id=source_id,
        kind=wish.kind,
        title=wish.title,
        created_by=caller.actor,
        now=now,
        location=wish.location,
        tags=wish.tags,
        language=wish.language,
    )
    if (file := wish.file) is not None:
        await knowledge_uploads.save(
            connection,
            caller.company_id,
            source_id,
            name=file.name,
            media_type=file.media_type,
            content=file.content,
            now=now,
        )


async def _view(connection: Connection, company_id: str, source_id: str) -> dict[str, Any]:
    row = await knowledge_views.get_source(connection, company_id, source_id)
    assert row is not None
    return KnowledgeSource(**row).model_dump(mode="json")


def _offset_of(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 9:
        raise InvalidRequest("The cursor is not one that we gave.")
    return int(cursor)
