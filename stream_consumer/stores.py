"""The graph's Protocols on our stores: PostgreSQL for what must last, the outbox for what must reach a page.

One object per turn or per company, made by the turns role. Every method turns "the store is away" into
`core.errors.Unavailable`, by which the graph knows that a failure will pass.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from redis.asyncio import Redis

from core.budgets import Allowance
from core.errors import BudgetExhausted, Unavailable
from core.frames import nudge_frame
from core.nudges import Nudge
from core.outbox import Outbox
from core.settings import ChannelSettings
from core.turns import Turn, TurnGone
from db import ai_budgets, ai_interactions, configs, escalations, nudges, turns
from db.ai_budgets import Reservation
from db.pool import Connection, Database
from detection.restraint import Decision, Deny, check_caps, decide
from graph.context import AlreadyOpen, AlreadyThere, Capped, Opened, OpenResult, Saved, SaveResult
from graph.journal import LlmCall, LlmResponse, Usage
from graph.state import Alert
from stream_consumer.alerting import channels_of, insert_notifications, publish_notifications
from stream_consumer.batch import UserKey
from stream_consumer.candidates import read_history, read_standing
from stream_consumer.metrics import ConsumerMetrics
from stream_consumer.patience import is_outage


@asynccontextmanager
async def available() -> AsyncIterator[None]:
    """Raise Unavailable for an outage inside the block."""
    try:
        yield
    except Exception as error:
        if is_outage(error):
            raise Unavailable("A store is away.") from error
        raise


@dataclass(frozen=True, slots=True)
class JournalStore:
    """`graph.journal.Journal` of one company."""

    db: Database
    company_id: str
    metrics: ConsumerMetrics | None = None

    async def find(self, interaction_id: str) -> LlmResponse | None:
        """Return the answer kept under this id, if there is one."""
        async with available(), self.db.transaction(self.company_id) as connection:
            kept = await ai_interactions.find_done(connection, self.company_id, interaction_id)
        return None if kept is None else LlmResponse.model_validate(kept)

    async def reserve(self, call: LlmCall, allowance: Allowance) -> None:
        """Set the call's estimate aside; raises BudgetExhausted, and TurnGone where the turn was erased meanwhile."""
        async with available():
            found = await ai_budgets.reserve(self.db, self.company_id, call, allowance, call.started_at)
        if found.is_gone:
            raise TurnGone
        self._count(found)
        if found.refused_by is not None:
            raise BudgetExhausted(f"The {found.refused_by}'s budget does not hold this call.", scope=found.refused_by)

    def _count(self, found: Reservation) -> None:
        if self.metrics is None:
            return
        for scope in found.nearly:
            self.metrics.budgets_low.labels(scope).inc()
        if found.refused_by is not None:
            self.metrics.budget_refusals.labels(found.refused_by).inc()

    async def settle(self, interaction_id: str, response: LlmResponse) -> None:
        """Keep the answer and what it cost."""
        async with available(), self.db.transaction(self.company_id) as connection:
            await ai_interactions.settle(
                connection,
                self.company_id,
                interaction_id,
                response.model_dump(mode="json"),
                tokens_in=response.tokens_in,
                tokens_out=response.tokens_out,
                cost_cents=response.cost_cents,
                latency_ms=response.latency_ms,
                now=datetime.now(UTC),
            )

    async def fail(self, interaction_id: str, error: str) -> None:
        """Note that the call brought no answer."""
        async with available(), self.db.transaction(self.company_id) as connection:
            await ai_interactions.fail(connection, self.company_id, interaction_id, error, now=datetime.now(UTC))

    async def cut_off(self, interaction_id: str, error: str, usage: Usage | None) -> None:
        """Note that an answer broke off, and what it took."""
        took = asdict(usage) if usage else {}
        async with available(), self.db.transaction(self.company_id) as connection:
            await ai_interactions.cut_off(
                connection, self.company_id, interaction_id, error, now=datetime.now(UTC), **took
            )


@dataclass(frozen=True, slots=True)
class NudgeStore:
    """`graph.context.Nudges`: the last word on whether a nudge is made is spoken here, behind the user's lock."""

    db: Database

    async def save(self, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> SaveResult:
        """Save a nudge unless something forbids it by now; configuration and history are read afresh."""
        async with available(), self.db.transaction(turn.company_id) as connection:
            await turns.hold(connection, turn.company_id, turn.turn_id)
            await nudges.lock_user(connection, turn.company_id, turn.user_id)
            if await nudges.exists(connection, turn.company_id, nudge.nudge_id):
                return AlreadyThere()
            refusal = await _refusal(connection, turn, now, counts=counts)
            if refusal is not None:
                return Capped(refusal)
            await nudges.insert(connection, nudge, turn, now, counts=counts)
            return Saved()


async def _refusal(connection: Connection, turn: Turn, now: datetime, *, counts: bool) -> str | None:
    user = UserKey(turn.company_id, turn.user_id)
    config = (await configs.load(connection, turn.company_id)).config
    standing = await read_standing(connection, user, now)
    history = await read_history(connection, user, now)
    if not counts:
        # The line that says that a person was told follows its own escalation, which therefore is open.
        history = replace(history, open_escalations=history.open_escalations - {turn.signal.stuck_point})
        return reason_of(decide(config, standing, turn.signal, history, now))
    return reason_of(decide(config, standing, turn.signal, history, now)) or reason_of(
        check_caps(config.restraint, history, now)
    )


def reason_of(decision: Decision) -> str | None:
    """Return why nothing may be shown in the page: a denial's word, or the user's own wish for silence."""
    if isinstance(decision, Deny):
        return decision.reason.value
    return None if decision.tells_user else "silence_wished"


@dataclass(frozen=True, slots=True)
class EscalationStore:
    """`graph.context.Escalations`: the row and its notifications first, then the stream."""

    db: Database
    redis: Redis
    settings: ChannelSettings
    shards: int

    async def open(self, alert: Alert, turn: Turn) -> OpenResult:
        """Open the escalation with its notifications, all or nothing; then publish them, as often as this is called."""
        async with available():
            async with self.db.transaction(turn.company_id) as connection:
                await turns.hold(connection, turn.company_id, turn.turn_id)
                known = await self._insert(connection, alert, turn)
                if known is not None:
                    return AlreadyOpen(known)
                config = (await configs.load(connection, turn.company_id)).config
                chosen = channels_of(config.escalation, self.settings)
                notifications = await insert_notifications(connection, alert, turn, chosen)
            await publish_notifications(self.redis, self.shards, turn, notifications)
        return Opened(alert.escalation_id)

    async def _insert(self, connection: Connection, alert: Alert, turn: Turn) -> str | None:
        """Insert the escalation; returns the id of another one that is open at this place, if there is one."""
        is_new = await escalations.insert(
            connection,
            turn.company_id,
            escalation_id=alert.escalation_id,
            turn_id=turn.turn_id,
            user_id=turn.user_id,
            stuck_point=alert.stuck_point,
            alert=alert.model_dump(mode="json"),
            trace_id=turn.trace_id,
            now=alert.created_at,
        )
        if is_new or await escalations.get(connection, turn.company_id, alert.escalation_id):
            return None
        row = await escalations.open_for(connection, turn.company_id, turn.user_id, alert.stuck_point)
        if row is None:  # closed between the two statements; the turn runs again and opens its own
            raise Unavailable("The escalation of another turn was closed at this moment.")
        return str(row["escalation_id"])


@dataclass(frozen=True, slots=True)
class OutboxDelivery:
    """`graph.context.Delivery` by the outbox."""

    outbox: Outbox

    async def publish(self, nudge: Nudge, turn: Turn) -> None:
        """Put the nudge into the user's outbox, once however often it is published."""
        async with available():
            await self.outbox.publish(turn.company_id, turn.user_id, nudge_frame(nudge), key=nudge.nudge_id)
