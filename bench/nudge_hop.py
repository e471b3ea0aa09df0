"""Latency of a nudge from `Outbox.publish`, as the graph's `act` calls it, to the page's socket, beside a bare hop.

Publisher and page are this process, which takes the time of one frame after the other: from the call to the frame's
arrival at a `websockets` client. The two ways alternate frame by frame, on one Redis that syncs every write to disk.

    bare  XADD → a process that blocks in XREAD and sends what it reads to its one socket by a bare `websockets` server;
          no token, no copy kept, nothing to resume from
    ours  publish: stored under its key with a number, passed on to the gateways that hold the user → `onboarding-agent
          gateway` → socket; the user has one connection among `HOP_IDLE` idle ones (200) of others

The payload is the same nudge frame. Prints a JSON line for the median, and one for the 99th percentile of each round.
"""

import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import uvloop
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from bench.gateway import allow_files, company, our_command
from bench.ingest import free_port, running
from bench.report import emit
from core.frames import nudge_frame
from core.ids import new_id
from core.nudges import Nudge, NudgeType
from core.outbox import Outbox
from core.redis import connect as connect_redis
from core.security import issue_user_token

ROUNDS = 7
FRAMES = 300
"""Frames of each way in a round."""
PAUSE_SECONDS = 0.005
"""Between two frames: nudges are rare, and neither way is to wait for what the other left to be done."""
IDLE = int(os.environ.get("HOP_IDLE", "200"))
STREAM = "bench_hops"

Publish = Callable[[dict[str, Any]], Awaitable[object]]


async def bare(port: int, redis_url: str) -> None:
    """Send what comes over the stream to the one socket there is."""
    from websockets.asyncio.server import ServerConnection, serve

    redis = Redis.from_url(redis_url)

    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type":"hello"}')
        last: Any = "$"
        while True:
            reply: Any = await redis.xread({STREAM: last}, block=2000)
            for _, entries in reply or ():
                for entry_id, fields in entries:
                    last = entry_id
                    await connection.send(fields[b"d"], text=True)

    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.Future()


def a_nudge() -> Nudge:
    """Return a nudge of usual size."""
    return Nudge(
        nudge_type=NudgeType.TOOLTIP,
        target_element="#connect-crm > form button.primary",
        title="Your CRM needs an API key",
        body="Open the settings of your CRM, copy the key that begins with crm_, and paste it here.",
        nudge_id=new_id(),
        stuck_point="connect-crm",
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


async def join(url: str) -> ClientConnection:
    """Connect, once the server takes connections, and read the greeting."""
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = await connect(url, compression=None, ping_interval=None)
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
    assert b"hello" in await connection.recv(decode=False)
    return connection


async def hop(publish: Publish, page: ClientConnection, frame: dict[str, Any]) -> float:
    """Milliseconds of one frame."""
    started = time.perf_counter()
    publishing = asyncio.ensure_future(publish(frame))
    await page.recv(decode=False)
    elapsed = time.perf_counter() - started
    await publishing
    return elapsed * 1000


async def play(pages: dict[Publish, ClientConnection]) -> dict[Publish, tuple[float, float]]:
    """Median and 99th percentile of each way in one round."""
    times: dict[Publish, list[float]] = {publish: [] for publish in pages}
    for number in range(FRAMES):
        for publish in pages if number % 2 == 0 else reversed(pages):
            times[publish].append(await hop(publish, pages[publish], nudge_frame(a_nudge())))
            await asyncio.sleep(PAUSE_SECONDS)
    return {way: (statistics.median(each), statistics.quantiles(each, n=100)[98]) for way, each in times.items()}


async def measure(environment: dict[str, str], founded: Any, our_port: int, bare_port: int) -> None:
    """Measure the two in alternating rounds."""
    redis = connect_redis(environment["REDIS_URL"])
    outbox = Outbox(redis)

    def url(user: str) -> str:
        token, _ = issue_user_token(founded.identity_secret, founded.company_id, user, datetime.now(UTC))
        return f"ws://127.0.0.1:{our_port}/ws/{user}?token={token}"

    async def publish_ours(frame: dict[str, Any]) -> None:
        await outbox.publish(founded.company_id, "u1", frame, key=frame["nudge"]["nudge_id"])

    async def publish_bare(frame: dict[str, Any]) -> None:
        entry: Any = {"d": orjson.dumps(frame)}
        await redis.xadd(STREAM, entry, maxlen=1000, approximate=True)

    bare_page = await join(f"ws://127.0.0.1:{bare_port}/")
    pages: dict[Publish, ClientConnection] = {publish_ours: await join(url("u1")), publish_bare: bare_page}
    idle = [await join(url(f"idle-{number}")) for number in range(IDLE)]
    await play(pages)  # warms up
    rounds = [await play(pages) for _ in range(ROUNDS)]
    report("nudge_hop", *([figures[way] for figures in rounds] for way in (publish_ours, publish_bare)))
    await leave(redis, [*idle, *pages.values()])


def report(name: str, ours: Sequence[tuple[float, float]], limit: Sequence[tuple[float, float]]) -> None:
    """Print a line for the medians of the rounds, and one for their 99th percentiles."""
    for place, figure in enumerate(("p50", "p99")):
        emit(f"{name}_{figure}", [each[place] for each in ours], [each[place] for each in limit], "ms", digits=3)


async def leave(redis: Redis, pages: Iterable[ClientConnection]) -> None:
    """Close what a measurement opened, without ado."""
    for page in pages:
        page.transport.abort()
    with contextlib.suppress(Exception):
        await redis.aclose()


def run_beside_bare(measure: Callable[[dict[str, str], Any, int, int], Coroutine[Any, Any, None]]) -> None:
    """Start the stores, our gateway and the bare server, and measure: (environment, company, our port, bare port)."""
    allow_files()
    with company() as (founded, environment):
        our_port, bare_port = free_port(), free_port()
        bare_command = [sys.executable, "-m", "bench.nudge_hop", "--bare", str(bare_port), environment["REDIS_URL"]]
        with running(our_command(our_port), {**environment, "GATEWAY_PORT": str(our_port)}), running(bare_command):
            uvloop.run(measure(environment, founded, our_port, bare_port))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        uvloop.run(bare(int(sys.argv[2]), sys.argv[3]))
    else:
        run_beside_bare(measure)
