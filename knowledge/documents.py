"""What a document is before and after conversion, and every way in which it can turn out unreadable.

These values travel from fetching or an upload to conversion, and from there to chunking and storage, so they hold
plain data alone and import nothing heavy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import ProductError

EMPTY: Final = "empty_document"
"""Code: no byte, or nothing but blanks."""
TOO_LARGE: Final = "too_large"
"""Code: more bytes, characters or rows than the limits allow."""
UNSUPPORTED: Final = "unsupported_type"
"""Code: by its content this is no kind of file that we read."""
ENCRYPTED: Final = "encrypted_document"
"""Code: it opens with a password only."""
ZIP_BOMB: Final = "zip_bomb"
"""Code: unpacked it would be far larger than packed, has too many entries, or overlapping ones."""
DAMAGED: Final = "damaged_document"
"""Code: truncated or malformed, so that its kind cannot be read to the end."""
UNDECODABLE: Final = "undecodable"
"""Code: text in no encoding that we can make out."""
NO_TEXT: Final = "no_text"
"""Code: readable, yet without text: a scan, a page that only scripts fill."""
TOO_COMPLEX: Final = "too_complex"
"""Code: reading it took more time or memory than one document may have, or it nests too deeply."""
NOT_A_FAQ: Final = "not_a_faq"
"""Code: a table without a column of questions and one of answers."""
BAD_ROWS: Final = "bad_rows"
"""Code: rows of a question table that make no pair; `errors` name each by `row`, counted from 1 as in the sheet."""
LICENCE_BLOCKED: Final = "licence_blocked"
"""Code: its licence notice matches a blocked pattern; the text names the pattern and what it found."""
LICENCE_UNDECIDED: Final = "licence_undecided"
"""Code: a licence pattern took too long on this document, so it could not be cleared."""

CODES: Final = (
    EMPTY,
    TOO_LARGE,
    UNSUPPORTED,
    ENCRYPTED,
    ZIP_BOMB,
    DAMAGED,
    UNDECODABLE,
    NO_TEXT,
    TOO_COMPLEX,
    NOT_A_FAQ,
    BAD_ROWS,
    LICENCE_BLOCKED,
    LICENCE_UNDECIDED,
)


class Unreadable(ProductError):
    """This document cannot be taken in, and trying the same bytes again will not help. `code` is one of `CODES`."""

    code = DAMAGED
    title = "The document cannot be read."

    def __init__(self, code: str, detail: str, *, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail, errors=errors)
        self.code = code


@dataclass(frozen=True, slots=True)
class Raw:
    """What a fetch or an upload gives.

    `name` is a file name or the last part of an address; like `media_type` (which may carry a charset) it is a hint
    alone: the content decides. `url` is the address after redirects, None for uploads.
    """

    content: bytes
    name: str
    media_type: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A document as Markdown.

    `url` is the page's canonical address when it names one on its own host, else where it was fetched. `language` is
    an ISO 639-1 code or None when unclear. `licence` is what metadata or a licence link declares. `attribution` is
    the notice that a citation must show; `licences.clear` fills it in. `notices` are the places where a licence is
    declared (metadata, footers, notice lines), the only text that licence patterns are held against.
    """

    title: str
    markdown: str
    url: str | None = None
    language: str | None = None
    licence: str | None = None
    attribution: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConvertLimits:
    """What one document may cost. Bytes, seconds, characters, rows; the defaults suit help centres and manuals.

    `seconds` caps the CPU time of a conversion, and three times as much its wall time, since other work may hold the
    processor. `memory_bytes` is what parsing may take beyond the libraries that parse. `unpacked_bytes`,
    `unpack_ratio` and `entries` are for the archives that DOCX and XLSX are.
    """

    max_bytes: int = 20_000_000
    seconds: float = 30.0
    memory_bytes: int = 1_000_000_000
    characters: int = 10_000_000
    rows: int = 50_000
    unpacked_bytes: int = 200_000_000
    unpack_ratio: int = 200
    entries: int = 5_000
