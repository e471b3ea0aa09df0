"""Runs of ingestion: one row per run, from which a killed one is taken up again and an abandoned worker locked out.

A source has one run at most that is worked on or waits for something, and one that is queued behind it. A worker claims
a run and gets the number of its attempt; it signs everything that it writes with that number, and is refused once
another worker claimed the run after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.types.json import Jsonb

from db.pages import Page, page_of, page_parameters
from db.pool import Connection
from db.query import change, fetch_all, fetch_dicts, fetch_one

MAX_PROBLEMS: Final = 100
"""Problems that a run keeps; further ones are only counted, in its progress."""

# Adds a run, unless the source has a queued one.
_QUEUE: Final = """
    INSERT INTO knowledge_runs (company_id, run_id, source_id, loss_allowed, created_at, heartbeat_at, trace_id)
    VALUES (%(company_id)s, %(run_id)s, %(source_id)s, %(loss_allowed)s, %(now)s, %(now)s, %(trace_id)s)
    ON CONFLICT DO NOTHING
"""

# Reads one run.
_GET: Final = """
    SELECT run_id, source_id, status, attempt, revision, loss_allowed, progress, problems, error, detail,
           created_at, started_at, heartbeat_at, resume_at, finished_at, trace_id
    FROM knowledge_runs WHERE company_id = %(company_id)s AND run_id = %(run_id)s
"""

# Reads the queued run of a source.
_QUEUED: Final = """
    SELECT run_id, source_id, status, attempt, revision, loss_allowed, progress, problems, error, detail,
           created_at, started_at, heartbeat_at, resume_at, finished_at, trace_id
    FROM knowledge_runs
    WHERE company_id = %(company_id)s AND source_id = %(source_id)s AND status = 'queued'
"""

# Reads a page of runs, newest first.
_LIST: Final = """
    SELECT run_id, source_id, status, attempt, revision, loss_allowed, progress, problems, error, detail,
           created_at, started_at, heartbeat_at, resume_at, finished_at, trace_id
    FROM knowledge_runs
    WHERE company_id = %(company_id)s AND (%(source_id)s::uuid IS NULL OR source_id = %(source_id)s)
      AND (%(cursor_at)s::timestamptz IS NULL OR (created_at, run_id) < (%(cursor_at)s, %(cursor_key)s::uuid))
    ORDER BY created_at DESC, run_id DESC LIMIT %(limit)s
"""

# Takes up a run that nobody works on, unless another one of its source is unfinished. It prepares the revision after
# the live one; a run that had published and died before its end keeps the revision that it published.
_CLAIM: Final = """
    UPDATE knowledge_runs r
    SET status = 'running', attempt = attempt + 1, revision = coalesce(r.revision, s.revision + 1),
        started_at = coalesce(started_at, %(now)s), heartbeat_at = %(now)s, resume_at = NULL, error = NULL,
        detail = NULL
    FROM knowledge_sources s
    WHERE r.company_id = %(company_id)s AND r.run_id = %(run_id)s
      AND s.company_id = r.company_id AND s.source_id = r.source_id AND s.deleted_at IS NULL
      AND (r.status IN ('queued', 'waiting') OR (r.status = 'running' AND r.heartbeat_at < %(stale_before)s))
      AND NOT EXISTS (SELECT FROM knowledge_runs o
                      WHERE o.company_id = r.company_id AND o.source_id = r.source_id AND o.run_id <> r.run_id
                        AND o.status IN ('running', 'waiting'))
    RETURNING r.run_id, r.source_id, r.status, r.attempt, r.revision, r.loss_allowed, r.progress, r.problems, r.error,
              r.detail, r.created_at, r.started_at, r.heartbeat_at, r.resume_at, r.finished_at, r.trace_id
"""

# Keeps others from taking over or cancelling the run until the transaction ends.
_HOLD: Final = """
    SELECT run_id FROM knowledge_runs
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status = 'running' AND attempt = %(attempt)s
    FOR UPDATE
"""

# Gives a sign of life.
_BEAT: Final = """
    UPDATE knowledge_runs
    SET heartbeat_at = %(now)s, progress = coalesce(%(progress)s, progress), problems = coalesce(%(problems)s, problems)
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status = 'running' AND attempt = %(attempt)s
"""

# Lays a run aside until later.
_WAIT: Final = """
    UPDATE knowledge_runs
    SET status = 'waiting', error = %(error)s, detail = %(detail)s, resume_at = %(resume_at)s, heartbeat_at = %(now)s
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status = 'running' AND attempt = %(attempt)s
"""

# Ends a run.
_FINISH: Final = """
    UPDATE knowledge_runs
    SET status = %(status)s, error = %(error)s, detail = %(detail)s, heartbeat_at = %(now)s, finished_at = %(now)s
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status = 'running' AND attempt = %(attempt)s
"""

# Ends a run by somebody's wish, whoever works on it.
_CANCEL: Final = """
    UPDATE knowledge_runs SET status = 'cancelled', heartbeat_at = %(now)s, finished_at = %(now)s
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status IN ('queued', 'running', 'waiting')
"""

# Ends a run that is given up on, whoever worked on it last.
_GIVE_UP: Final = """
    UPDATE knowledge_runs SET status = 'failed', error = %(error)s, heartbeat_at = %(now)s, finished_at = %(now)s
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status IN ('queued', 'running', 'waiting')
"""

# Finds runs of all companies that nobody works on: forgotten ones, and waiting ones whose time has come.
_UNFINISHED: Final = """
    SELECT company_id, run_id, source_id, trace_id FROM knowledge_runs
    WHERE (status IN ('queued', 'running') AND heartbeat_at < %(stale_before)s)
       OR (status = 'waiting' AND coalesce(resume_at, heartbeat_at) <= %(now)s)
    ORDER BY heartbeat_at LIMIT %(limit)s
"""

# Tells sweeps to leave a queued run alone for a while, and puts a waiting one back into the queue.
_REQUEUE: Final = """
    UPDATE knowledge_runs
    SET heartbeat_at = %(now)s,
        resume_at = CASE status WHEN 'waiting' THEN %(now)s::timestamptz + interval '1 minute' END
    WHERE company_id = %(company_id)s AND run_id = %(run_id)s AND status IN ('queued', 'waiting')
"""

EndStatus = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Run:
    """A run. `revision` is the one that it prepares; when it is live already, only the tidying up is left to do.

    `loss_allowed` says that it may take away more than half of its source.

    `progress` and `problems` are as the worker wrote them; `error` is a stable code, of a failed or waiting run.
    """

    run_id: str
    source_id: str
    status: str
    attempt: int
    revision: int | None
    loss_allowed: bool
    progress: dict[str, Any]
    problems: list[dict[str, Any]]
    error: str | None
    detail: str | None
    created_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime
    resume_at: datetime | None
    finished_at: datetime | None
    trace_id: str


@dataclass(frozen=True, slots=True)
class UnfinishedRun:
    """Where to find a run that was left behind."""

    company_id: str
    run_id: str
    source_id: str
    trace_id: str


async def queue(
    connection: Connection,
    company_id: str,
    *,
    run_id: str,
    source_id: str,
    trace_id: str,
    now: datetime,
    loss_allowed: bool = False,
) -> bool:
    """Add a run; returns False, with nothing added, when its source has one that is `queued`."""
    values: dict[str, Any] = {"company_id": company_id, "run_id": run_id, "source_id": source_id, "now": now}
    values |= {"trace_id": trace_id, "loss_allowed": loss_allowed}
    return await change(connection, _QUEUE, values) > 0


async def get(connection: Connection, company_id: str, run_id: str) -> Run | None:
    """Return a run, or None."""
    return await fetch_one(connection, Run, _GET, {"company_id": company_id, "run_id": run_id})


async def queued(connection: Connection, company_id: str, source_id: str) -> Run | None:
    """Return the queued run of a source, or None."""
    return await fetch_one(connection, Run, _QUEUED, {"company_id": company_id, "source_id": source_id})


async def list_(
    connection: Connection, company_id: str, *, source_id: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page:
    """Return a page of runs as dicts with the fields of Run, newest first."""
    values = {"company_id": company_id, "source_id": source_id, **page_parameters(cursor, limit)}
    return page_of(await fetch_dicts(connection, _LIST, values), limit, key="run_id")


async def claim(
    connection: Connection, company_id: str, run_id: str, now: datetime, *, stale_before: datetime
) -> Run | None:
    """Take up a run; None when it is finished, its source is gone, a worker gave a sign of life since then, or another
    run of its source is unfinished."""
    values = {"company_id": company_id, "run_id": run_id, "now": now, "stale_before": stale_before}
    return await fetch_one(connection, Run, _CLAIM, values)


async def hold(connection: Connection, company_id: str, run_id: str, attempt: int) -> bool:
    """Keep the run ours until this transaction ends; False when it no longer is, and nothing more may be written."""
    values = {"company_id": company_id, "run_id": run_id, "attempt": attempt}
    return await (await connection.execute(_HOLD, values)).fetchone() is not None


async def beat(
    connection: Connection,
    company_id: str,
    run_id: str,
    attempt: int,
    now: datetime,
    *,
    progress: Mapping[str, Any] | None = None,
    problems: Sequence[Mapping[str, Any]] | None = None,
) -> bool:
    """Give a sign of life, with progress and problems where given; False when the run is no longer ours."""
    values: dict[str, Any] = {"company_id": company_id, "run_id": run_id, "attempt": attempt, "now": now}
    values |= {"progress": None if progress is None else Jsonb(dict(progress))}
    values |= {"problems": None if problems is None else Jsonb([dict(each) for each in problems[:MAX_PROBLEMS]])}
    return await change(connection, _BEAT, values) > 0


async def wait(
    connection: Connection,
    company_id: str,
    run_id: str,
    attempt: int,
    now: datetime,
    *,
    error: str,
    detail: str | None,
    resume_at: datetime,
) -> bool:
    """Lay the run aside, for the reason `error`, until `resume_at`; False when it is no longer ours."""
    values: dict[str, Any] = {"company_id": company_id, "run_id": run_id, "attempt": attempt, "now": now}
    values |= {"error": error, "detail": detail, "resume_at": resume_at}
    return await change(connection, _WAIT, values) > 0


async def finish(
    connection: Connection,
    company_id: str,
    run_id: str,
    attempt: int,
    status: EndStatus,
    now: datetime,
    *,
    error: str | None = None,
    detail: str | None = None,
) -> bool:
    """End the run; False when it is no longer ours."""
    values: dict[str, Any] = {"company_id": company_id, "run_id": run_id, "attempt": attempt, "now": now}
    values |= {"status": status, "error": error, "detail": detail}
    return await change(connection, _FINISH, values) > 0


async def cancel(connection: Connection, company_id: str, run_id: str, now: datetime) -> bool:
    """End an unfinished run by somebody's wish; its worker is refused from then on. False when it is finished."""
    return await change(connection, _CANCEL, {"company_id": company_id, "run_id": run_id, "now": now}) > 0


async def unfinished(
    connection: Connection, now: datetime, *, stale_before: datetime, limit: int
) -> list[UnfinishedRun]:
    """Return runs of all companies that nobody works on, to be put on the stream again; needs a system transaction."""
    values = {"now": now, "stale_before": stale_before, "limit": limit}
    return await fetch_all(connection, UnfinishedRun, _UNFINISHED, values)


async def requeue(connection: Connection, company_id: str, run_id: str, now: datetime) -> bool:
    """Note that a run left behind was put on the stream again; False when it is finished or was begun.

    One whose worker died stays as it is: only a claim can tell that it is dead.
    """
    return await change(connection, _REQUEUE, {"company_id": company_id, "run_id": run_id, "now": now}) > 0


async def give_up(connection: Connection, company_id: str, run_id: str, error: str, now: datetime) -> bool:
    """End an unfinished run as failed, for good; its worker is refused from then on. False when it is finished."""
    values = {"company_id": company_id, "run_id": run_id, "error": error, "now": now}
    return await change(connection, _GIVE_UP, values) > 0
