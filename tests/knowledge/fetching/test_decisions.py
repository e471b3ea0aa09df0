"""Pure decisions by tables: robots, pace, retries, what an answer means; and the pace across processes on Redis."""

import gzip
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redis import connect
from knowledge.fetching import pacing, refusals, robots
from knowledge.fetching.answers import Answer, conditions, trouble_of, wait_before_retry
from knowledge.fetching.connections import MAX_ADDRESSES, choose
from knowledge.fetching.pacing import Pace, pause_until, slot_key
from knowledge.fetching.refusals import Refused
from knowledge.fetching.robots import Robots, RobotsMemory, check_robots, read_robots, without_robots
from knowledge.fetching.sitemaps import Entry, Sitemap
from knowledge.fetching.urls import parse

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
RULES = (
    b"User-agent: *\nDisallow: /all\n\nUser-agent: Onboarding-Agent\nAllow: /own/yes\nDisallow: /own\nCrawl-delay: 3\n"
)


def code_of(robots: Robots, path: str) -> str | None:
    try:
        check_robots(robots, f"https://h{path}")
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("status", "content", "path", "code"),
    [
        (200, RULES, "/all", None),
        (200, RULES, "/own/no", "robots"),
        (200, RULES, "/own/yes", None),
        (200, b"User-agent: *\nDisallow: /", "/a", "robots"),
        (200, b"\xef\xbb\xbfUser-agent: *\nDisallow: /", "/a", "robots"),
        (200, b"User-agent: other\nDisallow: /", "/a", None),
        (200, b"User-agent: agent\nDisallow: /", "/a", None),
        (200, b"User-agent: *\nDisallow:", "/a", None),
        (200, b"User-agent: *\nDisallow: /*?q=", "/a?q=1", "robots"),
        (200, b"<html>no such page</html>", "/a", None),
        (200, b"\xff\xfe\x00", "/a", None),
        (200, b"", "/a", None),
        (204, b"", "/a", None),
        (401, b"", "/a", None),
        (403, b"", "/a", None),
        (404, b"", "/a", None),
        (410, b"", "/a", None),
        (429, b"", "/a", "robots_unavailable"),
        (500, b"", "/a", "robots_unavailable"),
        (503, b"", "/a", "robots_unavailable"),
    ],
)
def test_what_robots_mean(status: int, content: bytes, path: str, code: str | None) -> None:
    assert code_of(read_robots(status, content), path) == code


@pytest.mark.parametrize(
    ("line", "delay"),
    [
        ("Crawl-delay: 3", 3.0),
        ("Crawl-delay: 0.5", 0.5),
        ("Crawl-delay: nan", 0.0),
        ("Crawl-delay: inf", 0.0),
        ("Crawl-delay: soon", 0.0),
        ("Request-rate: 1/10s", 10.0),
        ("Request-rate: 10/1m", 6.0),
        ("Disallow: /x", 0.0),
    ],
)
def test_the_pace_that_robots_ask_for(line: str, delay: float) -> None:
    assert read_robots(200, f"User-agent: *\n{line}\n".encode()).delay == pytest.approx(delay)


def test_a_pace_that_nobody_can_keep_is_an_honest_no() -> None:
    assert code_of(read_robots(200, b"User-agent: *\nCrawl-delay: 3600\n"), "/a") == refusals.ROBOTS
    assert code_of(read_robots(200, b"User-agent: *\nCrawl-delay: 60\n"), "/a") is None


RULE_NAMES = st.sampled_from(["Crawl-delay:", "Request-rate:", "Disallow:", "Allow:", "Sitemap:", "User-agent: *", ""])
RULE_LINES = st.builds(lambda name, value: f"{name} {value}", RULE_NAMES, st.text(max_size=12))


@given(st.lists(RULE_LINES, max_size=8))
def test_any_robots_can_be_read(lines: list[str]) -> None:
    said = read_robots(200, "\n".join(["User-agent: *", *lines]).encode("utf-8", "replace"))
    assert said.delay >= 0
    assert code_of(said, "/a?b") in (None, refusals.ROBOTS)


@given(
    st.binary(max_size=60), st.sampled_from([b"", b"<urlset>", b"<?xml version='1.0'?>", b"\x1f\x8b\x08", b"http://"])
)
def test_any_bytes_are_a_sitemap_or_are_refused(content: bytes, beginning: bytes) -> None:
    with suppress(Refused):  # and nothing else
        entries = [entry for some in Sitemap(beginning + content, 1000) for entry in some]
        assert all(isinstance(entry, Entry) for entry in entries)


@pytest.mark.parametrize(
    ("code", "closes"), [(refusals.BAD_REDIRECT, False), (refusals.TOO_SLOW, True), (refusals.PRIVATE_ADDRESS, True)]
)
def test_robots_that_could_not_be_read(code: str, closes: bool) -> None:
    assert code_of(without_robots(Refused(code, "why")), "/a") == (code if closes else None)


def test_what_a_site_said_is_remembered_for_a_while() -> None:
    memory, open_, closed = RobotsMemory(), Robots(), Robots(closed=Refused("busy", "x"))
    memory.keep("https://a", open_, 0)
    memory.keep("https://b", closed, 0)
    assert (memory.find("https://a", 86_399), memory.find("https://a", 86_400)) == (open_, None)
    assert (memory.find("https://b", 299), memory.find("https://b", 300)) == (closed, None)
    assert memory.find("https://c", 0) is None


def test_the_site_not_asked_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "MAX_SITES", 2)
    memory = RobotsMemory()
    memory.keep("a", Robots(), 0)
    memory.keep("b", Robots(), 0)
    assert memory.find("a", 1)
    memory.keep("c", Robots(), 1)
    assert [memory.find(origin, 2) is not None for origin in "abc"] == [True, False, True]


@pytest.mark.parametrize(
    ("code", "is_passing", "retry_after", "attempt", "wait"),
    [
        ("busy", True, None, 0, 1.0),
        ("busy", True, None, 1, 2.0),
        ("busy", True, None, 2, None),
        ("busy", True, 12.0, 0, 12.0),
        ("busy", True, 0.0, 1, 2.0),
        ("busy", True, 30.0, 0, 30.0),
        ("busy", True, 31.0, 0, None),
        ("unreachable", True, None, 0, 1.0),
        ("too_slow", True, None, 0, None),
        ("not_allowed", False, None, 0, None),
    ],
)
def test_when_to_ask_again(
    code: str, is_passing: bool, retry_after: float | None, attempt: int, wait: float | None
) -> None:
    assert wait_before_retry(Refused(code, "", is_passing=is_passing, retry_after=retry_after), attempt) == wait


@pytest.mark.parametrize(
    ("status", "header", "code", "retry_after"),
    [
        (200, None, None, None),
        (304, None, None, None),
        (404, "5", None, None),
        (429, "5", "busy", 5.0),
        (503, "Sat, 21 Nov 2026 10:00:30 GMT", "busy", 30.0),
        (503, "999999", "busy", 3600.0),
        (503, "inf", "busy", None),
        (502, "5", "bad_status", None),
    ],
)
def test_which_answers_may_be_others_soon(
    status: int, header: str | None, code: str | None, retry_after: float | None
) -> None:
    trouble = trouble_of(Answer(parse("https://h/"), status, {"retry-after": header} if header else {}), NOW)
    assert (trouble and trouble.code, trouble and trouble.retry_after) == (code, retry_after)


def test_a_request_is_conditional_on_what_is_known() -> None:
    assert conditions('"1"', None) == {"If-None-Match": '"1"'}
    assert conditions(None, "then") == {"If-Modified-Since": "then"}
    assert conditions("", "a\r\nb") == conditions("\x00", "x" * 513) == {}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_sitemap_is_unpacked_up_to_its_limit(pack: Callable[[bytes], bytes]) -> None:
    line = b"http://help.example/0123456789\n"
    sitemap = Sitemap(pack(line * 10_000), 5000 * len(line))
    assert sum(len(some) for some in sitemap) == 5000
    assert sitemap.is_cut
    whole = Sitemap(pack(line * 10_000), 10_000 * len(line))
    assert sum(len(some) for some in whole) == 10_000
    assert not whole.is_cut


def test_of_many_addresses_few_are_tried_and_all_are_checked() -> None:
    many = tuple(f"93.184.216.{n}" for n in range(9))
    assert choose("h", many, ()) == many[:MAX_ADDRESSES]
    with pytest.raises(Refused):
        choose("h", (*many, "10.0.0.1"), ())


def test_a_refusal_raised_again_is_a_new_one() -> None:
    first = Refused("busy", "why", is_passing=True, retry_after=3)
    again = first.renewed()
    assert again is not first
    assert (again.code, again.detail, again.is_passing, again.retry_after) == ("busy", "why", True, 3)


# -- pace


@pytest.mark.parametrize(("free_at", "now", "pause"), [(None, 5, 0), (5, 5, 0), (4, 5, 0), (7.5, 5, 2.5)])
def test_how_long_a_host_is_left_alone(free_at: float | None, now: float, pause: float) -> None:
    assert pause_until(free_at, now) == pause


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        self.now += seconds


async def test_turns_at_a_host_are_apart_and_those_at_others_are_not() -> None:
    time = Time()
    pace = Pace(clock=time, sleep=time.sleep)
    for host in ("a", "a", "b", "a"):
        async with pace.turn(host, 3):
            pass
    assert time.slept == [3, 3]


async def test_a_turn_that_fails_counts_as_one() -> None:
    time = Time()
    pace = Pace(clock=time, sleep=time.sleep)
    with pytest.raises(ValueError, match="x"):
        async with pace.turn("a", 3):
            raise ValueError("x")
    async with pace.turn("a", 3):
        assert time.slept == [3]


async def test_a_longer_pause_is_not_cut_short() -> None:
    time = Time()
    pace = Pace(clock=time, sleep=time.sleep)
    pace.postpone("a", 30)
    pace.postpone("a", 1)
    async with pace.turn("a", 0):
        assert time.slept == [30]


async def test_hosts_that_are_free_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "MAX_HOSTS", 10)
    time = Time()
    pace = Pace(clock=time, sleep=time.sleep)
    pace.postpone("long", 1000)
    for n in range(50):
        pace.postpone(f"h{n}", 1)
        time.now += 1
    assert len(pace._free_at) <= 10
    assert "long" in pace._free_at


async def test_processes_share_the_pace_of_a_host_through_redis(redis_url: str) -> None:
    time = Time()
    async with connect(redis_url) as redis:
        for _ in range(3):
            async with Pace(redis, clock=time, sleep=time.sleep).turn("h", 20):  # a process of its own each
                pass
        async with Pace(redis, clock=time, sleep=time.sleep).turn("other", 20):
            pass
        assert 40_000 < await redis.pttl(slot_key("h")) <= 60_000
    assert time.slept == [pytest.approx(20, abs=5), pytest.approx(40, abs=5)]


async def test_no_delay_asks_nothing_of_redis(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        async with Pace(redis).turn("h", 0):
            pass
        assert await redis.exists(slot_key("h")) == 0


async def test_without_redis_a_process_keeps_its_own_pace() -> None:
    time = Time()
    async with connect("redis://127.0.0.1:1") as redis:
        pace = Pace(redis, clock=time, sleep=time.sleep)
        for _ in range(2):
            async with pace.turn("h", 3):
                pass
    assert time.slept == [3]


async def test_a_fault_that_is_no_outage_is_not_hidden(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        await redis.set(slot_key("h"), "nonsense")
        with pytest.raises(Exception, match=r"nil|number|compare"):
            async with Pace(redis).turn("h", 3):
                pass
