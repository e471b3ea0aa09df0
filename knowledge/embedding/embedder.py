"""What every part of the knowledge base knows of embedding: a space, who embeds into it, and how that can fail.

Vectors are comparable within one space alone. A text is stored once per space that is configured, so that a query can
fall over to another space when nobody can embed into the first.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import ProductError

Vector: TypeAlias = NDArray[np.float32]
"""One dimension, of length 1 (L2): the dot product of two is their cosine similarity."""

UNAVAILABLE: Final = "embedding_unavailable"
"""Code: no provider of the space answered, or none with sense; it may be different in a moment."""
BUDGET_EXHAUSTED: Final = "embedding_budget_exhausted"
"""Code: the company may spend no more today; `retry_after` leads to midnight UTC."""
REJECTED: Final = "embedding_rejected"
"""Code: the providers refuse for good: a wrong key, an unknown model, a wrong dimension. Somebody must mend that."""


@dataclass(frozen=True, slots=True)
class Space:
    """The model that vectors come from, and how many numbers each has."""

    model: str
    dimension: int

    @property
    def key(self) -> str:
        """Return the name that is stored with each vector: `model:dimension`."""
        return f"{self.model}:{self.dimension}"


class EmbeddingUnavailable(ProductError):
    """These texts cannot be embedded now; nothing was returned for any of them, what was paid for is cached.

    `code` is UNAVAILABLE, BUDGET_EXHAUSTED or REJECTED; `retry_after` is in seconds, where known.
    """

    code = UNAVAILABLE
    title = "The text cannot be turned into vectors now."

    def __init__(self, code: str, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.code = code

    @property
    def is_outage(self) -> bool:
        """Tell whether the same call may succeed soon without anybody's doing, and so is no failed attempt."""
        return self.code == UNAVAILABLE


class Embedder(Protocol):
    """Embeds into one space."""

    @property
    def space(self) -> Space:
        """Return the space of every vector that this embedder gives."""
        ...

    async def embed(self, company_id: str, texts: Sequence[str], *, is_query: bool = False) -> list[Vector]:
        """Return one vector per text, in order. Equal texts cost one; an empty list costs nothing.

        A text longer than the model reads is embedded by its beginning, so put what matters most there. The company
        is whom a paid provider's price is counted against. `is_query` tells a question from a passage, for models that
        were trained to know the difference; to the others it means nothing.

        Raises:
            EmbeddingUnavailable: nobody can embed into this space now.
            ValueError: a text is empty or blank.
            psycopg.Error: the spending of a paid provider could not be kept, since the database is away.
        """
        ...


@dataclass(frozen=True, slots=True)
class Embedders:
    """The configured spaces: queries go to `primary`, and through `standbys` in order when that is unavailable.

    `retired` are spaces of an earlier configuration: nothing is stored in them any more, but what is there may be
    searched while the others are being filled. Whoever builds them awaits `close` in the end.
    """

    primary: Embedder
    standbys: tuple[Embedder, ...] = ()
    retired: tuple[Embedder, ...] = ()
    closers: tuple[Callable[[], Awaitable[None]], ...] = ()

    @property
    def every(self) -> tuple[Embedder, ...]:
        """Return all of them, first the primary: a stored text needs a vector of each."""
        return (self.primary, *self.standbys)

    def of(self, space_key: str) -> Embedder | None:
        """Return who embeds stored texts into that space; None when it is no longer configured."""
        return next((embedder for embedder in self.every if embedder.space.key == space_key), None)

    async def close(self) -> None:
        """Close the connections to servers."""
        for closer in self.closers:
            await closer()
