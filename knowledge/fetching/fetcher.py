"""The way from an address to a page: allowed, resolved, checked, paced, bounded, followed by hand.

Each hop passes the same gate: the allowlist, the site's robots.txt, the pace of the host, and the check of the network
address when the connection is made. A page has one allowance of time over all its hops; waiting for a turn is free.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final
from weakref import WeakValueDictionary

import httpx2
from redis.asyncio import Redis

from core.addresses import parse_network
from knowledge.fetching.allowlist import check_allowed, parse_sources
from knowledge.fetching.answers import (
    ENCODINGS,
    MAX_RETRIES,
    REDIRECTS,
    Answer,
    NotModified,
    Page,
    conditions,
    read_answer,
    read_body,
    read_page,
    trouble_of,
    wait_before_retry,
)
from knowledge.fetching.connections import Connections, Resolve, resolve
from knowledge.fetching.pacing import Pace, Sleep
from knowledge.fetching.refusals import BAD_REDIRECT, TOO_SLOW, Refused
from knowledge.fetching.robots import AGENT, MAX_BYTES, Robots, RobotsMemory, check_robots, read_robots, without_robots
from knowledge.fetching.urls import host_of, next_hop, origin_of, parse
from knowledge.settings import KnowledgeSettings

MAX_REDIRECTS: Final = 5
"""Hops after the first address; RFC 9309 asks for five where robots.txt is concerned."""
ACCEPT: Final = (
    "text/html, application/xhtml+xml, text/markdown, text/plain, application/pdf, application/xml, */*;q=0.5"
)


def user_agent(contact: str | None) -> str:
    """Return the name that we give ourselves, with an address that a site's owner can turn to, where one is set."""
    try:
        release = version("onboarding-agent")
    except PackageNotFoundError:  # run from a bare checkout
        release = "0"
    return f"{AGENT}/{release} (+{contact})" if contact else f"{AGENT}/{release}"


class Allowance:
    """Seconds that one page may spend on the network, over all its hops."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @asynccontextmanager
    async def spend(self, host: str) -> AsyncIterator[None]:
        """Count the time inside; raises Refused (TOO_SLOW) when it is used up, however busily bytes drip in."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.left):
                yield
        except TimeoutError as error:
            raise Refused(TOO_SLOW, f"{host} did not deliver in time", is_passing=True) from error
        finally:
            self.left -= time.monotonic() - began


@dataclass(frozen=True, slots=True)
class _Order:
    """What to send along with a request and how much of the answer to take."""

    headers: Mapping[str, str]
    limit: int
    may_cut: bool
    allowance: Allowance


class Fetcher:
    """Reads pages. Open one per process and share it: it holds the pace of hosts and what their robots.txt said."""

    def __init__(self, settings: KnowledgeSettings, connections: Connections, pace: Pace) -> None:
        self.sources = parse_sources(settings.kb_allowed_sources)
        self._settings = settings
        self._connections = connections
        self._pace = pace
        self._robots = RobotsMemory()
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._headers = {
            "User-Agent": user_agent(settings.kb_contact),
            "Accept": ACCEPT,
            "Accept-Encoding": ", ".join(ENCODINGS),
        }

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: KnowledgeSettings,
        *,
        redis: Redis | None = None,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> "AsyncIterator[Fetcher]":
        """Open a fetcher. With `redis` its pace is shared with other processes."""
        networks = tuple(map(parse_network, settings.kb_allowed_private_networks))
        connections = Connections(networks, resolve, tls)
        try:
            yield cls(settings, connections, Pace(redis, sleep=sleep))
        finally:
            await connections.close()

    async def fetch(self, url: str, *, etag: str | None = None, modified: str | None = None) -> Page | NotModified:
        """Return a page, or that it is what it was when it was given out with `etag` and `modified`.

        Raises:
            Refused: it may not or cannot be read; also after further attempts, where these could help.
        """
        wishes = conditions(etag, modified)
        answer = await self._follow(parse(url), self._order(self._settings.kb_max_document_bytes, wishes))
        return read_answer(answer, datetime.now(UTC), is_conditional=bool(wishes))

    async def fetch_part(self, url: str, limit: int) -> Page:
        """Return a page, cut after `limit` bytes; raises Refused."""
        answer = await self._follow(parse(url), self._order(limit, may_cut=True))
        return read_page(answer, datetime.now(UTC))

    async def sitemaps_of(self, url: str) -> tuple[str, ...]:
        """Return the sitemaps that the robots.txt of an address's site names; raises Refused."""
        robots = await self._robots_of(parse(url))
        return tuple(robots.rules.sitemaps) if robots.rules else ()

    def _order(self, limit: int, wishes: Mapping[str, str] | None = None, *, may_cut: bool = False) -> _Order:
        seconds = self._settings.kb_fetch_timeout_seconds
        return _Order({**self._headers, **(wishes or {})}, limit, may_cut, Allowance(seconds))

    async def _follow(self, url: httpx2.URL, order: _Order) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            check_allowed(url, self.sources)
            robots = await self._robots_of(url)
            check_robots(robots, str(url))
            answer = await self._ask(url, order, robots.delay)
            if answer.status not in REDIRECTS:
                return answer
            url = next_hop(url, answer.headers.get("location"))
        raise Refused(BAD_REDIRECT, f"more than {MAX_REDIRECTS} redirects")

    async def _ask(self, url: httpx2.URL, order: _Order, delay: float = 0.0) -> Answer:
        """Ask once, and again while that may help; the answer may be a redirect or an error of the server's."""
        for attempt in range(MAX_RETRIES):
            try:
                answer = await self._ask_once(url, order, delay)
                trouble = trouble_of(answer, datetime.now(UTC))
            except Refused as refused:
                wait = wait_before_retry(refused, attempt)
                if wait is None:
                    raise
            else:
                wait = wait_before_retry(trouble, attempt) if trouble else None
                if wait is None:
                    return answer
            self._pace.postpone(host_of(url), wait)
        return await self._ask_once(url, order, delay)

    async def _ask_once(self, url: httpx2.URL, order: _Order, delay: float) -> Answer:
        host = host_of(url)
        async with (
            self._pace.turn(host, max(delay, self._settings.kb_rate_limit_delay)),
            order.allowance.spend(host),
            self._connections.get(url, order.headers, self._settings.kb_fetch_timeout_seconds) as response,
        ):
            headers = dict(response.headers)
            if response.status_code != 200:
                return Answer(url, response.status_code, headers)
            content, is_cut = await read_body(response, order.limit, host=host, may_cut=order.may_cut)
            return Answer(url, 200, headers, content, is_cut)

    async def _robots_of(self, url: httpx2.URL) -> Robots:
        origin = origin_of(url)
        async with self._asking.setdefault(origin, asyncio.Lock()):
            robots = self._robots.find(origin, time.monotonic())
            if robots is None:
                robots = await self._ask_robots(url.copy_with(raw_path=b"/robots.txt"))
                self._robots.keep(origin, robots, time.monotonic())
            return robots

    async def _ask_robots(self, url: httpx2.URL) -> Robots:
        order = self._order(MAX_BYTES, may_cut=True)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                check_allowed(url, self.sources)
                answer = await self._ask(url, order)
                if answer.status not in REDIRECTS:
                    return read_robots(answer.status, answer.content)
                url = next_hop(url, answer.headers.get("location"))
        except Refused as refused:
            return without_robots(refused)
        return Robots()  # more hops than RFC 9309 (2.3.1.2) asks to follow: as if there were none
