"""Reads text as the terms that full text compares: one reading for the index, the question and the highlights.

PostgreSQL's own parsers depend on the database's locale, know no hyphenated variants and stem Arabic into different
words ("الإعدادات" and "إعداد" do not meet), so a chunk's tsvector is made here. Words in Arabic script are folded and
stemmed lightly (Larkey, Ballesteros and Connell, "Light stemming for Arabic information retrieval", 2007: light10;
changed where "how do I ..." would miss "how to ...": possessives, first persons, an article that is none); other words
go to the Snowball stemmer of the text's language, English when that is unknown. Pure.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import snowballstemmer

from knowledge.retrieval.stopwords import ARABIC, ENGLISH

VERSION: Final = "2"
"""Of stemmers, folds and stop words: a new one makes a source's words be made anew at its next ingestion. Raise it with
every change by which a text gets other terms; `tests/knowledge/retrieval` holds a sample of them against it."""
MAX_TERM: Final = 48
"""Characters of a term; what is longer is no word, and its beginning is as good."""
MAX_POSITION: Final = 16_383
"""The last position that a tsvector can tell apart."""

_ALGORITHMS: Final = {
    "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "eu": "basque",
    "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip

# A letter or digit, or a sign that scripts of India and South-East Asia write a part of a word with.
_SIGN: Final = r"[^\W_\u0300-\u036f]|[\u0300-\u036f\u064b-\u065f\u0670\u0640\u0900-\u0dff\u0e00-\u109f\u1780-\u17ff]"
_TOKEN: Final = re.compile(
    rf"(?P<number>\d+(?:[.,٬٫]\d+)+)|(?P<acronym>[^\W\d_](?:\.[^\W\d_])+(?![^\W_]))|"
    rf"(?P<wide>[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+)|(?P<word>(?:{_SIGN})+)"
)
_HYPHENS: Final = frozenset("-\u2010\u2011")
_ARABIC_MARKS: Final = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_ARABIC_FATHATAN: Final = re.compile("\u0627\u064b$|\u064b\u0627$")
# The seat of a final hamza changes with the case before a possessive: إلغاء, إلغاؤه, إلغائها.
_ARABIC_SEAT: Final = re.compile("(?<=ا)[ؤئ](?=(?:ه|ها|هم|ك|كم|نا|ي)$)")
_ARABIC_FOLDS: Final = str.maketrans("أإآٱىئؤةکیھ", "اااايي\u0648هكيه", "ء")
_ARABIC_PREFIXES: Final = ("وال", "بال", "كال", "فال", "لل", "ال")
_ARABIC_NO_ARTICLE: Final = frozenset({"الغاء", "الغي"})
"""Words that begin like the article when their hamza is left out: "cancelling", "I cancel"."""
_ARABIC_POSSESSIVES: Final = ("ها", "هم", "كم", "نا", "ك")
_ARABIC_SUFFIXES: Final = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
# "I tie", "tie!", "dearest": an alef before three letters of the root. Not "safety", "days", "last", "family".
_ARABIC_VERB: Final = re.compile("ا[^اي][^اوي][^اهي]")
_ARABIC_VOWELS: Final = re.compile("[اويى]")
_LATIN_MARK: Final = re.compile("(?<=[a-z])[\u0300-\u036f]+")


@dataclass(frozen=True, slots=True)
class Term:
    """One term and the half-open range of characters of the text that it was read from."""

    stem: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Words:
    """A chunk as PostgreSQL indexes it: `vector` is the text form of a tsvector, `count` the length that BM25 sees."""

    vector: str
    count: int


def read(text: str, language: str | None = None) -> Iterator[Term]:
    """Yield the terms of a text in order, without stop words; `language` is an ISO 639-1 code.

    A hyphenated word yields its parts and, over the last of them, the word written as one ("e-mail" meets "email").
    """
    before: tuple[str, int, int] | None = None
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        if found.lastgroup == "wide":
            yield from _pairs(found[0], start)
            before = None
            continue
        word = _plain(found[0])
        yield from _term(word, start, end, language)
        if before and start == before[2] + 1 and text[before[2]] in _HYPHENS and (word + before[0]).isalpha():
            yield from _term(before[0] + word, before[1], end, language)
        before = (word, start, end)


def stems(text: str, language: str | None = None) -> tuple[str, ...]:
    """Return the different stems of a text in the order of their first occurrence."""
    return tuple(dict.fromkeys(term.stem for term in read(text, language)))


def spell(word: str) -> str:
    """Return a word as spellings are compared: not stemmed, each letter written one way, without an Arabic article."""
    plain = _plain(word)
    return _bare(_without_marks(plain)) if "\u0600" <= plain[:1] <= "\u06ff" else plain


@lru_cache(maxsize=4096)
def root(word: str) -> str:
    """Return what the forms of an Arabic verb and its noun share: “I import”, “import” (أستورد, استيراد)."""
    return _ARABIC_VOWELS.sub("", word).removeprefix("ت")


def words(headings: Sequence[str], text: str, language: str | None = None) -> Words:
    """Return the words of a chunk: those of its headings with weight A, those of its text with weight D."""
    places: dict[str, list[str]] = {}
    position = 0
    for part, weight in ((" \n".join(headings), "A"), (text, "")):
        for term in read(part, language):
            position += 1
            places.setdefault(term.stem, []).append(f"{min(position, MAX_POSITION)}{weight}")
    vector = " ".join(f"'{stem}':{','.join(at)}" for stem, at in places.items())
    return Words(vector, position)


@lru_cache(maxsize=65_536)
def _plain(token: str) -> str:
    """Return a token in one spelling: compatible characters, lower case, Western digits, no separators in a number."""
    if token.isascii() and token.isalnum():
        return token.lower()
    folded = unicodedata.normalize("NFKC", "".join(filter(_is_whole, token))).lower()
    digits = "".join(str(unicodedata.digit(sign, sign)) for sign in folded)
    return re.sub(r"[,٬]", "", digits).replace("٫", ".") if digits[:1].isdigit() else digits.replace(".", "")


def _is_whole(sign: str) -> bool:
    return unicodedata.category(sign) != "No"


def _term(word: str, start: int, end: int, language: str | None) -> Iterator[Term]:
    stem = _stem(word[:MAX_TERM], language)
    if stem:
        yield Term(stem, start, end)


def _pairs(run: str, start: int) -> Iterator[Term]:
    """Yield the overlapping pairs of signs of a script that puts no spaces between words."""
    for at in range(max(1, len(run) - 1)):
        yield Term(run[at : at + 2], start + at, min(start + at + 2, start + len(run)))


@lru_cache(maxsize=65_536)
def _stem(word: str, language: str | None) -> str:
    """Return a word's stem, empty for a stop word and for what is no word at all."""
    if "\u0600" <= word[:1] <= "\u06ff":
        return _stem_arabic(word)
    if word in ENGLISH and language in (None, "en", "ar"):
        return ""
    algorithm = _ALGORITHMS.get(language or "en", "english" if language == "ar" else None)
    stem = _stemmer(algorithm).stemWord(word) if algorithm and word.isalpha() else word
    if not stem.isascii():
        stem = unicodedata.normalize("NFC", _LATIN_MARK.sub("", unicodedata.normalize("NFD", stem)))
    return "".join(sign for sign in stem if sign not in "'\\") if any(map(str.isalnum, stem)) else ""


def _stem_arabic(word: str) -> str:
    """Return the stem; an article is cut while أ and إ can still be told from its ا."""
    spelt = _without_marks(word)
    return "" if spelt.translate(_ARABIC_FOLDS) in ARABIC else _without_endings(_bare(spelt))


def _without_marks(word: str) -> str:
    return _ARABIC_MARKS.sub("", _ARABIC_FATHATAN.sub("", word)).replace("ٱ", "ا")


def _bare(spelt: str) -> str:
    """Return an Arabic word folded, without "and" and the article."""
    bare = _without_article(spelt[1:] if len(spelt) > 3 and spelt.startswith("و") else spelt)
    return _ARABIC_SEAT.sub("", bare).translate(_ARABIC_FOLDS)


def _without_article(word: str) -> str:
    if word in _ARABIC_NO_ARTICLE:
        return word
    for prefix in _ARABIC_PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 2:
            return word[len(prefix) :]
    return word


def _without_endings(word: str) -> str:
    """Return a folded word without possessives, the alef of a verb, light10's suffixes and a last alef."""
    owned = _without_possessive(word)
    bare = owned[1:] if _ARABIC_VERB.fullmatch(owned) else owned
    for suffix in _ARABIC_SUFFIXES:
        if bare.endswith(suffix) and len(bare) - len(suffix) >= 2:
            bare = bare[: -len(suffix)]
            if suffix == "ي":
                bare = _without_tied_t(bare)
    bare = _without_possessive(bare)
    return bare[:-1] if len(bare) > 3 and bare.endswith("ا") else bare


def _without_possessive(word: str) -> str:
    """Cut "his", "your", "our" where three letters are left; ك after ا is the root's (اشتراك, "subscription")."""
    for suffix in _ARABIC_POSSESSIVES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("اك"):
            return _without_tied_t(word[: -len(suffix)])
    return word


def _without_tied_t(word: str) -> str:
    """Cut the ت that ة becomes before a possessive, but not that of the plural ات."""
    return word[:-1] if len(word) > 3 and word.endswith("ت") and not word.endswith("ات") else word


@lru_cache(maxsize=8)
def _stemmer(algorithm: str) -> "snowballstemmer.stemmer":
    return snowballstemmer.stemmer(algorithm)
