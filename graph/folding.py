"""Texts of users made comparable, for rules that look for words: one case, one spelling of what has several. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from core.personal_data.plainness import make_plain

_MARKS: Final = re.compile("[\u0300-\u036f\u064b-\u065f\u0670]")
_ONE_SPELLING: Final = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ی": "ي", "ک": "ك"}
    | dict.fromkeys("’‘`´ʼ", "'")
    | dict.fromkeys("“”«»", '"')
)
"""Arabic letters that people write for one another, and quotation marks."""
_MOST: Final = 4000
_OVERLAP: Final = 400
_MOST_PIECES: Final = 30
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")


def pieces(text: str) -> tuple[str, ...]:
    """Return what of a text to look at on its own: several quick messages come as lines of one text.

    The whole in windows that `fold` takes, overlapping so that nothing hides at a border, and each line by itself that
    is no longer than the overlap: a longer one would be read twice.
    """
    step = _MOST - _OVERLAP
    windows = [text[start : start + _MOST] for start in range(0, max(1, len(text) - _OVERLAP), step)]
    lines = [line for line in text.splitlines() if line.strip()]
    short = [line for line in lines if len(line) <= _OVERLAP and len(lines) > 1]
    return tuple(dict.fromkeys([*windows, *short]))[:_MOST_PIECES]


@lru_cache(maxsize=64)
def fold(text: str) -> str:
    """Return a text in lower case, without accents, invisible characters and stretched letters, blanks single.

    At most 4,000 characters of it: as long as a message may be.
    """
    plain = make_plain(unicodedata.normalize("NFKC", text[:_MOST])).text
    bare = _MARKS.sub("", unicodedata.normalize("NFD", plain.lower()).translate(_ONE_SPELLING))
    return " ".join(_STRETCHED.sub(r"\1\1", unicodedata.normalize("NFC", bare).translate(_ONE_SPELLING)).split())


class Wordings:
    """Patterns over folded texts; the Arabic ones, half of the work, are looked for where a text is not all ASCII."""

    def __init__(self, english: Iterable[str], arabic: Iterable[str]) -> None:
        self._english, self._arabic = _any_of(english), _any_of(arabic)

    def occur_in(self, folded: str) -> bool:
        """Tell whether a folded text holds any of them."""
        if self._english.search(folded):
            return True
        return not folded.isascii() and self._arabic.search(folded) is not None


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))
