"""Tells whether a passage says what a sentence claims, by words: enough of them, and none that speaks against it.

A sentence of the passage, or two next to each other, must hold most content words of the claim. Beyond that every
number (with what it counts), every name, every denial, every word with an opposite, and every "all" or "only" must
agree; one that does not outweighs any overlap: "within 30 days" is not supported by "within 14 days". Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from core.passages import Passage
from knowledge.citations.instructions import addresses_model
from knowledge.citations.lexicon import QUANTIFIERS
from knowledge.citations.sentences import split_sentences, without_mark
from knowledge.citations.words import Number, Reading, opposites, read_sentence

Conflict = Literal["number", "name", "negation", "opposite", "quantifier"]
SHARED_PREFIX: Final = 5
"""Letters by which two stems count as one word that the stemmer kept apart (permission, permit)."""


@dataclass(frozen=True, slots=True)
class Support:
    """How far one place of a passage carries a claim: the share of its content words there, and what disagrees."""

    coverage: float
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """A passage as claims are held against it: its sentences, and the words above them that go without saying."""

    chunk_id: str
    sentences: tuple[Reading, ...]
    above: frozenset[str]
    numbers_above: frozenset[Number]


def ground_of(passage: Passage, context: str = "") -> Ground:
    """Return a passage made ready; what in it is addressed to a model proves nothing and is left out.

    `context` holds words that may be used at any place, such as the product's name.
    """
    above = read_sentence(" . ".join((passage.document_title, *passage.heading_path, context)))
    return Ground(passage.chunk_id, _sentences(passage.text), frozenset(above.stems), above.numbers)


def best_support(claim: Reading, ground: Ground) -> Support:
    """Return the best that a passage has for a claim: the widest without conflict, else the widest with one."""
    found = [_support(claim, place, ground) for place in _places(claim, ground.sentences)]
    return max(found, key=lambda one: one.coverage - (1 if one.conflict else 0), default=Support(0.0))


@lru_cache(maxsize=512)
def _sentences(text: str) -> tuple[Reading, ...]:
    found = (without_mark(sentence.text) for sentence in split_sentences(text))
    return tuple(read_sentence(sentence) for sentence in found if not addresses_model(sentence))


@dataclass(frozen=True, slots=True)
class _Place:
    """A sentence, or two; whether anything is denied is asked of `main`, the one that has more of the claim."""

    main: Reading
    beside: Reading | None = None

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(self.main.stems + (self.beside.stems if self.beside else ()))

    @property
    def numbers(self) -> frozenset[Number]:
        return self.main.numbers | (self.beside.numbers if self.beside else frozenset())

    @property
    def marks(self) -> frozenset[str]:
        return self.main.marks | (self.beside.marks if self.beside else frozenset())


def _places(claim: Reading, sentences: Sequence[Reading]) -> Iterator[_Place]:
    wanted = set(claim.stems)
    for sentence in sentences:
        yield _Place(sentence)
    for first, second in pairwise(sentences):
        is_first = len(wanted & set(first.stems)) >= len(wanted & set(second.stems))
        yield _Place(first, second) if is_first else _Place(second, first)


def _support(claim: Reading, place: _Place, ground: Ground) -> Support:
    wanted = set(claim.stems)
    here = place.stems | ground.above
    matched = {word for word in wanted if word in here or _is_near(word, here)}
    coverage = len(matched) / len(wanted) if wanted else 0.0
    return Support(coverage, _conflict(claim, place, ground, matched))


def _is_near(word: str, others: frozenset[str]) -> bool:
    return len(word) >= SHARED_PREFIX and any(
        other[:SHARED_PREFIX] == word[:SHARED_PREFIX] and abs(len(other) - len(word)) <= SHARED_PREFIX - 1
        for other in others
    )


def _conflict(claim: Reading, place: _Place, ground: Ground, matched: set[str]) -> Conflict | None:
    if not all(_has_number(number, place.numbers | ground.numbers_above) for number in claim.numbers):
        return "number"
    if not claim.names <= place.stems | ground.above:
        return "name"
    if _denies(claim, place.main, matched):
        return "negation"
    if _has_opposite(claim, place.main, place.stems):
        return "opposite"
    return None if _is_as_wide(claim, place.marks) else "quantifier"


def _has_number(number: Number, others: frozenset[Number]) -> bool:
    return any(
        other.value == number.value and (other.unit == number.unit or None in (other.unit, number.unit))
        for other in others
    )


def _denies(claim: Reading, said: Reading, matched: set[str]) -> bool:
    """Tell whether one of the two denies what the other affirms.

    Where both deny something of what they share they are taken to deny the same; a denial of the claim that nothing in
    the passage denies, nor says by the opposite word, is a conflict.
    """
    against = _opposites_of(claim.denied)
    claimed = claim.denied & (matched | against)
    theirs = said.denied & frozenset(claim.stems)
    if claimed and theirs:
        return False
    if theirs:
        return not (_opposites_of(theirs) & claim.affirmed)
    return bool(claim.denied) and not (against & said.affirmed) and not said.denied & _opposites_of(claim.affirmed)


def _has_opposite(claim: Reading, said: Reading, stems: frozenset[str]) -> bool:
    return any(
        word not in stems and opposites()[word] & said.affirmed - frozenset(claim.stems)
        for word in claim.affirmed & opposites().keys()
    )


def _opposites_of(words: frozenset[str]) -> frozenset[str]:
    return frozenset[str]().union(*(opposites().get(word, frozenset()) for word in words))


def _is_as_wide(claim: Reading, marks: frozenset[str]) -> bool:
    return all(group & marks for group in QUANTIFIERS if group & claim.marks)
