"""Reads a misspelt word of a question as the word of the company's own documents that was probably meant.

The vocabulary is the company's, not a dictionary's: the names of its product and its screens live there. A dictionary
tells only what is no misspelling (“theme” is not “them”). Words are compared by edit distance, where two letters that
changed places count one; a first letter is seldom wrong, and where it is, another word is meant more often (“activate”,
“deactivate”). English and Arabic, since in no other language it was measured. Pure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from knowledge.retrieval.analysis import read, root, spell
from knowledge.retrieval.stopwords import ARABIC, ENGLISH

LANGUAGES: Final = ("en", "ar")
"""Languages of documents whose words are corrected to; documents of an unknown one are read as English."""
WORDS: Final = 10_000
"""Words of a company that are kept, the most frequent ones: about 1 MB."""
_SHORTEST: Final = 4
"""Letters of a word that may lack a letter, have one too many or a wrong one; in three, two can have changed places."""
_LONG: Final = 8
"""Letters from which two mistakes are thought of."""
_WORD: Final = re.compile(r"[^\W\d_][\w\u064b-\u0652]*")
_CODE: Final = re.compile(r"[\d@_/\\:=#&<>{}\[\]]|\w\.\w")
"""What stands in keys, addresses, numbers and code, of which no part is corrected."""
_SIGNS: Final = ".,;:!?؟،؛…()\"'“”«»"


@dataclass(frozen=True, slots=True)
class Spelling:
    """The words of a company's documents by their first letter, as `analysis.spell` writes them.

    The most frequent come first, those that carry grammar last.
    """

    words: Mapping[str, Sequence[str]]

    def nearest(self, word: str) -> str | None:
        """Return the word that an unknown one means: the nearest, of equals the first; None where none is near."""
        most = _mistakes(word)
        if not most:
            return None
        swapped = word[1] + word[0]
        others = (one for one in self.words.get(word[1], ()) if one.startswith(swapped))
        near = (*self.words.get(word[0], ()), *others)
        some = near if len(word) >= _SHORTEST else [one for one in near if sorted(one) == sorted(word)]
        found = process.extractOne(word, some, scorer=OSA.distance, score_cutoff=most)
        return found[0] if found else None


def spelling_of(texts: Iterable[str], most: int = WORDS) -> Spelling:
    """Return the words of some texts, and those that carry grammar, which are misspelt as often.

    The Arabic ones of these are left out: they are so short that another word is meant more often.
    """
    counts = Counter(spell(word) for text in texts for word in _WORD.findall(text))
    frequent = [word for word, _ in counts.most_common(most) if len(word) > 1]
    words: dict[str, list[str]] = {}
    for word in [*(word for word in frequent if word not in ENGLISH | ARABIC), *sorted(ENGLISH)]:
        words.setdefault(word[0], []).append(word)
    return Spelling(words)


def words_of(query: str) -> Iterator[str]:
    """Yield the words of a query that can be misspelt, as they stand: none that carry grammar, and no part of a key, an
    address or a number."""
    for token in query.split():
        if _CODE.search(token.strip(_SIGNS)):
            continue
        for term in read(token):
            if (word := token[term.start : term.end]).isalpha():
                yield word


def is_another(written: str, meant: str) -> bool:
    """Tell whether a word was taken for another, and not for a form of itself: Arabic forms differ by their vowels."""
    return not "\u0600" <= meant[0] <= "\u06ff" or root(spell(written)) != root(meant)


def _mistakes(word: str) -> int:
    """Return how many mistakes a word of that length may hold."""
    if len(word) < _SHORTEST:
        return len(word) == _SHORTEST - 1
    return 1 if len(word) < _LONG else 2
