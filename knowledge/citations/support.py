"""Tells whether a passage says what a sentence claims, by words: enough of them, and none that speaks against it.

A sentence of the passage, with the headings above it, must hold most content words of the claim. Beyond that every
number (with what it counts), every name, every denial, every word with an opposite, and every "all" or "only" must
agree; one that does not outweighs any overlap: "within 30 days" is not supported by "within 14 days". Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from core.passages import Passage
from core.sentences import split_sentences, without_mark
from core.tables import TableReader, is_row
from knowledge.citations.credentials import asks_for_secrets
from knowledge.citations.instructions import addresses_model
from knowledge.citations.words import Number, Reading, opposites, quantifiers, read_sentence

Conflict = Literal["number", "name", "negation", "opposite", "quantifier"]
SHARED_PREFIX: Final = 5
"""Letters by which two stems count as one word that the stemmer kept apart (permission, permit)."""


CLAUSE: Final = re.compile(
    r"\s*[;؛–—]\s+|,\s+(?:but(?! not)|while|whereas|although)\s+|[،,]\s+(?:ولكن|لكن|بينما|غير أن)\s+"
)
"""Where a main clause ends inside a sentence."""


HEADING_WEIGHT: Final = 0.5
"""What a content word counts that only the headings have: they say what a text is about, not what it says of it."""


@dataclass(frozen=True, slots=True)
class Support:
    """How far one place of a passage carries a claim: the share of its content words there, and what disagrees."""

    coverage: float
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """A passage as claims are held against it: its sentences or clauses, and what stands above them."""

    chunk_id: str
    places: tuple[Reading, ...]
    above: "Words"
    numbers_above: frozenset[Number]


@dataclass(frozen=True, slots=True)
class Words:
    """Stems that claims are matched with, also by their beginnings: a claim is held against some twenty places."""

    stems: frozenset[str]
    lengths: Mapping[str, tuple[int, ...]]

    def matched(self, wanted: Iterable[str]) -> set[str]:
        """Return those of some stems that are here, or one that counts as the same word."""
        return {word for word in wanted if word in self.stems or self._has_near(word)}

    def _has_near(self, word: str) -> bool:
        lengths = self.lengths.get(word[:SHARED_PREFIX]) if len(word) >= SHARED_PREFIX else None
        return bool(lengths) and any(abs(length - len(word)) <= SHARED_PREFIX - 1 for length in lengths or ())


def ground_of(passage: Passage, context: str = "") -> Ground:
    """Return a passage made ready; what in it is addressed to a model or asks for secrets proves nothing.

    `context` holds words that may be used at any place, such as the product's name.
    """
    above = read_sentence(" . ".join((passage.document_title, *passage.heading_path, context)))
    return Ground(passage.chunk_id, _places(passage.text), _words(above.stems), above.numbers)


def best_support(claim: Reading, ground: Ground) -> Support:
    """Return the place that has most of a claim, which may disagree; of equals, one that agrees."""
    found = [_support(claim, place, ground) for place in ground.places]
    return max(found, key=lambda one: (one.coverage, one.conflict is None), default=Support(0.0))


@lru_cache(maxsize=512)
def _places(text: str) -> tuple[Reading, ...]:
    """Return a text's sentences, those with several main clauses cut: what one denies is not denied of the other."""
    kept = [said for said in _sayings(text) if not (addresses_model(said) or asks_for_secrets(said))]
    return tuple(read_sentence(clause) for said in kept for clause in CLAUSE.split(said) if clause.strip())


def _sayings(text: str) -> Iterator[str]:
    """Yield sentences as they are, and rows of tables cell by cell: a cell is held against what names its column."""
    table = TableReader()
    for sentence in split_sentences(text):
        row = table.read(sentence.text)
        if row is not None:
            yield from row.statements
        elif not is_row(sentence.text):
            yield without_mark(sentence.text)


@lru_cache(maxsize=4096)
def _words(stems: tuple[str, ...]) -> Words:
    lengths: dict[str, tuple[int, ...]] = {}
    for stem in stems:
        prefix = stem[:SHARED_PREFIX]
        lengths[prefix] = (*lengths.get(prefix, ()), len(stem))
    return Words(frozenset(stems), lengths)


def _support(claim: Reading, place: Reading, ground: Ground) -> Support:
    wanted = set(claim.stems)
    matched = _words(place.stems).matched(wanted)
    above = ground.above.matched(wanted - matched)
    coverage = (len(matched) + HEADING_WEIGHT * len(above)) / len(wanted) if wanted else 0.0
    return Support(coverage, _conflict(claim, place, ground, matched | above))


def _conflict(claim: Reading, place: Reading, ground: Ground, matched: set[str]) -> Conflict | None:
    if not all(_has_number(number, place.numbers | ground.numbers_above) for number in claim.numbers):
        return "number"
    if not (claim.names <= place.marks | ground.above.stems and claim.quoted <= place.marks):
        return "name"
    if _denies(claim, place, matched):
        return "negation"
    if _has_opposite(claim, place):
        return "opposite"
    return None if _is_as_wide(claim, place) else "quantifier"


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


def _has_opposite(claim: Reading, said: Reading) -> bool:
    return any(
        word not in said.marks and opposites()[word] & said.affirmed - claim.marks
        for word in claim.affirmed & opposites().keys()
    )


def _opposites_of(words: frozenset[str]) -> frozenset[str]:
    return frozenset[str]().union(*(opposites().get(word, frozenset()) for word in words))


def _is_as_wide(claim: Reading, said: Reading) -> bool:
    return all(group & said.marks for group in quantifiers() if group & claim.marks)
