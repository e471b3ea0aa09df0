"""Embeds at a server that speaks the OpenAI protocol: OpenAI, Azure, or any compatible one.

The client's own objects are not used: it builds them without looking at what came. Nor is langchain's class, which by
default counts tokens with a vocabulary that it downloads at run time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import openai

from core.errors import ProviderFailed
from core.openai_failures import failure_of
from knowledge.embedding.answers import read_answer
from knowledge.embedding.embedder import Space
from knowledge.embedding.provider import Answer, Rejected
from knowledge.embedding.texts import BatchPolicy, shorten

RETRIES: Final = 2
"""Further attempts of one request, with backoff, honouring Retry-After: the client's own."""
READS_TOKENS: Final = 8191
"""The longest text of OpenAI's embedding models; https://platform.openai.com/docs/guides/embeddings."""
REQUEST_TOKENS: Final = 200_000
"""Of all texts of a request; OpenAI refuses more than 300,000, and ours are estimates."""
_FINAL_STATUSES: Final = frozenset({400, 401, 403, 404, 405, 413, 422})
"""Answers that another try would only repeat."""


@dataclass(frozen=True, slots=True)
class Server:
    """A configured client.

    `patience` bounds one request with all the client's retries, in seconds; `query_patience` that of a question, behind
    which somebody waits. `model` is what the server calls it, which is a deployment at Azure; `dimensions` is sent when
    it is not None.
    """

    name: str
    model: str
    space: Space
    client: openai.AsyncOpenAI
    policy: BatchPolicy
    patience: float
    query_patience: float
    dimensions: int | None = None
    pays: bool = field(default=True, init=False)
    tells_queries: bool = field(default=False, init=False)
    worth_caching: bool = field(default=True, init=False)

    async def answer(self, texts: Sequence[str], *, is_query: bool) -> Answer:
        """Embed one batch; see Provider."""
        readable = [shorten(text, self.policy.text_tokens) for text in texts]
        options: Mapping[str, Any] = {} if self.dimensions is None else {"dimensions": self.dimensions}
        try:
            async with asyncio.timeout(self.query_patience if is_query else self.patience):
                response = await self.client.embeddings.with_raw_response.create(
                    model=self.model, input=readable, encoding_format="float", **options
                )
            body = response.content
        except Exception as error:
            raise failure_of(error, self.name, refusal=_kind(error)) from error
        return read_answer(body, len(texts), self.space.dimension)

    async def close(self) -> None:
        """Close the client's connections."""
        await self.client.close()


def _kind(error: Exception) -> type[ProviderFailed]:
    is_final = isinstance(error, openai.APIStatusError) and error.status_code in _FINAL_STATUSES
    return Rejected if is_final else ProviderFailed
