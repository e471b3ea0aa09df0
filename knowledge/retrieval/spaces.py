"""Chooses the space that a question is put to, and embeds it there: the best that has vectors and that answers.

An outage of a provider must not take search away: the next space is asked, and after the last one full text answers
alone. What came of it is counted, since a search that misses a half of itself looks much like one that works.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from db.pool import Connection
from knowledge.embedding.embedder import Embedder, Embedders, EmbeddingUnavailable, Space, Vector
from knowledge.retrieval.meaning import reading_of
from knowledge.retrieval.remembered import Remembered
from knowledge.stores.protocol import VectorStore

log = logging.getLogger(__name__)

RECHECKED_SECONDS: Final = 15.0
"""After which an incomplete space is looked at again: it is being filled."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a question is in a space. `is_best` tells that no outage and no unfinished work stood in the way."""

    space: Space
    vector: Vector
    is_best: bool


class Spaces:
    """The spaces of a process, and what it knows of how complete they are."""

    def __init__(
        self, store: VectorStore, embedders: Embedders, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._embedders = embedders
        self._clock = clock
        self._known: Remembered[tuple[str, str, str], tuple[bool, float]] = Remembered(1000)

    def readers(self, query: str) -> list[Embedder]:
        """Return who can read the query, in the configured order; empty when only words can find anything for it."""
        everybody = (*self._embedders.every, *self._embedders.retired)
        return [each for each in everybody if reading_of(each.space).understands(query)]

    async def complete(self, connection: Connection, company_id: str, stamp: str, readers: list[Embedder]) -> set[str]:
        """Return the keys of those readers' spaces in which every live chunk has a vector."""
        return {
            reader.space.key
            for reader in readers
            if await self._is_complete(connection, company_id, stamp, reader.space)
        }

    def usable(self, readers: list[Embedder], complete: set[str]) -> list[Embedder]:
        """Return the readers whose space may be searched: a retired one while it is complete, for nobody fills it."""
        return [each for each in readers if each not in self._embedders.retired or each.space.key in complete]

    async def aim(self, company_id: str, query: str, readers: list[Embedder], complete: set[str]) -> Aim | None:
        """Return where the query is in the first space that can be had, complete ones first; None when none can."""
        for reader in sorted(readers, key=lambda each: each.space.key not in complete):
            try:
                vector = (await reader.embed(company_id, [query], is_query=True))[0]
            except EmbeddingUnavailable as error:
                log.warning("search goes on without a space", extra={"space": reader.space.key, "code": error.code})
                continue
            return Aim(reader.space, vector, is_best=reader is readers[0] and reader.space.key in complete)
        return None

    async def _is_complete(self, connection: Connection, company_id: str, stamp: str, space: Space) -> bool:
        """Ask the store, at most once for a complete space of one stamp, and now and then for an incomplete one."""
        key = (company_id, stamp, space.key)
        known, until = self._known.get(key) or (False, -math.inf)
        if self._clock() < until:
            return known
        covers = await self._store.covers(connection, company_id, space)
        self._known.put(key, (covers, math.inf if covers else self._clock() + RECHECKED_SECONDS))
        return covers
