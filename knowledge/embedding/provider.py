"""One provider of vectors: a local model or a server. What it promises, and how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import ProviderFailed
from knowledge.embedding.embedder import Space, Vector
from knowledge.embedding.texts import BatchPolicy


@dataclass(frozen=True, slots=True)
class Answer:
    """One vector per text, in the order of the texts, and the tokens that the provider counted (None: it did not)."""

    vectors: tuple[Vector, ...]
    tokens: int | None = None


class Garbled(ProviderFailed):
    """An answer came, and was paid for, but nothing can be done with it."""

    code = "provider_garbled"


class Rejected(ProviderFailed):
    """The provider will never answer this: a wrong key, an unknown model, a request that it refuses."""

    code = "provider_rejected"


class WrongDimension(Garbled, Rejected):
    """The vectors are not those of the space: the model or EMBEDDING_DIMENSION is not what the settings say."""


class Provider(Protocol):
    """Somebody who turns texts into vectors of one space; `name` is that of the settings."""

    @property
    def name(self) -> str: ...  # noqa: D102 - named in the docstring of the class
    @property
    def space(self) -> Space: ...  # noqa: D102
    @property
    def policy(self) -> BatchPolicy:
        """Return how much one request may hold."""
        ...

    @property
    def pays(self) -> bool:
        """Tell whether its requests count against a budget."""
        ...

    @property
    def tells_queries(self) -> bool:
        """Tell whether a question and a passage of the same words have different vectors."""
        ...

    @property
    def worth_caching(self) -> bool:
        """Tell whether making a vector costs more than keeping it."""
        ...

    async def answer(self, texts: Sequence[str], *, is_query: bool) -> Answer:
        """Embed one batch of clean texts, all of it or nothing.

        Raises:
            ProviderFailed: no usable answer; its `retry_after` is in seconds. Rejected, when another try is in vain.
        """
        ...

    async def close(self) -> None:
        """Give back connections and threads."""
        ...
