"""The jobs process ingests, is killed at every step, is told to stop in the middle; the next one goes on from there."""

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import pytest
from pytest_httpserver import HTTPServer
from redis.asyncio import Redis
from werkzeug import Request, Response

from core.ids import new_id
from core.searches import SearchRequest, answer_key, decode_answer, encode_request
from core.streams import FIELD, JOBS, SEARCHES, IngestJob, dead_letters, encode_job
from db import knowledge_runs, knowledge_sources
from db.pool import Database
from local.installation import Company
from stream_consumer.knowledge_sweeps import publish_run
from tests.llm_server import LlmServer
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.test_crashes import crash, done, process
from tests.stream_consumer.test_turns import rows

PAGES = 6
STEPS = [
    "db.knowledge_runs:claim:after",
    "db.knowledge_documents:stage:after",
    "knowledge.ingesting.revision:Revision._stage:after",
    "knowledge.stores.postgres_array:PostgresArrayStore.put:before",
    "knowledge.ingesting.vectors:Vectors.add:after",
    "db.knowledge_sources:publish:after",
    "knowledge.ingesting.revision:Revision._publish:after",
    "db.knowledge_runs:finish:after",
]


class Pages:
    """A site of a few articles; counts who asks, and may be slow."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.asked: list[str] = []
        self.pause = 0.0

    def answer(self, request: Request) -> Response:
        if request.path == "/sitemap.xml":
            rows = "".join(f"<url><loc>{self.server.url_for(f'/{n}')}</loc></url>" for n in range(PAGES))
            return Response(f"<urlset>{rows}</urlset>", content_type="application/xml")
        if not request.path[1:].isdigit():
            return Response(status=404)
        self.asked.append(request.path)
        if self.pause:
            time.sleep(self.pause)
        n = request.path[1:]
        body = f"<h1>Article {n}</h1><h2>What to do</h2><p>The words of article {n}.</p>"
        text = f"<html lang=en><title>Article {n}</title><body><main>{body}</main></body></html>"
        return Response(text, content_type="text/html")


@pytest.fixture
def pages(httpserver: HTTPServer) -> Pages:
    pages = Pages(httpserver)
    httpserver.expect_request(re.compile(".*")).respond_with_handler(pages.answer)
    return pages


@pytest.fixture
def provider() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@pytest.fixture
def jobs_environment(environment: dict[str, str], provider: LlmServer) -> dict[str, str]:
    return {
        **environment,
        "KB_ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8,::1/128",
        "KB_RATE_LIMIT_DELAY": "0",
        "ONBOARDING_VECTOR_BACKEND": "postgres_array",
        "EMBEDDING_PROVIDERS": "compatible",
        "EMBEDDING_BASE_URL": provider.base_url,
        "EMBEDDING_API_KEY": "k",
        "EMBEDDING_DIMENSION": "64",
        "CONSUMER_MAX_ATTEMPTS": "50",
    }


@pytest.fixture
async def job(database: Database, redis: Redis, company: Company, pages: Pages) -> IngestJob:
    """A sitemap whose first run is on the stream."""
    now, source_id = datetime.now(UTC), new_id()
    job = IngestJob(company.company_id, new_id(), "t" * 32)
    async with database.transaction(company.company_id) as connection:
        await knowledge_sources.create(
            connection, company.company_id, source_id=source_id, kind="sitemap", title="Help", created_by="system",
            now=now, location=pages.server.url_for("/sitemap.xml"),
        )  # fmt: skip
        await knowledge_runs.queue(
            connection, company.company_id, run_id=job.run_id, source_id=source_id, trace_id=job.trace_id, now=now
        )
    await publish_run(redis, job, 1)
    return job


def silence(database_url: str) -> None:
    """Let the time pass after which a silent worker's run may be taken over."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE knowledge_runs SET heartbeat_at = heartbeat_at - interval '1 minute'")


def texts_embedded(provider: LlmServer) -> list[str]:
    return [text for request in provider.requests for text in orjson.loads(request.text)["input"]]


def run_row(database_url: str) -> dict[str, Any]:
    (row,) = rows(database_url, "SELECT status, attempt, error, progress FROM knowledge_runs")
    return row


@pytest.mark.slow
async def test_a_run_survives_a_kill_at_every_step_one_after_the_other(
    redis: Redis, job: IngestJob, pages: Pages, provider: LlmServer, database_url: str,
    jobs_environment: dict[str, str],
) -> None:  # fmt: skip
    for step in STEPS:
        crash(jobs_environment, "jobs", step)
        silence(database_url)
        live = rows(database_url, "SELECT revision FROM knowledge_sources")
        assert live == [{"revision": int(STEPS.index(step) > STEPS.index("db.knowledge_sources:publish:after"))}], step
    with process(jobs_environment, "jobs") as running:
        await eventually(lambda: done(redis, JOBS), seconds=60)
        running.terminate()
        assert running.wait(30) == 0

    assert run_row(database_url)["status"] == "done"
    chunks = rows(database_url, "SELECT chunk_id::text, text, since, until FROM knowledge_chunks ORDER BY text")
    assert [row["text"] for row in chunks] == [f"The words of article {n}." for n in range(PAGES)]
    assert {(row["since"], row["until"]) for row in chunks} == {(1, None)}
    assert len(rows(database_url, "SELECT chunk_id FROM knowledge_vectors_array")) == PAGES
    assert len(rows(database_url, "SELECT document_id FROM knowledge_documents")) == PAGES
    # Embedding is paid for once; a page is read again only if a kill came while it was being dealt with.
    assert len(texts_embedded(provider)) == PAGES
    assert len(pages.asked) <= PAGES + 3 * 4
    assert await redis.exists(dead_letters(JOBS)) == 0


@pytest.mark.slow
async def test_a_run_is_laid_aside_when_the_process_is_told_to_stop_and_goes_on_in_the_next(
    redis: Redis, job: IngestJob, pages: Pages, database_url: str, jobs_environment: dict[str, str]
) -> None:
    pages.pause = 0.5
    with process(jobs_environment, "jobs") as running:
        await eventually(lambda: asyncio.sleep(0, len(pages.asked) >= 1), seconds=60)
        running.terminate()
        assert await asyncio.to_thread(running.wait, 30) == 0
    row = run_row(database_url)
    assert (row["status"], row["error"], row["attempt"]) == ("waiting", "stopped", 1)
    assert len(pages.asked) < PAGES

    pages.pause = 0
    with process(jobs_environment, "jobs"):
        await eventually(lambda: done(redis, JOBS), seconds=60)
    assert run_row(database_url)["status"] == "done"
    assert len(pages.asked) <= PAGES + 3


@pytest.mark.slow
async def test_searches_are_answered_late_ones_are_passed_over_and_nonsense_is_set_aside(
    redis: Redis, job: IngestJob, database_url: str, jobs_environment: dict[str, str]
) -> None:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)

    async def ask(query: str, deadline_ms: int) -> str:
        request = SearchRequest(new_id(), job.company_id, query, deadline_ms, "t" * 32, k=2)
        await redis.xadd(SEARCHES, {FIELD: encode_request(request)})
        return answer_key(request.request_id)

    late = await ask("article 1", now_ms - 1)
    for nonsense in (b"", b"{}", b"[1]"):
        await redis.xadd(JOBS, {FIELD: nonsense})
    await redis.xadd(JOBS, {FIELD: encode_job(IngestJob(job.company_id, new_id(), "t"))})
    with process({**jobs_environment, "CONSUMER_MAX_ATTEMPTS": "1"}, "jobs"):
        await eventually(lambda: done(redis, JOBS), seconds=60)
        assert run_row(database_url)["status"] == "done"
        timely = await ask("the words of article 4", now_ms + 120_000)
        answer = await redis.blpop([timely], timeout=4)
        assert await redis.pttl(timely) > 0 or await redis.exists(timely) == 0
    assert answer is not None
    found = decode_answer(answer[1])
    assert "article 4" in found[0].text
    assert found[0].highlights
    assert await redis.exists(late) == 0
    assert await redis.xlen(dead_letters(JOBS)) == 3
