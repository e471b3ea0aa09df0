"""A call as it is set down before it is made: under which id, for whom, and the most that it may come to."""

from collections.abc import Sequence
from datetime import UTC, datetime

from langchain_core.messages import BaseMessage

from core.ids import interaction_id
from graph.budgets import estimate
from graph.journal import Calls, LlmCall
from graph.prompting import Prompt
from graph.reasoners.provider import Provider


def call_id(provider: Provider, prompt: Prompt, calls: Calls, number: int) -> str:
    """Return the id of a question to a provider; a re-run of the turn derives the same one. `number` is its attempt."""
    return interaction_id(calls.turn_id, prompt.node, f"{prompt.version}@{provider.name}", number)


def plan_call(
    interaction: str, provider: Provider, prompt: Prompt, messages: Sequence[BaseMessage], max_tokens: int, calls: Calls
) -> LlmCall:
    """Return the call of these messages, with an answer of at most `max_tokens`."""
    most = estimate(provider.price_id, provider.model, messages, max_tokens)
    return LlmCall(
        interaction_id=interaction,
        turn_id=calls.turn_id,
        node=prompt.node,
        provider=provider.name,
        model=provider.model,
        prompt_version=prompt.version,
        estimate_cents=most.cents,
        started_at=datetime.now(UTC),
        tokens_in=most.tokens_in,
        max_tokens=most.tokens_out,
        user_id=calls.user_id,
        conversation_id=calls.conversation_id,
        kind=calls.kind,
    )
