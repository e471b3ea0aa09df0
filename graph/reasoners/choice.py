"""Who thinks in a turn."""

from graph.context import TurnContext
from graph.reasoner import Reasoner
from graph.reasoners.rules import RulesReasoner


def reasoner_for(context: TurnContext) -> Reasoner:
    """Return the reasoner of a turn: rules for the holdout and for companies that keep off every LLM."""
    return RulesReasoner() if context.in_holdout or context.config.reasoner == "rules" else context.reasoner
