"""What people typed, made fit to be stored, shown and judged: no character in it does anything but stand for itself.

Control characters and bidirectional overrides can make a text look like another one than it is; invisible ones can
hide words from whoever reads along. Marks that languages need stay: ZERO WIDTH (NON-)JOINER in Persian and in emoji,
and the left-to-right, right-to-left and Arabic letter marks, which only affect their neighbours (Unicode, UAX #9).
"""

import re
import unicodedata
from typing import Final

_LINE_ENDS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BROKEN: Final = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Lone surrogates and noncharacters: something was lost there, so they leave U+FFFD."""
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # C0 and C1 controls but tab and line feed
    "\u202a-\u202e\u2066-\u2069"  # bidirectional embeddings, overrides and isolates
    "\u00ad\u180e\u200b\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"  # invisible formatting
    "\U000e0000-\U000e007f]"  # tags, which spell out text that nobody sees
)
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as letters or symbols, and show nothing."""


def repaired(text: str) -> str:
    """Return the text with lone surrogates and noncharacters as U+FFFD, so that it can be written as UTF-8."""
    return _BROKEN.sub("\ufffd", text)


def cleaned(text: str) -> str:
    """Return the text with line ends as line feeds, without what cannot be seen, and without space around it."""
    text = _LINE_ENDS.sub("\n", text)
    return repaired(_UNSEEN.sub("", text)).strip()


def says_something(text: str) -> bool:
    """Tell whether anything of the text can be seen."""
    return any(unicodedata.category(char)[0] not in "CZM" and char not in _BLANK for char in text)
