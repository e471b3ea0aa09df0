"""A text as patterns can read it: other scripts' digits and full-width letters as ASCII, invisible characters gone.

What is found in it must be replaced in the original, so each character remembers where it stood.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u0640\u115f\u1160\u17b4\u17b5\u180b-\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""Characters that nobody sees: controls, joiners, marks of direction, fillers, and Arabic's line of justification."""
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\ufe58\ufe63"
_BLANKS: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_DIGIT_BLOCKS: Final = (0x0660, 0x06F0, 0x0966, 0x09E6, 0x0E50, 0x07C0, 0xFF10)
"""Where the digits 0 to 9 of other scripts begin: Arabic, Persian, Devanagari, Bengali, Thai, N'Ko, full width."""


def _ascii_of() -> dict[int, str]:
    table = {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)}
    table |= {start + digit: str(digit) for start in _DIGIT_BLOCKS for digit in range(10)}
    styled = (code for block in ((0x1D400, 0x1D800), (0x2460, 0x24EA)) for code in range(*block))
    for code in styled:
        simple = unicodedata.normalize("NFKC", chr(code))
        if len(simple) == 1 and simple.isascii():
            table[code] = simple
    table |= dict.fromkeys(map(ord, _DASHES), "-") | dict.fromkeys(map(ord, _BLANKS), " ")
    return table | {0x066B: ".", 0x066C: ",", 0x060C: ",", 0xFE6B: "@", 0x2024: ".", 0x3002: ".", 0xFF61: "."}


_ASCII: Final = _ascii_of()


@dataclass(frozen=True, slots=True)
class PlainText:
    """The readable text, and for each of its characters the index in the original; None where they are the same."""

    text: str
    origin: Sequence[int] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the slice of the original that a slice of the readable text, not an empty one, stands for."""
        if self.origin is None:
            return start, end
        return self.origin[start], self.origin[end - 1] + 1


def make_plain(text: str) -> PlainText:
    """Return the readable form of a text; linear in its length."""
    readable = text if text.isascii() else text.translate(_ASCII)
    if not _INVISIBLE.search(readable):
        return PlainText(readable)
    origin = [index for index, character in enumerate(readable) if not _INVISIBLE.match(character)]
    return PlainText("".join(readable[index] for index in origin), origin)
