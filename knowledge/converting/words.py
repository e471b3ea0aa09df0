"""DOCX by way of mammoth: styles become headings, lists and tables stay; pictures and outside references are left."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final
from xml.sax import SAXException
from xml.sax.handler import ContentHandler

import defusedxml.sax
import mammoth
import markdownify
from defusedxml import DefusedXmlException

from knowledge.converting.decoding import clean
from knowledge.documents import (
    DAMAGED,
    NO_TEXT,
    TOO_COMPLEX,
    TOO_LARGE,
    ConvertLimits,
    Document,
    Raw,
    Unreadable,
)

_STYLES: Final = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"
_DEEPEST: Final = 300
_MARGINS: Final = ("word/footer", "word/header")
_PROPERTIES: Final = "docProps/core.xml"
_RIGHTS: Final = ("rights", "license", "description", "keywords")


def read_docx(raw: Raw, limits: ConvertLimits) -> Document:
    """Return a DOCX as Markdown; its headers, footers and properties count as notices only.

    Raises:
        Unreadable: `damaged_document`, also for XML with entities, which no DOCX has; `too_complex` or `no_text`.
    """
    texts = _checked_parts(raw.content)
    html = mammoth.convert_to_html(
        io.BytesIO(raw.content), style_map=_STYLES, convert_image=_leave_out, external_file_access=False
    ).value
    if len(html) > 2 * limits.characters:
        raise Unreadable(TOO_LARGE, f"The document holds more than {limits.characters} characters.")
    options: dict[str, Any] = {"heading_style": "ATX", "bullets": "-", "table_infer_header": True, "strip": ["a"]}
    markdown = clean(markdownify.markdownify(html, **options)).strip()
    if not markdown:
        raise Unreadable(NO_TEXT, "The document holds no text.")
    properties = texts.get(_PROPERTIES, {})
    margins = [" ".join(found.values()) for name, found in texts.items() if name.startswith(_MARGINS)]
    notices = [*margins, *(properties[name] for name in _RIGHTS if name in properties)]
    return Document(properties.get("title", ""), markdown, raw.url, notices=tuple(text for text in notices if text))


def _leave_out(_image: Any) -> list[Any]:
    return []


def _checked_parts(content: bytes) -> dict[str, dict[str, str]]:
    """Parse every XML part without entities or a DTD; return the texts of margins and properties by element."""
    found = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.endswith((".xml", ".rels")):
                    texts = _Texts(is_kept=name.startswith(_MARGINS) or name == _PROPERTIES)
                    with archive.open(name) as part:
                        defusedxml.sax.parse(part, texts, forbid_dtd=True)
                    found[name] = dict(texts.collected())
    except DefusedXmlException:
        raise Unreadable(DAMAGED, "A part of the document declares XML entities, which no DOCX needs.") from None
    except SAXException:
        raise Unreadable(DAMAGED, "A part of the document is damaged.") from None
    return found


class _Texts(ContentHandler):
    """Gathers text by element name, and refuses nesting that would exhaust the parsers behind it."""

    def __init__(self, *, is_kept: bool) -> None:
        super().__init__()
        self._is_kept = is_kept
        self._path: list[str] = []
        self._texts: dict[str, list[str]] = {}

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802, ARG002
        self._path.append(name.rpartition(":")[2])
        if len(self._path) > _DEEPEST:
            raise Unreadable(TOO_COMPLEX, f"The document nests more than {_DEEPEST} elements.")

    def endElement(self, name: str) -> None:  # noqa: N802, ARG002
        self._path.pop()

    def characters(self, content: str) -> None:
        if self._is_kept:
            self._texts.setdefault(self._path[-1], []).append(content)

    def collected(self) -> Iterator[tuple[str, str]]:
        for name, pieces in self._texts.items():
            if text := " ".join(clean("".join(pieces)).split()):
                yield name, text
