"""The words that decide about a citation, English and Arabic, from `lexicon.json` beside this file.

Plain forms: lower case, without diacritics, Arabic letters unified as `LETTERS` does; `knowledge.citations.words` has
their stems. Groups of equal words are kept to those that help pages really exchange.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

DIACRITICS: Final = re.compile(
    "[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
"""Arabic vowel signs, the stretching sign, and marks of direction."""
LETTERS: Final = str.maketrans("أإآٱى٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٪٬٫", "ااااى01234567890123456789%,.")
"""Letters and digits that are written in several ways. Endings stay, since the stems need them."""

_DATA: Final[dict[str, Any]] = json.loads((Path(__file__).parent / "lexicon.json").read_text(encoding="utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(" ".join(_DATA[name]).split())


STOP_WORDS: Final = _words("stop_words")
"""Words without content of their own. Denials, opposites and words like "all" and "only" are looked at before this."""
CLAUSE_WORDS: Final = _words("clause_words")
"""Words with which another clause begins: a denial reaches no further."""
DENIALS: Final = _words("denials")
"""Words that deny what follows them."""
GENERIC_WORDS: Final = _words("generic_words")
"""Words of plain coaching ("check the field, then try again"): a sentence of these alone claims nothing to cite."""
NUMBER_WORDS: Final = {word: value for value, words in _DATA["number_words"].items() for word in words.split()}
"""Number words by value. "One" is left out: it is a pronoun more often."""
UNITS: Final = {word: unit for unit, words in _DATA["units"].items() for word in words.split()}
"""What a number may count; two numbers of different units are different facts."""
SYNONYM_GROUPS: Final = tuple(words.split() for words in _DATA["synonyms"])
"""Words that say the same in a help page; the first stands for all."""
OPPOSITES: Final = tuple((first.split(), second.split()) for first, second in _DATA["opposites"])
"""Pairs of which a claim must not have the one where its passage has the other."""
QUANTIFIERS: Final = tuple(frozenset(words.split()) for words in _DATA["quantifiers"])
"""Groups of which a claim needs a word in its passage once it uses one: they make a sentence say more."""
