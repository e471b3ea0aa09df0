"""The fetcher against real servers: what it asks, what it takes, and everything that it must not do."""

import asyncio
import gzip
import socket
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import PackageNotFoundError
from ipaddress import ip_network
from typing import Any

import pytest

from knowledge.fetching import fetcher as fetching
from knowledge.fetching import refusals
from knowledge.fetching.answers import NotModified, Page
from knowledge.fetching.connections import Connections, resolve
from knowledge.fetching.fetcher import Fetcher, user_agent
from knowledge.fetching.refusals import Refused
from knowledge.fetching.urls import parse
from knowledge.settings import KnowledgeSettings
from tests.knowledge.fetching.conftest import Certificates, Names, Opened
from tests.knowledge.fetching.site import Reply, Request, Site, dripping, raw, redirect, serving

HTML = {"Content-Type": "text/html; charset=utf-8"}


async def refusal_of(fetcher: Fetcher, url: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await fetcher.fetch(url)
    assert caught.value.code in refusals.CODES
    return caught.value


@contextmanager
def hanging(host: str, port: int) -> Iterator[None]:
    """An address that takes no connection and refuses none: the queue of its listener is full."""
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((host, port))
        yield


# -- pages


async def test_a_page_comes_with_what_is_known_of_it(site: Site, fetcher: Fetcher) -> None:
    modified = "Sat, 21 Nov 2026 10:00:00 GMT"
    site.pages["/docs/a%20b.html?v=1"] = Reply(
        b"<h1>Hi</h1>", 200, {**HTML, "ETag": 'W/"1"', "Last-Modified": modified}
    )
    page = await fetcher.fetch(site.url("/docs/a%20b.html?v=1#part"))
    assert page == Page(
        content=b"<h1>Hi</h1>", name="a b.html", media_type="text/html; charset=utf-8",
        url=site.url("/docs/a%20b.html?v=1"), etag='W/"1"', modified=modified,
    )  # fmt: skip


async def test_we_say_who_we_are_and_carry_nothing_along(site: Site, fetcher: Fetcher) -> None:
    site.pages["/a"] = Reply(b"x", 200, {"Set-Cookie": "company=1; Path=/"})
    await fetcher.fetch(site.url("/a"))
    await fetcher.fetch(site.url("/a"))
    sent = site.requests[-1].headers
    assert sent["user-agent"].startswith("onboarding-agent/")
    assert sent["host"] == f"127.0.0.1:{site.port}"
    assert sent["accept-encoding"] == "gzip, deflate"
    assert not {"cookie", "authorization", "referer"} & sent.keys()


async def test_the_owner_of_a_site_can_be_told_whom_to_ask(site: Site, opened: Opened) -> None:
    site.pages["/a"] = Reply(b"x")
    async with opened(kb_contact="https://acme.example/crawler") as fetcher:
        await fetcher.fetch(site.url("/a"))
    assert site.requests[-1].headers["user-agent"].endswith("(+https://acme.example/crawler)")
    assert "(" not in user_agent(None)


def test_we_say_who_we_are_also_where_the_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(fetching, "version", missing)
    assert user_agent(None) == "onboarding-agent/0"


async def test_a_page_that_did_not_change_is_not_sent_again(site: Site, fetcher: Fetcher) -> None:
    def answer(request: Request) -> Reply:
        known = request.headers.get("if-none-match") == '"1"' and request.headers.get("if-modified-since") == "then"
        return Reply(b"", 304) if known else Reply(b"x", 200, {"ETag": '"1"', "Last-Modified": "then"})

    site.pages["/a"] = answer
    page = await fetcher.fetch(site.url("/a"))
    assert isinstance(page, Page)
    assert await fetcher.fetch(site.url("/a"), etag=page.etag, modified=page.modified) == NotModified(site.url("/a"))
    assert isinstance(await fetcher.fetch(site.url("/a"), etag='"2"'), Page)


async def test_a_validator_that_could_be_more_than_one_header_is_neither_kept_nor_sent(
    site: Site, fetcher: Fetcher
) -> None:
    site.pages["/a"] = Reply(b"x", 200, {"ETag": '"\xe9"'})
    page = await fetcher.fetch(site.url("/a"), etag='"1"\r\nX-Evil: 1', modified="ü")
    assert isinstance(page, Page)
    assert page.etag is None
    assert not {"x-evil", "if-none-match", "if-modified-since"} & site.requests[-1].headers.keys()


async def test_several_pages_share_a_connection(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": Reply(b"a"), "/b": Reply(b"b"), "/robots.txt": Reply()}
    await fetcher.fetch(site.url("/a"))
    await fetcher.fetch(site.url("/b"))
    assert site.connections == 1


async def test_the_environment_names_no_proxy_for_us(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.pages["/a"] = Reply(b"a")
    assert isinstance(await fetcher.fetch(site.url("/a")), Page)


# -- statuses


@pytest.mark.parametrize(
    ("status", "code", "is_passing", "attempts"),
    [
        (204, refusals.BAD_STATUS, False, 1),
        (206, refusals.BAD_STATUS, False, 1),
        (304, refusals.BAD_STATUS, False, 1),
        (400, refusals.BAD_STATUS, False, 1),
        (401, refusals.BAD_STATUS, False, 1),
        (403, refusals.BAD_STATUS, False, 1),
        (404, refusals.NOT_FOUND, False, 1),
        (410, refusals.NOT_FOUND, False, 1),
        (429, refusals.BUSY, True, 3),
        (500, refusals.BAD_STATUS, True, 3),
        (502, refusals.BAD_STATUS, True, 3),
        (503, refusals.BUSY, True, 3),
    ],
)
async def test_what_a_status_means(
    site: Site, fetcher: Fetcher, status: int, code: str, is_passing: bool, attempts: int
) -> None:
    site.pages["/a"] = Reply(b"" if status in (204, 304) else b"no", status)
    refused = await refusal_of(fetcher, site.url("/a"))
    assert (refused.code, refused.is_passing, str(status) in refused.detail) == (code, is_passing, True)
    assert len(site.paths) == attempts


@pytest.mark.parametrize(
    ("troubles", "expected"),
    [
        ([Reply(b"", 429, {"Retry-After": "7"})], [7]),
        ([Reply(b"", 503)], [1]),
        ([Reply(b"", 503, {"Retry-After": "soon"}), Reply(b"", 500)], [1, 2]),
        ([Reply(b"", 429, {"Retry-After": "0"}), raw(b"")], [1, 2]),
    ],
)
async def test_a_server_in_trouble_is_asked_again_when_it_says_or_ever_later(
    site: Site, fetcher: Fetcher, waits: list[float], troubles: list[Any], expected: list[float]
) -> None:
    site.pages["/a"] = [*troubles, Reply(b"at last")]
    page = await fetcher.fetch(site.url("/a"))
    assert isinstance(page, Page)
    assert page.content == b"at last"
    assert waits == [pytest.approx(seconds, abs=0.5) for seconds in expected]


async def test_a_server_that_wants_long_patience_is_left_for_a_later_run(
    site: Site, fetcher: Fetcher, waits: list[float]
) -> None:
    site.pages["/a"] = Reply(b"", 503, {"Retry-After": "900"})
    refused = await refusal_of(fetcher, site.url("/a"))
    assert (refused.code, refused.retry_after, len(site.paths), waits) == (refusals.BUSY, 900.0, 1, [])


# -- where it may not go


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "name.example"])
async def test_this_machine_is_refused_before_a_byte_is_sent(site: Site, host: str, names: Names) -> None:
    names.known["localhost"] = [("::1", "127.0.0.1")]
    async with Fetcher.open(KnowledgeSettings(kb_rate_limit_delay=0), resolve=names) as fetcher:
        refused = await refusal_of(fetcher, site.url("/a", host))
    assert (refused.code, refused.is_passing) == (refusals.PRIVATE_ADDRESS, False)
    assert site.connections == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ("10.0.0.1",), ("169.254.169.254",), ("100.64.0.1",), ("0.0.0.0",), ("224.0.0.1",), ("fd00::1",),
        ("fe80::1%eth0",), ("::ffff:169.254.169.254",), ("64:ff9b::a9fe:a9fe",), ("2002:7f00:1::",),
        ("93.184.216.34", "10.0.0.1"),
        ("127.0.0.1", "192.168.0.1"),
    ],
)  # fmt: skip
async def test_a_name_with_one_private_address_is_refused(
    fetcher: Fetcher, site: Site, names: Names, addresses: tuple[str, ...]
) -> None:
    names.known["inside.example"] = [addresses]
    assert (await refusal_of(fetcher, site.url("/", "inside.example"))).code == refusals.PRIVATE_ADDRESS
    assert site.connections == 0


async def test_a_name_that_answers_differently_later_gains_nothing(
    site: Site, opened: Opened, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket goes to the address that was checked, and the system's resolver is not asked for the name at all."""
    looked_up: list[Any] = []
    genuine = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **named: looked_up.append(host) or genuine(host, *rest, **named)
    )
    names.known["rebind.example"] = [("127.0.0.1",), ("169.254.169.254",)]
    site.pages["/a"] = Reply(b"a")
    site.pages["/robots.txt"] = Reply()
    async with opened() as fetcher:
        assert isinstance(await fetcher.fetch(site.url("/a", "rebind.example")), Page)
    assert names.asked == ["rebind.example"]
    assert site.requests[-1].headers["host"] == f"rebind.example:{site.port}"
    async with opened() as fetcher:
        assert (await refusal_of(fetcher, site.url("/a", "rebind.example"))).code == refusals.PRIVATE_ADDRESS
    assert not [host for host in looked_up if "rebind" in str(host)]
    assert site.connections == 1


async def test_an_address_that_does_not_answer_gives_way_to_the_next(
    site: Site, fetcher: Fetcher, names: Names
) -> None:
    names.known["two.example"] = [("127.0.0.99", "127.0.0.1")]
    site.pages["/a"] = Reply(b"a")
    assert isinstance(await fetcher.fetch(site.url("/a", "two.example")), Page)


async def test_an_address_that_hangs_leaves_time_for_the_next(site: Site, opened: Opened, names: Names) -> None:
    site.pages["/a"] = Reply(b"a")
    with hanging("127.0.0.2", site.port):
        names.known["two.example"] = [("127.0.0.2", "127.0.0.1")]
        names.known["one.example"] = [("127.0.0.2",) * 3]
        async with opened(kb_fetch_timeout_seconds=3) as fetcher:
            assert isinstance(await fetcher.fetch(site.url("/a", "two.example")), Page)
        async with opened(kb_fetch_timeout_seconds=0.3) as fetcher:
            assert (await refusal_of(fetcher, site.url("/a", "one.example"))).code == refusals.TOO_SLOW


async def test_each_wait_of_a_connection_is_bounded_of_itself(names: Names, site: Site) -> None:
    connections = Connections((ip_network("127.0.0.0/8"),), names)
    names.known["one.example"] = [("127.0.0.2",)]
    with hanging("127.0.0.2", site.port), pytest.raises(Refused) as caught:
        async with connections.get(parse(site.url("/a", "one.example")), {}, 0.1):
            pass
    await connections.close()
    assert (caught.value.code, caught.value.is_passing) == (refusals.TOO_SLOW, True)


async def test_the_resolver_of_the_system_is_asked_when_no_other_is_given(site: Site) -> None:
    assert {"127.0.0.1", "::1"} & set(await resolve("localhost", site.port))
    async with Fetcher.open(KnowledgeSettings()) as fetcher:
        assert (await refusal_of(fetcher, site.url("/", "localhost"))).code == refusals.PRIVATE_ADDRESS


async def test_a_private_network_may_be_opened_for_ipv6(opened: Opened) -> None:
    async with serving(host="::1") as site, opened(kb_allowed_private_networks=("::1/128",)) as fetcher:
        site.pages["/a"] = Reply(b"a")
        assert isinstance(await fetcher.fetch(site.url("/a", "[::1]")), Page)
        assert site.requests[-1].headers["host"] == f"[::1]:{site.port}"


async def test_only_allowed_sources_are_asked(site: Site, opened: Opened) -> None:
    site.pages["/a"] = Reply(b"a")
    async with opened(kb_allowed_sources=(f"help.example:{site.port}",)) as fetcher:
        assert isinstance(await fetcher.fetch(site.url("/a", "help.example")), Page)
        asked = len(site.requests)
        assert (await refusal_of(fetcher, site.url("/a", "other.example"))).code == refusals.NOT_ALLOWED
        assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.NOT_ALLOWED
    assert len(site.requests) == asked


@pytest.mark.parametrize("url", ["ftp://h/", "file:///etc/passwd", "http://u:p@h/", "http://2130706433/", ""])
async def test_only_addresses_of_the_web_are_read(fetcher: Fetcher, url: str) -> None:
    assert (await refusal_of(fetcher, url)).code == refusals.INVALID_URL


# -- redirects


async def test_redirects_are_followed_and_the_last_address_is_the_page_s(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {f"/{n}": redirect(f"/{n + 1}", status) for n, status in enumerate((301, 302, 303, 307, 308))}
    site.pages["/5"] = Reply(b"there")
    page = await fetcher.fetch(site.url("/0"))
    assert isinstance(page, Page)
    assert (page.content, page.url) == (b"there", site.url("/5"))


async def test_redirects_end_after_five(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": redirect("/b"), "/b": redirect("/a")}
    assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.BAD_REDIRECT
    assert len(site.paths) == 6


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://other.example:{port}/x", refusals.NOT_ALLOWED),
        ("http://help.example:25/x", refusals.NOT_ALLOWED),
        ("http://inside.example:{port}/x", refusals.PRIVATE_ADDRESS),
        ("file:///etc/passwd", refusals.BAD_REDIRECT),
        ("http://user:secret@help.example:{port}/", refusals.BAD_REDIRECT),
        ("http://0x7f000001:{port}/", refusals.BAD_REDIRECT),
        ("", refusals.BAD_REDIRECT),
    ],
)
async def test_each_hop_is_checked_like_the_first(
    site: Site, opened: Opened, names: Names, location: str, code: str
) -> None:
    names.known["inside.example"] = [("10.0.0.1",)]
    site.pages["/a"] = redirect(location.format(port=site.port))
    allowed = (f"help.example:{site.port}", f"inside.example:{site.port}")
    async with opened(kb_allowed_sources=allowed) as fetcher:
        assert (await refusal_of(fetcher, site.url("/a", "help.example"))).code == code
    assert site.paths == ["/a"]


async def test_a_redirect_to_a_page_that_robots_close_is_not_followed(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": redirect("/private/x"), "/robots.txt": Reply(b"User-agent: *\nDisallow: /private\n")}
    assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.ROBOTS
    assert site.paths == ["/a"]


# -- TLS


async def test_the_certificate_must_be_of_the_name_and_not_of_the_address(
    opened: Opened, certificates: Certificates, names: Names
) -> None:
    async with serving(certificates.server) as site, opened(tls=certificates.client) as fetcher:
        site.pages["/a"] = Reply(b"a")
        assert isinstance(await fetcher.fetch(site.url("/a", "help.example")), Page)
        refused = await refusal_of(fetcher, site.url("/a", "other.example"))
        assert (refused.code, refused.is_passing) == (refusals.TLS_FAILED, False)
        assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.TLS_FAILED
        assert site.paths == ["/a"]


async def test_a_certificate_that_nobody_vouches_for_is_refused(opened: Opened, certificates: Certificates) -> None:
    async with serving(certificates.server) as site, opened() as fetcher:
        assert (await refusal_of(fetcher, site.url("/a", "help.example"))).code == refusals.TLS_FAILED


async def test_encryption_is_not_dropped_on_the_way(opened: Opened, certificates: Certificates, site: Site) -> None:
    async with serving(certificates.server) as safe, opened(tls=certificates.client) as fetcher:
        safe.pages["/a"] = redirect(site.url("/a", "help.example"))
        assert (await refusal_of(fetcher, safe.url("/a", "help.example"))).code == refusals.BAD_REDIRECT
    assert site.requests == []


# -- size


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"x" * 5000),
        Reply(b"x", 200, {"X-Length": "9999999999999999999"}),
        raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n1\r\nx\r\n"),
        Reply(gzip.compress(b"x" * 5000), 200, {"Content-Encoding": "gzip"}),
    ],
    ids=["declared", "declared huge", "undeclared", "chunked", "packed"],
)
async def test_a_page_over_the_limit_is_refused(site: Site, opened: Opened, answer: Any) -> None:
    site.pages["/a"] = answer
    async with opened(kb_max_document_bytes=1024) as fetcher:
        refused = await refusal_of(fetcher, site.url("/a"))
    assert (refused.code, refused.is_passing) == (refusals.TOO_LARGE, False)


async def test_a_page_of_exactly_the_limit_is_read(site: Site, opened: Opened) -> None:
    site.pages["/a"] = Reply(gzip.compress(b"x" * 1024), 200, {"Content-Encoding": "gzip"})
    async with opened(kb_max_document_bytes=1024) as fetcher:
        assert isinstance(await fetcher.fetch(site.url("/a")), Page)


BOMB = b"\0" * 40_000_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BOMB, 9)),
        ("deflate", zlib.compress(BOMB, 9)),
        ("gzip, gzip", gzip.compress(gzip.compress(BOMB, 9))),
    ],
    ids=["gzip", "deflate", "gzip in gzip"],
)
async def test_a_bomb_costs_no_more_than_the_limit(site: Site, opened: Opened, encoding: str, body: bytes) -> None:
    site.pages["/a"] = Reply(body, 200, {"Content-Encoding": encoding})
    async with opened(kb_max_document_bytes=1_000_000) as fetcher:
        tracemalloc.start()
        try:
            refused = await refusal_of(fetcher, site.url("/a"))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert refused.code == refusals.TOO_LARGE
    assert peak < 16_000_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("br", b"\x0b\x02\x80hello\x03"),
        ("zstd", b"x"),
        ("gzip, rot13", b"x"),
        ("gzip", b"no gzip"),
        ("deflate", b"\xff\xff"),
    ],
)
async def test_what_cannot_be_unpacked_is_not_taken_for_a_page(
    site: Site, fetcher: Fetcher, encoding: str, body: bytes
) -> None:
    site.pages["/a"] = Reply(body, 200, {"Content-Encoding": encoding})
    assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.BAD_RESPONSE


# -- time and broken servers


@pytest.mark.parametrize(
    "answer",
    [
        dripping(b"", b""),
        dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "headers", "body", "chunks", "continue"],
)
async def test_a_server_that_drips_is_given_up_on(site: Site, opened: Opened, answer: Any) -> None:
    site.pages["/a"] = answer
    async with opened(kb_fetch_timeout_seconds=0.75) as fetcher:
        await fetcher.sitemaps_of(site.url())
        refused = await refusal_of(fetcher, site.url("/a"))
    assert (refused.code, refused.is_passing, len(site.paths)) == (refusals.TOO_SLOW, True, 1)


async def test_redirects_do_not_buy_time(site: Site, opened: Opened) -> None:
    site.pages |= {"/a": redirect("/b"), "/b": redirect("/a"), "/robots.txt": Reply(b"", 404)}
    async with opened(kb_fetch_timeout_seconds=1) as fetcher:
        await fetcher.sitemaps_of(site.url())
        site.think = 0.4
        assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.TOO_SLOW
    assert 0 < len(site.paths) < 5


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        raw(b"-ERR unknown command\r\n"),
        raw(b""),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000),
    ],
    ids=["ssh", "redis", "nothing", "half", "bad chunk", "bad length", "long header"],
)
async def test_what_is_no_answer_is_refused_after_further_attempts(site: Site, fetcher: Fetcher, answer: Any) -> None:
    site.pages["/a"] = answer
    refused = await refusal_of(fetcher, site.url("/a"))
    assert refused.code in (refusals.BAD_RESPONSE, refusals.UNREACHABLE)
    assert (refused.is_passing, len(site.paths)) == (True, 3)


async def test_a_broken_connection_is_tried_again(site: Site, fetcher: Fetcher) -> None:
    site.pages["/a"] = [raw(b""), Reply(b"now")]
    page = await fetcher.fetch(site.url("/a"))
    assert isinstance(page, Page)
    assert page.content == b"now"


async def test_nobody_there(fetcher: Fetcher, names: Names) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    refused = await refusal_of(fetcher, url)
    assert (refused.code, refused.is_passing) == (refusals.UNREACHABLE, True)
    names.known["empty.example"] = [()]
    assert (await refusal_of(fetcher, "http://empty.example/")).code == refusals.UNKNOWN_HOST


async def test_a_name_that_nobody_knows() -> None:
    async def at_once(_: float) -> None:
        pass

    async with Fetcher.open(KnowledgeSettings(kb_rate_limit_delay=0), sleep=at_once) as fetcher:
        refused = await refusal_of(fetcher, "http://nowhere.invalid/")
    assert (refused.code, refused.is_passing) == (refusals.UNKNOWN_HOST, True)


async def test_a_resolver_that_hangs_is_given_up_on(site: Site) -> None:
    async def never(_: str, __: int) -> list[str]:
        await asyncio.sleep(60)
        return []

    async with Fetcher.open(KnowledgeSettings(kb_fetch_timeout_seconds=0.1), resolve=never) as fetcher:
        assert (await refusal_of(fetcher, site.url("/a", "help.example"))).code == refusals.TOO_SLOW


async def test_a_fetch_that_is_called_off_leaves_the_host_free(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/slow": dripping(b"", b""), "/a": Reply(b"a")}
    await fetcher.sitemaps_of(site.url())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(fetcher.fetch(site.url("/slow")), 0.2)
    assert isinstance(await fetcher.fetch(site.url("/a")), Page)


# -- robots.txt


async def test_robots_are_asked_once_and_followed(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {
        "/robots.txt": Reply(b"User-agent: *\nDisallow: /\n\nUser-agent: onboarding-agent\nDisallow: /no*.html$\n"),
        "/yes": Reply(b"y"),
        "/no.htm": Reply(b"y"),
    }
    for path in ("/yes", "/no.htm"):
        assert isinstance(await fetcher.fetch(site.url(path)), Page)
    refused = await refusal_of(fetcher, site.url("/not.html"))
    assert (refused.code, refused.is_passing) == (refusals.ROBOTS, False)
    assert [request.path for request in site.requests] == ["/robots.txt", "/yes", "/no.htm"]


async def test_two_at_once_ask_for_robots_once(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": Reply(b"a"), "/b": Reply(b"b")}
    await asyncio.gather(fetcher.fetch(site.url("/a")), fetcher.fetch(site.url("/b")))
    assert [request.path for request in site.requests].count("/robots.txt") == 1


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_site_whose_robots_cannot_be_read_is_closed_for_now(site: Site, fetcher: Fetcher, status: int) -> None:
    site.pages |= {"/robots.txt": Reply(b"", status), "/a": Reply(b"a")}
    for _ in range(2):
        refused = await refusal_of(fetcher, site.url("/a"))
        assert (refused.code, refused.is_passing) == (refusals.ROBOTS_UNAVAILABLE, True)
    assert [request.path for request in site.requests] == ["/robots.txt"] * 3


async def test_robots_that_recover_at_the_second_attempt_open_the_site(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/robots.txt": [Reply(b"", 503), Reply(b"User-agent: *\nDisallow: /b\n")], "/a": Reply(b"a")}
    assert isinstance(await fetcher.fetch(site.url("/a")), Page)
    assert (await refusal_of(fetcher, site.url("/b"))).code == refusals.ROBOTS


async def test_robots_may_be_redirected(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/robots.txt": redirect("/r"), "/r": Reply(b"User-agent: *\nDisallow: /no\n"), "/yes": Reply(b"y")}
    assert isinstance(await fetcher.fetch(site.url("/yes")), Page)
    assert (await refusal_of(fetcher, site.url("/no"))).code == refusals.ROBOTS


@pytest.mark.parametrize("location", ["/robots.txt", "", "ftp://h/"])
async def test_robots_that_lead_nowhere_count_as_absent(site: Site, fetcher: Fetcher, location: str) -> None:
    site.pages |= {"/robots.txt": redirect(location), "/a": Reply(b"a")}
    assert isinstance(await fetcher.fetch(site.url("/a")), Page)


async def test_robots_that_lead_inside_close_the_site(site: Site, fetcher: Fetcher, names: Names) -> None:
    names.known["inside.example"] = [("10.0.0.1",)]
    site.pages |= {"/robots.txt": redirect("http://inside.example/robots.txt"), "/a": Reply(b"a")}
    assert (await refusal_of(fetcher, site.url("/a"))).code == refusals.PRIVATE_ADDRESS
    assert site.paths == []


async def test_robots_are_not_asked_of_hosts_that_are_not_allowed(site: Site, opened: Opened) -> None:
    site.pages |= {"/robots.txt": redirect(site.url("/r", "other.example")), "/a": Reply(b"a"), "/r": Reply()}
    async with opened(kb_allowed_sources=(f"help.example:{site.port}",)) as fetcher:
        assert (await refusal_of(fetcher, site.url("/a", "help.example"))).code == refusals.NOT_ALLOWED
    assert site.paths == []


async def test_of_endless_robots_the_beginning_counts(site: Site, fetcher: Fetcher) -> None:
    rules = b"User-agent: *\nDisallow: /no\n" + b"# long\n" * 200_000 + b"Disallow: /late\n"
    site.pages |= {"/robots.txt": Reply(rules), "/late": Reply(b"x")}
    assert (await refusal_of(fetcher, site.url("/no"))).code == refusals.ROBOTS
    assert isinstance(await fetcher.fetch(site.url("/late")), Page)


async def test_a_site_may_ask_for_a_slower_pace_than_ours(site: Site, opened: Opened, waits: list[float]) -> None:
    site.pages |= {"/robots.txt": Reply(b"User-agent: *\nCrawl-delay: 9\n"), "/a": Reply(b"a")}
    async with opened(kb_rate_limit_delay=2) as fetcher:
        await fetcher.fetch(site.url("/a"))
        await fetcher.fetch(site.url("/a"))
    assert waits == [pytest.approx(2, abs=0.5), pytest.approx(9, abs=0.5)]


async def test_one_request_to_a_host_at_a_time(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {f"/{n}": Reply(b"x") for n in range(6)}
    site.think = 0.02
    await asyncio.gather(*(fetcher.fetch(site.url(f"/{n}")) for n in range(6)))
    assert site.most_busy == 1


async def test_hosts_do_not_wait_for_each_other(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/a": Reply(b"a")}
    site.think = 0.2
    await asyncio.gather(*(fetcher.fetch(site.url("/a", f"h{n}.example")) for n in range(4)))
    assert site.most_busy > 1
