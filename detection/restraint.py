"""What keeps the agent from annoying anybody, decided before any LLM is paid.

`decide` goes from the company to the user to the moment, cheapest first, and stops at the first reason; the reason is
the decision receipt. `check_caps` is asked once more in the transaction that saves a nudge: two turns of one user may
have been allowed at the same time, only one of them may speak.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.config import CompanyConfig, EscalationRules, QuietHours, RestraintRules
from core.nudges import NudgeStatus
from core.turns import Signal

DAY: Final = timedelta(hours=24)
"""`max_per_day` counts the nudges of the last 24 hours, so that no midnight doubles the allowance."""
ON_THE_WAY: Final = timedelta(seconds=30)
"""How long a nudge that was sent, but not acknowledged, counts as about to appear. The SDK acknowledges within a
second of drawing; later than this the acknowledgement or the socket was lost, and waiting for the nudge to expire would
silence the agent for a day."""


class DenyReason(StrEnum):
    """Why the agent stays silent, in the order in which it is asked. Stable: receipts and dashboards show the words."""

    KILL_SWITCH = "kill_switch"
    NO_CONSENT = "no_consent"
    MUTED_SIGNAL = "muted_signal"
    MUTED_STUCK_POINT = "muted_stuck_point"
    ROLLOUT = "rollout"
    HOLDOUT = "holdout"
    FRICTION_TICKET = "friction_ticket"
    OPEN_ESCALATION = "open_escalation"
    OPEN_CONVERSATION = "open_conversation"
    DO_NOT_DISTURB = "do_not_disturb"
    QUIET_HOURS = "quiet_hours"
    SNOOZED = "snoozed"
    BUDGET = "budget"
    DAILY_CAP = "daily_cap"
    MINIMUM_GAP = "minimum_gap"
    SURFACE_BUSY = "surface_busy"


@dataclass(frozen=True, slots=True)
class Allow:
    """The turn may run. With `escalates` it calls a human; with `tells_user` the user may hear of it in the page."""

    escalates: bool = False
    tells_user: bool = True


@dataclass(frozen=True, slots=True)
class Deny:
    """The turn ends here; `facts` are the figures behind the reason, for the receipt."""

    reason: DenyReason
    facts: Mapping[str, Any] = field(default_factory=dict)


Decision = Allow | Deny


@dataclass(frozen=True, slots=True)
class UserStanding:
    """What is known of a user apart from nudges. The later booleans are findings of other parts of the product."""

    company_id: str
    user_id: str
    consent: bool = True
    do_not_disturb: bool = False
    snoozed_at: datetime | None = None
    open_conversation: bool = False
    friction_ticket: bool = False
    budget_spent: bool = False


@dataclass(frozen=True, slots=True)
class PastNudge:
    """A nudge made for the page (never an `email_draft`): when it was saved, and what became of it.

    A turn that is still running may become one: give it as `SENT` at the time it was made, so that two signals of one
    moment do not both pay for an LLM.
    """

    created_at: datetime
    status: NudgeStatus
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NudgeHistory:
    """A user's nudges of the last 24 hours at least, in any order; how many each stuck point has had since a person
    last closed an escalation of it; and the stuck points that are with a person now."""

    nudges: tuple[PastNudge, ...] = ()
    on_stuck_point: Mapping[str, int] = field(default_factory=dict)
    open_escalations: frozenset[str] = frozenset()


def decide(config: CompanyConfig, user: UserStanding, signal: Signal, history: NudgeHistory, now: datetime) -> Decision:
    """Return whether a signal may lead to a turn; `now` has a zone.

    A signal that will call a human (`should_escalate`) passes whatever only protects the user from being spoken to:
    do-not-disturb, quiet hours, snooze, the caps, and the budget, since an alert needs no LLM. A person's help must
    not be lost because the agent has talked enough. Of these the user's own wishes still keep the line in the chat
    away (`tells_user`). Kill switch, consent, mutes, rollout, holdout, an open ticket, escalation or conversation
    stand: either the agent has no business here, or a human is there already.

    A holdout user's denial comes before everything that nudges themselves bring about, so that both groups meet the
    same filter and can be compared; the caller may still have such a turn diagnosed by rules.
    """
    standing = next(_standing(config.restraint, user, signal, history), None)
    if standing:
        return standing
    wishes = next(_wishes(config.restraint, user, now), None)
    if should_escalate(history, signal.stuck_point, config.escalation):
        return Allow(escalates=True, tells_user=wishes is None)
    if wishes:
        return wishes
    if user.budget_spent:
        return Deny(DenyReason.BUDGET)
    return check_caps(config.restraint, history, now)


def check_caps(rules: RestraintRules, history: NudgeHistory, now: datetime) -> Decision:
    """Return whether one more nudge is within the day's cap, the minimum gap, and alone on the screen."""
    recent = [nudge for nudge in history.nudges if nudge.created_at > now - DAY]
    if len(recent) >= rules.max_per_day:
        return Deny(DenyReason.DAILY_CAP, {"nudges": len(recent), "max_per_day": rules.max_per_day})
    if recent:
        gap = (now - max(nudge.created_at for nudge in recent)).total_seconds()
        if gap < rules.min_gap_seconds:
            return Deny(DenyReason.MINIMUM_GAP, {"seconds": round(gap, 3), "min_gap_seconds": rules.min_gap_seconds})
    if any(_is_on_the_way(nudge, now) for nudge in recent):
        return Deny(DenyReason.SURFACE_BUSY)
    return Allow()


def should_escalate(history: NudgeHistory, stuck_point: str, rules: EscalationRules) -> bool:
    """Return whether a stuck point has had its nudges, so that the next turn calls a human instead."""
    return history.on_stuck_point.get(stuck_point, 0) >= rules.after_nudges


def bucket(company_id: str, user_id: str, salt: str) -> float:
    """Return a user's place in [0, 100): the same for ever, evenly spread, independent between salts and companies."""
    text = "".join(f"{len(part)}:{part}" for part in (salt, company_id, user_id))
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest) >> 11) * 100 / 2**53


def is_quiet(hours: QuietHours, now: datetime) -> bool:
    """Return whether `now` falls into the quiet hours, by the wall clock of their zone; `start` = `end` means never."""
    local = now.astimezone(ZoneInfo(hours.time_zone)).time()
    if hours.start <= hours.end:
        return hours.start <= local < hours.end
    return local >= hours.start or local < hours.end


def _standing(rules: RestraintRules, user: UserStanding, signal: Signal, history: NudgeHistory) -> Iterator[Deny]:
    if rules.kill_switch:
        yield Deny(DenyReason.KILL_SWITCH)
    if not user.consent:
        yield Deny(DenyReason.NO_CONSENT)
    if signal.kind in rules.muted_signals:
        yield Deny(DenyReason.MUTED_SIGNAL, {"signal": signal.kind.value})
    if signal.stuck_point in rules.muted_stuck_points:
        yield Deny(DenyReason.MUTED_STUCK_POINT, {"stuck_point": signal.stuck_point})
    if bucket(user.company_id, user.user_id, "rollout") >= rules.rollout_percent:
        yield Deny(DenyReason.ROLLOUT, {"rollout_percent": rules.rollout_percent})
    if bucket(user.company_id, user.user_id, "holdout") < rules.holdout_percent:
        yield Deny(DenyReason.HOLDOUT, {"holdout_percent": rules.holdout_percent})
    if user.friction_ticket:
        yield Deny(DenyReason.FRICTION_TICKET)
    if signal.stuck_point in history.open_escalations:
        yield Deny(DenyReason.OPEN_ESCALATION, {"stuck_point": signal.stuck_point})
    if user.open_conversation:
        yield Deny(DenyReason.OPEN_CONVERSATION)


def _wishes(rules: RestraintRules, user: UserStanding, now: datetime) -> Iterator[Deny]:
    if user.do_not_disturb:
        yield Deny(DenyReason.DO_NOT_DISTURB)
    if rules.quiet_hours and is_quiet(rules.quiet_hours, now):
        yield Deny(DenyReason.QUIET_HOURS, {"time_zone": rules.quiet_hours.time_zone})
    if user.snoozed_at and now < (until := user.snoozed_at + timedelta(seconds=rules.snooze_seconds)):
        yield Deny(DenyReason.SNOOZED, {"until": until.isoformat()})


def _is_on_the_way(nudge: PastNudge, now: datetime) -> bool:
    return nudge.status is NudgeStatus.SENT and nudge.expires_at > now and nudge.created_at > now - ON_THE_WAY
