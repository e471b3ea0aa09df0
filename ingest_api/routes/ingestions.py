"""Readings of sources: asking for one, how far it has come, and ending it."""

import logging
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response
from redis.exceptions import RedisError

from core.errors import Conflict, NotFound
from core.ids import new_id
from core.streams import FIELD, JOBS, IngestJob, encode_job, shard_of
from db import audit, knowledge_runs, knowledge_sources
from db.pool import Connection
from ingest_api.deps import CallerOf, Cursor, Limit, ServicesOf
from ingest_api.knowledge_schemas import IngestRequest, KnowledgeRun
from ingest_api.problems import problem_responses
from ingest_api.schemas import ListOf
from ingest_api.wiring import Services
from ingest_api.writes import Answer, Write, WriteOf

_log = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/knowledge", tags=["knowledge"])


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

    async def work(connection: Connection) -> Answer:
        caller, wanted = write.caller, str(source_id)
        if await knowledge_sources.get(connection, caller.company_id, wanted) is None:
            raise NotFound
        loss_allowed = body is not None and body.allow_loss
        job = await queue_run(connection, write, wanted, datetime.now(UTC), loss_allowed=loss_allowed)
        detail = {"run_id": job.run_id, "allow_loss": loss_allowed}
        await audit.record(
            connection, caller.company_id, caller.actor, "knowledge_source.ingested", wanted, detail, write.trace_id
        )
        run = KnowledgeRun.model_validate(await knowledge_runs.get(connection, caller.company_id, job.run_id))
        return Answer(run.model_dump(mode="json"), status=202, then=partial(publish_run, write.services, job))

    return await write.run(work)


@router.get("/sources/{source_id}/runs", summary="List a source's runs", responses=problem_responses(404))
async def list_runs(
    source_id: UUID, caller: CallerOf, services: ServicesOf, cursor: Cursor = None, limit: Limit = 50
) -> ListOf[KnowledgeRun]:
    """Return the readings of a source, newest first."""
    async with services.database.transaction(caller.company_id) as connection:
        if await knowledge_sources.get(connection, caller.company_id, str(source_id)) is None:
            raise NotFound
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


async def queue_run(
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


async def publish_run(services: Services, job: IngestJob) -> None:
    """Point the jobs role to a run. The row is stored: should Redis be away, the sweep for runs finds it."""
    stream = shard_of(JOBS, services.settings.store.stream_shards, job.company_id, job.run_id)
    try:
        await services.redis.xadd(stream, {FIELD: encode_job(job)})
    except (RedisError, OSError) as error:
        _log.warning("ingestion.left_to_the_sweep", extra={"error": type(error).__name__})


async def _rest(connection: Connection, company_id: str, source_id: str, now: datetime) -> None:
    """Say of a source whose run was cancelled that nothing is read any more."""
    source = await knowledge_sources.get(connection, company_id, source_id)
    if source is not None:
        status = "ready" if source.revision else "pending"
        await knowledge_sources.set_status(connection, company_id, source_id, status, now)
