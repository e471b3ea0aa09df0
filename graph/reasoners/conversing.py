"""One round of a conversation at one provider: through the journal, within the budget, text passed on as it comes.

An answer that was kept is said again without being paid for. One that breaks off (the provider fails, the user stops
it, the process is told to end) is not kept, and what it took counts all the same.
"""

import time
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Final

from langchain_core.messages import AIMessage, BaseMessage

from core.errors import ProviderFailed, Unavailable
from core.prices import price_cents
from graph.budgets import approximate_tokens
from graph.journal import Calls, LlmResponse, Usage
from graph.prompting import Prompt
from graph.reasoners.planning import call_id, plan_call
from graph.reasoners.provider import REFUSED, Provider
from graph.reasoners.received import CUT, Received
from graph.reasoners.toolcalls import HeldText, read_calls
from graph.talk import Reply, Stopped, TextSink, ToolSpec

_DECLINED: Final = frozenset({REFUSED, "content_filter"})


@dataclass(frozen=True, slots=True)
class Round:
    """What one round asks of a provider."""

    prompt: Prompt
    messages: tuple[BaseMessage, ...]
    tools: tuple[ToolSpec, ...]
    max_tokens: int


async def converse(provider: Provider, asked: Round, calls: Calls, sink: TextSink) -> Reply:
    """Return what the provider says in this round; its text has gone into the sink.

    Raises:
        ProviderFailed: no answer, or one that the provider itself held back.
        BudgetExhausted: no more may be spent.
        Stopped: the user wants no more.
        Unavailable: the journal is away.
    """
    interaction = call_id(provider, asked.prompt, calls, calls.round)
    response = await calls.journal.find(interaction)
    if response is not None:
        await _say_again(response, sink)
    elif calls.recall_only:
        raise ProviderFailed("no answer was kept")
    else:
        call = plan_call(interaction, provider, asked.prompt, asked.messages, asked.max_tokens, calls)
        await calls.journal.reserve(call, calls.allowance)
        response = await _stream(provider, asked, calls, sink, interaction)
    return _reply(response)


async def _stream(provider: Provider, asked: Round, calls: Calls, sink: TextSink, interaction: str) -> LlmResponse:
    received, held, began = Received(), HeldText(), time.perf_counter()
    try:
        async with aclosing(provider.stream(asked.messages, asked.tools, received, asked.max_tokens)) as pieces:
            async for piece in pieces:
                if text := held.feed(piece):
                    await sink.write(text)
    except BaseException as error:
        # Also when the turn is cancelled: what was received is paid for, whoever stopped reading.
        with suppress(Unavailable):
            await _note_break(provider, asked, calls, received, interaction, error)
        raise
    response = provider.streamed(received, time.perf_counter() - began)
    await calls.journal.settle(interaction, response)
    if rest := held.finish():
        await sink.write(rest)
    return response


async def _note_break(
    provider: Provider, asked: Round, calls: Calls, received: Received, interaction: str, error: BaseException
) -> None:
    """Note that an answer broke off: free if nothing had come, else at what was asked and received."""
    code = error.code if isinstance(error, ProviderFailed) else "stopped" if isinstance(error, Stopped) else "broken"
    if not received.has_begun:
        await calls.journal.fail(interaction, code)
        return
    tokens_in = approximate_tokens(asked.messages)
    tokens_out = approximate_tokens([AIMessage(received.text)])
    cost = price_cents(provider.price_id, provider.model, tokens_in, tokens_out)
    await calls.journal.cut_off(interaction, code, Usage(tokens_in, tokens_out, cost))


async def _say_again(response: LlmResponse, sink: TextSink) -> None:
    held = HeldText()
    if text := held.feed(response.text) + held.finish():
        await sink.write(text)


def _reply(response: LlmResponse) -> Reply:
    if response.finish_reason in _DECLINED:
        raise ProviderFailed(f"{response.provider} declined: {response.finish_reason}")
    calls = response.tool_calls or read_calls(response.text)
    return Reply(response.text, calls, is_cut=response.finish_reason == CUT)
