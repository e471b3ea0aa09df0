"""Coach: what would help this user at this place?"""

from langgraph.runtime import Runtime

from graph.checks import check_content
from graph.context import TurnContext
from graph.nodes.diagnose import reasoner_for
from graph.receipts import receipt_step
from graph.state import TurnState, diagnosis_of, turn_of


async def coach(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Ask the reasoner for a nudge and hold it to what a nudge may point to, link to and contain."""
    context, turn = runtime.context, turn_of(state)
    case = context.case(turn)
    diagnosis = diagnosis_of(state)
    answer = await reasoner_for(context).coach(case, diagnosis, context.calls(turn))
    checked = check_content(answer.value, case, diagnosis)
    step = receipt_step(
        "coach",
        "composed",
        context.now(),
        nudge_type=checked.content.nudge_type,
        target_element=checked.content.target_element,
        language=checked.content.language,
        reasoner=answer.provider,
        prompt=answer.version,
        corrections=list(checked.corrections),
    )
    return {
        "content": checked.content.model_dump_json(),
        "prompts": {"coach": answer.version},
        "receipt": [step],
    }
