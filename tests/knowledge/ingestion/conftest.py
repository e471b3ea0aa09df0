"""Ingestion driven from outside: sources come in over the API, pages from a real web server, vectors from a provider.

The jobs role's part is done in this process when a test says so, which lets it look between the steps; the process
itself, and killing it, is in tests/stream_consumer.
"""

import re
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from pytest_httpserver import HTTPServer
from redis.asyncio import Redis
from werkzeug import Request, Response

from core.redis import connect
from core.settings import ApiSettings, LlmSettings, LogSettings, SecuritySettings, StoreSettings
from core.streams import FIELD, JOBS, decode_job
from db.pool import Database
from ingest_api.app import create_app
from ingest_api.wiring import Settings, open_services
from knowledge.documents import ConvertLimits
from knowledge.embedding.embedder import Embedders
from knowledge.embedding.ledger import DatabaseSpend
from knowledge.embedding.wiring import build_embedders
from knowledge.fetching.fetcher import Fetcher
from knowledge.ingesting.converters import Converters
from knowledge.ingesting.origins import origins
from knowledge.ingesting.revision import Tools
from knowledge.ingesting.vectors import Vectors
from knowledge.ingestion import Attempt, Ingestion
from knowledge.settings import EmbeddingSettings, KnowledgeSettings
from knowledge.stores.backends import build_store
from knowledge.stores.protocol import VectorStore
from local.installation import Company
from tests.llm_server import LlmServer

SOURCES = "/api/v1/knowledge/sources"


@dataclass
class Site:
    """A company's web site: pages by path, a sitemap of them all, and a switch for its moods."""

    server: HTTPServer
    pages: dict[str, str] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    with_etags: bool = True
    is_down: bool = False
    unlisted: set[str] = field(default_factory=set)

    def page(self, path: str, title: str, *paragraphs: str) -> None:
        text = "".join(f"<h2>Part {number}</h2><p>{words}</p>" for number, words in enumerate(paragraphs, 1))
        self.pages[path] = (
            f"<html lang=en><title>{title}</title><body><main><h1>{title}</h1>{text}</main></body></html>"
        )

    def url(self, path: str) -> str:
        return str(self.server.url_for(path))

    def answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        if self.is_down:
            return Response("down", 500)
        if request.path == "/sitemap.xml":
            listed = [path for path in self.pages if path not in self.unlisted]
            rows = "".join(f"<url><loc>{self.url(path)}</loc></url>" for path in listed)
            xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
            return Response(f'<urlset xmlns="{xmlns}">{rows}</urlset>', content_type="application/xml")
        if (status := self.status.get(request.path, 200)) != 200:
            return Response("no", status)
        if request.path not in self.pages:
            return Response("not here", 404)
        etag = f'"{sha256(self.pages[request.path].encode()).hexdigest()[:12]}"'
        if self.with_etags and request.headers.get("If-None-Match") == etag:
            return Response(status=304)
        headers = {"ETag": etag} if self.with_etags else {}
        return Response(self.pages[request.path], content_type="text/html; charset=utf-8", headers=headers)

    def reads(self) -> list[str]:
        """The pages that were asked for, and forget them."""
        asked = [path for path in self.asked if path not in ("/robots.txt", "/sitemap.xml")]
        self.asked.clear()
        return asked


@dataclass
class World:
    """A company with its API, and what works in the background."""

    client: httpx2.AsyncClient
    company: Company
    db: Database
    redis: Redis
    ingestion: Ingestion
    embedders: Embedders
    store: VectorStore
    settings: KnowledgeSettings
    tools: Tools

    async def add(self, **body: Any) -> dict[str, Any]:
        answer = await self.client.post(SOURCES, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def upload(self, name: str, content: bytes, **fields: Any) -> dict[str, Any]:
        answer = await self.client.post(SOURCES, files={"file": (name, content)}, data=fields)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def ingest(self, source: dict[str, Any], **body: Any) -> dict[str, Any]:
        answer = await self.client.post(f"{SOURCES}/{source['source_id']}/ingest", json=body)
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def work(self, **options: Any) -> list[Attempt]:
        """Do what waits on the jobs stream, each entry once."""
        entries = await self.redis.xrange(JOBS)
        await self.redis.delete(JOBS)
        jobs = [decode_job(fields[FIELD]) for _, fields in entries]
        return [await self.ingestion.run(job.company_id, job.run_id, **options) for job in jobs]

    async def source(self, source: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.get(f"{SOURCES}/{source['source_id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def has_begun(self, run: dict[str, Any]) -> bool:
        """Whether a worker took the run up."""
        answer = await self.client.get(f"/api/v1/knowledge/runs/{run['run_id']}")
        return bool(answer.json()["status"] != "queued")

    async def again(self, source: dict[str, Any], **body: Any) -> dict[str, Any]:
        """Read a source again, to the end; returns it."""
        await self.ingest(source, **body)
        await self.work()
        return await self.source(source)

    async def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Everything that a table holds of the company, in a fixed order."""
        async with self.db.transaction(self.company.company_id) as connection:
            found = await connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2")  # type: ignore[arg-type]
            return await found.fetchall()

    async def texts(self) -> list[str]:
        """The texts of all live chunks."""
        async with self.db.transaction(self.company.company_id) as connection:
            found = await connection.execute(
                "SELECT c.text FROM knowledge_chunks c JOIN knowledge_sources s USING (company_id, source_id)"
                " WHERE s.deleted_at IS NULL AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)"
                " ORDER BY 1"
            )
            return [row[0] for row in await found.fetchall()]


@pytest.fixture
def site(httpserver: HTTPServer) -> Site:
    site = Site(httpserver)
    lock = threading.Lock()

    def answer(request: Request) -> Response:
        with lock:
            return site.answer(request)

    httpserver.expect_request(re.compile(".*")).respond_with_handler(answer)
    return site


@pytest.fixture
def provider() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@pytest.fixture
def knowledge_settings() -> KnowledgeSettings:
    return KnowledgeSettings(
        _env_file=None,  # type: ignore[call-arg]
        kb_allowed_private_networks=("127.0.0.0/8", "::1/128"),
        kb_rate_limit_delay=0,
        kb_fetch_timeout_seconds=5,
        onboarding_vector_backend="postgres_array",
    )


def embedding_settings(provider: LlmServer, **values: Any) -> EmbeddingSettings:
    given = {
        "embedding_providers": ("compatible",),
        "embedding_base_url": provider.base_url,
        "embedding_api_key": SecretStr("k"),
        "embedding_dimension": 64,
        "embedding_cache_timeout": 0,
        "embedding_timeout_seconds": 5,
        **values,
    }
    return EmbeddingSettings(_env_file=None, **given)  # type: ignore[call-arg]


@pytest.fixture(scope="session")
def converters() -> Iterator[Converters]:
    with Converters(ConvertLimits(max_bytes=2_000_000), 2) as converters:
        yield converters


@pytest.fixture
async def world(
    database_url: str,
    redis_url: str,
    secret_key: str,
    company: Company,
    provider: LlmServer,
    knowledge_settings: KnowledgeSettings,
    converters: Converters,
) -> AsyncIterator[World]:
    settings = Settings(
        StoreSettings(database_url=database_url, redis_url=redis_url, database_pool_size=6),
        SecuritySettings(secret_key=secret_key),
        ApiSettings(),
        LogSettings(),
        knowledge_settings,
    )
    redis = connect(redis_url)
    async with open_services(settings) as services, Fetcher.open(knowledge_settings, redis=redis) as fetcher:
        transport = httpx2.ASGITransport(app=create_app(services))
        headers = {"X-API-Key": company.secret_key}
        db = services.database
        embedders = build_embedders(
            embedding_settings(provider),
            LlmSettings(_env_file=None),
            redis,
            DatabaseSpend(db),  # type: ignore[call-arg]
        )
        store = build_store(knowledge_settings)
        tools = Tools(origins(db, fetcher, knowledge_settings), converters.convert, Vectors(store, embedders))
        ingestion = Ingestion(db, tools, knowledge_settings)
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test", headers=headers) as client:
            yield World(client, company, db, redis, ingestion, embedders, store, knowledge_settings, tools)
        await embedders.close()
    await redis.aclose()
