"""Where the documents of a source come from: what was typed or uploaded, or pages of the web."""

from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from db import knowledge_uploads
from db.knowledge_documents import LiveDocument
from db.knowledge_sources import Source
from db.pool import Database
from knowledge.documents import EMPTY, Raw, Unreadable
from knowledge.fetching.answers import NotModified
from knowledge.fetching.discovery import DUPLICATE, SITEMAPS, Kind, discover
from knowledge.fetching.fetcher import Fetcher
from knowledge.settings import KnowledgeSettings


@dataclass(frozen=True, slots=True)
class Found:
    """A document as it was read, and what its server said to ask again with."""

    raw: Raw
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What came of listing a source: whether a document that was not named is gone, and what could not be listed.

    `problems` are (address, code, detail).
    """

    is_complete: bool = True
    problems: tuple[tuple[str, str, str], ...] = ()


class Origin(Protocol):
    """The documents of one source. A key names one: its address, or its file's name."""

    def keys(self) -> AsyncIterable[str]:
        """Yield the key of each document; raises Refused when the source itself cannot be read."""
        ...

    def listing(self) -> Listing:
        """Return how it went, once the keys were gone through."""
        ...

    async def read(self, key: str, known: LiveDocument | None) -> Found | None:
        """Return the document, None when it is as `known`; raises Refused or Unreadable."""
        ...


OriginOf = Callable[[str, Source], Origin]
"""Returns the origin of a company's source."""


@dataclass(frozen=True, slots=True)
class UploadOrigin:
    """What was typed or uploaded: one document."""

    db: Database
    company_id: str
    source: Source

    async def keys(self) -> AsyncIterator[str]:
        """Yield the one key."""
        yield self.source.location or self.source.title

    def listing(self) -> Listing:
        """Return that nothing went wrong."""
        return Listing()

    async def read(self, key: str, known: LiveDocument | None) -> Found | None:  # noqa: ARG002 - there is one
        """Return the document."""
        async with self.db.transaction(self.company_id) as connection:
            upload = await knowledge_uploads.load(connection, self.company_id, self.source.source_id)
        if upload is None:
            raise Unreadable(EMPTY, "Nothing was uploaded for this source.")
        return Found(Raw(bytes(upload.content), upload.name, upload.media_type))


class PageOrigin:
    """Pages: one address, or those that a sitemap names."""

    def __init__(self, fetcher: Fetcher, kind: Kind, location: str, max_pages: int) -> None:
        self._fetcher = fetcher
        self._location = location
        self._discovery = discover(fetcher, kind, location, max_pages)

    def keys(self) -> AsyncIterable[str]:
        """Return the address of each page."""
        return self._discovery

    def listing(self) -> Listing:
        """Return which sitemaps failed and how many addresses were left out."""
        found = self._discovery
        failed = [(problem.url, problem.refused.code, problem.refused.detail) for problem in found.problems]
        left = [
            (self._location, reason, f"{count} entries of the sitemap were left out.")
            for reason, count in sorted(found.left_out.items())
            if count and reason != DUPLICATE
        ]
        is_complete = not found.problems and not found.left_out[SITEMAPS] and not found.was_cut
        return Listing(is_complete, (*failed, *left))

    async def read(self, key: str, known: LiveDocument | None) -> Found | None:
        """Return the page, None when its server says that it did not change."""
        etag, modified = (known.etag, known.modified) if known else (None, None)
        page = await self._fetcher.fetch(key, etag=etag, modified=modified)
        return None if isinstance(page, NotModified) else Found(page, page.etag, page.modified)


def origins(db: Database, fetcher: Fetcher, settings: KnowledgeSettings) -> OriginOf:
    """Return what knows the origin of any source."""

    def origin_of(company_id: str, source: Source) -> Origin:
        if source.kind in ("text", "file"):
            return UploadOrigin(db, company_id, source)
        kind: Kind = "sitemap" if source.kind == "sitemap" else "url"
        return PageOrigin(fetcher, kind, source.location or "", settings.kb_max_pages)

    return origin_of
