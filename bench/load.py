"""Held load: all parts together on this machine, generator included, and nothing lost or doubled.

Opens `LOAD_SOCKETS` sockets of as many users, then sends `LOAD_EVENTS` events a second in batches of ten for
`LOAD_SECONDS`; one batch in fifty makes its user fail a form three times. At the end every accepted event must stand in
PostgreSQL once, and every nudge that was saved must have reached the socket of its user once.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from websockets.asyncio.client import ClientConnection, connect

from core.ids import new_id
from core.security import issue_user_token
from local.postgres import EmbeddedPostgres

SOCKETS = int(os.environ.get("LOAD_SOCKETS", "5000"))
EVENTS_PER_SECOND = int(os.environ.get("LOAD_EVENTS", "2000"))
SECONDS = int(os.environ.get("LOAD_SECONDS", "60"))
BATCH = 10
SENDERS = 16
STUCK_EVERY = 50
SETTLE_SECONDS = 60


@dataclass
class Tally:
    """What the generator has seen."""

    sent: int = 0
    refused: Counter[int] = field(default_factory=Counter)
    nudges: Counter[str] = field(default_factory=Counter)
    dropped_sockets: int = 0
    latencies: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Target:
    """Where the product under load is."""

    api_host: str
    api_port: int
    ws: str
    public_key: str
    identity_secret: str
    company_id: str


def batch_body(user: str, *, stuck: bool) -> bytes:
    """Return a batch of ten events of one user as the SDK would send it."""
    now = datetime.now(UTC).isoformat()
    kinds = ["page_view", "click", "change", "click", "click", "change", "click", "click", "click", "click"]
    if stuck:
        kinds[5:8] = ["submit_failed"] * 3
    events = [
        {
            "event_id": new_id(),
            "user_id": user,
            "session_id": f"s-{user}",
            "event_type": kind,
            "target_element": "#form" if kind == "submit_failed" else f"#element-{number}",
            "page_url": "https://app.example/connect-crm",
            "timestamp": now,
            "properties": {"form": "#form"} if kind == "submit_failed" else {"text": "Connect"},
        }
        for number, kind in enumerate(kinds)
    ]
    return json.dumps({"sent_at": now, "events": events}).encode()


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Target, body: bytes) -> int:
    """Send one request over a kept connection; returns the status."""
    head = (
        f"POST /api/v1/events HTTP/1.1\r\nHost: {target.api_host}\r\nX-API-Key: {target.public_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    await reader.readexactly(length)
    return int(answer.split(b" ", 2)[1])


async def send_events(number: int, target: Target, tally: Tally, until: float) -> None:
    """Send this sender's share of the batches at an even pace."""
    reader, writer = await asyncio.open_connection(target.api_host, target.api_port)
    pause = BATCH * SENDERS / EVENTS_PER_SECOND
    due, turn = time.monotonic() + pause * number / SENDERS, number
    while due < until:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        user, stuck = f"u{turn % SOCKETS}", turn % STUCK_EVERY == 0
        started = time.perf_counter()
        status = await post(reader, writer, target, batch_body(user, stuck=stuck))
        tally.latencies.append(time.perf_counter() - started)
        if status == 202:
            tally.sent += BATCH
        else:
            tally.refused[status] += 1
        due, turn = due + pause, turn + SENDERS
    writer.close()


async def listen(socket: ClientConnection, tally: Tally) -> None:
    """Count the nudges that reach one socket, and acknowledge them as a page would."""
    try:
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] == "nudge":
                tally.nudges[frame["nudge"]["nudge_id"]] += 1
                await socket.send(
                    json.dumps({"type": "nudge.ack", "nudge_id": frame["nudge"]["nudge_id"], "status": "shown"})
                )
    except Exception:
        tally.dropped_sockets += 1


async def open_sockets(target: Target, tally: Tally) -> tuple[list[ClientConnection], list[asyncio.Task[None]]]:
    """Open all sockets, fifty at a time."""
    gate, sockets = asyncio.Semaphore(50), []

    async def open_one(user: str) -> None:
        token, _ = issue_user_token(target.identity_secret, target.company_id, user, datetime.now(UTC))
        async with gate:
            sockets.append(
                await connect(
                    f"{target.ws}/ws/{user}?token={token}", compression=None, ping_interval=None, open_timeout=30
                )
            )

    await asyncio.gather(*(open_one(f"u{number}") for number in range(SOCKETS)))
    return sockets, [asyncio.create_task(listen(socket, tally)) for socket in sockets]


def count_stored(database_url: str) -> tuple[int, set[str]]:
    """Return how many of the generator's events stand in PostgreSQL, and the nudges that were saved."""
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("SELECT count(*) FROM events WHERE session_id LIKE 's-u%'").fetchone()
        nudges = connection.execute("SELECT nudge_id::text FROM nudges").fetchall()
    assert stored
    return stored[0], {row[0] for row in nudges}


async def settle(database_url: str, tally: Tally) -> tuple[int, set[str]]:
    """Wait until everything has arrived, or nothing has moved for ten seconds."""
    deadline, last, moved = time.monotonic() + SETTLE_SECONDS, (-1, -1), time.monotonic()
    while time.monotonic() < deadline:
        stored, saved = await asyncio.to_thread(count_stored, database_url)
        now = (stored, len(tally.nudges))
        if now != last:
            last, moved = now, time.monotonic()
        if time.monotonic() - moved > 10 or (stored == tally.sent and saved == set(tally.nudges) and saved):
            await asyncio.sleep(3)
            return await asyncio.to_thread(count_stored, database_url)
        await asyncio.sleep(1)
    return await asyncio.to_thread(count_stored, database_url)


async def measure(target: Target, database_url: str) -> dict[str, Any]:
    """Hold the load and return the figures."""
    tally = Tally()
    started = time.monotonic()
    sockets, listeners = await open_sockets(target, tally)
    opened_in = time.monotonic() - started
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(send_events(number, target, tally, until) for number in range(SENDERS)))
    stored, saved = await settle(database_url, tally)
    latencies = sorted(tally.latencies)
    for listener in listeners:
        listener.cancel()
    return {
        "bench": "load",
        "sockets": len(sockets),
        "opened_in_seconds": round(opened_in, 1),
        "events_per_second": round(tally.sent / SECONDS),
        "seconds": SECONDS,
        "refused": dict(tally.refused),
        "lost_events": tally.sent - stored,
        "nudges_saved": len(saved),
        "lost_nudges": len(saved - set(tally.nudges)),
        "doubled_nudges": sum(1 for count in tally.nudges.values() if count > 1),
        "dropped_sockets": tally.dropped_sockets,
        "request_ms": {
            "p50": round(1000 * latencies[len(latencies) // 2], 1),
            "p99": round(1000 * latencies[-len(latencies) // 100], 1),
        },
    }


def main() -> int:
    """Start the product in an empty directory, hold the load, print the figures; 1 when something was lost."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        command = [sys.executable, "-m", "local.cli", "up", "--port", "0", "--ws-port", "0", "--data", str(data)]
        quiet = {**os.environ, "LOG_LEVEL": "WARNING"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=quiet) as product:
            assert product.stdout
            ready = json.loads(product.stdout.readline())
            company = json.loads((data / "installation.json").read_text())["company"]["company_id"]
            host, _, port = ready["api"].removeprefix("http://").partition(":")
            target = Target(host, int(port), ready["ws"], ready["public_key"], ready["identity_secret"], company)
            figures = asyncio.run(measure(target, EmbeddedPostgres(data / "postgres").start()))
            product.terminate()
    print(json.dumps(figures))
    return 1 if figures["lost_events"] or figures["lost_nudges"] or figures["doubled_nudges"] else 0


if __name__ == "__main__":
    sys.exit(main())
