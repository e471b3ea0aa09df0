"""Concurrent conversations over real sockets, with a model that is a stub: no message lost, none doubled.

`TALKS` users (200) say something at the same moment, wait for the answer, and go on, `TALK_ROUNDS` times (5). Between
them and the model are all the parts of the product: gateway, Redis, consumer, PostgreSQL. At the end every message that
was accepted must stand in PostgreSQL once and have been answered once, and every answer must have reached its user's
socket once. A message that is refused as `unavailable` is sent again, as the page does. Prints one JSON line; ends
with 1 when anything was lost or doubled.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from websockets.asyncio.client import ClientConnection

from bench.gateway import allow_files, company, our_command
from bench.ingest import free_port, running
from bench.nudge_hop import join
from core.ids import new_id
from core.security import issue_user_token

TALKS = int(os.environ.get("TALKS", "200"))
ROUNDS = int(os.environ.get("TALK_ROUNDS", "5"))
QUESTIONS = (
    "How do I invite my team?",
    "Where are the invoices?",
    "Can I export a report?",
    "Which browsers work?",
    "What is a workspace?",
)
"""One after the other: a user who asks the same again and again gets a person."""
ANSWER = ("Welcome! ", "How can I help ", "you today?")
ANSWER_SECONDS = 120
"""After this an answer counts as lost."""


@dataclass
class Tally:
    """What the users saw. Latencies in seconds: to the acceptance, to the first sentence, to the stored answer."""

    accepted: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    repeated: int = 0
    to_accepted: list[float] = field(default_factory=list)
    to_sentence: list[float] = field(default_factory=list)
    to_answer: list[float] = field(default_factory=list)


async def user(page: ClientConnection, tally: Tally, rounds: int = ROUNDS) -> None:
    """Say something, wait for the answer, and go on; then listen a while for what came twice."""
    for turn in range(rounds):
        text = QUESTIONS[turn % len(QUESTIONS)]
        message = {"type": "send_message", "client_message_id": new_id(), "text": text}
        started = time.monotonic()
        await page.send(json.dumps(message))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not await is_answered(page, started, tally):
                    tally.repeated += 1
                    await asyncio.sleep(1)
                    await page.send(json.dumps(message))
        except TimeoutError:
            tally.unanswered += 1
    try:
        async with asyncio.timeout(3):
            while True:
                note(json.loads(await page.recv()), time.monotonic(), tally)
    except TimeoutError:
        return


async def is_answered(page: ClientConnection, started: float, tally: Tally) -> bool:
    """Read frames until the agent's message is there; False where the message must be sent again."""
    is_first = True
    while True:
        frame = json.loads(await page.recv())
        if frame["type"] == "message.delta" and is_first:
            is_first = False
            tally.to_sentence.append(time.monotonic() - started)
        if frame["type"] == "error":
            assert frame["code"] == "unavailable", frame
            return False
        if note(frame, started, tally):
            return True


def note(frame: dict[str, Any], started: float, tally: Tally) -> bool:
    """Count a frame; tells whether it is an answer."""
    if frame["type"] == "message.accepted":
        tally.accepted[frame["message_id"]] += 1
        tally.to_accepted.append(time.monotonic() - started)
    if frame["type"] != "message" or frame["role"] != "assistant":
        return False
    tally.answers[frame["message_id"]] += 1
    tally.to_answer.append(time.monotonic() - started)
    return True


def stored(database_url: str) -> dict[str, set[str]]:
    """Return the ids of the messages that stand in PostgreSQL, by who said them."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT role, message_id::text FROM messages WHERE user_id LIKE 'talker-%'"
        ).fetchall()
        failed = connection.execute("SELECT count(*) FROM turns WHERE outcome <> 'answered'").fetchone()
    assert failed == (0,), f"{failed} turns ended otherwise"
    return {role: {message for said, message in rows if said == role} for role in ("user", "assistant")}


async def measure(port: int, founded: Any) -> Tally:
    """Open the sockets, hold the conversations, and return what was seen."""
    tally, gate = Tally(), asyncio.Semaphore(20)

    async def open_one(name: str) -> ClientConnection:
        token, _ = issue_user_token(founded.identity_secret, founded.company_id, name, datetime.now(UTC))
        async with gate:
            return await join(f"ws://127.0.0.1:{port}/ws/{name}?token={token}")

    await user(await open_one("first"), Tally(), 1)  # until all parts have started
    pages = await asyncio.gather(*(open_one(f"talker-{number}") for number in range(TALKS)))
    await asyncio.gather(*(user(page, tally) for page in pages))
    for page in pages:
        page.transport.abort()
    return tally


def figures(tally: Tally, kept: dict[str, set[str]]) -> dict[str, Any]:
    """Return the line to print."""
    return {
        "bench": "conversations",
        "talks": TALKS,
        "messages": sum(tally.accepted.values()),
        "lost_messages": TALKS * ROUNDS - len(kept["user"]),
        "lost_answers": tally.unanswered + len(kept["assistant"] - set(tally.answers)),
        "doubled": sum(count > 1 for seen in (tally.accepted, tally.answers) for count in seen.values())
        + abs(len(kept["assistant"]) - TALKS * ROUNDS),
        "sent_again": tally.repeated,
        "accepted_ms": spread(tally.to_accepted),
        "first_sentence_ms": spread(tally.to_sentence),
        "answer_ms": spread(tally.to_answer),
    }


def spread(seconds: list[float]) -> dict[str, int]:
    """Return median and 99th percentile, in milliseconds."""
    return {
        "p50": round(1000 * statistics.median(seconds)),
        "p99": round(1000 * statistics.quantiles(seconds, n=100)[98]),
    }


@contextmanager
def stub() -> Iterator[str]:
    """Run the model's stub in a process of its own; yields its address."""
    command = [sys.executable, "-m", "bench.conversations", "--model"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def serve_stub() -> None:
    """Answer every request with the same words, streamed, until the process is ended."""
    import threading

    from tests.llm_server import LlmServer, streaming

    with LlmServer(default=streaming(*ANSWER)) as server:
        print(server.base_url, flush=True)
        threading.Event().wait()


def main() -> int:
    """Start the parts, hold the conversations, print the figures; 1 when something was lost or doubled."""
    allow_files()
    with company() as (founded, environment), stub() as model:
        port = free_port()
        chosen = {
            **environment,
            "GATEWAY_PORT": str(port),
            "LLM_PROVIDER": "openai",
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": model,
            "LOG_LEVEL": "WARNING",
        }
        consumer = [sys.executable, "-m", "local.cli", "consumer", "--role", "turns"]
        with running(our_command(port), chosen), running(consumer, chosen):
            tally = asyncio.run(measure(port, founded))
        line = figures(tally, stored(environment["DATABASE_URL"]))
    print(json.dumps(line), flush=True)
    return 1 if line["lost_messages"] or line["lost_answers"] or line["doubled"] else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--model"]:
        serve_stub()
    else:
        sys.exit(main())
