"""Reads a sentence as what a citation is checked by: content words, numbers, names, and what is denied.

English and Arabic. Words are compared by their stems (Snowball), numbers by value however they are written, and a name
is what the writer capitalised, quoted, or spelled like code. Pure.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import snowballstemmer

from knowledge.citations.lexicon import (
    CLAUSE_WORDS,
    DENIALS,
    DIACRITICS,
    LETTERS,
    NUMBER_WORDS,
    OPPOSITES,
    QUANTIFIERS,
    STOP_WORDS,
    SYNONYM_GROUPS,
    UNITS,
)

DENIED_WORDS: Final = 3
"""Content words after a "not" that it is taken to deny, within its clause."""

_TOKEN: Final = re.compile(
    r"(?P<number>\d+(?:[.,:/\-]\d+)*)(?P<rest>[A-Za-z%]*)|(?P<word>[^\W\d_][\w'’\-_.@+]*[\w+]|[^\W\d_]|_\w+)|(?P<sign>[%$€£])|"
    r"(?P<stop>[,;:()—–]|[.!?؟،؛]+)"
)
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_TENS_AND_ONES: Final = re.compile(
    r"\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ](two|three|four|five|six|seven|eight|nine)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"[A-Za-z].*[A-Z_]|[A-Za-z].*\d|^[A-Z]{2,}$|\w[._@+]\w")
_CONDITIONS: Final = frozenset(["if", "when", "whenever", "where", "unless", "once", "اذا", "عندما", "حين", "لو"])
"""Words that begin a condition: what it denies ends with it (“When you do not, press …”)."""
_ESCAPED: Final = re.compile(r"\\([^\sA-Za-z0-9])")
_SIGNS: Final = frozenset("$€£")
_QUOTED: Final = re.compile(r"[\"“«„]([^\"”»“\n]{1,60})[\"”»]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number by its value, and what is counted (`day`, `percent`, …) where the text says so next to it."""

    value: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sentence says, as far as words tell.

    Stems are in order; `denied` are those behind a "not"; `marks` are the stems of all words,
    those without content too, for opposites and words such as "all".
    """

    stems: tuple[str, ...]
    numbers: frozenset[Number]
    names: frozenset[str]
    quoted: frozenset[str]
    denied: frozenset[str]
    marks: frozenset[str]

    @property
    def affirmed(self) -> frozenset[str]:
        """Stems of all words outside every denial."""
        return self.marks - self.denied


@dataclass(frozen=True, slots=True)
class _Word:
    """One token: its plain form, and what it is."""

    plain: str
    raw: str
    is_first: bool
    number: str | None = None
    is_stop: bool = False


@lru_cache(maxsize=4096)
def read_sentence(text: str) -> Reading:
    """Return what a sentence says; the same text is read once."""
    words = list(_words(text))
    stems, denied = _stems(words)
    names = {name for name in (_name(word) for word in words) if name}
    quoted = {stem for part in _QUOTED.findall(text) for stem in _stems(list(_words(part)))[0]}
    return Reading(
        stems=tuple(stems),
        numbers=frozenset(_numbers(words)),
        names=frozenset(names),
        quoted=frozenset(quoted),
        denied=frozenset(denied),
        marks=frozenset(stem(word.plain) for word in words if word.plain),
    )


@lru_cache(maxsize=32_768)
def stem(word: str) -> str:
    """Return the stem by which a word is compared, from its plain form (`plain`); equal words share one."""
    found = _bare_stem(word)
    return _synonyms().get(found, found)


@lru_cache(maxsize=1)
def opposites() -> dict[str, frozenset[str]]:
    """Return, by stem, the stems that say the contrary."""
    found: dict[str, frozenset[str]] = {}
    for first, second in OPPOSITES:
        one, other = (frozenset(_bare_stem(word) for word in words) for words in (first, second))
        found |= {name: found.get(name, frozenset()) | other for name in one}
        found |= {name: found.get(name, frozenset()) | one for name in other}
    return found


def _bare_stem(word: str) -> str:
    if word.isascii():
        return str(_english().stemWord(word))
    bare = word[1:] if len(word) > 4 and word[0] in "وف" and word[1:3] in ("ال", "لل", "با") else word
    bare = "ال" + bare[2:] if bare.startswith("لل") and len(bare) > 4 else bare
    return str(_arabic().stemWord(bare))


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, str]:
    return {_bare_stem(word): _bare_stem(group[0]) for group in SYNONYM_GROUPS for word in group}


@lru_cache(maxsize=1)
def quantifiers() -> tuple[frozenset[str], ...]:
    """Return the groups of words such as "all" and "only", as stems."""
    return tuple(frozenset(stem(word) for word in group) for group in QUANTIFIERS)


@lru_cache(maxsize=1)
def _units() -> dict[str, str]:
    return {_bare_stem(word): unit for word, unit in UNITS.items()}


def plain(word: str) -> str:
    """Return a word in lower case, without diacritics, with Arabic letters and digits in one form."""
    word = DIACRITICS.sub("", word.translate(LETTERS).casefold()).strip("'’-._")
    return word.removesuffix("'s").removesuffix("’s").replace("’", "'")


@lru_cache(maxsize=1)
def _english() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=1)
def _arabic() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("arabic")


def _words(text: str) -> Iterator[_Word]:
    first = True
    for found in _TOKEN.finditer(_plain_text(text)):
        if found["stop"]:
            yield _Word("", found[0], first, is_stop=True)
        elif found["number"]:
            yield _Word("", found[0], first, number=_value(found["number"]))
            if found["rest"]:
                yield _Word(plain(found["rest"]) if found["rest"] != "%" else "%", found["rest"], False)
        elif found["sign"]:
            yield _Word(found["sign"], found["sign"], False)
        else:
            word = plain(found["word"])
            yield _Word(word, found["word"], first, number=NUMBER_WORDS.get(word))
        first = bool(found["stop"]) and found[0] not in ",;،؛()—–"


def _plain_text(text: str) -> str:
    """Return a text whose words and numbers stand in one form: no vowel signs or thousands signs, 25 for its words."""
    text = _THOUSANDS.sub("", _ESCAPED.sub(r"\1", DIACRITICS.sub("", text.translate(LETTERS))))
    return _TENS_AND_ONES.sub(lambda found: str(sum(int(NUMBER_WORDS[part.lower()]) for part in found.groups())), text)


def _value(digits: str) -> str:
    """Return a number in one form: 14.0 and 14 are the same, a date or version stays as it is written."""
    whole, dot, part = digits.partition(".")
    if dot and part.isdigit() and whole.isdigit():
        return f"{int(whole)}.{part.rstrip('0')}".rstrip(".")
    return str(int(digits)) if digits.isdigit() else digits


def _stems(words: list[_Word]) -> tuple[list[str], set[str]]:
    stems: list[str] = []
    denied: set[str] = set()
    left = 0
    is_condition = bool(words) and words[0].plain in _CONDITIONS
    for word in words:
        if word.plain in CLAUSE_WORDS or (
            word.is_stop and (left < DENIED_WORDS or is_condition or word.raw not in ",،")
        ):
            left = 0
        if word.plain in DENIALS:
            left = DENIED_WORDS
        elif word.plain and not word.number and word.plain not in STOP_WORDS and len(word.plain) > 1:
            stems.append(stem(word.plain))
            if left:
                denied.add(stems[-1])
                left -= 1
    return stems, denied


def _numbers(words: list[_Word]) -> Iterator[Number]:
    for position, word in enumerate(words):
        if word.number is None:
            continue
        before = words[max(0, position - 1) : position]
        signs = [other for other in before if other.plain in _SIGNS]
        near = [*signs, word, *words[position + 1 : position + 3], *before]
        units = (_units().get(_bare_stem(other.plain)) for other in near if other.plain)
        yield Number(word.number, next((unit for unit in units if unit), None))


def _name(word: _Word) -> str | None:
    """Return the stem of a word that names something: capitalised inside a sentence, or spelled like code."""
    if word.is_stop or not word.plain or not word.raw[:1].isascii() or word.plain in STOP_WORDS:
        return None
    is_name = _CODE.search(word.raw) is not None or (word.raw[0].isupper() and not word.is_first)
    return stem(word.plain) if is_name and not word.number else None
