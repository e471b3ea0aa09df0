"""How fast events go into PostgreSQL: our batches under row-level security, beside a raw COPY into the same table.

The limit is COPY, batch by batch and committed as ours are, into a table with the same columns, keys and indexes but
without partitions and policies. Rows a second by the clock; CPU of this process and of the server's beside it.
"""

import asyncio
import random
import resource
import statistics
import sys
import time
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg

from bench.servers import running_postgres
from core.events import AcceptedEvent, from_ms, to_ms
from core.ids import new_id
from core.security import Vault
from db import companies, events
from db.pool import Database

ROUNDS = 5
BATCHES = 20
BATCH = 1000
LIKE_EVENTS = "CREATE TABLE plain (LIKE events INCLUDING ALL)"
COPY = (
    "COPY plain (company_id, event_id, occurred_at, corrected_at, received_at, user_id, session_id, event_type,"
    " target_element, page_url, properties, trace_id) FROM STDIN"
)


def make_events(company_ids: list[str], count: int) -> list[AcceptedEvent]:
    """Return events as a busy product sends them: new ids in order of time, a few hundred users."""
    moment = to_ms(datetime.now(UTC))
    return [
        AcceptedEvent(
            company_ids[number % len(company_ids)],
            new_id(),
            f"user-{random.randrange(500)}",
            f"s-{number % 700}",
            "click",
            "#connect-crm > button.primary",
            "https://app.example/projects/17/connect-crm",
            moment + number,
            moment + number,
            moment + number,
            {"text": "Connect", "x": 120, "y": 88},
            new_id(),
        )
        for number in range(count)
    ]


def copy_rows(batch: list[AcceptedEvent]) -> bytes:
    """Return a batch in COPY's text format, made before the clock starts: the limit is the server's alone."""
    rows = (
        (
            e.company_id,
            e.event_id,
            from_ms(e.occurred_ms).isoformat(),
            from_ms(e.corrected_ms).isoformat(),
            from_ms(e.received_ms).isoformat(),
            e.user_id,
            e.session_id,
            e.event_type,
            e.target_element or "",
            e.page_url or "",
            orjson.dumps(e.properties).decode().replace("\\", "\\\\"),
            e.trace_id,
        )
        for e in batch
    )
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def cpu() -> float:
    """Return the seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def ours(db: Database, batches: list[list[AcceptedEvent]], ids: list[str]) -> None:
    """Store the batches, each in its own transaction, as a consumer does."""
    for batch in batches:
        async with db.transaction(*ids) as connection:
            await events.insert(connection, batch)


def limit(connection: psycopg.Connection[Any], payloads: list[bytes]) -> None:
    """Copy the batches, each in its own transaction."""
    for payload in payloads:
        with connection.transaction(), connection.cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(payload)


async def measure(url: str) -> None:
    """Run the rounds, ours and the limit in turns, and print one JSON line."""
    db = await Database.open(url, pool_size=1, name="bench")
    ids = [(await companies.found(db, Vault("x" * 32), f"C{n}", datetime.now(UTC))).company_id for n in range(3)]
    figures: list[tuple[float, float, float]] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(LIKE_EVENTS)
        for _ in range(ROUNDS + 1):
            rows = make_events(ids, BATCH * BATCHES)
            batches = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
            payloads = [copy_rows(batch) for batch in batches]
            connection.execute("TRUNCATE events, plain")
            begin, busy = time.perf_counter(), cpu()
            await ours(db, batches, ids)
            taken, used = time.perf_counter() - begin, cpu() - busy
            begin = time.perf_counter()
            limit(connection, payloads)
            figures.append((len(rows) / taken, len(rows) / (time.perf_counter() - begin), used / len(rows) * 1e6))
    await db.close()
    report(figures[1:])


def report(figures: list[tuple[float, float, float]]) -> None:
    """Print the medians, the ratio and its spread."""
    ratios = sorted(own / copied for own, copied, _ in figures)
    line = {
        "bench": "db_insert",
        "ours": round(statistics.median(own for own, _, _ in figures)),
        "limit": round(statistics.median(copied for _, copied, _ in figures)),
        "unit": "rows/s",
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(ratios[0], 3), round(ratios[-1], 3)],
        "rounds": len(figures),
        "cpu_us_per_row": round(statistics.median(used for _, _, used in figures), 2),
    }
    sys.stdout.write(orjson.dumps(line).decode() + "\n")


def main() -> None:
    """Measure on an embedded server of its own."""
    with running_postgres() as url:
        asyncio.run(measure(url))


if __name__ == "__main__":
    main()
