"""Tells whether a passage speaks of all that a question is about: “delete my account” is not “delete a workspace”.

Scores rank passages, but one shared verb or noun can be enough for a good one. What a question does and what it does it
to must both be met, by one sentence of the passage or by what stands above it, and the sentence must not say the
opposite (“on” for “off”). Words are compared as citations are checked (`knowledge.citations`), and as full text
compares them, which knows more forms of an Arabic word and more words for the same. Pure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from core.passages import Fit, Passage
from core.sentences import split_sentences, without_mark
from core.tables import is_row
from knowledge.citations.lexicon import GENERIC_WORDS
from knowledge.citations.support import SHARED_PREFIX
from knowledge.citations.words import Reading, opposites, plain, read_sentence, stem
from knowledge.retrieval import analysis
from knowledge.retrieval.near_words import rewritten, same_words

LEAST: Final = 0.75
"""Share of a question's words that a passage must meet: all of up to three, all but one of four."""
_WHOLE: Final = 4
"""Letters of a word from which another that begins with it counts as met: “team” and “teammate”."""
_MANY: Final = 2
"""Sentences that must speak of a question's only word, where no heading does."""
_ROOT: Final = 3
"""Consonants of a root."""
_LANGUAGES: Final = ("en", "ar")
_ARABIC: Final = re.compile("[\u0620-\u064a]")
_LIGHT: Final = (
    "say says said use using used possible able many much long often big far soon كم مدة لماذا اريد أريد نريد مجددا"
)
"""Words beside those of `knowledge.citations` that say little of what a question is about."""


def fit(question: str, passage: Passage) -> Fit:
    """Return how a passage meets a question; where words do not tell, for lack of them or of the language, it does."""
    question = rewritten(passage.understood(question))
    if not (_is_read(question, passage) and _telling(question)):
        return Fit(1.0, is_met=True)
    above = " . ".join((passage.document_title, *passage.heading_path))
    heading = passage.heading_path[-1] if passage.heading_path else passage.document_title
    shares = [_share(question, place) for place in _places(rewritten(above), rewritten(passage.text))]
    best = max(shares, default=0.0)
    is_met = best >= LEAST and _is_said_enough(question, heading, shares)
    return Fit(best, is_met, _is_trouble(question, heading))


def _is_read(question: str, passage: Passage) -> bool:
    """Tell whether question and passage are in one script, and in a language whose small words are known."""
    language = (passage.language or "en").partition("-")[0]
    return language in _LANGUAGES and bool(_ARABIC.search(question)) is bool(_ARABIC.search(passage.text))


def _is_said_enough(question: str, heading: str, shares: Sequence[float]) -> bool:
    """Tell whether a question's only word is what the passage is about, rather than one word of a sentence."""
    wanted = _telling(question)
    if len(question.split()) == 1:
        return wanted == _telling(heading)
    return len(wanted) > 1 or shares[0] >= LEAST or sum(share >= LEAST for share in shares) >= _MANY


def _is_trouble(question: str, heading: str) -> bool:
    asked, named = read_sentence(question), read_sentence(heading)
    return bool(named.denied) and not asked.denied and not named.denied & asked.marks


def _share(question: str, place: str) -> float:
    """Return the share of a question's words that a place meets; none where it says the opposite."""
    asked, said = read_sentence(question), read_sentence(place)
    if _is_opposed(asked, said):
        return 0.0
    as_cited = _met(_telling(question), frozenset(said.stems))
    as_found = _met(_terms(question), _stems(place))
    return max(as_cited, as_found)


def _is_opposed(asked: Reading, said: Reading) -> bool:
    """Tell whether a text says the opposite of a word of the question, and never that word."""
    return any(opposites()[word] & said.affirmed for word in asked.affirmed & opposites().keys() - said.marks)


def _met(wanted: frozenset[str], known: frozenset[str]) -> float:
    met = [word for word in wanted if any(_is_met(one, known) for one in (word, *same_words().get(word, ())))]
    return len(met) / len(wanted) if wanted else 0.0


def _is_met(word: str, known: frozenset[str]) -> bool:
    return word in known or any(_are_alike(word, other) for other in known)


def _are_alike(word: str, other: str) -> bool:
    """Tell whether two stems count as one word that the stemmer kept apart, or one is a part of the other."""
    short, long = sorted((word, other), key=len)
    if "\u0600" <= word[0] <= "\u06ff":
        return len(analysis.root(word)) >= _ROOT and analysis.root(other).startswith(analysis.root(word))
    if opposites().get(word) and opposites().get(word) == opposites().get(other):
        return True
    if len(short) >= _WHOLE and long.startswith(short):
        return True
    return (
        short[:SHARED_PREFIX] == long[:SHARED_PREFIX] and SHARED_PREFIX <= len(short) >= len(long) - SHARED_PREFIX + 1
    )


@lru_cache(maxsize=4096)
def _stems(place: str) -> frozenset[str]:
    return frozenset(analysis.stems(place))


@lru_cache(maxsize=1024)
def _telling(text: str) -> frozenset[str]:
    """Return the stems of a text that say what it is about; all where none does."""
    stems = frozenset(read_sentence(text).stems)
    return stems - _generic() or stems


@lru_cache(maxsize=1024)
def _terms(text: str) -> frozenset[str]:
    """Return what full text compares of a text, without words of no content."""
    terms = [(text[term.start : term.end], term.stem) for term in analysis.read(text)]
    telling = frozenset(found for word, found in terms if stem(plain(word)) in read_sentence(text).stems)
    return frozenset(found for word, found in terms if stem(plain(word)) not in _generic()) & telling or telling


@lru_cache(maxsize=1)
def _generic() -> frozenset[str]:
    return frozenset(stem(plain(word)) for word in (*GENERIC_WORDS, *_LIGHT.split()))


@lru_cache(maxsize=1024)
def _places(above: str, text: str) -> tuple[str, ...]:
    """Return what stands above a text, and below it each sentence, and each table as a whole: no row says what it is
    about by itself."""
    sentences = [sentence.text for sentence in split_sentences(text)]
    said: list[str] = []
    for is_table, some in groupby(sentences, key=is_row):
        group = list(some)
        said += [" . ".join(group)] if is_table else map(without_mark, group)
    return (above, *(f"{above} . {place}" for place in said))
