"""From signals to turns: who may be helped now, who may not and why, and the turns that follow.

Used by the events role and by the sweeper, so that every signal goes the same way: restraint first, the receipt
stored with the turn, then the stream. Repeating it makes the same turns: their ids derive from what proves the signal.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from core import streams
from core.ids import turn_id
from core.nudges import NudgeStatus, NudgeType
from core.turns import ReceiptStep, Signal, SignalKind, Turn, TurnStatus
from db import conversations, escalations, nudges, turns, users
from db.pool import Connection, Database
from detection.restraint import (
    DAY,
    ON_THE_WAY,
    Allow,
    Decision,
    Deny,
    DenyReason,
    NudgeHistory,
    PastNudge,
    UserStanding,
    decide,
)
from stream_consumer.batch import UserKey
from stream_consumer.companies import Company
from stream_consumer.metrics import ConsumerMetrics

log = logging.getLogger(__name__)


TALKING: Final = timedelta(minutes=10)
"""How long after the last word a user counts as being in conversation; nobody is nudged meanwhile."""
PRECEDENCE: Final = (
    SignalKind.VALIDATION_LOOP,
    SignalKind.ERROR_CLICK,
    SignalKind.EXPLICIT_STUCK,
    SignalKind.FORM_ABANDONMENT,
    SignalKind.DEAD_CLICK,
    SignalKind.RAGE_CLICK,
    SignalKind.PAGE_LOOP,
    SignalKind.BASELINE_DEVIATION,
    SignalKind.INACTIVITY,
)
"""Which signal of one moment speaks: the one that says most about what is wrong. Of the others a receipt is kept."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A signal of a user, and what its turn needs to be told from others."""

    user: UserKey
    session_id: str
    trace_id: str
    signal: Signal
    company: Company


class TurnMaker:
    """Decides on candidates, stores their turns, and publishes those that may run."""

    def __init__(self, db: Database, redis: Redis, shards: int, metrics: ConsumerMetrics) -> None:
        self._db = db
        self._redis = redis
        self._shards = shards
        self._metrics = metrics

    async def make(self, candidates: Sequence[Candidate], now: datetime) -> dict[UserKey, dict[str, int]]:
        """Store a turn for each candidate and publish the allowed ones; returns each user's nudges per stuck point."""
        allowed: list[Turn] = []
        counts: dict[UserKey, dict[str, int]] = {}
        async with self._db.transaction(*{candidate.user.company_id for candidate in candidates}) as connection:
            for user, theirs in _by_user(candidates).items():
                history = await read_history(connection, user, now)
                standing = await read_standing(connection, user, now)
                counts[user] = dict(history.on_stuck_point)
                for candidate in sorted(theirs, key=lambda each: PRECEDENCE.index(each.signal.kind)):
                    turn = turn_of(candidate, now)
                    prospect = await foresee(connection, history, turn, now)
                    decision = decide(candidate.company.config, standing, candidate.signal, prospect, now)
                    if await self._store(connection, turn, decision, candidate.company, now):
                        allowed.append(turn)
        await publish_turns(self._redis, allowed, self._shards)
        return counts

    async def _store(
        self, connection: Connection, turn: Turn, decision: Decision, company: Company, now: datetime
    ) -> bool:
        runs = may_run(decision)
        reason = decision.reason.value if isinstance(decision, Deny) else None
        status = TurnStatus.QUEUED if runs else TurnStatus.DENIED
        receipt = receipt_of(turn.signal, decision, company.version, now)
        is_new = await turns.insert(connection, turn, status.value, None if runs else reason, receipt)
        if is_new and reason:
            self._metrics.nudge_denials.labels(reason).inc()
        log.info(
            "signal",
            extra={
                "signal": turn.signal.kind.value,
                "decision": reason or "allow",
                "turn_id": turn.turn_id,
                "new": is_new,
            },
        )
        return runs


def _by_user(candidates: Iterable[Candidate]) -> dict[UserKey, list[Candidate]]:
    groups: dict[UserKey, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.user, []).append(candidate)
    return groups


def may_run(decision: Decision) -> bool:
    """Return whether a turn is to run. A holdout user's is diagnosed, by rules, so that groups can be compared."""
    return isinstance(decision, Allow) or decision.reason is DenyReason.HOLDOUT


def turn_of(candidate: Candidate, now: datetime) -> Turn:
    """Return the turn that a candidate gives rise to."""
    user, signal = candidate.user, candidate.signal
    return Turn(
        turn_id=turn_id(*user, signal.kind.value, signal.stuck_point, signal.first_evidence_id),
        company_id=user.company_id,
        user_id=user.user_id,
        session_id=candidate.session_id,
        signal=signal,
        created_at=now,
        trace_id=candidate.trace_id,
    )


def receipt_of(signal: Signal, decision: Decision, config_version: int, now: datetime) -> list[ReceiptStep]:
    """Return the first two lines of a turn's receipt: what was noticed, and what restraint made of it."""
    noticed = ReceiptStep(
        step="detect",
        outcome=signal.kind.value,
        at=signal.detected_at,
        facts={"stuck_point": signal.stuck_point, "events": len(signal.evidence), **signal.measures},
    )
    facts: dict[str, object] = {"config_version": config_version}
    if isinstance(decision, Deny):
        facts |= dict(decision.facts)
        judged = ReceiptStep(step="restrain", outcome="deny", reason=decision.reason.value, at=now, facts=facts)
    else:
        facts |= {"escalates": decision.escalates, "tells_user": decision.tells_user}
        judged = ReceiptStep(step="restrain", outcome="allow", at=now, facts=facts)
    return [noticed, judged]


async def read_standing(connection: Connection, user: UserKey, now: datetime) -> UserStanding:
    """Return what restraint must know of a user apart from nudges."""
    known = await users.standing(connection, *user)
    return UserStanding(
        company_id=user.company_id,
        user_id=user.user_id,
        consent=known.consent,
        do_not_disturb=known.do_not_disturb,
        snoozed_at=known.snoozed_at,
        open_conversation=await conversations.is_talking(connection, *user, now - TALKING),
    )


async def read_history(connection: Connection, user: UserKey, now: datetime) -> NudgeHistory:
    """Return a user's nudges as restraint counts them: without drafts and "somebody was told" lines."""
    past = await nudges.history(connection, *user, now - DAY)
    return NudgeHistory(
        nudges=tuple(
            PastNudge(nudge.created_at, nudge.status, nudge.expires_at)
            for nudge in past
            if nudge.counts and nudge.nudge_type is not NudgeType.EMAIL_DRAFT
        ),
        on_stuck_point=await nudges.counts_by_stuck_point(connection, *user),
        open_escalations=await escalations.open_stuck_points(connection, *user),
    )


async def foresee(connection: Connection, history: NudgeHistory, turn: Turn, now: datetime) -> NudgeHistory:
    """Return a user's history with the turns under way as nudges to come, as `turn` must see it.

    Thus two signals of one moment do not both pay for an LLM. The turn itself is left out: it may be here a second
    time, after a crash.
    """
    made = await turns.under_way(connection, turn.company_id, turn.user_id, now - ON_THE_WAY, but=turn.turn_id)
    to_come = tuple(PastNudge(made_at, NudgeStatus.SENT, made_at + ON_THE_WAY) for made_at in made)
    return replace(history, nudges=history.nudges + to_come)


async def publish_turns(redis: Redis, made: Iterable[Turn], shards: int) -> None:
    """Append turns to their stream; one that is published twice runs once."""
    pipeline = redis.pipeline(transaction=False)
    count = 0
    for turn in made:
        key = streams.shard_of(streams.TURNS, shards, turn.company_id, turn.user_id)
        pipeline.xadd(key, {streams.FIELD: streams.encode_turn(turn)})
        count += 1
    if count:
        await pipeline.execute()
