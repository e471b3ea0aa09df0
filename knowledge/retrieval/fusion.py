"""Puts what full text and vectors found into one order: a weighted sum of two shares, each between 0 and 1.

*words* is BM25 as a share of the most that the question could score, *meaning* the cosine of the vectors. Shares
rather than ranks: reciprocal rank fusion throws away how good a match is, and found less. How the weights were found,
and why nothing re-ranks what they put in order, is told in docs/decisions/0009-retrieval.md. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from core.passages import Scores
from knowledge.retrieval.bm25 import Corpus, highest, weigh


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each share counts. They add up to 1, so that the fused score is a share too."""

    words: float = 0.4
    meaning: float = 0.6


DEFAULT: Final = Weights()
WORDS_ALONE: Final = Weights(1.0, 0.0)
MEANING_ALONE: Final = Weights(0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that either search found.

    `counts` tells how often it holds each of the question's stems, `length` counts all its words. `similarity` is the
    cosine of its vector and the question's; None when the search by vectors did not give the chunk.
    """

    chunk_id: str
    language: str | None
    length: int
    counts: Mapping[str, int]
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question as its stems, read once for each language that the candidates are written in.

    `near` has other stems that say the same as one of them; a chunk that holds those holds it as well.
    """

    stems: Mapping[str | None, Sequence[str]]
    near: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, language: str | None) -> Sequence[str]:
        """Return the stems that a chunk of that language is compared by, each once."""
        return self.stems.get(language) or ()

    @property
    def all_stems(self) -> tuple[str, ...]:
        """Return the stems of every reading, and those near to them, each once."""
        own = dict.fromkeys(stem for stems in self.stems.values() for stem in stems)
        return tuple(own | dict.fromkeys(other for stem in own for other in sorted(self.near.get(stem, ()))))

    def counts(self, held: Mapping[str, int]) -> Mapping[str, int]:
        """Return how often a chunk says each stem, in that word or another."""
        said = {stem: sum(held.get(one, 0) for one in (stem, *others)) for stem, others in self.near.items()}
        return {**held, **said}

    def corpus(self, corpus: Corpus) -> Corpus:
        """Return the corpus in which a word is as frequent as the most frequent one that says the same."""
        held = corpus.frequencies
        most = {stem: max(held.get(one, 0) for one in (stem, *others)) for stem, others in self.near.items()}
        return replace(corpus, frequencies={**held, **most})


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and its scores."""

    candidate: Candidate
    scores: Scores


def rank(
    question: Question,
    candidates: Iterable[Candidate],
    corpus: Corpus,
    *,
    floor: float = 0.0,
    weights: Weights = DEFAULT,
) -> tuple[Ranked, ...]:
    """Return the candidates, best first; ties go by chunk id, so that an order is never a matter of chance.

    When no candidate has a similarity (no vectors could be had), words decide alone, and meaning does when the
    question has no word to look up. A chunk that full text alone found counts as near as the farthest that the search
    by vectors gave, since that one gave the nearest. `floor` is the cosine that stands for no common meaning.
    """
    pool, corpus = tuple(candidates), question.corpus(corpus)
    known = [candidate.similarity for candidate in pool if candidate.similarity is not None]
    applied = _applicable(weights, has_words=bool(question.all_stems), has_vectors=bool(known))
    farthest = min(known, default=0.0)
    ranked = (_compare(question, candidate, corpus, applied, farthest, floor) for candidate in pool)
    return tuple(sorted(ranked, key=lambda each: (-each.scores.fused, each.candidate.chunk_id)))


def _applicable(weights: Weights, *, has_words: bool, has_vectors: bool) -> Weights:
    if not has_vectors:
        return WORDS_ALONE
    return weights if has_words else MEANING_ALONE


def _compare(
    question: Question, candidate: Candidate, corpus: Corpus, weights: Weights, farthest: float, floor: float
) -> Ranked:
    stems = question.of(candidate.language)
    counts = question.counts(candidate.counts)
    words = weigh(stems, counts, candidate.length, corpus) / highest(stems, corpus) if stems else 0.0
    similarity = farthest if candidate.similarity is None else candidate.similarity
    meaning = min(max((similarity - floor) / (1 - floor), 0.0), 1.0)
    fused = weights.words * words + weights.meaning * meaning
    return Ranked(candidate, Scores(fused, candidate.similarity, words or None))
