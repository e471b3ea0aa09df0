"""Coach: what would help this user at this place, or what is the answer to their question?"""

from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from core.nudges import Diagnosis, NudgeContent
from graph.case import Case
from graph.checks import REPLACED, Checked, check_content
from graph.consulting import Consulted, Held, consult, hold_to_passages
from graph.context import TurnContext
from graph.conversing.steps import answer_message
from graph.reasoner import Reasoned
from graph.reasoners.choice import reasoner_for
from graph.receipts import receipt_step
from graph.state import TurnState, diagnosis_of, turn_of
from graph.wording import quoted_excerpt


async def coach(state: TurnState, runtime: Runtime[TurnContext]) -> TurnState:
    """Ask the documents, then the reasoner, and hold its nudge to what it may say, point to and link to."""
    if (means := runtime.context.talk) is not None:
        return await answer_message(state, runtime.context, means)
    context, turn = runtime.context, turn_of(state)
    diagnosis = diagnosis_of(state)
    case = context.case(turn)
    consulted = await consult(context, case, diagnosis)
    case = replace(case, excerpts=consulted.excerpts)
    answer = await reasoner_for(context).coach(case, diagnosis, context.calls(turn))
    held = _held(answer, consulted, case, diagnosis, context)
    checked = check_content(held.content, case, diagnosis)
    step = receipt_step(
        "coach",
        "composed",
        context.now(),
        nudge_type=checked.content.nudge_type,
        target_element=checked.content.target_element,
        language=checked.content.language,
        reasoner=answer.provider,
        prompt=answer.version,
        corrections=[*held.corrections, *checked.corrections],
        **_knowledge_facts(consulted, held, checked, case),
    )
    return {
        "content": checked.content.model_dump_json(),
        "prompts": {"coach": answer.version},
        "receipt": [step],
    }


def _held(
    answer: Reasoned[NudgeContent], consulted: Consulted, case: Case, diagnosis: Diagnosis, context: TurnContext
) -> Held:
    """Return the nudge held to the passages; where none were used there is nothing to hold it to."""
    if context.knowledge is None or not consulted.excerpts:
        return Held(answer.value)
    return hold_to_passages(answer, consulted.passages, case, diagnosis, context.knowledge)


def _knowledge_facts(consulted: Consulted, held: Held, checked: Checked, case: Case) -> dict[str, Any]:
    """Return what the receipt says of the documents; a nudge that became that of the templates cites what it quotes."""
    if not consulted.facts:
        return {}
    cited = held.cited
    if REPLACED.intersection(checked.corrections):
        quoted = quoted_excerpt(checked.content.body, case)
        cited = (quoted.chunk_id,) if quoted else ()
    return {"knowledge": {**consulted.facts, "cited": list(cited), "withheld": list(held.withheld)}}
