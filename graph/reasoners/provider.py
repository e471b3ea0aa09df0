"""One provider of a model: sends messages over the OpenAI protocol and says what came back, or how it failed.

Whatever a server does (errors, HTML pages, cut-off or refused answers, silence) becomes an `LlmResponse` when it was
an answer, or a `ProviderFailed` when it was none. Retries with backoff, which honour Retry-After, are the client's own.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import openai
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_openai.chat_models.base import BaseChatOpenAI

from core.errors import ProviderFailed
from core.openai_failures import failure_of
from core.prices import price_cents
from graph.journal import LlmResponse
from graph.reasoners.received import CUT, MAX_TEXT, Received
from graph.schemas import Dialect
from graph.talk import ToolSpec

REFUSED: Final = "refusal"
"""`finish_reason` of an answer in which the model declined; OpenAI marks it by a field of its own."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A configured client. `name` is that of the chain (openai, azure, local); `price_id` that of the price table.

    `patience` bounds one call with all the client's retries, in seconds, so that a slow provider leaves time for the
    next of the chain. `silence` bounds, in seconds, the wait for the first piece of a streamed answer, and for each one
    after it.
    """

    name: str
    model: str
    client: BaseChatOpenAI
    dialect: Dialect
    price_id: str
    max_tokens: int
    patience: float
    silence: float

    async def complete(
        self, messages: Sequence[BaseMessage], schema: Mapping[str, Any], max_tokens: int | None = None
    ) -> LlmResponse:
        """Ask for an answer in that schema, of at most `max_tokens` (the provider's own, unless given).

        Raises:
            ProviderTimeout: no attempt was answered in time.
            ProviderFailed: refused, rate-limited (with `retry_after` seconds), down, or not speaking the protocol.
        """
        client = self.client.model_copy(update={"max_tokens": max_tokens or self.max_tokens})
        structured = client.with_structured_output(dict(schema), method="json_schema", strict=True, include_raw=True)
        began = time.perf_counter()
        try:
            # Only "raw" is used: the parser beside it mends cut-off JSON by guessing, and we never guess.
            async with asyncio.timeout(self.patience):
                answer = await structured.ainvoke(list(messages))
            text, finish, usage = _read_message(answer["raw"])
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError) as error:
            text, finish, usage = _read_completion(error.completion)
        except Exception as error:
            raise failure_of(error, self.name) from error
        return self._response(text, finish, usage, time.perf_counter() - began)

    async def stream(
        self, messages: Sequence[BaseMessage], tools: Sequence[ToolSpec], received: Received, max_tokens: int
    ) -> AsyncGenerator[str, None]:
        """Ask for an answer and yield its text piece by piece; `received` holds all that came, also after a failure.

        Raises:
            ProviderTimeout: nothing came for too long, or the whole took too long.
            ProviderFailed: refused, rate-limited, down, broken off, or not speaking the protocol.
        """
        client: Any = self.client.bind_tools([_function(tool) for tool in tools]) if tools else self.client
        chunks = client.astream(list(messages), max_tokens=max_tokens, stream_usage=True)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.patience
        try:
            while received.length <= MAX_TEXT:
                async with asyncio.timeout_at(min(deadline, loop.time() + self.silence)):
                    chunk = await anext(chunks, None)
                if chunk is None:
                    break
                if isinstance(chunk, AIMessageChunk) and (text := received.take(chunk)):
                    yield text
        except Exception as error:
            raise failure_of(error, self.name) from error
        finally:
            await chunks.aclose()
        if received.finish is None:
            raise ProviderFailed(f"{self.name} broke off")

    def streamed(self, received: Received, seconds: float) -> LlmResponse:
        """Return a streamed answer as it is kept."""
        usage = _usage(received.usage)
        response = self._response(received.text, received.finish or CUT, usage, seconds)
        return response.model_copy(update={"tool_calls": received.tool_calls})

    def _response(self, text: str, finish: str, usage: "_Usage", seconds: float) -> LlmResponse:
        return LlmResponse(
            text=text[:MAX_TEXT],
            finish_reason=finish,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost_cents=price_cents(self.price_id, self.model, usage.tokens_in, usage.tokens_out, usage.cached),
            provider=self.name,
            model=self.model,
            latency_ms=int(seconds * 1000),
        )


@dataclass(frozen=True, slots=True)
class _Usage:
    tokens_in: int = 0
    tokens_out: int = 0
    cached: int = 0


def _read_message(message: AIMessage) -> tuple[str, str, _Usage]:
    usage = _usage(message.usage_metadata)
    if refusal := message.additional_kwargs.get("refusal"):
        return str(refusal), REFUSED, usage
    return str(message.content), str(message.response_metadata.get("finish_reason") or "stop"), usage


def _usage(metadata: UsageMetadata | None) -> _Usage:
    if metadata is None:
        return _Usage()
    cached = metadata.get("input_token_details", {}).get("cache_read", 0)
    return _Usage(metadata["input_tokens"], metadata["output_tokens"], cached or 0)


def _function(tool: ToolSpec) -> dict[str, Any]:
    described = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": described}


def _read_completion(completion: Any) -> tuple[str, str, _Usage]:
    """Read an answer that the client took for a fault; it was paid for all the same."""
    choice, usage = completion.choices[0], completion.usage
    tokens = _Usage(usage.prompt_tokens, usage.completion_tokens) if usage else _Usage()
    return choice.message.content or "", choice.finish_reason, tokens
