"""Sitemaps from real servers: what they list, what is left out and counted, and what must not be believed."""

import gzip
from collections.abc import Iterable

import pytest

from knowledge.fetching import discovery, refusals
from knowledge.fetching.allowlist import parse_sources
from knowledge.fetching.discovery import Discovery, Listing, discover
from knowledge.fetching.fetcher import Fetcher
from knowledge.fetching.refusals import Refused
from knowledge.fetching.urls import parse
from tests.knowledge.fetching.conftest import Names, Opened
from tests.knowledge.fetching.site import Reply, Site, redirect

SPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
DOCTYPE = '<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def urlset(locations: Iterable[str]) -> bytes:
    entries = "".join(f"<url><loc>{location}</loc><lastmod>2026-01-01</lastmod></url>" for location in locations)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{SPACE}">{entries}</urlset>'.encode()


def index(locations: Iterable[str]) -> bytes:
    entries = "".join(f"<sitemap><loc>{location}</loc></sitemap>" for location in locations)
    return f'<sitemapindex xmlns="{SPACE}">{entries}</sitemapindex>'.encode()


async def found(fetcher: Fetcher, location: str, max_pages: int = 100) -> tuple[list[str], Discovery]:
    discovery = discover(fetcher, "sitemap", location, max_pages)
    return [url async for url in discovery], discovery


async def refusal_of(fetcher: Fetcher, location: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await found(fetcher, location)
    return caught.value


async def test_a_page_is_its_own_source_and_nothing_is_asked_yet(site: Site, fetcher: Fetcher) -> None:
    assert [url async for url in discover(fetcher, "url", site.url("/a#part"), 10)] == [site.url("/a")]
    assert site.requests == []
    with pytest.raises(Refused, match="http"):
        [url async for url in discover(fetcher, "url", "ftp://h/", 10)]


async def test_a_sitemap_lists_pages_in_order(site: Site, fetcher: Fetcher) -> None:
    locations = [site.url("/b"), site.url("/a?x=1&amp;utm_source=y"), " \n/relative\t", site.url("/%C3%BC")]
    site.pages["/sitemap.xml"] = Reply(urlset(locations), 200, {"Content-Type": "application/xml"})
    urls, discovery = await found(fetcher, site.url("/sitemap.xml"))
    assert urls == [site.url(path) for path in ("/b", "/a?x=1&utm_source=y", "/relative", "/%C3%BC")]
    assert (discovery.left_out, discovery.problems, discovery.was_cut) == ({}, [], False)


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("{site}/a#again", discovery.DUPLICATE),
        ("http://other.example/a", discovery.OTHER_SITE),
        ("http://127.0.0.1:1/a", discovery.OTHER_SITE),
        ("http://127.0.0.1.evil.example/a", discovery.OTHER_SITE),
        ("http://user@127.0.0.1/a", discovery.INVALID_URL),
        ("file:///etc/passwd", discovery.INVALID_URL),
        ("javascript:alert(1)", discovery.INVALID_URL),
        ("http://[::1", discovery.INVALID_URL),
        ("{site}/" + "a" * 5000, discovery.INVALID_URL),
    ],
)
async def test_entries_that_are_left_out_are_counted(site: Site, fetcher: Fetcher, location: str, reason: str) -> None:
    site.pages["/s"] = Reply(urlset([site.url("/a"), location.format(site=site.url()[:-1]), site.url("/z")]))
    urls, discovery = await found(fetcher, site.url("/s"))
    assert urls == [site.url("/a"), site.url("/z")]
    assert discovery.left_out == {reason: 1}


async def test_an_entry_needs_the_allowlist_as_well(site: Site, opened: Opened) -> None:
    site.pages["/s"] = redirect(site.url("/t", "www.example"), 301)
    site.pages["/t"] = Reply(
        urlset([site.url("/a", "www.example"), site.url("/b", "help.example"), "http://help.example:25/"])
    )
    async with opened(kb_allowed_sources=(f"help.example:{site.port}", f"www.example:{site.port}")) as fetcher:
        urls, discovery = await found(fetcher, site.url("/s", "help.example"))
    assert urls == [site.url("/a", "www.example"), site.url("/b", "help.example")]
    assert discovery.left_out == {"other_site": 1}


@pytest.mark.parametrize("path", ["/", "/s"])
async def test_a_source_that_is_not_allowed_is_refused_and_not_empty(site: Site, opened: Opened, path: str) -> None:
    async with opened(kb_allowed_sources=("help.example",)) as fetcher:
        assert (await refusal_of(fetcher, site.url(path))).code == refusals.NOT_ALLOWED
    assert site.requests == []


def test_a_port_of_the_same_site_may_be_closed_all_the_same() -> None:
    listing = Listing(10, parse_sources(("help.example:80",)), sites={("help.example", None)})
    base = parse("http://help.example/sitemap.xml")
    assert listing.take("https://help.example/a", base) is None
    assert listing.take("/a", base) == "http://help.example/a"
    assert listing.left_out == {discovery.NOT_ALLOWED: 1}


async def test_only_pages_count_and_not_their_images(site: Site, fetcher: Fetcher) -> None:
    site.pages["/s"] = Reply(
        f'<urlset xmlns="{SPACE}" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"><url><loc>/a</loc>'
        "<image:image><image:loc>/a.png</image:loc></image:image></url></urlset>".encode()
    )
    assert (await found(fetcher, site.url("/s")))[0] == [site.url("/a")]


@pytest.mark.parametrize(
    "body",
    [
        urlset(["/a", "/b"]).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        b"\xef\xbb\xbf" + urlset(["/a", "/b"]),
        b"\n  " + urlset(["/a", "/b"]).partition(b"?>")[2],
        gzip.compress(urlset(["/a", "/b"])),
        b"<urlset><url><loc><![CDATA[/a]]></loc></url><url><loc>/<!-- x -->b</loc></url></urlset>",
        index([]).replace(b"></", b"><url><loc>/a</loc></url><url><loc>/b</loc></url></"),
    ],
    ids=["utf-16", "mark", "blanks first", "gzip", "cdata", "odd root"],
)
async def test_spellings_of_a_sitemap(site: Site, fetcher: Fetcher, body: bytes) -> None:
    site.pages["/s"] = Reply(body)
    assert (await found(fetcher, site.url("/s")))[0] == [site.url("/a"), site.url("/b")]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
async def test_a_list_of_addresses_is_a_sitemap(site: Site, fetcher: Fetcher, pack: "type[bytes]") -> None:
    lines = f"\ufeff{site.url('/a')}\r\n\r\n  {site.url('/b')} \n{site.url('/a')}\rhttp://other.example/"
    site.pages["/sitemap.txt"] = Reply(pack(lines.encode()))
    urls, discovery = await found(fetcher, site.url("/sitemap.txt"))
    assert urls == [site.url("/a"), site.url("/b")]
    assert discovery.left_out == {"duplicate": 1, "other_site": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   ", b"not found, sorry", b"<html><body><loc>/a</loc></body></html>", b"<!DOCTYPE html><html></html>",
        b"<rss><channel><link>/a</link></channel></rss>", b"<urlset><url>", b"\x00\x01\x02", b"\x1f\x8bno gzip",
        gzip.compress(urlset(["/a"]), mtime=0)[:30], b"x" * 200_000, b"%PDF-1.7",
        f"{DOCTYPE}<urlset><url><loc>/&b;</loc></url></urlset>".encode(),
        f"{OUTSIDE}<urlset><url><loc>/&x;</loc></url></urlset>".encode(),
        b"<urlset>" + b"<url>" * 100_000,
        b'<?xml version="1.0" encoding="no-such"?><urlset/>',
        b'<!DOCTYPE urlset SYSTEM "http://h/x.dtd"><urlset><url><loc>/a</loc></url></urlset>',
    ],
)  # fmt: skip
async def test_what_is_no_sitemap_is_said_to_be_none(site: Site, fetcher: Fetcher, body: bytes) -> None:
    site.pages["/s"] = Reply(body)
    assert (await refusal_of(fetcher, site.url("/s"))).code == refusals.BAD_SITEMAP


async def test_a_sitemap_without_pages_is_empty_and_no_fault(site: Site, fetcher: Fetcher) -> None:
    site.pages["/s"] = Reply(urlset([]))
    urls, discovery = await found(fetcher, site.url("/s"))
    assert (urls, discovery.problems) == ([], [])


async def test_what_stands_before_a_fault_counts_and_the_fault_is_told(site: Site, fetcher: Fetcher) -> None:
    site.pages["/s"] = Reply(urlset(["/a", "/b"]).replace(b"</urlset>", b"<url><loc>/c</oops>"))
    urls, discovery = await found(fetcher, site.url("/s"))
    assert urls == [site.url("/a"), site.url("/b")]
    assert [(problem.url, problem.refused.code) for problem in discovery.problems] == [
        (site.url("/s"), refusals.BAD_SITEMAP)
    ]


async def test_a_sitemap_that_is_not_there_is_the_source_s_own_failure(site: Site, fetcher: Fetcher) -> None:
    assert (await refusal_of(fetcher, site.url("/s"))).code == refusals.NOT_FOUND


# -- indexes


async def test_an_index_leads_to_its_sitemaps(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {
        "/s": Reply(index(["/s1.xml.gz", "/s2.xml", "/s2.xml", "/s", "http://other.example/s"])),
        "/s1.xml.gz": Reply(gzip.compress(urlset(["/a"])), 200, {"Content-Type": "application/gzip"}),
        "/s2.xml": Reply(urlset(["/a", "/b"])),
    }
    urls, discovery = await found(fetcher, site.url("/s"))
    assert urls == [site.url("/a"), site.url("/b")]
    assert discovery.left_out == {"duplicate": 3, "other_site": 1}
    assert site.paths == ["/s", "/s1.xml.gz", "/s2.xml"]


async def test_one_bad_sitemap_among_good_ones_is_told_and_no_more(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/s": Reply(index(["/gone", "/bad", "/good"])), "/bad": Reply(b"<"), "/good": Reply(urlset(["/a"]))}
    urls, discovery = await found(fetcher, site.url("/s"))
    assert urls == [site.url("/a")]
    assert [problem.refused.code for problem in discovery.problems] == [refusals.NOT_FOUND, refusals.BAD_SITEMAP]


async def test_indexes_of_indexes_end(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {f"/{n}": Reply(index([f"/{n + 1}"])) for n in range(9)}
    urls, discovery = await found(fetcher, site.url("/0"))
    assert (urls, discovery.left_out, site.paths) == ([], {"sitemaps": 1}, ["/0", "/1", "/2"])


async def test_an_index_of_too_many_sitemaps_is_read_in_part(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "MAX_SITEMAPS", 3)
    site.pages |= {"/s": Reply(index(f"/{n}" for n in range(10)))} | {
        f"/{n}": Reply(urlset([f"/p{n}"])) for n in range(10)
    }
    urls, listed = await found(fetcher, site.url("/s"))
    assert urls == [site.url("/p0"), site.url("/p1")]
    assert listed.left_out == {"sitemaps": 8}


async def test_an_index_cannot_lead_inside(site: Site, fetcher: Fetcher, names: Names) -> None:
    names.known["inside.example"] = [("10.0.0.1",)]
    site.pages |= {"/s": Reply(index(["/out"])), "/out": redirect("http://inside.example/s")}
    assert (await refusal_of(fetcher, site.url("/s"))).code == refusals.PRIVATE_ADDRESS


# -- limits


async def test_more_pages_than_may_be_read_are_counted(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {
        "/s": Reply(index(["/1", "/2"])),
        "/1": Reply(urlset(f"/{n}" for n in range(9))),
        "/2": Reply(urlset(["/z"])),
    }
    urls, discovery = await found(fetcher, site.url("/s"), max_pages=4)
    assert urls == [site.url(f"/{n}") for n in range(4)]
    assert discovery.left_out == {"over_limit": 5, "sitemaps": 1}
    assert site.paths == ["/s", "/1"]


async def test_of_a_million_pages_the_first_are_read_and_the_others_counted(site: Site, fetcher: Fetcher) -> None:
    locations = "".join(f"<url><loc>/{n}</loc></url>" for n in range(1_000_000))
    site.pages["/s"] = Reply(gzip.compress(f"<urlset>{locations}</urlset>".encode(), 1))
    urls, discovery = await found(fetcher, site.url("/s"), max_pages=2000)
    assert (len(urls), discovery.left_out, discovery.was_cut) == (2000, {"over_limit": 998_000}, False)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("as_text", [False, True])
async def test_a_sitemap_over_its_size_is_read_to_there(
    site: Site, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, pack: "type[bytes]", as_text: bool
) -> None:
    monkeypatch.setattr(discovery, "MAX_SITEMAP_BYTES", 10_000)
    locations = [site.url(f"/{n}") for n in range(1000)]
    site.pages["/s"] = Reply(pack("\n".join(locations).encode() if as_text else urlset(locations)))
    urls, listed = await found(fetcher, site.url("/s"), max_pages=50)
    assert urls == locations[:50]
    assert listed.was_cut
    assert 0 < listed.left_out["over_limit"] < 950
    assert listed.problems == []


# -- sites


async def test_a_site_names_its_sitemaps_in_robots(site: Site, fetcher: Fetcher) -> None:
    robots = f"Sitemap: {site.url('/one.xml')}\nSitemap: /two.xml\nSitemap: http://other.example/s\nSitemap: ftp://h/\n"
    site.pages |= {
        "/robots.txt": Reply(robots.encode()),
        "/one.xml": Reply(urlset(["/a"])),
        "/two.xml": Reply(urlset(["/b"])),
    }
    urls, discovery = await found(fetcher, site.url("/"))
    assert urls == [site.url("/a"), site.url("/b")]
    assert discovery.left_out == {"other_site": 1, "invalid_url": 1}


async def test_a_site_that_names_none_has_one_in_the_usual_place(site: Site, fetcher: Fetcher) -> None:
    site.pages["/sitemap.xml"] = Reply(urlset(["/a"]))
    assert (await found(fetcher, site.url()))[0] == [site.url("/a")]


async def test_a_sitemap_that_robots_close_is_not_read(site: Site, fetcher: Fetcher) -> None:
    site.pages |= {"/robots.txt": Reply(b"User-agent: *\nDisallow: /s"), "/s": Reply(urlset(["/a"]))}
    assert (await refusal_of(fetcher, site.url("/s"))).code == refusals.ROBOTS
