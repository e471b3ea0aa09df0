"""Bytes to text: the encoding is found, not believed, and what PostgreSQL or JSON cannot hold is cleaned away.

A byte order mark decides first, then valid UTF-8, then UTF-16 by where its zero bytes lie, then the charset that the
sender named, and at last a guess between the single-byte encodings that help centres still use.
"""

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

from knowledge.documents import UNDECODABLE, Unreadable

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEGACY: Final = ["cp1256", "cp1252", "cp1251", "cp1250", "cp1254", "iso8859_6"]
"""Windows-1256 is Arabic; 1252 contains Latin-1's letters; then Cyrillic, Central European, Turkish, ISO Arabic."""
_SAMPLE: Final = 65_536
_SPACES: Final = 0.05
"""Share of zero bytes on one side that betrays UTF-16: in any script the blanks alone come to more."""
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_BROKEN_SHARE: Final = 0.1


def decode(content: bytes, declared: str | None = None) -> str:
    """Return the text of `content`, cleaned; `declared` is the charset that a header or a meta tag names.

    A few broken bytes in UTF-8 become U+FFFD; that is no reason to lose a document.

    Raises:
        Unreadable: `undecodable` when more than a tenth would be replaced or unprintable.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _checked(content[len(mark) :].decode(encoding, "replace"))
    wide = wide_encoding(content)
    if wide:
        return _checked(content.decode(wide, "replace"))
    try:
        return _checked(_joined(content.decode("utf-8", "surrogatepass")))
    except UnicodeDecodeError as error:
        return _checked(content.decode(_fallback(content, error, declared), "replace"))


def _joined(text: str) -> str:
    # Some programs write a character beyond U+FFFF as two surrogates, and when they cut a text, leave one.
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def charset(declaration: str | None) -> str | None:
    """Return the charset that a media type or a piece of HTML names, if Python knows it."""
    found = _CHARSET.search(declaration or "")
    try:
        return codecs.lookup(found[1]).name if found else None
    except LookupError:
        return None


def wide_encoding(content: bytes) -> str | None:
    """Return the byte order of UTF-16 without a mark: most text has its zero bytes on one side alone."""
    sample = content[:4096]
    half = len(sample) // 2
    if half < 2:
        return None
    low, high = sample[0 : 2 * half : 2].count(0), sample[1 : 2 * half : 2].count(0)
    if high > _SPACES * half and low <= high // 10:
        return "utf-16-le"
    if low > _SPACES * half and high <= low // 10:
        return "utf-16-be"
    return None


def clean(text: str) -> str:
    """Return the text with uniform line ends, and without NUL, other control characters and lone surrogates."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n"))


def _fallback(content: bytes, error: UnicodeDecodeError, declared: str | None) -> str:
    if _mostly_utf8(content):
        return "utf-8"
    if declared and not declared.startswith("utf"):
        return declared
    sample = _interesting(content, error.start)
    matches = from_bytes(sample, cp_isolation=_LEGACY)
    best = matches.best()
    if best is None:
        return "cp1252"
    equals = {match.encoding for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence)}
    return next(encoding for encoding in _LEGACY if encoding in equals)


def _mostly_utf8(content: bytes) -> bool:
    # Multi-byte sequences that are valid UTF-8 hardly occur in other encodings: more of them than faults decides.
    text = content[:_SAMPLE].decode("utf-8", "replace")
    faults = text.count("\ufffd")
    return sum(ord(character) > 127 for character in text) - faults > faults


def _interesting(content: bytes, start: int) -> bytes:
    # The guess needs the bytes above 127, and the first of them may stand far behind a long ASCII beginning.
    return content[max(0, start - 2048) : start + _SAMPLE]


def _checked(text: str) -> str:
    cleaned = clean(text)
    if cleaned.count("\ufffd") > _BROKEN_SHARE * len(cleaned):
        raise Unreadable(UNDECODABLE, "The text is in no encoding that could be made out. Save it as UTF-8.")
    return cleaned
