"""One company's slow web sites do not hold up what the others want read."""

import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from redis.asyncio import Redis
from werkzeug import Request, Response

from core.ids import new_id
from core.settings import LlmSettings
from core.streams import JOBS, IngestJob, dead_letters
from db import knowledge_runs, knowledge_sources, knowledge_uploads
from db.pool import Database
from knowledge.settings import EmbeddingSettings, KnowledgeSettings
from local.installation import Company
from stream_consumer.admission import MOST_PUT_OFF, REMEMBERED_SECONDS, Admission, Work, may_begin
from stream_consumer.ingestions import IngestionsHandler
from stream_consumer.knowledge_parts import open_ingestion, open_knowledge
from stream_consumer.knowledge_sweeps import publish_run
from stream_consumer.metrics import ConsumerMetrics
from tests.llm_server import LlmServer
from tests.stream_consumer.harness import QUICK, eventually, running
from tests.stream_consumer.test_crashes import done

SLOTS = 3
PAGE, TEXT = Work("a", True), Work("a", False)


def pages_of(companies: str) -> list[Work]:
    return [Work(company, True) for company in companies]


@pytest.mark.parametrize(
    ("wanted", "under_way", "slots", "begins"),
    [
        (PAGE, [], 1, True),
        (TEXT, [], 1, True),
        (PAGE, [TEXT], 1, False),
        (TEXT, [PAGE], 1, False),
        (PAGE, pages_of("a"), 2, False),
        (PAGE, pages_of("b"), 2, False),
        (TEXT, pages_of("a"), 2, True),
        (TEXT, [PAGE, TEXT], 2, False),
        (PAGE, pages_of("a"), 6, True),
        (PAGE, pages_of("aa"), 6, False),
        (PAGE, pages_of("bb"), 6, True),
        (PAGE, [TEXT] * 5, 6, True),
        (PAGE, pages_of("bbccd"), 6, False),
        (TEXT, pages_of("bbccd"), 6, True),
        (TEXT, [*pages_of("bbccd"), TEXT], 6, False),
    ],
)
def test_who_may_begin(wanted: Work, under_way: list[Work], slots: int, begins: bool) -> None:
    assert may_begin(wanted, under_way, slots) is begins


def test_a_place_is_taken_once_and_given_back() -> None:
    admission = Admission(6)
    assert admission.begin("run", PAGE)
    assert not admission.begin("run", PAGE)
    admission.end("run")
    assert admission.begin("run", PAGE)


def test_a_second_entry_of_a_run_that_is_known_leaves_the_stream() -> None:
    admission = Admission(6)
    assert admission.begin("under way", PAGE)
    assert not admission.put_off("under way", is_fresh=True)
    assert admission.put_off("waits", is_fresh=True)
    assert admission.put_off("waits", is_fresh=False)
    assert not admission.put_off("waits", is_fresh=True)


def test_few_runs_are_put_off_at_a_time_and_those_that_others_took_are_forgotten() -> None:
    now = [0.0]
    admission = Admission(6, clock=lambda: now[0])
    assert all(admission.put_off(str(number), is_fresh=True) for number in range(MOST_PUT_OFF))
    assert not admission.put_off("one more", is_fresh=False)
    assert admission.begin("7", PAGE)
    assert admission.put_off("one more", is_fresh=True)
    assert not admission.put_off("another", is_fresh=True)
    now[0] = REMEMBERED_SECONDS
    assert admission.put_off("another", is_fresh=True)


@dataclass
class SlowSite:
    """A web server that keeps its pages to itself until it is told to give them."""

    server: HTTPServer
    asked: threading.Event = field(default_factory=threading.Event)
    gives: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: Request) -> Response:
        if request.path == "/robots.txt":
            return Response(status=404)
        self.asked.set()
        self.gives.wait(60)
        text = f"<html lang=en><title>Page</title><body><main><p>Words of {request.path}.</p></main></body></html>"
        return Response(text, content_type="text/html")


@pytest.fixture
def site() -> Iterator[SlowSite]:
    with HTTPServer("127.0.0.1", threaded=True) as server:
        site = SlowSite(server)
        server.expect_request(re.compile(".*")).respond_with_handler(site.answer)
        yield site
        site.gives.set()


@pytest.fixture
async def handler(database: Database, redis: Redis) -> AsyncIterator[IngestionsHandler]:
    none: dict[str, Any] = {"_env_file": None}
    knowledge = KnowledgeSettings(
        kb_allowed_private_networks=("127.0.0.0/8",), kb_rate_limit_delay=0, kb_fetch_timeout_seconds=60,
        onboarding_vector_backend="postgres_array", **none,
    )  # fmt: skip
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        provider = stack.enter_context(LlmServer())
        embedding = EmbeddingSettings(
            embedding_providers=("compatible",), embedding_base_url=provider.base_url,
            embedding_api_key=SecretStr("k"), embedding_dimension=64, **none,
        )  # fmt: skip
        base = await open_knowledge(knowledge, embedding, LlmSettings(**none), database, redis, registry, stack)
        ingestion = await open_ingestion(base, database, redis, stack)
        yield IngestionsHandler(ingestion, ConsumerMetrics(CollectorRegistry()), SLOTS)


async def add(database: Database, redis: Redis, company: Company, location: str | None = None) -> None:
    """Add a web page, or a text, and put its first run on the stream."""
    source_id, now, company_id = new_id(), datetime.now(UTC), company.company_id
    job = IngestJob(company_id, new_id(), "t" * 32)
    async with database.transaction(company_id) as connection:
        await knowledge_sources.create(
            connection, company_id, source_id=source_id, kind="url" if location else "text", title="Help",
            created_by="system", now=now, location=location,
        )  # fmt: skip
        if location is None:
            content = {"name": "Help", "media_type": "text/markdown", "content": b"# Help\n\nOne line."}
            await knowledge_uploads.save(connection, company_id, source_id, now=now, **content)  # type: ignore[arg-type]
        await knowledge_runs.queue(
            connection, company_id, run_id=job.run_id, source_id=source_id, trace_id=job.trace_id, now=now
        )
    await publish_run(redis, job, 1)


async def statuses(database: Database, company: Company) -> list[str]:
    async with database.transaction(company.company_id) as connection:
        page = await knowledge_runs.list_(connection, company.company_id)
    return sorted(run["status"] for run in page.items)


async def test_another_companys_text_and_page_are_begun_while_slow_sites_keep_one_company_waiting(
    database: Database, redis: Redis, handler: Any, site: SlowSite, company: Company, other_company: Company
) -> None:
    for number in range(2 * SLOTS):
        await add(database, redis, company, site.server.url_for(f"/a/{number}"))
    await add(database, redis, other_company, site.server.url_for("/b"))
    await add(database, redis, other_company)

    async def text_is_read() -> bool:
        return site.asked.is_set() and await statuses(database, other_company) == ["done", "running"]

    async with running(redis, handler, replace(QUICK, batch=1, slots=SLOTS, isolate_after=1), stream=JOBS):
        await eventually(text_is_read)
        assert await statuses(database, company) == ["queued"] * (2 * SLOTS - 1) + ["running"]
        site.gives.set()
        await eventually(lambda: done(redis, JOBS))
    assert await statuses(database, company) == ["done"] * 2 * SLOTS
    assert await statuses(database, other_company) == ["done", "done"]
    assert await redis.exists(dead_letters(JOBS)) == 0
