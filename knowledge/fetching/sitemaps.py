"""Sitemaps (https://www.sitemaps.org/protocol.html), read piece by piece with bounded memory; pure.

XML sitemaps, indexes of sitemaps and plain lists of addresses, each also packed by gzip. No tree is built and no
document type is accepted, so that neither a large nor a malicious file costs more than its bytes.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from knowledge.fetching.refusals import BAD_SITEMAP, Refused
from knowledge.fetching.urls import MAX_LENGTH

PIECE: Final = 65_536
"""Bytes that are unpacked and parsed at a time."""
MAX_DEPTH: Final = 16
"""Nesting of elements; a sitemap needs four."""
_GZIP: Final = b"\x1f\x8b"
_BLANK: Final = b" \t\r\n"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_ROOTS: Final = ("urlset", "sitemapindex")
_NOTHING_KNOWN: Final = "this is neither a sitemap in XML nor a list of addresses"
_XML_MARKS: Final = (b"<", b"\xff\xfe", b"\xfe\xff")
"""How XML begins, the marks of UTF-16 included."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One `<loc>`: the address of a page, or of a further sitemap."""

    location: str
    is_sitemap: bool


class _Locations:
    """Collects the text of `<loc>` where its parent is `<url>` or `<sitemap>`; images and videos have theirs too."""

    def __init__(self) -> None:
        self.found: list[Entry] = []
        self._path: list[str] = []
        self._text: str | None = None

    def start(self, tag: str, _: object) -> None:
        self._path.append(tag.rpartition("}")[2])
        if self._path[0] not in _ROOTS:
            raise Refused(BAD_SITEMAP, _NOTHING_KNOWN)
        if len(self._path) > MAX_DEPTH:
            raise Refused(BAD_SITEMAP, "the sitemap nests too deeply")
        if self._path[-1] == "loc" and self._parent() in ("url", "sitemap"):
            self._text = ""

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text = (self._text + text)[: MAX_LENGTH + 1]

    def end(self, _: str) -> None:
        if self._text is not None and self._path[-1] == "loc":
            self.found.append(Entry(self._text.strip(), self._parent() == "sitemap"))
            self._text = None
        self._path.pop()

    def close(self) -> None:
        """Nothing is kept."""

    def take(self) -> list[Entry]:
        found, self.found = self.found, []
        return found

    def _parent(self) -> str:
        return self._path[-2] if len(self._path) > 1 else ""


class Sitemap:
    """A sitemap to go through once, some entries at a time, so that others can work in between.

    `limit` is the most bytes to unpack. What was cut, by the caller or at the limit, ends without an error; `is_cut`
    tells of it afterwards.
    """

    def __init__(self, content: bytes, limit: int, *, is_cut: bool = False) -> None:
        self.is_cut = is_cut
        self._content = content
        self._left = limit

    def __iter__(self) -> Iterator[list[Entry]]:
        """Go through the entries; raises Refused (BAD_SITEMAP), after the entries before the fault."""
        pieces = self._pieces()
        first = next(pieces, b"").removeprefix(_UTF8_MARK).lstrip(_BLANK)
        if not first:
            raise Refused(BAD_SITEMAP, "the sitemap is empty")
        return self._read_xml(first, pieces) if first.startswith(_XML_MARKS) else self._read_lines(first, pieces)

    def _read_xml(self, first: bytes, rest: Iterator[bytes]) -> Iterator[list[Entry]]:
        locations = _Locations()
        parser = DefusedXMLParser(target=locations, forbid_dtd=True)
        try:
            for piece in chain((first,), rest):
                parser.feed(piece)
                yield locations.take()
            if not self.is_cut:
                parser.close()
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            yield locations.take()
            raise Refused(BAD_SITEMAP, f"the sitemap is no sound XML: {type(error).__name__}") from error

    def _read_lines(self, first: bytes, rest: Iterator[bytes]) -> Iterator[list[Entry]]:
        tail = b""
        for piece in chain((first,), rest):
            *lines, tail = (tail + piece).replace(b"\r", b"\n").split(b"\n")
            if len(tail) > MAX_LENGTH:
                raise Refused(BAD_SITEMAP, _NOTHING_KNOWN)
            yield _entries(lines)
        if not self.is_cut:
            yield _entries([tail])

    def _pieces(self) -> Iterator[bytes]:
        for piece in self._inflate() if self._content.startswith(_GZIP) else self._slices():
            if len(piece) > self._left:
                self.is_cut = True
                yield piece[: self._left]
                return
            self._left -= len(piece)
            yield piece

    def _slices(self) -> Iterator[bytes]:
        return (self._content[start : start + PIECE] for start in range(0, len(self._content), PIECE))

    def _inflate(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        for packed in self._slices():
            waiting = packed
            while waiting and not unpacker.eof:
                try:
                    piece = unpacker.decompress(waiting, PIECE)
                except zlib.error as error:
                    raise Refused(BAD_SITEMAP, "the sitemap cannot be unpacked") from error
                waiting = unpacker.unconsumed_tail
                if piece:
                    yield piece
        if not unpacker.eof and not self.is_cut:
            raise Refused(BAD_SITEMAP, "the packed sitemap breaks off")


def _entries(lines: list[bytes]) -> list[Entry]:
    texts = [line.decode("utf-8", "replace").strip() for line in lines]
    if any(not text.startswith(("http://", "https://")) for text in texts if text):
        raise Refused(BAD_SITEMAP, _NOTHING_KNOWN)
    return [Entry(text, is_sitemap=False) for text in texts if text]
