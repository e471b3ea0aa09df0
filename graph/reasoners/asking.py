"""One question to one provider: through the journal, within the budget, repaired once, never guessed.

The first answer and the repaired one have an attempt number each, and so an id each. A turn that runs again goes
through the same answers, good or bad, and pays for none of them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import BaseModel, ValidationError

from core.errors import ProviderFailed
from graph.journal import Calls, LlmResponse
from graph.prompting import Prompt
from graph.reasoners.planning import call_id, plan_call
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
    interaction = call_id(provider, prompt, calls, attempt)
    if kept := await calls.journal.find(interaction):
        return kept
    if calls.recall_only:
        raise ProviderFailed("no answer was kept")
    max_tokens = calls.whole_tokens(provider.max_tokens)
    call = plan_call(interaction, provider, prompt, messages, max_tokens, calls)
    await calls.journal.reserve(call, calls.allowance)
    try:
        response = await provider.complete(messages, schema, max_tokens)
    except ProviderFailed as error:
        await calls.journal.fail(interaction, error.code)
        raise
    await calls.journal.settle(interaction, response)
    return response
