"""One question to one provider: through the journal, within the budget, repaired once, never guessed.

The first answer and the repaired one have an attempt number each, and so an id each. A turn that runs again goes
through the same answers, good or bad, and pays for none of them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, ValidationError

from core.errors import ProviderFailed
from core.ids import interaction_id
from graph.budgets import estimate
from graph.journal import Calls, LlmCall, LlmResponse
from graph.prompting import Prompt
from graph.reasoners.provider import REFUSED, Provider
from graph.schemas import answer_schema

A = TypeVar("A", bound=BaseModel)

_FENCED: Final = re.compile(r"^\s*```[a-zA-Z]*\s*\n?(.*?)\n?```\s*$", re.DOTALL)
_SHOWN: Final = 2000
"""Characters of a bad answer that are shown to the model again."""
_DECLINED: Final = frozenset({REFUSED, "content_filter"})


class MalformedAnswer(Exception):
    """An answer that is not what was asked for; its text says what is wrong, in words for the model."""


async def ask(provider: Provider, prompt: Prompt, data: Mapping[str, Any], answer: type[A], calls: Calls) -> A:
    """Return the provider's valid answer to a prompt about `data`.

    Raises:
        ProviderFailed: no answer, a refusal, or a malformed one twice.
        BudgetExhausted: the company may spend no more today.
        Unavailable: the journal is away.
    """
    messages = prompt.messages(data)
    schema = answer_schema(answer, provider.dialect)
    first = await _complete(provider, prompt, messages, schema, calls, attempt=0)
    try:
        return read_answer(first, answer)
    except MalformedAnswer as fault:
        messages = [*messages, AIMessage(first.text[:_SHOWN] or "{}"), HumanMessage(_repair(fault))]
    second = await _complete(provider, prompt, messages, schema, calls, attempt=1)
    try:
        return read_answer(second, answer)
    except MalformedAnswer as fault:
        raise ProviderFailed(f"{provider.name} answered nonsense twice") from fault


def read_answer(response: LlmResponse, answer: type[A]) -> A:
    """Return what a response says, strictly read; a code fence around it is all that is forgiven.

    Raises:
        MalformedAnswer: cut off, not JSON, or not of the schema.
        ProviderFailed: the model refused, or a filter held its answer back; asking again would not help.
    """
    if response.finish_reason in _DECLINED:
        raise ProviderFailed(f"{response.provider} declined: {response.finish_reason}")
    if response.finish_reason == "length":
        raise MalformedAnswer("the answer was cut off; be much shorter")
    fenced = _FENCED.match(response.text)
    try:
        return answer.model_validate_json(fenced[1] if fenced else response.text)
    except ValidationError as error:
        raise MalformedAnswer(_faults(error)) from error


def _faults(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)[:5]
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'answer'}: {fault['msg']}" for fault in faults)


def _repair(fault: MalformedAnswer) -> str:
    return f"That was not valid: {fault}. Answer again, with the JSON object alone."


async def _complete(
    provider: Provider,
    prompt: Prompt,
    messages: Sequence[BaseMessage],
    schema: Mapping[str, Any],
    calls: Calls,
    *,
    attempt: int,
) -> LlmResponse:
    """Return the answer kept under this call's id, or make the call and keep its answer."""
    interaction = interaction_id(calls.turn_id, prompt.node, f"{prompt.version}@{provider.name}", attempt)
    if kept := await calls.journal.find(interaction):
        return kept
    if calls.recall_only:
        raise ProviderFailed("no answer was kept")
    most = estimate(provider.price_id, provider.model, messages, provider.max_tokens)
    call = LlmCall(
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
    await calls.journal.reserve(call, calls.allowance)
    try:
        response = await provider.complete(messages, schema)
    except ProviderFailed as error:
        await calls.journal.fail(interaction, error.code)
        raise
    await calls.journal.settle(interaction, response)
    return response
