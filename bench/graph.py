# ruff: noqa: ARG002 - the stub keeps to Protocols, and needs none of their arguments
"""What a checkpoint in PostgreSQL costs a turn: our graph with one and without, on the same stubbed model.

`ours` keeps a checkpoint at the end of a turn (`durability="exit"`), `limit` keeps none. Both run the same graph on the
same case, one turn after the other, in rounds that alternate; the figure is CPU time of this process per turn, the
median of the rounds, so that a busy machine matters little.
"""

import asyncio
import json
import statistics
import time
from datetime import datetime

import psycopg

from bench.servers import running_postgres
from bench.sessions import NOW, Session, make_sessions
from core.budgets import Allowance
from core.config import CompanyConfig
from core.ids import new_id
from core.nudges import Diagnosis, Nudge, NudgeContent, NudgeType
from core.turns import Turn
from graph.build import TurnGraph, build_graph
from graph.case import Case
from graph.checkpoints import ROLE, open_saver, setup
from graph.context import Opened, OpenResult, Saved, SaveResult, TurnContext
from graph.journal import Calls, LlmCall, LlmResponse, Usage
from graph.reasoner import AlertDraft, Reasoned
from graph.reasoners.rules import RulesReasoner
from graph.runner import run_turn
from graph.state import Alert

ROUNDS = 25
TURNS = 50
"""Per side and round."""
TARGET = 2.5

DIAGNOSIS = Diagnosis(
    stuck_point="connect-bank",
    inferred_reason="The form refuses a private account.",
    evidence=["3 × submit_failed on #iban"],
    confidence_score=0.9,
    reason_class="validation",
)
CONTENT = NudgeContent(
    nudge_type=NudgeType.TOOLTIP, target_element="#iban", title="Business accounts only", body="Use a business IBAN."
)


class Stub(RulesReasoner):
    """A model that answers at once, and stores that only nod: what remains is the graph."""

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:
        return Reasoned(DIAGNOSIS, "stub", "diagnose-1")

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:
        return Reasoned(CONTENT, "stub", "coach-1")

    async def draft_alert(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[AlertDraft]:
        return Reasoned(AlertDraft(headline="h", why="w", suggestion="s"), "stub", "alert-1")

    async def find(self, interaction_id: str) -> LlmResponse | None:
        return None

    async def reserve(self, call: LlmCall, allowance: Allowance) -> None: ...

    async def settle(self, interaction_id: str, response: LlmResponse) -> None: ...

    async def fail(self, interaction_id: str, error: str) -> None: ...

    async def cut_off(self, interaction_id: str, error: str, usage: Usage | None) -> None: ...

    async def save(self, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> SaveResult:
        return Saved()

    async def open(self, alert: Alert, turn: Turn) -> OpenResult:
        return Opened(alert.escalation_id)

    async def publish(self, nudge: Nudge, turn: Turn) -> None: ...


def context_of(session: Session) -> TurnContext:
    """Return what every turn of the benchmark is given."""
    stub = Stub()
    return TurnContext(
        config=CompanyConfig(),
        baseline=None,
        user=session.case.user,
        recent_events=session.case.events,
        past_nudges=(),
        in_holdout=False,
        reasoner=stub,
        journal=stub,
        nudges=stub,
        escalations=stub,
        delivery=stub,
        now=lambda: NOW,
    )


async def cpu_per_turn(app: TurnGraph, session: Session, turns: int) -> float:
    """Run fresh turns one after the other; returns microseconds of CPU per turn, of all threads."""
    context = context_of(session)
    fresh = [session.case.turn.model_copy(update={"turn_id": new_id()}) for _ in range(turns)]
    began = time.process_time()
    for turn in fresh:
        result = await run_turn(app, turn, context)
        assert result.outcome == "nudged"
    return (time.process_time() - began) / turns * 1e6


async def measure(url: str) -> tuple[list[float], list[float]]:
    """Return the rounds of both sides."""
    await setup(url)
    session = make_sessions()[0]
    async with open_saver(url) as saver:
        kept, bare = build_graph(saver), build_graph(None)
        for app in (kept, bare):
            await cpu_per_turn(app, session, 30)
        rounds = [
            (await cpu_per_turn(kept, session, TURNS), await cpu_per_turn(bare, session, TURNS)) for _ in range(ROUNDS)
        ]
    return [ours for ours, _ in rounds], [limit for _, limit in rounds]


def main() -> None:
    """Print the figure as one line of JSON."""
    with running_postgres(migrated=False) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {ROLE} NOLOGIN")
        ours, limit = asyncio.run(measure(url))
    ratios = [round(a / b, 2) for a, b in zip(ours, limit, strict=True)]
    line = {
        "bench": "graph",
        "ours": round(statistics.median(ours)),
        "limit": round(statistics.median(limit)),
        "unit": "µs CPU/turn",
        "ratio": round(statistics.median(ratios), 2),
        "spread": [min(ratios), max(ratios)],
        "rounds": ROUNDS,
        "target": TARGET,
    }
    print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
