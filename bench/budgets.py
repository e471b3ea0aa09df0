"""How long 200 conversations of one company wait that all ask for money at once, late on a busy day.

Ours: a reservation each, behind the company's lock, exact. The limit: the same rows put in without lock, sums or
limits, by as many connections. Milliseconds until the last of the 200 has it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.report import emit
from bench.servers import running_postgres
from core.budgets import Allowance, Kind
from core.ids import new_id
from core.security import Vault
from db import ai_budgets, companies
from db.pool import Database

ROUNDS = 5
AT_ONCE = 200
CONNECTIONS = 10
CALLS_OF_THE_DAY = 50_000
ALLOWANCE = Allowance(
    1e9, user_cents=1e6, user_tokens=10**9, conversation_cents=1e6, kind_tokens={"maker_simple": 1500}
)

FILL = """
    INSERT INTO ai_interactions (company_id, interaction_id, node, provider, model, prompt_version, status, tokens_in,
                                 tokens_out, cost_cents, created_at, user_id)
    SELECT %(company_id)s, gen_random_uuid(), 'coach', 'openai', 'm', '1', 'done', 900, 80, 0.1, now(),
           'user-' || n %% 1000
    FROM generate_series(1, %(count)s) AS n
"""
TURNS = """
    INSERT INTO turns (company_id, turn_id, user_id, session_id, kind, status, stuck_point, signal, trace_id,
                       created_at)
    SELECT %s, turn_id, 'user', 's', 'behaviour', 'running', 'x', '{}', 't', %s FROM unnest(%s::uuid[]) AS turn_id
"""
BARE = """
    INSERT INTO ai_interactions (company_id, interaction_id, turn_id, node, provider, model, prompt_version, user_id,
                                 conversation_id, kind, status, reserved_cents, reserved_tokens, reserved_out,
                                 created_at)
    VALUES (%s, %s, %s, 'coach', 'openai', 'm', '1', %s, %s, 'maker_simple', 'started', 0.5, 1500, 500, %s)
"""


@dataclass(frozen=True)
class Call:
    """A call about to be made."""

    interaction_id: str
    turn_id: str
    user_id: str
    conversation_id: str
    node: str = "coach"
    provider: str = "openai"
    model: str = "m"
    prompt_version: str = "1"
    estimate_cents: float = 0.5
    tokens_in: int = 1000
    max_tokens: int = 500
    kind: Kind = "maker_simple"


def calls() -> list[Call]:
    """Return a call of each of the conversations."""
    return [Call(new_id(), new_id(), f"user-{number}", new_id()) for number in range(AT_ONCE)]


async def reserve(db: Database, company_id: str, call: Call) -> None:
    """Set money aside for a call, as a turn does."""
    found = await ai_budgets.reserve(db, company_id, call, ALLOWANCE, datetime.now(UTC))
    assert found.is_held, found


async def insert(db: Database, company_id: str, call: Call) -> None:
    """Put the same row in without asking anybody."""
    given = (company_id, call.interaction_id, call.turn_id, call.user_id, call.conversation_id, datetime.now(UTC))
    async with db.transaction(company_id) as connection:
        await connection.execute(BARE, given)


async def burst(db: Database, company_id: str, one: Callable[[Database, str, Call], Awaitable[None]]) -> float:
    """Return the milliseconds until the last of all is done."""
    made = calls()
    async with db.transaction(company_id) as connection:
        await connection.execute(TURNS, (company_id, datetime.now(UTC), [call.turn_id for call in made]))
    began = time.perf_counter()
    await asyncio.gather(*(one(db, company_id, call) for call in made))
    return (time.perf_counter() - began) * 1000


async def measure(url: str) -> None:
    """Measure in alternating rounds."""
    db = await Database.open(url, pool_size=CONNECTIONS, name="bench")
    company_id = (await companies.found(db, Vault("x" * 40), "Bench", datetime.now(UTC))).company_id
    async with db.transaction(company_id) as connection:
        await connection.execute(FILL, {"company_id": company_id, "count": CALLS_OF_THE_DAY})
    for one in (reserve, insert):
        await burst(db, company_id, one)
    ours, limit = [], []
    for _ in range(ROUNDS):
        ours.append(await burst(db, company_id, reserve))
        limit.append(await burst(db, company_id, insert))
    await db.close()
    emit("budgets", ours, limit, f"ms for {AT_ONCE} reservations at once", digits=0)


def main() -> None:
    """Measure on an embedded server of its own."""
    with running_postgres() as url:
        asyncio.run(measure(url))


if __name__ == "__main__":
    main()
