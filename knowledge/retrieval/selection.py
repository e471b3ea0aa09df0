"""Chooses which words of a question look for chunks: the rare ones, for as long as they find a bounded number. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from knowledge.retrieval.analysis import read
from knowledge.retrieval.bm25 import Corpus
from knowledge.retrieval.fusion import Question
from knowledge.retrieval.near_words import near_words, rewritten

SCANNED: Final = 1000
"""Chunks that the words of one question may bring up, about."""
STEMS: Final = 32
"""Different stems of one question that are looked at, in each language; the others are of a text and no question."""
LANGUAGES: Final = 6
"""Languages of a company in which a question is read, the most frequent ones."""


def read_question(query: str, languages: Sequence[str | None]) -> Question:
    """Return the question as read in each of the languages."""
    words, near = rewritten(query), near_words()
    read_as = {language: _first_stems(words, language) for language in languages[:LANGUAGES]}
    return Question(read_as, {stem: near[stem] for stems in read_as.values() for stem in stems if stem in near})


def choose_selecting(stems: Iterable[str], corpus: Corpus, scanned: int = SCANNED) -> list[str]:
    """Return the words to look for, rarest first: always the rarest that occurs, others while there is room.

    What a frequent word alone would find is left to the search by vectors; it counts all the same for what is found.
    """
    held = sorted((count, stem) for stem in stems if (count := corpus.frequencies.get(stem, 0)))
    chosen: list[str] = []
    for count, stem in held:
        if chosen and count > scanned:
            break
        chosen.append(stem)
        scanned -= count
    return chosen


def _first_stems(query: str, language: str | None) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for term in read(query, language):
        found[term.stem] = None
        if len(found) == STEMS:
            break
    return tuple(found)
