"""Reading a source again that did not change, beside its first reading: CPU of the process and of its workers.

A site of articles with ETags is served from a process of its own, read with the default embedder (MiniLM), then read
again, with ETags and without them. `ratio` is the share of the first reading that the second one costs.
"""

import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.report import emit
from core.ids import new_id
from core.redis import connect
from core.security import Vault
from core.settings import LlmSettings
from db import companies, knowledge_runs, knowledge_sources
from db.migrate import migrate
from db.pool import Database
from knowledge.documents import ConvertLimits
from knowledge.embedding.ledger import DatabaseSpend
from knowledge.embedding.wiring import build_embedders
from knowledge.fetching.fetcher import Fetcher
from knowledge.ingesting.converters import Converters
from knowledge.ingesting.origins import origins
from knowledge.ingesting.revision import Tools
from knowledge.ingesting.vectors import Vectors
from knowledge.ingestion import Ingestion
from knowledge.settings import EmbeddingSettings, KnowledgeSettings
from knowledge.stores.backends import build_store

PAGES = int(sys.argv[1]) if len(sys.argv) > 1 else 200
WORDS = ("account", "report", "contact", "import", "invite", "plan", "billing", "export", "owner", "stage", "deal")


def article(number: int, sections: int = 8, sentences: int = 8) -> str:
    """A page of distinct text, about as long as a help article."""
    parts = []
    for section in range(sections):
        lines = [
            " ".join(WORDS[(number * 7 + section * 3 + line + step * (line + 1)) % len(WORDS)] for step in range(12))
            for line in range(sentences)
        ]
        text = ". ".join(f"{line} {number} {section}" for line in lines)
        parts.append(f"<h2>Part {section} of {number}</h2><p>{text}.</p>")
    body = f"<h1>Article {number}</h1>" + "".join(parts)
    return f"<html lang=en><head><title>Article {number}</title></head><body><main>{body}</main></body></html>"


def serve(pipe: Any, with_etags: Any) -> None:
    """Serve the site until the process is ended; tells its port first."""

    class Site(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/sitemap.xml":
                host = self.headers["Host"]
                rows = "".join(f"<url><loc>http://{host}/{n}</loc></url>" for n in range(PAGES))
                self._send(200, f"<urlset>{rows}</urlset>", "application/xml")
            elif not self.path[1:].isdigit():
                self._send(404, "", "text/plain")
            elif with_etags.value and self.headers.get("If-None-Match") == f'"{self.path}"':
                self._send(304, "", "text/html")
            else:
                self._send(200, article(int(self.path[1:])), "text/html; charset=utf-8")

        def _send(self, status: int, text: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            if with_etags.value:
                self.send_header("ETag", f'"{self.path}"')
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    pipe.send(server.server_port)
    server.serve_forever()


def cpu() -> float:
    """CPU seconds of this process and of the children that it waited for."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


async def measure(database_url: str, redis_url: str, port: int, with_etags: Any) -> None:
    """Read the source once, then again in both ways, and print a line for each."""
    migrate(database_url)
    db, redis = await Database.open(database_url, name="bench"), connect(redis_url)
    company = await companies.found(db, Vault("x" * 40), "Bench", datetime.now(UTC))
    settings = KnowledgeSettings(kb_allowed_private_networks=("127.0.0.0/8",), kb_rate_limit_delay=0)
    embedders = build_embedders(EmbeddingSettings(), LlmSettings(), redis, DatabaseSpend(db))
    source_id = new_id()
    async with db.transaction(company.company_id) as connection:
        await knowledge_sources.create(
            connection, company.company_id, source_id=source_id, kind="sitemap", title="Site", created_by="system",
            now=datetime.now(UTC), location=f"http://127.0.0.1:{port}/sitemap.xml",
        )  # fmt: skip

    async def read() -> tuple[float, float, dict[str, Any]]:
        converters = Converters(ConvertLimits(), 2)
        async with Fetcher.open(settings, redis=redis) as fetcher:
            vectors = Vectors(build_store(settings), embedders)
            tools = Tools(origins(db, fetcher, settings), converters.convert, vectors)
            run_id = new_id()
            async with db.transaction(company.company_id) as connection:
                await knowledge_runs.queue(
                    connection, company.company_id, run_id=run_id, source_id=source_id, trace_id="b" * 32,
                    now=datetime.now(UTC),
                )  # fmt: skip
            began, used = time.perf_counter(), cpu()
            attempt = await Ingestion(db, tools, settings).run(company.company_id, run_id)
            converters.close()  # its workers count once they have ended
            assert attempt.outcome == "done", attempt
            assert attempt.progress is not None
            return time.perf_counter() - began, cpu() - used, attempt.progress.as_dict()

    await report(read, with_etags)
    await embedders.close()
    await redis.aclose()
    await db.close()


async def report(read: Callable[[], Awaitable[tuple[float, float, dict[str, Any]]]], with_etags: Any) -> None:
    """Print the first reading in chunks a second, and each second one beside it."""
    seconds, first, progress = await read()
    chunks = progress["chunks_added"]
    print(f"first: {chunks} chunks of {PAGES} pages in {seconds:.1f} s, {chunks / seconds:.0f}/s", file=sys.stderr)
    for name, etags in (("etags", True), ("bytes", False)):
        with_etags.value = etags
        again = [await read() for _ in range(3)]
        assert all(progress["documents_unchanged"] == PAGES for _, _, progress in again)
        emit(f"reingest_{name}", [used for _, used, _ in again], [first] * 3, "s CPU")


def main() -> None:
    """Start the stores and the site, and measure."""
    from local.postgres import EmbeddedPostgres
    from tests.conftest import RedisServer, redis_binary

    with_etags = multiprocessing.Value("b", True)
    mine, theirs = multiprocessing.Pipe()
    site = multiprocessing.Process(target=serve, args=(theirs, with_etags), daemon=True)
    site.start()
    with tempfile.TemporaryDirectory(prefix="oa-bench-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        postgres = EmbeddedPostgres(Path(directory) / "postgres")
        redis = RedisServer(str(redis_binary()), Path(directory))
        redis.start()
        try:
            asyncio.run(measure(postgres.start(), redis.url, mine.recv(), with_etags))
        finally:
            redis.stop()
            postgres.stop()
            site.terminate()


if __name__ == "__main__":
    main()
