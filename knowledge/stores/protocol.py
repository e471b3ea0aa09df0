"""What a vector store must do, whichever backend it is.

The chunks and what is live of them are in PostgreSQL alone; a store holds vectors by chunk id and answers with live
chunks of one company. Every method works inside the caller's transaction, which must name the company: without that
row-level security hides everything, and every answer is empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from core.errors import ProductError
from db.pool import Connection
from knowledge.embedding.embedder import Space, Vector

Item: TypeAlias = tuple[str, Vector]
"""A chunk's id and its vector."""
Neighbour: TypeAlias = tuple[str, float]
"""A chunk's id and its cosine similarity to the query, -1..1."""

MAX_NEIGHBOURS: Final = 1000
"""Most neighbours that a search returns; a larger wish is cut to it."""


class InvalidVector(ProductError):
    """A vector does not belong to its space: another dimension, not of length 1, or not made of numbers."""

    code = "invalid_vector"
    title = "The vector does not belong to its space."


@dataclass(frozen=True, slots=True)
class Selection:
    """Which live chunks a search is about; what is empty or None selects everything.

    A chunk is in when its source has one of `tags` and is one of `source_ids`, and its own language is `language` or
    could not be told.
    """

    tags: tuple[str, ...] = ()
    language: str | None = None
    source_ids: tuple[str, ...] = ()


EVERYTHING: Final = Selection()


class VectorStore(Protocol):
    """Vectors of chunks, by company and space."""

    async def check(self, connection: Connection) -> None:
        """Raise SettingsError, with a line that says how to mend it, when the backend cannot work here."""
        ...

    async def put(self, connection: Connection, company_id: str, space: Space, items: Sequence[Item]) -> None:
        """Keep vectors, instead of those that the chunks had in this space; ids of no chunk are passed over.

        Raises InvalidVector, with nothing kept, for a vector that does not belong to `space`.
        """
        ...

    async def missing(
        self, connection: Connection, company_id: str, space: Space, chunk_ids: Sequence[str]
    ) -> set[str]:
        """Return those of the ids that have no vector in this space; ids of no chunk are among them."""
        ...

    async def nearest(
        self,
        connection: Connection,
        company_id: str,
        space: Space,
        vector: Vector,
        k: int,
        selection: Selection = EVERYTHING,
    ) -> list[Neighbour]:
        """Return up to `k` live chunks of the selection, the most similar first; fewer only when there are no more.

        Raises InvalidVector for a query that does not belong to `space`.
        """
        ...

    async def covers(self, connection: Connection, company_id: str, space: Space) -> bool:
        """Tell whether every live chunk has a vector in this space, so that a search in it misses nothing."""
        ...

    async def spaces(self, connection: Connection, company_id: str) -> list[str]:
        """Return the keys of the spaces that the company has, or had, vectors in."""
        ...

    async def drop(self, connection: Connection, company_id: str, chunk_ids: Sequence[str]) -> None:
        """Forget the vectors of these chunks in every space."""
        ...

    async def drop_space(self, connection: Connection, company_id: str, space_key: str) -> None:
        """Forget all vectors of a space, as after a change of the model."""
        ...

    async def forget(self, connection: Connection, company_id: str) -> None:
        """Forget all vectors of the company."""
        ...
