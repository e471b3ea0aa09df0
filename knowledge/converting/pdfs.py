"""PDF by way of pdfium, which is fast and, unlike extractors that only follow the content stream, knows each glyph's
place: that is what puts Arabic into reading order.
"""

import math
from collections.abc import Iterator
from ctypes import byref, c_double
from typing import Any, Final

import pypdfium2
import pypdfium2.raw as pdfium

from knowledge.converting import layout
from knowledge.converting.decoding import clean
from knowledge.converting.layout import Glyph, Line
from knowledge.documents import (
    DAMAGED,
    ENCRYPTED,
    NO_TEXT,
    TOO_LARGE,
    ConvertLimits,
    Document,
    Raw,
    Unreadable,
)

_TAIL: Final = 4096


def read_pdf(raw: Raw, limits: ConvertLimits) -> Document:
    """Return a PDF's text with headings by font size.

    Raises:
        Unreadable: `encrypted_document`, `damaged_document`, `no_text` for scans, or `too_large`.
    """
    if b"%%EOF" not in raw.content[-_TAIL:]:
        raise Unreadable(DAMAGED, "The PDF is cut off: its end is missing.")
    try:
        pdf = pypdfium2.PdfDocument(raw.content)
        pages = list(_pages(pdf, limits))
        described = pdf.get_metadata_dict(skip_empty=True)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium.FPDF_ERR_PASSWORD:
            raise Unreadable(ENCRYPTED, "The PDF is protected by a password. Save a copy without one.") from None
        raise Unreadable(DAMAGED, "The PDF is damaged.") from None
    kept, running = layout.split_running(pages)
    markdown = layout.to_markdown(kept)
    if not markdown.strip():
        raise Unreadable(NO_TEXT, "The PDF holds no text; a scan must go through text recognition first.")
    title = clean(described.get("Title", "")).strip()
    notices = (*running, *(clean(described[key]) for key in ("Subject", "Keywords") if key in described))
    return Document(title, markdown, raw.url, notices=notices)


def _pages(pdf: pypdfium2.PdfDocument, limits: ConvertLimits) -> Iterator[list[Line]]:
    if len(pdf) == 0:
        raise Unreadable(DAMAGED, "The PDF has no page.")
    characters = 0
    for page in pdf:
        text = page.get_textpage()
        characters += text.count_chars()
        if characters > limits.characters:
            raise Unreadable(TOO_LARGE, f"The PDF holds more than {limits.characters} characters.")
        yield list(_lines(text))
        text.close()
        page.close()


def _lines(text: Any) -> Iterator[Line]:
    start = 0
    codes = [pdfium.FPDFText_GetUnicode(text, index) for index in range(text.count_chars())]
    for index, code in enumerate([*codes, 0x0A]):
        if code in (0x0A, 0x0D):
            if line := _line(text, codes, start, index):
                yield line
            start = index + 1


def _line(text: Any, codes: list[int], start: int, stop: int) -> Line | None:
    inked = next((index for index in range(start, stop) if codes[index] > 0x20), None)
    if inked is None:
        return None
    characters = [chr(code) if code else "" for code in codes[start:stop]]
    if any("\u0590" <= character <= "\u08ff" or "\ufb1d" <= character <= "\ufefc" for character in characters):
        glyphs = [Glyph(character, _middle(text, start + at)) for at, character in enumerate(characters) if character]
        content = layout.order_glyphs(glyphs)
    else:
        content = "".join(characters)
    return Line(_cleaned(content), _size(text, inked), _baseline(text, inked))


def _cleaned(content: str) -> str:
    # U+0002 and U+FFFE stand for a hyphen at the end of a line; the layout joins the word there.
    is_hyphenated = content.rstrip().endswith(("\x02", "\ufffe", "\u00ad"))
    cleaned = clean(content.replace("\x02", "").replace("\ufffe", "").replace("\u00ad", ""))
    return cleaned.strip() + ("\u00ad" if is_hyphenated else "")


def _middle(text: Any, index: int) -> float:
    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    pdfium.FPDFText_GetCharBox(text, index, byref(left), byref(right), byref(bottom), byref(top))
    return (left.value + right.value) / 2


def _baseline(text: Any, index: int) -> float:
    x, y = c_double(), c_double()
    pdfium.FPDFText_GetCharOrigin(text, index, byref(x), byref(y))
    return y.value


def _size(text: Any, index: int) -> float:
    # The font's size alone says little: producers set it to 1 and scale by the matrix.
    matrix = pdfium.FS_MATRIX()
    scale = 1.0
    if pdfium.FPDFText_GetMatrix(text, index, byref(matrix)):
        scale = math.hypot(matrix.b, matrix.d) or 1.0
    return float(pdfium.FPDFText_GetFontSize(text, index)) * scale
