"""Escalate: nudges or answers did not help, so call a person, and tell the user that somebody knows."""

from datetime import timedelta

from langgraph.runtime import Runtime

from core.errors import BudgetExhausted, ProviderFailed
from core.ids import nudge_id
from core.nudges import Diagnosis, complete_nudge
from core.turns import Turn
from graph.alerts import stuck_alert
from graph.case import Case
from graph.context import AlreadyOpen, Capped, TurnContext
from graph.conversing.steps import hand_over
from graph.reasoner import AlertDraft, Reasoned
from graph.reasoners.choice import reasoner_for
from graph.reasoners.rules import RulesReasoner
from graph.receipts import receipt_step
from graph.state import TurnState, diagnosis_of, turn_of
from graph.wording import person_was_told


async def escalate(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Open an escalation; the user hears of it once, not again from later turns at the same place."""
    if (means := runtime.context.talk) is not None:
        return await hand_over(state, runtime.context, means)
    context, turn, diagnosis = runtime.context, turn_of(state), diagnosis_of(state)
    case = context.case(turn)
    draft = await _draft(case, diagnosis, turn, context)
    opened = await context.escalations.open(stuck_alert(case, diagnosis, draft.value), turn)
    known = isinstance(opened, AlreadyOpen)
    outcome = "already_open" if known else "opened"
    step = receipt_step("escalate", outcome, context.now(), escalation_id=opened.escalation_id)
    changes: TurnState = {
        "outcome": "already_escalated" if known else "escalated",
        "escalation_id": opened.escalation_id,
        "prompts": {"alert": draft.version},
        "receipt": [step],
    }
    return changes if known else _joined(changes, await _tell_user(case, turn, context))


async def _draft(case: Case, diagnosis: Diagnosis, turn: Turn, context: TurnContext) -> Reasoned[AlertDraft]:
    """Return the alert's words; a person is called in even when no model answers."""
    try:
        return await reasoner_for(context).draft_alert(case, diagnosis, context.calls(turn))
    except (ProviderFailed, BudgetExhausted):
        return await RulesReasoner().draft_alert(case, diagnosis, context.calls(turn))


async def _tell_user(case: Case, turn: Turn, context: TurnContext) -> TurnState:
    now = context.now()
    expires_at = now + timedelta(seconds=context.config.nudge_ttl_seconds)
    nudge = complete_nudge(person_was_told(case), nudge_id(turn.turn_id), turn.signal.stuck_point, expires_at)
    saved = await context.nudges.save(nudge, turn, now, counts=False)
    if isinstance(saved, Capped):
        return {"receipt": [receipt_step("deliver", "capped", now, saved.reason)]}
    await context.delivery.publish(nudge, turn)
    step = receipt_step("deliver", "published", context.now(), nudge_id=nudge.nudge_id)
    return {"nudge": nudge.model_dump_json(), "receipt": [step]}


def _joined(first: TurnState, then: TurnState) -> TurnState:
    return {**first, **then, "receipt": [*first["receipt"], *then["receipt"]]}
