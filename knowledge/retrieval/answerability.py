"""Tells whether the passages found are likely to answer the question, or whether "I don't know" is the honest answer.

A logistic curve over two shares of the best passage: how much of the question's information its words hold, and its
fused score. Coefficients and what they achieve are from questions whose paragraph was taken out of the corpus, told in
docs/decisions/0009-retrieval.md. Passages about the same subject that lack the answer are what it mistakes most; so an
answer's sentences are checked against their passages as well (`knowledge.citations`). Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.passages import Passage, Scores

THRESHOLD: Final = 0.5
"""The score from which a question counts as answerable: the likelier of the two, when half of all questions are."""

DOUBTED: Final = 0.49
"""The score that a question with a corrected word has at most: that the right word was found is likely, not sure."""


@dataclass(frozen=True, slots=True)
class Answerability:
    """How likely the passages answer the question, 0..1, and whether that is enough."""

    score: float
    is_answerable: bool


@dataclass(frozen=True, slots=True)
class _Curve:
    words: float
    fused: float
    offset: float

    def at(self, scores: Scores) -> float:
        exponent = self.words * (scores.lexical or 0.0) + self.fused * scores.fused + self.offset
        return 1 / (1 + math.exp(-exponent))


_WITH_VECTORS: Final = _Curve(words=9.2, fused=10.6, offset=-7.3)
_WORDS_ALONE: Final = _Curve(words=16.2, fused=0.0, offset=-5.2)


def answerable(query: str, passages: Sequence[Passage], *, threshold: float = THRESHOLD) -> Answerability:
    """Return whether the passages, best first as `Retriever.retrieve` gives them, are likely to answer `query`.

    A question without a letter or digit, one that nothing was found for, and one of which a word was taken for another
    is never answerable.
    """
    if not passages or not any(map(str.isalnum, query)):
        return Answerability(0.0, False)
    had_vectors = any(passage.scores.vector is not None for passage in passages)
    score = (_WITH_VECTORS if had_vectors else _WORDS_ALONE).at(passages[0].scores)
    if passages[0].corrections:
        return Answerability(min(score, DOUBTED), False)
    return Answerability(score, score >= threshold)
