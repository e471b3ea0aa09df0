"""Diagnose: why does this user seem stuck, or what do they say, and what follows from it?"""

from langgraph.runtime import Runtime

from graph.context import TurnContext
from graph.conversing.steps import understand_message
from graph.reasoners.choice import reasoner_for
from graph.receipts import receipt_step
from graph.routing import Route, decide_route
from graph.state import TurnState, turn_of


async def diagnose(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Ask the reasoner for a diagnosis and decide by it where the turn goes."""
    if (means := runtime.context.talk) is not None:
        return await understand_message(runtime.context, means)
    context, turn = runtime.context, turn_of(state)
    case = context.case(turn)
    answer = await reasoner_for(context).diagnose(case, context.calls(turn))
    diagnosis = answer.value
    route = decide_route(diagnosis, context.config, case.tries, in_holdout=context.in_holdout)
    changes: TurnState = {
        "diagnosis": diagnosis.model_dump_json(),
        "reasoner": answer.provider,
        "prompts": {"diagnose": answer.version},
        "route": route.to,
        "receipt": [
            receipt_step(
                "diagnose",
                "diagnosed",
                context.now(),
                diagnosis.reason_class,
                confidence=diagnosis.confidence_score,
                reasoner=answer.provider,
                prompt=answer.version,
            ),
            _route_step(route, context, case.tries),
        ],
    }
    if route.outcome:
        changes["outcome"] = route.outcome
    return changes


def _route_step(route: Route, context: TurnContext, tries: int) -> dict[str, object]:
    return receipt_step(
        "route",
        route.to,
        context.now(),
        route.reason,
        threshold=context.config.confidence_threshold,
        nudges_here=tries,
        after_nudges=context.config.escalation.after_nudges,
        holdout=context.in_holdout,
    )
