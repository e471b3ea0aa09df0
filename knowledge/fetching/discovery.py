"""Which pages a source consists of: one address, or what its sitemaps list, as far as rules and limits let it."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import httpx2

from knowledge.fetching.allowlist import Source, check_allowed, is_allowed
from knowledge.fetching.fetcher import Fetcher
from knowledge.fetching.refusals import Refused
from knowledge.fetching.sitemaps import Sitemap
from knowledge.fetching.urls import normalise, parse, site_of

Kind = Literal["url", "sitemap"]

MAX_SITEMAP_BYTES: Final = 52_428_800
"""Bytes of one sitemap, packed and unpacked: the protocol's own limit of 50 MiB."""
MAX_SITEMAPS: Final = 500
"""Sitemaps of one source; an index may name 50,000."""
MAX_LEVELS: Final = 3
"""An index of indexes of sitemaps; the protocol knows two levels."""

OVER_LIMIT: Final = "over_limit"
"""Left out: the source has more pages than may be read of one."""
DUPLICATE: Final = "duplicate"
"""Left out: listed before."""
OTHER_SITE: Final = "other_site"
"""Left out: on another host or port than the sitemap."""
NOT_ALLOWED: Final = "not_allowed"
"""Left out: the allowlist does not cover it."""
INVALID_URL: Final = "invalid_url"
"""Left out: no readable address."""
SITEMAPS: Final = "sitemaps"
"""Left out: whole sitemaps, not opened because a limit was reached."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A sitemap that could not be read, or not to its end."""

    url: str
    refused: Refused


@dataclass(slots=True)
class Listing:
    """What was found so far: which pages are taken and how many of the others are left out, by reason."""

    max_pages: int
    sources: Sequence[Source]
    sites: set[tuple[str, int | None]] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def is_full(self) -> bool:
        """Whether no further page is taken."""
        return len(self.taken) >= self.max_pages

    def take(self, location: str, base: httpx2.URL) -> str | None:
        """Return the address of a page to read, or None, counting why it is left out."""
        if self.is_full:
            self.left_out[OVER_LIMIT] += 1  # not even looked at: there may be millions
            return None
        url, reason = self.judge(location, base)
        if url is None or reason:
            self.left_out[reason] += 1
            return None
        self.taken.add(url)
        return url

    def judge(self, location: str, base: httpx2.URL) -> tuple[str | None, str]:
        """Return an entry's address, and why it is left out, "" when it is not."""
        try:
            url = parse(location, base)
        except Refused:
            return None, INVALID_URL
        if site_of(url) not in self.sites:
            return None, OTHER_SITE
        if not is_allowed(url, self.sources):
            return None, NOT_ALLOWED
        return str(url), DUPLICATE if str(url) in self.taken else ""


class Discovery:
    """The addresses of a source's pages, to be gone through once with `async for`; afterwards, what was left out.

    `left_out` counts entries by reason (the constants of this module); `was_cut` says that a sitemap was longer than is
    read of one, so that the counts are lower bounds. `problems` are the sitemaps that failed: unless there are none, a
    page that is missing here may well exist.
    """

    def __init__(self, fetcher: Fetcher, kind: Kind, location: str, max_pages: int) -> None:
        self._fetcher = fetcher
        self._kind = kind
        self._location = location
        self._listing = Listing(max_pages, fetcher.sources)
        self._sitemaps: deque[tuple[str, int]] = deque()
        self._known: set[str] = set()
        self.problems: list[Problem] = []
        self.was_cut = False

    @property
    def left_out(self) -> Counter[str]:
        """How many entries are not among the addresses, by reason."""
        return self._listing.left_out

    async def __aiter__(self) -> AsyncIterator[str]:
        """Go through the addresses in their order; raises Refused when nothing of the source can be read."""
        if self._kind == "url":
            yield normalise(self._location)
            return
        await self._begin()
        while self._sitemaps:
            if self._listing.is_full:
                self.left_out[SITEMAPS] += len(self._sitemaps)
                return
            sitemap, level = self._sitemaps.popleft()
            try:
                async for url in self._pages(sitemap, level):
                    yield url
            except Refused as refused:
                self.problems.append(Problem(sitemap, refused))
        if self.problems and not self._listing.taken:
            raise self.problems[0].refused.renewed()

    async def _begin(self) -> None:
        """Note the sitemaps to begin with; for the address of a site, those that its robots.txt names."""
        url = parse(self._location)
        check_allowed(url, self._listing.sources)
        self._listing.sites.add(site_of(url))
        named = await self._fetcher.sitemaps_of(str(url)) if url.raw_path == b"/" else (str(url),)
        for text in named:
            self._note(text, url, 1)
        if not self._sitemaps:
            self._note("/sitemap.xml", url, 1)

    async def _pages(self, sitemap: str, level: int) -> AsyncIterator[str]:
        """Go through the pages of one sitemap, and note the sitemaps that it names."""
        page = await self._fetcher.fetch_part(sitemap, MAX_SITEMAP_BYTES)
        base = parse(page.url or sitemap)
        if level == 1:
            self._listing.sites.add(site_of(base))  # example.com may redirect to www.example.com
        entries = Sitemap(page.content, MAX_SITEMAP_BYTES, is_cut=page.is_cut)
        for some in entries:
            await asyncio.sleep(0)  # a long sitemap must not hold up everything else
            for entry in some:
                if entry.is_sitemap:
                    self._note(entry.location, base, level + 1)
                elif url := self._listing.take(entry.location, base):
                    yield url
        self.was_cut = self.was_cut or entries.is_cut

    def _note(self, location: str, base: httpx2.URL, level: int) -> None:
        url, reason = self._listing.judge(location, base)
        if url in self._known:
            reason = DUPLICATE
        elif level > MAX_LEVELS or len(self._known) >= MAX_SITEMAPS:
            reason = reason or SITEMAPS
        if url is None or reason:
            self.left_out[reason] += 1
            return
        self._known.add(url)
        self._sitemaps.append((url, level))


def discover(fetcher: Fetcher, kind: Kind, location: str, max_pages: int) -> Discovery:
    """Return the addresses of a source: of the page itself (`url`), or what a sitemap lists (`sitemap`).

    A sitemap's location may also be the address of a site: then its robots.txt, or /sitemap.xml, tells.
    """
    return Discovery(fetcher, kind, location, max_pages)
