"""Act: save the nudge within its caps, or the answer, and bring it to the user. Repeatable: ids are of the turn."""

from datetime import timedelta
from typing import Any

from langgraph.runtime import Runtime

from core.ids import nudge_id
from core.nudges import Nudge, NudgeType, complete_nudge
from core.turns import Turn
from graph.alerts import email_alert
from graph.context import Capped, Saved, SaveResult, TurnContext
from graph.conversing.steps import store_answer
from graph.receipts import receipt_step
from graph.state import TurnState, content_of, diagnosis_of, turn_of


async def act(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Save the nudge, then hand it over; one that a cap forbids by now goes nowhere."""
    if (means := runtime.context.talk) is not None:
        return await store_answer(state, runtime.context, means)
    context, turn = runtime.context, turn_of(state)
    now = context.now()
    expires_at = now + timedelta(seconds=context.config.nudge_ttl_seconds)
    nudge = complete_nudge(content_of(state), nudge_id(turn.turn_id), turn.signal.stuck_point, expires_at)
    saved = await context.nudges.save(nudge, turn, now)
    step = _act_step(saved, nudge, context)
    if isinstance(saved, Capped):
        return {"outcome": "capped", "receipt": [step]}
    if nudge.nudge_type is NudgeType.EMAIL_DRAFT:
        handed = await _leave_to_a_person(nudge, turn, state, context)
    else:
        handed = await _deliver(nudge, turn, context)
    return {**handed, "nudge": nudge.model_dump_json(), "receipt": [step, *handed["receipt"]]}


async def _deliver(nudge: Nudge, turn: Turn, context: TurnContext) -> TurnState:
    await context.delivery.publish(nudge, turn)
    return {
        "outcome": "nudged",
        "receipt": [receipt_step("deliver", "published", context.now(), nudge_id=nudge.nudge_id)],
    }


async def _leave_to_a_person(nudge: Nudge, turn: Turn, state: TurnState, context: TurnContext) -> TurnState:
    alert = email_alert(context.case(turn), diagnosis_of(state), nudge)
    opened = await context.escalations.open(alert, turn)
    return {
        "outcome": "drafted",
        "escalation_id": opened.escalation_id,
        "receipt": [receipt_step("escalate", "drafted", context.now(), escalation_id=opened.escalation_id)],
    }


def _act_step(saved: SaveResult, nudge: Nudge, context: TurnContext) -> dict[str, Any]:
    outcome = "saved" if isinstance(saved, Saved) else "capped" if isinstance(saved, Capped) else "already_there"
    reason = saved.reason if isinstance(saved, Capped) else None
    return receipt_step("act", outcome, context.now(), reason, nudge_id=nudge.nudge_id)
