"""Turns, facts and stores for tests of the graph. The stores keep to their Protocols and forget at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.baselines import Baseline, BaselineStep
from core.budgets import Allowance
from core.config import CompanyConfig
from core.errors import BudgetExhausted, Unavailable
from core.events import AcceptedEvent, to_ms
from core.ids import turn_id
from core.nudges import Nudge, NudgeStatus, NudgeType
from core.turns import Evidence, Signal, SignalKind, Turn
from graph.case import Case, build_case
from graph.context import (
    AlreadyOpen,
    AlreadyThere,
    Capped,
    Opened,
    OpenResult,
    Saved,
    SaveResult,
    TurnContext,
)
from graph.facts import PastNudge, UserFacts
from graph.journal import LlmCall, LlmResponse, Usage
from graph.reasoners.rules import RulesReasoner
from graph.state import Alert

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
COMPANY = "0193a000-0000-7000-8000-000000000001"
HELP_URL = "https://help.example/crm"

BASELINE = Baseline(
    name="First report",
    steps=(
        BaselineStep(
            key="connect-crm",
            title="Connect your CRM",
            url_pattern="/connect-crm",
            element="#crm-api-key",
            hint="Copy the live key from your CRM. It begins with crm_live_.",
            help_url=HELP_URL,
        ),
        BaselineStep(key="report", title="See your first report", url_pattern="/report"),
    ),
)


def make_signal(kind: SignalKind = SignalKind.VALIDATION_LOOP, **changes: Any) -> Signal:
    event_type = changes.pop("event_type", "submit_failed")
    element = changes.pop("element", "#crm-form")
    page = changes.get("page_url", "https://app.example/connect-crm")
    evidence = tuple(
        Evidence(
            event_id=f"e{n}",
            event_type=event_type,
            at=NOW - timedelta(seconds=30 - n),
            target_element=element,
            page_url=page,
        )
        for n in range(changes.pop("count", 3))
    )
    fields = {"stuck_point": "connect-crm", "target_element": element, "page_url": page, **changes}
    return Signal(kind=kind, evidence=evidence, detected_at=NOW, **fields)


def make_turn(signal: Signal | None = None, user_id: str = "u1") -> Turn:
    signal = signal or make_signal()
    return Turn(
        turn_id=turn_id(COMPANY, user_id, signal.kind, signal.stuck_point, signal.first_evidence_id),
        company_id=COMPANY,
        user_id=user_id,
        session_id="s1",
        signal=signal,
        created_at=NOW,
        trace_id="trace-1",
    )


def make_event(event_type: str = "click", n: int = 0, **changes: Any) -> AcceptedEvent:
    at = to_ms(NOW) - 60_000 + n * 1000
    fields: dict[str, Any] = {
        "company_id": COMPANY,
        "event_id": f"e{n}",
        "user_id": "u1",
        "session_id": "s1",
        "event_type": event_type,
        "target_element": "#crm-submit",
        "page_url": "https://app.example/connect-crm?token=abc",
        "occurred_ms": at,
        "corrected_ms": at,
        "received_ms": at,
        "properties": {},
        "trace_id": "trace-1",
    }
    return AcceptedEvent(**{**fields, **changes})


def past_nudges(
    count: int, stuck_point: str = "connect-crm", form: NudgeType = NudgeType.TOOLTIP
) -> tuple[PastNudge, ...]:
    return tuple(
        PastNudge(f"n{n}", stuck_point, form, NudgeStatus.DISMISSED, NOW - timedelta(hours=count - n), f"Tip {n}")
        for n in range(count)
    )


def make_case(signal: Signal | None = None, **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "config": CompanyConfig(),
        "baseline": BASELINE,
        "user": UserFacts("u1"),
        "events": (),
        "past_nudges": (),
        "now": NOW,
    }
    return build_case(make_turn(signal), **{**fields, **changes})


@dataclass
class MemoryJournal:
    """Keeps calls in memory and counts them against the budget as the real one does."""

    answers: dict[str, LlmResponse] = field(default_factory=dict)
    reserved: dict[str, LlmCall] = field(default_factory=dict)
    failures: list[tuple[str, str]] = field(default_factory=list)
    calls: list[LlmCall] = field(default_factory=list)
    cut: list[tuple[str, str, Usage | None]] = field(default_factory=list)

    async def find(self, interaction_id: str) -> LlmResponse | None:
        return self.answers.get(interaction_id)

    async def reserve(self, call: LlmCall, allowance: Allowance) -> None:
        spent = sum(answer.cost_cents or 0 for answer in self.answers.values())
        aside = sum(other.estimate_cents for other in self.reserved.values())
        if spent + aside + call.estimate_cents > allowance.company_cents:
            raise BudgetExhausted
        self.reserved[call.interaction_id] = call
        self.calls.append(call)

    async def settle(self, interaction_id: str, response: LlmResponse) -> None:
        self.reserved.pop(interaction_id)
        self.answers[interaction_id] = response

    async def fail(self, interaction_id: str, error: str) -> None:
        self.reserved.pop(interaction_id)
        self.failures.append((interaction_id, error))

    async def cut_off(self, interaction_id: str, error: str, usage: Usage | None) -> None:
        self.reserved.pop(interaction_id)
        self.cut.append((interaction_id, error, usage))


@dataclass
class MemoryStores:
    """Nudges, escalations, deliveries of one test. `away` makes the next calls of a method fail, as an outage does."""

    cap: str | None = None
    open_elsewhere: str | None = None
    saved: dict[str, tuple[Nudge, bool]] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    published: list[Nudge] = field(default_factory=list)
    away: dict[str, int] = field(default_factory=dict)

    async def save(self, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> SaveResult:
        self._fail_if_away("save")
        if nudge.nudge_id in self.saved:
            return AlreadyThere()
        if self.cap:
            return Capped(self.cap)
        self.saved[nudge.nudge_id] = (nudge, counts)
        return Saved()

    async def open(self, alert: Alert, turn: Turn) -> OpenResult:
        self._fail_if_away("open")
        if self.open_elsewhere:
            return AlreadyOpen(self.open_elsewhere)
        if alert.escalation_id not in {known.escalation_id for known in self.alerts}:
            self.alerts.append(alert)
        return Opened(alert.escalation_id)

    async def publish(self, nudge: Nudge, turn: Turn) -> None:
        self._fail_if_away("publish")
        self.published.append(nudge)

    def _fail_if_away(self, method: str) -> None:
        if self.away.get(method, 0) > 0:
            self.away[method] -= 1
            raise Unavailable


def make_context(stores: MemoryStores | None = None, **changes: Any) -> TurnContext:
    stores = stores or MemoryStores()
    context = TurnContext(
        config=CompanyConfig(),
        baseline=BASELINE,
        user=UserFacts("u1"),
        recent_events=(make_event("page_view", 0, target_element=None), make_event("submit_failed", 1)),
        past_nudges=(),
        in_holdout=False,
        reasoner=RulesReasoner(),
        journal=MemoryJournal(),
        nudges=stores,
        escalations=stores,
        delivery=stores,
        now=lambda: NOW,
    )
    return replace(context, **changes)


def steps_of(receipt: Sequence[Any]) -> list[tuple[str, str]]:
    return [(step.step, step.outcome) for step in receipt]
