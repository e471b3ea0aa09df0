"""Which reader a kind of file goes to, and what every document gets whoever read it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from knowledge.converting.archives import identify
from knowledge.converting.sniffing import IN_PROCESS, Kind
from knowledge.converting.texts import first_heading, name_of, read_text
from knowledge.documents import DAMAGED, NO_TEXT, TOO_COMPLEX, TOO_LARGE, ConvertLimits, Document, Raw, Unreadable

Reader = Callable[[Raw, ConvertLimits], Document]


def read(raw: Raw, kind: Kind, limits: ConvertLimits) -> Document:
    """Return the document, read by its kind, with a title and within the limits.

    Raises:
        Unreadable: whatever the reader finds wrong.
    """
    if kind is Kind.OFFICE:
        kind = identify(raw.content, limits)
    document = _guarded(raw, kind, limits)
    if len(document.markdown) > limits.characters:
        raise Unreadable(TOO_LARGE, f"{len(document.markdown)} characters; at most {limits.characters} are read.")
    if not any(character.isalnum() for character in document.markdown):
        raise Unreadable(NO_TEXT, "The document holds no letter.")
    title = " ".join(document.title.split()) or first_heading(document.markdown) or name_of(raw)
    return replace(document, title=title[:300])


def _guarded(raw: Raw, kind: Kind, limits: ConvertLimits) -> Document:
    try:
        return read_text(raw, limits) if kind in IN_PROCESS else heavy_readers()[kind](raw, limits)
    except Unreadable:
        raise
    except (RecursionError, MemoryError):
        raise Unreadable(TOO_COMPLEX, "The document nests too deeply or needs too much memory.") from None
    except Exception as error:
        # Parsers meet malformed files with errors of every type; whichever it is, the file cannot be read.
        raise Unreadable(DAMAGED, f"The document is damaged; its reader ended with {type(error).__name__}.") from error


@cache
def heavy_readers() -> Mapping[Kind, Reader]:
    """Return the readers that bring large libraries, loading those at the first call."""
    from knowledge.converting.pages import read_page
    from knowledge.converting.pdfs import read_pdf
    from knowledge.converting.tables import read_csv, read_workbook
    from knowledge.converting.words import read_docx

    return {
        Kind.HTML: read_page,
        Kind.PDF: read_pdf,
        Kind.OFFICE: read_docx,
        Kind.SPREADSHEET: read_workbook,
        Kind.CSV: read_csv,
    }
