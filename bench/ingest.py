"""CPU per request of `POST /api/v1/events`, beside what a bare server and an idiomatic endpoint cost.

Three real uvicorn processes take turns with the same requests (ten events each) from 32 connections; what counts is
the CPU time of the server process, as the kernel accounts for it in nanoseconds.

    raw        an ASGI app that reads the body and answers 202
    ours       the API as `onboarding-agent api` runs it: key check, quota, metrics, access log, validation, one atomic
               append to a Redis that syncs every write to disk
    idiomatic  FastAPI with a body model and a key check as a dependency, one pipeline of XADDs; no log, no metrics

After each turn the stream must hold every event. Prints one JSON line for ours against raw, and one against idiomatic.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from redis import Redis

from core.streams import EVENTS

ROUNDS = 7
CONNECTIONS = 32
REQUESTS = 150
"""Per connection and round."""
EVENTS_PER_REQUEST = 10
SECRET_KEY = "benchmark-secret-key-0123456789-0123456789"


# -- the two servers that ours is measured against


async def raw(_scope: Any, receive: Any, send: Any) -> None:
    """Read the body, answer 202."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"15")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"accepted":10}'})


def idiomatic() -> Any:
    """Return the endpoint as a tutorial would write it."""
    from typing import Annotated

    from fastapi import Depends, FastAPI, Header, HTTPException
    from redis.asyncio import Redis as AsyncRedis

    from core.events import EventBatch

    app = FastAPI()
    redis = AsyncRedis.from_url(os.environ["REDIS_URL"])
    companies = {os.environ["BENCH_KEY"]: "company"}

    async def company(x_api_key: Annotated[str, Header()]) -> str:
        if x_api_key not in companies:
            raise HTTPException(401)
        return companies[x_api_key]

    @app.post("/api/v1/events", status_code=202)
    async def take(batch: EventBatch, company_id: Annotated[str, Depends(company)]) -> dict[str, int]:
        async with redis.pipeline(transaction=False) as pipeline:
            for event in batch.events:
                pipeline.xadd(EVENTS, {"company": company_id, "d": event.model_dump_json()})
            await pipeline.execute()
        return {"accepted": len(batch.events)}

    return app


def serve(name: str, port: int) -> None:
    """Run one of the two, with the server options that ours has."""
    import uvicorn

    from core.settings import ApiSettings
    from ingest_api.server import server_options

    app = raw if name == "raw" else idiomatic()
    uvicorn.run(app, **{**server_options(ApiSettings()), "port": port, "lifespan": "off"})


# -- the stores and the processes


@contextmanager
def running(command: list[str], environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process, quietly, and end it."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def found_company(database_url: str) -> str:
    """Found a company; returns its public key."""
    from local.founding import found_company as found

    return asyncio.run(found(database_url, SECRET_KEY, "Bench", datetime.now(UTC))).public_key


def free_port() -> int:
    """Return a port that is free now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- the client


def request(key: str) -> bytes:
    """Return one request as a browser's SDK sends it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    events = [
        {
            "event_id": f"0193a5c4-7b1e-7c3d-9f00-{n:012d}",
            "user_id": "user-4711",
            "session_id": "0193a5c4-7b1e-7c3d-9f00-0123456789ab",
            "event_type": ("click", "change", "page_view")[n % 3],
            "target_element": "#connect-crm > form button.primary",
            "page_url": "https://app.example/onboarding/connect-crm",
            "timestamp": now,
            "properties": {"text": "Connect", "x": 120 + n, "y": 333},
        }
        for n in range(EVENTS_PER_REQUEST)
    ]
    body = orjson.dumps({"sent_at": now, "events": events})
    head = (
        "POST /api/v1/events HTTP/1.1\r\nHost: api.example\r\nContent-Type: application/json\r\n"
        f"X-API-Key: {key}\r\nOrigin: https://app.example\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def converse(port: int, message: bytes, times: int) -> None:
    """Send the request again and again over one connection; every answer must be a 202."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 202"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
    writer.close()


async def load(port: int, message: bytes, times: int) -> None:
    """Send from all connections at once."""
    await asyncio.gather(*(converse(port, message, times) for _ in range(CONNECTIONS)))


# -- the measurement


@dataclass
class Server:
    """A server under measurement: CPU microseconds per request, by round."""

    name: str
    process: subprocess.Popen[bytes]
    port: int

    def __post_init__(self) -> None:
        self.costs: list[float] = []

    def cpu_ns(self) -> int:
        """CPU time of all threads so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)

    def wait_until_ready(self, message: bytes) -> None:
        """Wait for the first answer, then warm up."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                asyncio.run(load(self.port, message, 20))
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not start")

    def measure(self, message: bytes, redis: Redis) -> None:
        """Run one round and note its cost."""
        redis.delete(EVENTS)
        before = self.cpu_ns()
        asyncio.run(load(self.port, message, REQUESTS))
        requests = CONNECTIONS * REQUESTS
        self.costs.append((self.cpu_ns() - before) / 1000 / requests)
        expected = 0 if self.name == "raw" else requests * EVENTS_PER_REQUEST
        if redis.xlen(EVENTS) != expected:
            raise RuntimeError(f"{self.name}: the stream holds {redis.xlen(EVENTS)} events, not {expected}")


def start(stack: ExitStack, name: str, environment: dict[str, str]) -> Server:
    """Start one of the three."""
    port = free_port()
    command = [sys.executable, "-m", "bench.ingest", "--serve", name, str(port)]
    if name == "ours":
        command = [sys.executable, "-m", "ingest_api.server"]
    process = stack.enter_context(running(command, {**environment, "API_PORT": str(port)}))
    return Server(name, process, port)


def report(name: str, ours: Server, limit: Server) -> None:
    """Print the comparison; the ratio is the median of the rounds', the spread their extremes."""
    ratios = [mine / theirs for mine, theirs in zip(ours.costs, limit.costs, strict=True)]
    line = {
        "bench": name,
        "ours": round(statistics.median(ours.costs), 1),
        "limit": round(statistics.median(limit.costs), 1),
        "unit": "µs CPU/request",
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "rounds": len(ratios),
    }
    print(orjson.dumps(line).decode(), flush=True)


def main() -> None:
    """Measure the three in alternating rounds."""
    from bench.servers import running_postgres, running_redis

    with running_postgres() as database_url, running_redis() as redis_url, ExitStack() as stack:
        key = found_company(database_url)
        environment = {
            **os.environ,
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET_KEY,
            "BENCH_KEY": key,
            "ONBOARDING_API_MAX_REQUESTS": "1000000000",
        }
        servers = [start(stack, name, environment) for name in ("raw", "ours", "idiomatic")]
        message = request(key)
        redis = stack.enter_context(Redis.from_url(redis_url))
        for server in servers:
            server.wait_until_ready(message)
        for turn in range(ROUNDS):
            for server in servers if turn % 2 == 0 else reversed(servers):
                server.measure(message, redis)
        raw_server, ours, idiomatic_server = servers
        report("ingest", ours, raw_server)
        report("ingest_idiomatic", ours, idiomatic_server)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        main()
