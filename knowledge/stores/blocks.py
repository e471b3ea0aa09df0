"""Exact search in memory: blocks of live vectors, the rows of one that are selected, and the best of them. Pure."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge.embedding.embedder import Vector
from knowledge.stores.protocol import EVERYTHING, Neighbour, Selection
from knowledge.stores.vectors import Matrix


@dataclass(frozen=True, slots=True)
class Block:
    """Live vectors and, row by row, what a selection asks about."""

    chunk_ids: list[str]
    source_ids: list[str]
    tags: list[frozenset[str]]
    languages: list[str | None]
    matrix: Matrix

    def mask(self, selection: Selection) -> NDArray[np.bool_] | None:
        """Return which rows are selected; None for all."""
        if selection == EVERYTHING:
            return None
        tags, sources = frozenset(selection.tags), frozenset(selection.source_ids)
        rows = zip(self.source_ids, self.tags, self.languages, strict=True)
        chosen = (
            (not tags or not tags.isdisjoint(its_tags))
            and (not sources or source_id in sources)
            and (selection.language is None or language in (None, selection.language))
            for source_id, its_tags, language in rows
        )
        return np.fromiter(chosen, dtype=np.bool_, count=len(self.chunk_ids))


def size_of(blocks: Sequence[Block]) -> int:
    """Return how many bytes blocks take: the numbers, and some 300 a row for the rest."""
    return sum(block.matrix.nbytes + 300 * len(block.chunk_ids) for block in blocks)


def top(block: Block, query: Vector, k: int, selection: Selection) -> list[Neighbour]:
    """Return the `k` rows of a block that are most similar to the query, in no order."""
    similarities = block.matrix @ query
    mask = block.mask(selection)
    if mask is not None:
        similarities = np.where(mask, similarities, -np.inf)
    count = len(similarities) if mask is None else int(mask.sum())
    wanted = min(k, count)
    if wanted == 0:
        return []
    best = np.argpartition(-similarities, wanted - 1)[:wanted]
    return [(block.chunk_ids[row], float(similarities[row])) for row in best]


def ranked(neighbours: Sequence[Neighbour], k: int) -> list[Neighbour]:
    """Return the `k` most similar ones, the best first; equal ones in order of their ids."""
    return heapq.nsmallest(k, neighbours, key=lambda neighbour: (-neighbour[1], neighbour[0]))
