"""What a file really is: its first bytes say so, its name and media type only choose between kinds of text."""

import re
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from knowledge.converting.decoding import wide_encoding
from knowledge.documents import EMPTY, ENCRYPTED, TOO_LARGE, UNSUPPORTED, ConvertLimits, Raw, Unreadable


class Kind(StrEnum):
    """How a file is read. OFFICE is any ZIP archive; which one, its parts will tell."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    CSV = "csv"
    PDF = "pdf"
    OFFICE = "office"
    SPREADSHEET = "spreadsheet"


IN_PROCESS: Final = frozenset({Kind.TEXT, Kind.MARKDOWN})
"""Kinds without a parser that a hostile file could exhaust."""

_NAMED: Final = {
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".csv": Kind.CSV,
    ".tsv": Kind.CSV,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    "text/markdown": Kind.MARKDOWN,
    "text/csv": Kind.CSV,
    "text/tab-separated-values": Kind.CSV,
    "text/html": Kind.HTML,
    "application/xhtml+xml": Kind.HTML,
}
_FOREIGN: Final = (
    (b"{\\rtf", "RTF; save it as DOCX or PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "audio, video or an image"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"%!PS", "PostScript; save it as PDF"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format", "a database"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_PDF_WITHIN: Final = 1024
"""Readers accept the header anywhere in the first 1024 bytes (PDF 1.7, implementation note 13)."""
_HEAD: Final = 2048
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - {*b"\t\n\v\f\r\x1b"})
"""Bytes that text does without; escape (0x1b) is not among them, since logs of terminals are full of it."""
_MOST_CONTROLS: Final = 0.05
"""Share of them in text; of random bytes, which a compressed or encrypted file looks like, they are a tenth."""
_HTML_START: Final = re.compile(
    r"\s*+(?:(?><!--.{0,1000}?-->)\s*+|(?><\?xml[^>]{0,200}\?>)\s*+)*+<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAGS: Final = re.compile(r"<(?:p|div|h[1-6]|ul|ol|table|section|article|main|span|br)\b[^<>]{0,500}>", re.I)
_XML_START: Final = re.compile(r"\s*<(?:\?xml|svg|!doctype\s+svg|rss|feed)\b", re.I)


def sniff(raw: Raw, limits: ConvertLimits) -> Kind:
    """Return how to read a file.

    Raises:
        Unreadable: `empty_document`, `too_large`, `encrypted_document` or `unsupported_type`.
    """
    if len(raw.content) > limits.max_bytes:
        raise Unreadable(TOO_LARGE, f"{len(raw.content)} bytes; at most {limits.max_bytes} are read.")
    head = raw.content[:_HEAD]
    if not raw.content.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise Unreadable(EMPTY, "The document is empty.")
    return _binary(raw.content, head) or _textual(raw, _readable(head))


def _binary(content: bytes, head: bytes) -> Kind | None:
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return Kind.PDF
    if head.startswith(_ZIP):
        return Kind.OFFICE
    if head.startswith(_OLE):
        return _compound(content)
    for start, name in _FOREIGN:
        if head.startswith(start):
            raise Unreadable(UNSUPPORTED, f"By its content this is {name}.")
    return None


def _compound(content: bytes) -> Kind:
    # The directory of an OLE file names its streams in UTF-16; an encrypted OOXML file is wrapped in one.
    def holds(stream: str) -> bool:
        return stream.encode("utf-16-le") in content

    if holds("EncryptedPackage"):
        raise Unreadable(ENCRYPTED, "The file is protected by a password. Save a copy without one.")
    if holds("Workbook") or holds("Book\x00"):
        return Kind.SPREADSHEET
    raise Unreadable(UNSUPPORTED, "By its content this is an old Office file; save it as DOCX, XLSX or PDF.")


def _readable(head: bytes) -> str:
    encoding = wide_encoding(head)
    if encoding is None and head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    if encoding is None and len(head.translate(None, _CONTROLS)) < (1 - _MOST_CONTROLS) * len(head):
        raise Unreadable(UNSUPPORTED, "By its content this is a damaged file, or of no kind that is read here.")
    return head.decode(encoding or "latin-1", "replace")


def _textual(raw: Raw, head: str) -> Kind:
    if _HTML_START.match(head.lstrip("\ufeffï»¿")):
        return Kind.HTML
    if _XML_START.match(head.lstrip("\ufeffï»¿")):
        raise Unreadable(UNSUPPORTED, "By its content this is XML of no kind that is read here.")
    named = _named(raw)
    if named is Kind.HTML and not _TAGS.search(head):
        return Kind.HTML if b"</" in raw.content else Kind.TEXT
    return named or Kind.TEXT


def _named(raw: Raw) -> Kind | None:
    by_name = _NAMED.get(PurePosixPath(raw.name.lower()).suffix)
    by_type = _NAMED.get((raw.media_type or "").partition(";")[0].strip().lower())
    return by_name if by_name in (Kind.MARKDOWN, Kind.CSV) else by_type or by_name
