"""The turns role: one turn of a user at a time through the graph, and its end written into the turn's row.

A turn that is delivered twice finds its row ended and is acknowledged; one whose process was killed runs again and
finds in the journal what was paid for. Without an answer of any model the turn ends quietly.
"""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core import logs, streams
from core.turns import ReceiptStep, Turn, TurnGone, TurnStatus
from db import events, memory, nudges, turns, users
from db.nudges import PastNudge as NudgeRow
from db.pool import Database
from detection.restraint import bucket
from graph.build import TurnGraph
from graph.context import Delivery, Escalations, Knowledge, Nudges, TurnContext
from graph.facts import PastNudge, UserFacts
from graph.journal import Journal
from graph.memory.recent import LATELY, said_lately
from graph.reasoner import Reasoner
from graph.runner import run_turn
from graph.state import TurnResult
from stream_consumer.companies import Companies
from stream_consumer.endings import unless_gone
from stream_consumer.entries import DONE, Entry, Failed, Outcome, Postponed
from stream_consumer.locks import Locks
from stream_consumer.metrics import ConsumerMetrics

log = logging.getLogger(__name__)

RECENT_EVENTS: Final = 50
"""Latest events of the user that a turn gets to see."""
PAST_NUDGES: Final = timedelta(days=30)
"""How far back a turn looks for nudges that were tried before."""
LOCKED_SECONDS: Final = 0.3
"""After this a turn whose user is busy is tried again."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What the graph writes to, and the documents that it reads; without those a nudge rests on the baseline alone."""

    journal: Callable[[str], Journal]
    nudges: Nudges
    escalations: Escalations
    delivery: Delivery
    knowledge: Knowledge | None = None


class TurnsHandler:
    """Handles entries of `turns_stream`, each on its own."""

    def __init__(
        self,
        db: Database,
        graph: TurnGraph,
        reasoner: Reasoner,
        stores: Stores,
        companies: Companies,
        locks: Locks,
        metrics: ConsumerMetrics,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._db = db
        self._graph = graph
        self._reasoner = reasoner
        self._stores = stores
        self._companies = companies
        self._locks = locks
        self._metrics = metrics
        self._now = now

    async def handle(self, entries: Sequence[Entry]) -> Sequence[Outcome]:
        """Run the turn of each entry."""
        return [await self._handle_one(entry) for entry in entries]

    async def abandon(self, entry: Entry, reason: str) -> None:
        """End the turn of an entry that is given up on, so that nothing waits for it."""
        try:
            turn = streams.decode_turn(entry.payload)
        except ValueError:
            return
        last = ReceiptStep(step="run", outcome="failed", reason=reason, at=self._now())
        async with self._db.transaction(turn.company_id) as connection:
            await turns.finish(
                connection,
                turn.company_id,
                turn.turn_id,
                TurnStatus.FAILED.value,
                "failed",
                receipt_steps=[last],
                error=reason,
                now=self._now(),
            )

    async def _handle_one(self, entry: Entry) -> Outcome:
        try:
            turn = streams.decode_turn(entry.payload)
        except ValueError as error:
            return Failed(error)
        with logs.bind(trace_id=turn.trace_id, company_id=turn.company_id, turn_id=turn.turn_id):
            async with self._locks.hold(streams.lock_key(turn.company_id, turn.user_id)) as held:
                if not held:
                    return Postponed(LOCKED_SECONDS * (1 + random.random()))  # noqa: S311 - spreads tries
                async with unless_gone(self._db, turn):
                    await self._run(turn)
        return DONE

    async def _run(self, turn: Turn) -> None:
        async with self._db.transaction(turn.company_id) as connection:
            status = await turns.start(connection, turn.company_id, turn.turn_id, self._now())
        if status is None:
            raise TurnGone
        if status != TurnStatus.RUNNING:
            log.info("turn ended before", extra={"status": status})
            return
        result = await run_turn(self._graph, turn, await self._context_of(turn))
        await self._finish(turn, result)

    async def _finish(self, turn: Turn, result: TurnResult) -> None:
        status = TurnStatus.FAILED if result.failed else TurnStatus.DONE
        async with self._db.transaction(turn.company_id) as connection:
            await turns.hold(connection, turn.company_id, turn.turn_id)
            await turns.finish(
                connection,
                turn.company_id,
                turn.turn_id,
                status.value,
                result.outcome,
                diagnosis=result.diagnosis,
                reasoner=result.reasoner,
                prompts=result.prompts,
                receipt_steps=result.receipt,
                error=result.error,
                now=self._now(),
            )
        self._metrics.turns.labels(result.outcome).inc()
        log.info("turn ended", extra={"outcome": result.outcome, "reasoner": result.reasoner, "error": result.error})

    async def _context_of(self, turn: Turn) -> TurnContext:
        user = (turn.company_id, turn.user_id)
        company = (await self._companies.get([turn.company_id]))[turn.company_id]
        async with self._db.transaction(turn.company_id) as connection:
            standing = await users.standing(connection, *user)
            recent = await events.recent_for_users(connection, [user], RECENT_EVENTS)
            history = await nudges.history(connection, *user, self._now() - PAST_NUDGES)
            counted = await nudges.count_on_stuck_point(connection, *user, turn.signal.stuck_point)
            last = await memory.last_said(connection, *user, self._now() - LATELY)
        return TurnContext(
            config=company.config,
            baseline=company.baseline,
            user=UserFacts(
                turn.user_id,
                language_of(standing.traits),
                standing.anonymous,
                standing.traits,
                said_lately(last.summary, last.messages, last.at, self._now()) if last else "",
            ),
            recent_events=tuple(recent.get(user, ())),
            past_nudges=tried(history, turn.signal.stuck_point, counted),
            in_holdout=bucket(*user, "holdout") < company.config.restraint.holdout_percent,
            reasoner=self._reasoner,
            journal=self._stores.journal(turn.company_id),
            nudges=self._stores.nudges,
            escalations=self._stores.escalations,
            delivery=self._stores.delivery,
            now=self._now,
            knowledge=self._stores.knowledge,
        )


def language_of(traits: Mapping[str, Any]) -> str | None:
    """Return the language that the host named for a user, if it is a plain tag."""
    language = traits.get("language")
    if not isinstance(language, str) or not 2 <= len(language) <= 35:
        return None
    return language if language.replace("-", "").isalnum() and language.isascii() else None


def tried(history: Sequence[NudgeRow], stuck_point: str, counted: int) -> tuple[PastNudge, ...]:
    """Return what a turn should know of earlier nudges, oldest first.

    Of those at its own stuck point only the latest `counted` still count: those before were closed by a person, or
    expired unseen.
    """
    here = [row for row in history if row.counts and row.stuck_point == stuck_point and not _unseen(row)]
    counting = {row.nudge_id for row in here[len(here) - counted :]} if counted else set()
    return tuple(
        PastNudge(
            row.nudge_id,
            row.stuck_point,
            row.nudge_type,
            row.status,
            row.created_at,
            row.title,
            row.counts and (row.stuck_point != stuck_point or row.nudge_id in counting),
        )
        for row in history
    )


def _unseen(row: NudgeRow) -> bool:
    return row.status.value == "expired" and row.shown_at is None
