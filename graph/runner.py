"""Runs one turn through the graph: from its start, or from where an earlier run of it failed."""

import logging
from typing import cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import NodeTimeoutError

from core.conversations import ConversationTurn
from core.errors import BudgetExhausted, ProductError, ProviderFailed, ProviderTimeout, Unavailable
from core.turns import ReceiptStep, Turn
from graph.build import TurnGraph
from graph.checkpoints import is_outage
from graph.context import TurnContext
from graph.receipts import receipt_step
from graph.state import TurnResult, TurnState, partial_result_of, result_of, start_state

_log = logging.getLogger(__name__)


def thread_id(company_id: str, turn_id: str) -> str:
    """Return the checkpoint thread of a turn; it begins with the company, so that erasure can reach it."""
    return f"{company_id}:{turn_id}"


async def run_turn(app: TurnGraph, turn: Turn | ConversationTurn, context: TurnContext) -> TurnResult:
    """Run a turn to its end and return how it ended.

    A turn whose node failed continues at that node; one that was killed begins anew and finds the LLM answers already
    paid for in the journal; one that ended before is not run again.

    When no reasoner can answer, or the budget is spent, a behaviour turn ends quietly with the outcome `failed`, and a
    conversation turn has said so: what it could not put into words counts as a fault of it.

    Raises:
        Unavailable: a store was away; run the turn again later. It does not count as a failure of the turn.
        Exception: a fault of ours, after which running again may not help.
    """
    config: RunnableConfig = {"configurable": {"thread_id": thread_id(turn.company_id, turn.turn_id)}}
    try:
        return await _run(app, turn, context, config)
    except (ProviderFailed, BudgetExhausted) as error:
        if context.talk is not None:
            raise  # nobody who waits for an answer is left in silence
        return await _end_quietly(app, config, context, error)
    except NodeTimeoutError as error:
        if context.talk is not None:
            raise
        if error.node in ("diagnose", "coach"):
            return await _end_quietly(app, config, context, ProviderTimeout(f"{error.node} took too long"))
        raise Unavailable(f"{error.node} took too long") from error
    except Exception as error:
        if is_outage(error):
            raise Unavailable("a store is away") from error
        raise


async def _run(
    app: TurnGraph, turn: Turn | ConversationTurn, context: TurnContext, config: RunnableConfig
) -> TurnResult:
    state: TurnState | None = start_state(turn)
    if isinstance(app.checkpointer, BaseCheckpointSaver) and await app.checkpointer.aget_tuple(config):
        earlier = await app.aget_state(config)
        if not earlier.next:
            return result_of(cast(TurnState, earlier.values))
        state = None
    # With "exit" a killed run leaves no checkpoint: the journal already keeps what was paid for, and "sync" costs two
    # and a half times as much.
    ended = await app.ainvoke(state, config, context=context, durability="exit" if app.checkpointer else None)
    return result_of(cast(TurnState, ended))


async def _end_quietly(app: TurnGraph, config: RunnableConfig, context: TurnContext, error: ProductError) -> TurnResult:
    """Return the result of a turn that nobody could think through, with the receipt of what it had done before."""
    reached: TurnState = {}
    node = "diagnose"
    if app.checkpointer:
        snapshot = await app.aget_state(config)
        reached = cast(TurnState, snapshot.values)
        node = snapshot.next[0] if snapshot.next else node
    reason = "budget" if isinstance(error, BudgetExhausted) else error.code
    _log.warning("turn ended without an answer", extra={"node": node, "code": error.code, "reason": reason})
    last = ReceiptStep.model_validate(receipt_step("run", "failed", context.now(), reason, node=node))
    return partial_result_of(reached, last, error.code)
