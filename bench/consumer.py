"""The events role end to end, beside PostgreSQL's own COPY of the same rows.

Ours: entries wait in `events_stream`; the loop reads, stores, folds them into windows in Redis, detects, restrains,
publishes turns, acknowledges and trims, until nothing is left; row-level security, windows, baseline and triggers on,
one user in fifty stuck. The limit: a server-side `COPY … FROM` a file, into a table with the same columns, primary key
and indexes (`ratio_bare`: into one without any). Rows a second by the clock, in alternating rounds; `cpu_us_per_row`
is the CPU time of the consumer process alone. `--profile` writes cProfile's view of one round to stderr.
"""

import asyncio
import cProfile
import pstats
import resource
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import uvloop
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from bench.servers import running_postgres, running_redis
from core.baselines import Baseline, BaselineStep
from core.events import AcceptedEvent, from_ms, to_ms
from core.ids import new_id
from core.redis import connect
from core.security import Vault
from core.settings import ConsumerSettings
from core.streams import EVENTS, TURNS, encode_event
from db import baselines, companies
from db.pool import Database
from stream_consumer.candidates import TurnMaker
from stream_consumer.companies import Companies
from stream_consumer.events import EventsHandler
from stream_consumer.group import ConsumerGroup, unique_consumer_name
from stream_consumer.loop import ConsumerLoop, LoopPolicy
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.windows import WindowStore
from stream_consumer.wiring import EVENT_SLOTS
from stream_consumer.worker import settle_memory

ROUNDS = 5
EVENTS_A_ROUND = 30_000
EVENTS_A_USER = 10
STUCK_EVERY = 50
COLUMNS = (
    "company_id, event_id, occurred_at, corrected_at, received_at, user_id, session_id, event_type, target_element,"
    " page_url, properties, trace_id"
)
KINDS = ("page_view", "click", "change", "click", "submit", "page_view", "click", "click", "change", "click")
STUCK = (
    "page_view",
    "change",
    "submit_failed",
    "change",
    "submit_failed",
    "click",
    "submit_failed",
    "click",
    "click",
    "click",
)
BASELINE = Baseline(
    name="Onboarding",
    steps=tuple(
        BaselineStep(key=key, title=key, url_pattern=f"/{key}", p50_seconds=30, p90_seconds=120)
        for key in ("workspace", "connect-crm", "import", "team", "report")
    ),
)


@dataclass(frozen=True)
class Round:
    """What one round measured: rows a second of each, and the consumer's CPU per row in µs."""

    ours: float
    copied: float
    copied_bare: float
    cpu: float


def make_events(company_ids: list[str], number: int) -> list[AcceptedEvent]:
    """Return the events of one round, ten of a user at a time as its page sends them; users come back every round."""
    users = EVENTS_A_ROUND // EVENTS_A_USER
    # Rounds lie minutes apart for the users, or their returning would look like a page loop.
    start = to_ms(datetime.now(UTC)) - (ROUNDS + 1 - number) * 240_000
    return [
        AcceptedEvent(
            company_id=company_ids[user % len(company_ids)],
            event_id=new_id(),
            user_id=f"user-{user}",
            session_id=f"session-{user}-{number}",
            event_type=kind,
            target_element=f"#step-{place} > button.primary",
            page_url=f"https://app.example/{'workspace' if place < 2 else 'connect-crm'}",
            occurred_ms=start + user * 7 + place * 90,
            corrected_ms=start + place * 90,
            received_ms=start + 2000,
            properties={"form": "#form"} if kind.startswith(("submit", "change")) else {"text": "Connect"},
            trace_id=f"{user}-{number}",
        )
        for user in range(users)
        for place, kind in enumerate(STUCK if user % STUCK_EVERY == number % STUCK_EVERY else KINDS)
    ]


def copy_file(events: list[AcceptedEvent], path: Path) -> None:
    """Write the events as COPY's text format."""
    rows = (
        (e.company_id, e.event_id, from_ms(e.occurred_ms).isoformat(), from_ms(e.corrected_ms).isoformat(),
         from_ms(e.received_ms).isoformat(), e.user_id, e.session_id, e.event_type, e.target_element or "",
         e.page_url or "", orjson.dumps(e.properties).decode(), e.trace_id)
        for e in events
    )  # fmt: skip
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    path.chmod(0o644)


def copy(connection: psycopg.Connection[Any], table: str, path: Path) -> float:
    """Copy the file into a table; returns the seconds."""
    begin = time.perf_counter()
    connection.execute(f"COPY {table} ({COLUMNS}) FROM '{path}'")
    return time.perf_counter() - begin


def cpu_seconds() -> float:
    """Return the CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def publish(redis: Redis, events: list[AcceptedEvent]) -> None:
    """Put the events into the stream."""
    for start in range(0, len(events), 1000):
        pipeline = redis.pipeline(transaction=False)
        for event in events[start : start + 1000]:
            pipeline.xadd(EVENTS, {b"d": encode_event(event)})
        await pipeline.execute()


async def consume(redis: Redis, db: Database, batch: int) -> float:
    """Run the role until the stream is done with; returns the seconds."""
    stop, metrics = asyncio.Event(), ConsumerMetrics(CollectorRegistry())
    handler = EventsHandler(db, WindowStore(redis, 1), Companies(db), TurnMaker(db, redis, 1, metrics))
    policy = LoopPolicy(batch=batch, slots=EVENT_SLOTS, block_ms=20)
    loop = ConsumerLoop(ConsumerGroup(redis, EVENTS, unique_consumer_name()), handler, policy, metrics, stop)
    processed = metrics.processed.labels(EVENTS)
    begin = time.perf_counter()
    running = asyncio.create_task(loop.run())
    while processed._value.get() < EVENTS_A_ROUND:
        if running.done():
            running.result()
        await asyncio.sleep(0.005)
    taken = time.perf_counter() - begin
    stop.set()
    await running
    return taken


async def measure(database_url: str, redis_url: str, directory: Path, *, profile: bool) -> list[Round]:
    """Run the rounds."""
    db = await Database.open(database_url, pool_size=4, name="bench")
    redis = connect(redis_url)
    ids = await found(db)
    rounds = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE plain (LIKE events INCLUDING ALL)")
        connection.execute("CREATE TABLE bare (LIKE events)")
        for number in range(ROUNDS + 1):
            events = make_events(ids, number)
            copy_file(events, directory / "rows")
            await publish(redis, events)
            events.clear()
            settle_memory()  # as the worker does
            connection.execute("TRUNCATE events, plain, bare")
            connection.execute("CHECKPOINT")
            rounds.append(
                await one_round(connection, redis, db, directory / "rows", profile=profile and number == ROUNDS)
            )
            check(connection, await redis.xlen(TURNS), number)
    await redis.aclose()
    await db.close()
    return rounds[1:]


async def one_round(
    connection: psycopg.Connection[Any], redis: Redis, db: Database, path: Path, *, profile: bool
) -> Round:
    """Measure ours, then the limits."""
    profiler = cProfile.Profile() if profile else None
    before = cpu_seconds()
    if profiler:
        profiler.enable()
    ours = await consume(redis, db, ConsumerSettings().consumer_batch // EVENT_SLOTS)
    if profiler:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    used = cpu_seconds() - before
    plain, bare = copy(connection, "plain", path), copy(connection, "bare", path)
    rows = EVENTS_A_ROUND
    return Round(rows / ours, rows / plain, rows / bare, used / rows * 1e6)


def check(connection: psycopg.Connection[Any], published: int, number: int) -> None:
    """A benchmark of work not done is worth nothing: every row and every turn must be there."""
    row = connection.execute("SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM turns)").fetchone()
    stuck = EVENTS_A_ROUND // EVENTS_A_USER // STUCK_EVERY
    if row is None or row[0] != EVENTS_A_ROUND or row[1] < stuck * (number + 1) or not published:
        raise SystemExit(f"round {number}: {row} rows and turns, {published} published")


async def found(db: Database) -> list[str]:
    """Found three companies with a baseline."""
    ids = []
    for number in range(3):
        company = await companies.found(db, Vault("x" * 32), f"C{number}", datetime.now(UTC))
        ids.append(company.company_id)
        async with db.transaction(company.company_id) as connection:
            await baselines.save(connection, company.company_id, BASELINE, "system", datetime.now(UTC))
    return ids


def report(rounds: list[Round]) -> None:
    """Print the medians, the ratio and its spread."""
    ratios = sorted(each.ours / each.copied for each in rounds)
    line = {
        "bench": "consumer",
        "ours": round(statistics.median(each.ours for each in rounds)),
        "limit": round(statistics.median(each.copied for each in rounds)),
        "unit": "rows/s",
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(ratios[0], 3), round(ratios[-1], 3)],
        "rounds": len(rounds),
        "ratio_bare": round(statistics.median(each.ours / each.copied_bare for each in rounds), 3),
        "cpu_us_per_row": round(statistics.median(each.cpu for each in rounds), 1),
    }
    sys.stdout.write(orjson.dumps(line).decode() + "\n")


def main() -> None:
    """Measure on servers of its own."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        with running_postgres() as database_url, running_redis() as redis_url:
            report(uvloop.run(measure(database_url, redis_url, directory, profile="--profile" in sys.argv)))


if __name__ == "__main__":
    main()
