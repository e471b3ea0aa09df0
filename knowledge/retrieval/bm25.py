"""Weighs the words of a chunk against a question by BM25, which PostgreSQL's ts_rank is not: that knows no rare words.

The formula is that of Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the
inverse document frequency of Lucene, which is never negative. Pure.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

K1: Final = 0.9
"""How soon repetitions of a word stop to count. With B, the values that Anserini publishes for passages."""
B: Final = 0.4
"""How far a long chunk's words count for less, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What BM25 must know of all live chunks of a company: how many, how long, and how many hold each word."""

    chunks: int
    average_length: float
    frequencies: Mapping[str, int] = field(default_factory=dict)

    def rarity(self, stem: str) -> float:
        """Return the inverse document frequency of a word: 0 and a little when all have it, most when none has."""
        held = min(self.frequencies.get(stem, 0), self.chunks)
        return math.log1p((self.chunks - held + 0.5) / (held + 0.5))


def weigh(
    stems: Iterable[str],
    counts: Mapping[str, int],
    length: int,
    corpus: Corpus,
    k1: float = K1,
    b: float = B,
) -> float:
    """Return the BM25 score of a chunk, from 0 upwards.

    `stems` are the different ones of the question, `positions` where the chunk holds which, `length` counts its words.
    """
    norm = k1 * (1 - b + b * length / max(corpus.average_length, 1.0))
    return sum(
        corpus.rarity(stem) * count * (k1 + 1) / (count + norm) for stem in stems if (count := counts.get(stem, 0))
    )


def highest(stems: Iterable[str], corpus: Corpus, k1: float = K1) -> float:
    """Return what no chunk can exceed: that of one which repeats every word of the question without end.

    A score divided by it is the share of the question's information that the chunk holds, from 0 to 1.
    """
    return sum(corpus.rarity(stem) * (k1 + 1) for stem in stems)
