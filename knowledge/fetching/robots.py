"""What a site's robots.txt asks of us (RFC 9309), and for how long we remember it."""

from collections import OrderedDict
from dataclasses import dataclass
from math import isfinite
from typing import Final

from protego import Protego

from knowledge.fetching.refusals import BAD_REDIRECT, ROBOTS, ROBOTS_UNAVAILABLE, Refused

AGENT: Final = "onboarding-agent"
"""The name that a robots.txt addresses us by."""
MAX_BYTES: Final = 512_000
"""What is read of a robots.txt; RFC 9309 asks for 500 KiB at least. The rest counts as absent."""
KEEP_SECONDS: Final = 86_400.0
"""How long an answer is remembered (RFC 9309, 2.4: not more than 24 hours)."""
CLOSED_SECONDS: Final = 300.0
"""How long a site counts as closed after its robots.txt could not be read."""
MAX_DELAY: Final = 60.0
"""Longest pause in seconds between two pages that a site can ask for and still be read."""
MAX_SITES: Final = 1_000
"""Sites remembered at a time; the one not asked for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Robots:
    """One site's wishes: `rules` (None: none), and `closed`, why the site is not to be read at all for now."""

    rules: Protego | None = None
    closed: Refused | None = None

    @property
    def delay(self) -> float:
        """Seconds that the site wants between two requests; 0 when it does not say."""
        if self.rules is None:
            return 0.0
        rate = self.rules.request_rate(AGENT)
        wishes = [self.rules.crawl_delay(AGENT) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0]
        return max(wish if isfinite(wish) else 0.0 for wish in wishes)


def read_robots(status: int, content: bytes) -> Robots:
    """Return what an answer to a request for robots.txt means.

    A missing file (4xx) allows everything; a server in trouble (5xx, and 429, which asks for patience) closes the site
    for a while. Other answers than these, such as an empty 204, hold no rules.
    """
    if status >= 500 or status == 429:
        return Robots(closed=Refused(ROBOTS_UNAVAILABLE, f"robots.txt was answered with {status}", is_passing=True))
    if status != 200:
        return Robots()
    return Robots(Protego.parse(content[:MAX_BYTES].decode("utf-8-sig", "replace")))


def without_robots(refused: Refused) -> Robots:
    """Return what it means that robots.txt could not be read: closed for now, for the same reason.

    A redirect that leads nowhere counts as an absent file.
    """
    if refused.code == BAD_REDIRECT:
        return Robots()
    return Robots(closed=refused.renewed())


def check_robots(robots: Robots, url: str) -> None:
    """Raise Refused when a site does not want this address read: ROBOTS, or why it is closed for now."""
    if robots.closed:
        raise robots.closed.renewed()
    if robots.rules and not robots.rules.can_fetch(url, AGENT):
        raise Refused(ROBOTS, "the site's robots.txt asks not to read this page")
    if robots.delay > MAX_DELAY:
        raise Refused(
            ROBOTS, f"the site's robots.txt asks for {robots.delay:.0f} s between pages; we wait {MAX_DELAY:.0f}"
        )


class RobotsMemory:
    """What sites said, by origin, until it is too old."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Robots, float]] = OrderedDict()

    def find(self, origin: str, now: float) -> Robots | None:
        """Return what a site said, None if it was not asked or too long ago; `now` in seconds of any steady clock."""
        robots, until = self._kept.get(origin, (None, now))
        if robots is None or now >= until:
            return None
        self._kept.move_to_end(origin)
        return robots

    def keep(self, origin: str, robots: Robots, now: float) -> None:
        """Remember what a site said just now."""
        self._kept[origin] = robots, now + (CLOSED_SECONDS if robots.closed else KEEP_SECONDS)
        self._kept.move_to_end(origin)
        while len(self._kept) > MAX_SITES:
            self._kept.popitem(last=False)
