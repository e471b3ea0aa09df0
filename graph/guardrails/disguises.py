"""What a text says in disguise: letters set apart, digits for letters, look-alikes, encodings. Pure.

A text that is read differently by a person and by a filter is how filters are got round, so each reading is looked at.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

_SPACED: Final = re.compile(r"(?<!\w)(?:\w[ ._\-*]){5,400}\w(?!\w)")
_DOTTED: Final = re.compile(r"(?<!\w)(?:\w[._\-*]){2,400}\w(?!\w)")
_SEPARATOR: Final = re.compile(r"[ ._\-*]")
_MIXED: Final = re.compile(r"(?=[^\W\d]{0,20}(?:[0134578@$]|[!|][a-z]))[a-z@$!|0134578]{3,20}")
_DIGITS: Final = str.maketrans("0134578@$!|", "oieastbasil")
_LOOKALIKES: Final = str.maketrans("аеорсухіѕԁӏмтвнк" + "αοενικτυρ", "aeopcyxisdlmtbhk" + "aoeviktup")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/=_\-])[A-Za-z0-9+/_\-]{16,2000}={0,2}(?![A-Za-z0-9+/=])")
_HEX: Final = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[ :]?){10,1000}(?![0-9A-Fa-f])")
_ROT13: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
)
_ROT13_SIGN: Final = re.compile(
    r"\b(?:vtaber|qvfertneq|sbetrg|cebzcg|vafgehpgvbaf?|erirny|cnffjbeq|flfgrz)\b", re.IGNORECASE
)
_REVERSED_SIGN: Final = re.compile(r"\b(?:erongi|snoitcurtsni|tpmorp|metsys|drawssap|laever|tegrof)\b", re.IGNORECASE)
_JOINED: Final = re.compile(r"(?<=[A-Za-z])[_\-+/]+(?=[A-Za-z])|-?NUL-?")
_READABLE: Final = 0.85
_LEAST: Final = 8
_AROUND: Final = 500
"""Characters on either side of a sign that are turned back."""


def readings(text: str) -> Iterator[str]:
    """Yield what else a text may say; nothing for plain writing, two texts at most, so that the work is bounded.

    The first has every disguise undone that leaves the letters in their places, the second holds all that was decoded.
    """
    if (undone := _undone(text)) != text.lower():
        yield undone
    if hidden := "\n".join((*_turned(text), *_decoded(text))):
        yield hidden


def _together(text: str) -> str:
    return _SPACED.sub(_letters, text)


def _letters(found: re.Match[str]) -> str:
    return _SEPARATOR.sub("", found[0])


def _undone(text: str) -> str:
    return undisguised(unquote(_JOINED.sub(" ", _together(html.unescape(text)))))


def undisguised(text: str) -> str:
    """Return a text in lower case, letters set apart put together, look-alikes and digits turned into letters."""
    lowered = _DOTTED.sub(_letters, _together(text)).lower()
    latin = lowered if text.isascii() else lowered.translate(_LOOKALIKES)
    return _MIXED.sub(lambda found: found[0].translate(_DIGITS), latin)


def _turned(text: str) -> Iterator[str]:
    """Yield what is rotated or written backwards, around its first sign."""
    if sign := _ROT13_SIGN.search(text):
        yield _around(text, sign).translate(_ROT13)
    if sign := _REVERSED_SIGN.search(text):
        yield _around(text, sign)[::-1]


def _around(text: str, sign: re.Match[str]) -> str:
    return text[max(0, sign.start() - _AROUND) : sign.end() + _AROUND]


def _decoded(text: str) -> Iterator[str]:
    for found in _HEX.finditer(text):
        yield from _readable(bytes.fromhex(re.sub(r"[ :]", "", found[0])[: len(found[0]) // 2 * 2]))
    for found in _BASE64.finditer(text):
        body = found[0].rstrip("=")
        try:
            yield from _readable(
                base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_" if "_" in body else None)
            )
        except (binascii.Error, ValueError):
            continue


def _readable(data: bytes) -> Iterator[str]:
    """Yield bytes as text if most of them are letters and blanks: identifiers decode to noise."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    letters = sum(character.isalpha() or character.isspace() for character in text)
    if len(text) >= _LEAST and letters >= _READABLE * len(text):
        yield text
