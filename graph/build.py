"""The graph at a glance.

START → diagnose ─┬→ coach ─┬→ act → END
                  ├→ act    └→ escalate → END    (an answer that leads to a person)
                  ├→ escalate → END
                  └→ END                         (unsure, not stuck, holdout)

A user who seems stuck and a user who says something take the same way; `act` straight after `diagnose` is for what is
answered with fixed words.
"""

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import RetryPolicy, TimeoutPolicy

from graph.context import TurnContext
from graph.faults import is_transient
from graph.nodes.act import act
from graph.nodes.coach import coach
from graph.nodes.diagnose import diagnose
from graph.nodes.escalate import escalate
from graph.state import TurnState

THINKING_SECONDS = 240.0
"""Bound of a node that may call several providers in turn; each call and attempt has its own, shorter limit."""
STORING = TimeoutPolicy(run_timeout=20)
"""Bound of a node that writes and publishes."""
RETRIES = RetryPolicy(max_attempts=3, initial_interval=0.2, backoff_factor=3, max_interval=5, retry_on=is_transient)
"""Only a store that is away for a moment is tried again here; LLM clients have retries of their own."""

TurnGraph = CompiledStateGraph[TurnState, TurnContext, TurnState, TurnState]


def build_graph(
    checkpointer: BaseCheckpointSaver[str] | None, *, thinking_seconds: float = THINKING_SECONDS
) -> TurnGraph:
    """Return the compiled graph; without a checkpointer a failed turn starts anew instead of resuming.

    `thinking_seconds` should exceed what the reasoner may take (`graph.reasoners.wiring.thinking_seconds`).
    """
    thinking = TimeoutPolicy(run_timeout=thinking_seconds)
    graph = StateGraph(TurnState, context_schema=TurnContext)
    graph.add_node("diagnose", diagnose, retry_policy=RETRIES, timeout=thinking)
    graph.add_node("coach", coach, retry_policy=RETRIES, timeout=thinking)
    graph.add_node("act", act, retry_policy=RETRIES, timeout=STORING)
    graph.add_node("escalate", escalate, retry_policy=RETRIES, timeout=thinking)
    graph.add_edge(START, "diagnose")
    graph.add_conditional_edges(
        "diagnose", _route, {"coach": "coach", "act": "act", "escalate": "escalate", "end": END}
    )
    graph.add_conditional_edges("coach", _route_answer, {"act": "act", "escalate": "escalate"})
    graph.add_edge("act", END)
    graph.add_edge("escalate", END)
    return graph.compile(checkpointer=checkpointer, name="turn")


def _route(state: TurnState) -> str:
    return state["route"]


def _route_answer(state: TurnState) -> str:
    return "escalate" if state["route"] == "escalate" else "act"
