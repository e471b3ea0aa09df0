"""Puts what full text and vectors found into one order: a weighted sum of three shares, each between 0 and 1.

*words* is BM25 as a share of the most that the question could score, *meaning* the cosine of the vectors, and *order*
the share of the question's neighbouring words that are neighbours in the chunk too, which re-ranks the best few.
Shares rather than ranks: a plain reciprocal rank fusion throws away how good a match is, and lowered quality. How the
weights were found is told in docs/decisions/0007-retrieval.md. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from core.passages import Scores
from knowledge.retrieval.bm25 import Corpus, highest, weigh

RERANKED: Final = 20
"""Candidates that are looked at once more, for the order of their words."""
NEIGHBOURS: Final = 2
"""Words apart that two words may stand to count as neighbours; stop words are not counted."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each share counts. They add up to 1, so that the fused score is a share too."""

    words: float = 0.42
    meaning: float = 0.42
    order: float = 0.16

    def scaled(self, *, with_words: bool, with_meaning: bool) -> "Weights":
        """Return the weights of what there is, adding up to 1 again."""
        words, order = (self.words, self.order) if with_words else (0.0, 0.0)
        meaning = self.meaning if with_meaning else 0.0
        total = (words + meaning + order) or 1.0
        return Weights(words / total, meaning / total, order / total)


DEFAULT: Final = Weights()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that either search found.

    `positions` are where it holds the question's stems, `length` counts all its words. `similarity` is the cosine of
    its vector and the question's; None when the search by vectors did not give the chunk.
    """

    chunk_id: str
    language: str | None
    length: int
    positions: Mapping[str, Sequence[int]]
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its words: the stems in order, read once for each language that the candidates are written in."""

    stems: Mapping[str | None, Sequence[str]]

    def of(self, language: str | None) -> Sequence[str]:
        """Return the stems that a chunk of that language is compared by."""
        return self.stems.get(language) or ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and its scores."""

    candidate: Candidate
    scores: Scores


def rank(
    question: Question, candidates: Iterable[Candidate], corpus: Corpus, weights: Weights = DEFAULT
) -> tuple[Ranked, ...]:
    """Return the candidates, best first; ties go by chunk id, so that an order is never a matter of chance.

    When no candidate has a similarity (no vectors could be had), or the question has no word to look up, the share
    that is missing counts for nothing and the others for what they are worth together.
    """
    pool = tuple(candidates)
    known = [candidate.similarity for candidate in pool if candidate.similarity is not None]
    applied = weights.scaled(with_words=any(question.stems.values()), with_meaning=bool(known))
    farthest = min(known, default=0.0)
    first = sorted((_compare(question, each, corpus, applied, farthest) for each in pool), key=_best_first)
    again = [_reorder(question, ranked, applied) for ranked in first[:RERANKED]]
    return tuple(sorted(again, key=_best_first) + first[RERANKED:])


def nearness(stems: Sequence[str], positions: Mapping[str, Sequence[int]]) -> float:
    """Return the share of the question's pairs of neighbouring words that are neighbours in the chunk as well."""
    pairs = [(one, other) for one, other in pairwise(stems) if one != other]
    met = sum(_are_near(positions.get(one, ()), positions.get(other, ())) for one, other in pairs)
    return met / len(pairs) if pairs else 0.0


def _compare(question: Question, candidate: Candidate, corpus: Corpus, weights: Weights, farthest: float) -> Ranked:
    """Return a candidate by its words and its meaning.

    A chunk that full text alone found is at most as near as the farthest that the search by vectors gave.
    """
    stems = dict.fromkeys(question.of(candidate.language))
    lexical = weigh(stems, candidate.positions, candidate.length, corpus)
    words = lexical / highest(stems, corpus) if stems else 0.0
    similarity = farthest if candidate.similarity is None else candidate.similarity
    fused = weights.words * words + weights.meaning * max(similarity, 0.0)
    return Ranked(candidate, Scores(fused, candidate.similarity, lexical or None))


def _reorder(question: Question, ranked: Ranked, weights: Weights) -> Ranked:
    """Return one of the best few with the order of its words taken into account."""
    near = nearness(question.of(ranked.candidate.language), ranked.candidate.positions)
    return replace(ranked, scores=replace(ranked.scores, fused=ranked.scores.fused + weights.order * near, rerank=near))


def _best_first(ranked: Ranked) -> tuple[float, str]:
    return -ranked.scores.fused, ranked.candidate.chunk_id


def _are_near(ones: Sequence[int], others: Sequence[int]) -> bool:
    places = frozenset(others)
    return any(one + apart in places for one in ones for apart in range(1, NEIGHBOURS + 1))
