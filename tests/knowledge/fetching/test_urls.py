"""Pure decisions about addresses: one spelling, the allowlist, where a redirect may lead."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge.fetching.allowlist import check_allowed, is_allowed, parse_source, parse_sources
from knowledge.fetching.refusals import BAD_REDIRECT, INVALID_URL, NOT_ALLOWED, Refused
from knowledge.fetching.urls import MAX_LENGTH, next_hop, normalise, origin_of, parse, port_of
from knowledge.settings import KnowledgeSettings


@pytest.mark.parametrize(
    ("given", "one_spelling"),
    [
        ("http://example.com", "http://example.com/"),
        ("  https://Example.COM./a  ", "https://example.com/a"),
        ("HTTP://h:80/", "http://h/"),
        ("https://h:443/a", "https://h/a"),
        ("https://h:80/a", "https://h:80/a"),
        ("http://h:080/", "http://h/"),
        ("http://h/a/../b/./c", "http://h/b/c"),
        ("http://h/a#part", "http://h/a"),
        ("http://h/#/route", "http://h/"),
        ("http://h?utm_source=x&q=1", "http://h/?utm_source=x&q=1"),
        ("http://h/?b=2&a=1", "http://h/?b=2&a=1"),
        ("http://bücher.example/ä?q=ü", "http://xn--bcher-kva.example/%C3%A4?q=%C3%BC"),
        ("http://127。0。0。1/", "http://127.0.0.1/"),
        ("http://[0:0::1]:80/x", "http://[::1]/x"),
        ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("http://a_b.example/", "http://a_b.example/"),
        ("http://h/a%2Fb", "http://h/a%2Fb"),
    ],
)
def test_an_address_has_one_spelling(given: str, one_spelling: str) -> None:
    assert normalise(given) == one_spelling
    assert normalise(one_spelling) == one_spelling


@pytest.mark.parametrize(
    "address",
    [
        "", "nonsense", "/a", "//h/x", "http://", "http:///x", "ftp://h/", "file:///etc/passwd", "javascript:alert(1)",
        "gopher://h/", "data:text/html,x", "ws://h/", "http://u:p@h/", "http://u@h/", "http://example.com@evil.com/",
        "http://evil.com\\@example.com/", "http://a\\b/", "http://a b/", "http://h\t/", "http://h/\nx", "http://a..b/",
        "http://-a/", "http://h:0/", "http://h:99999/", "http://h:x/", "http://[::1", "http://[fe80::1%25eth0]/",
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://017700000001/", "http://0177.0.0.1/",
        "http://127.1/", "http://1.2.3.4.5/", "http://127.0.0.1%2eevil/", "http://①②⑦.0.0.1/", "http://\ud800/",
        "http://h/\ud800", "http://" + "a" * 64 + "/", "http://h/" + "a" * MAX_LENGTH,
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_refused(address: str) -> None:
    with pytest.raises(Refused) as caught:
        normalise(address)
    assert (caught.value.code, caught.value.is_passing) == (INVALID_URL, False)


def test_a_refusal_repeats_no_password() -> None:
    with pytest.raises(Refused) as caught:
        normalise("http://somebody:hunter2@example.com/")
    assert "hunter2" not in caught.value.detail


@given(st.text(max_size=40).map(lambda text: f"http://{text}"))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    with suppress(Refused):  # and nothing else
        url = parse(text)
        assert url.scheme == "http"
        assert url.host
        assert not url.userinfo
        assert not url.fragment
        assert normalise(str(url)) == str(url)


def test_relative_addresses_count_from_where_they_stand() -> None:
    base = parse("https://h/docs/sitemap.xml")
    assert [normalise(text, base) for text in ("/a", "b", "../c", "//other/d", "?q")] == [
        "https://h/a", "https://h/docs/b", "https://h/c", "https://other/d", "https://h/docs/sitemap.xml?q",
    ]  # fmt: skip


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin_of(parse("https://h:8443/a?b#c")) == "https://h:8443"
    assert (port_of(parse("https://h/")), port_of(parse("http://h/")), port_of(parse("http://h:81/"))) == (443, 80, 81)


@pytest.mark.parametrize(
    ("entries", "address", "allowed"),
    [
        ((), "https://anything.example/", True),
        ((), "http://anything.example:8080/", True),
        ((), "http://anything.example:25/", False),
        ((), "http://anything.example:22/", False),
        (("help.example.com",), "https://help.example.com/a", True),
        (("help.example.com",), "http://help.example.com/a", True),
        (("help.example.com",), "https://HELP.example.com./a", True),
        (("HELP.example.com.",), "https://help.example.com/a", True),
        (("help.example.com",), "https://help.example.com:8443/", False),
        (("help.example.com:8443",), "https://help.example.com:8443/", True),
        (("help.example.com:8443",), "https://help.example.com/", False),
        (("help.example.com:80",), "http://help.example.com/", True),
        (("help.example.com:80",), "https://help.example.com/", False),
        (("help.example.com:*",), "https://help.example.com:1/", True),
        (("help.example.com",), "https://www.help.example.com/", False),
        (("help.example.com",), "https://example.com/", False),
        (("help.example.com",), "https://help.example.com.evil.example/", False),
        (("help.example.com",), "https://nothelp.example.com/", False),
        (("help.example.com",), "https://helpxexample.com/", False),
        (("*.example.org",), "https://a.example.org/", True),
        (("*.example.org",), "https://a.b.example.org/", True),
        (("*.example.org",), "https://example.org/", False),
        (("*.example.org",), "https://evilexample.org/", False),
        (("*.example.org", "example.org"), "https://example.org/", True),
        (("bücher.example",), "https://xn--bcher-kva.example/", True),
        (("xn--bcher-kva.example",), "https://bücher.example/", True),
        (("127.0.0.1:*",), "http://127.0.0.1:4321/", True),
        (("127.0.0.1",), "http://127.0.0.2/", False),
        (("[::1]:8080",), "http://[0::1]:8080/", True),
    ],
)
def test_what_the_allowlist_covers(entries: tuple[str, ...], address: str, allowed: bool) -> None:
    assert is_allowed(parse(address), parse_sources(entries)) is allowed


def test_a_refusal_names_the_host_and_the_setting() -> None:
    with pytest.raises(Refused, match=r"evil\.example:81 .* KB_ALLOWED_SOURCES") as caught:
        check_allowed(parse("http://evil.example:81/"), parse_sources(("help.example.com",)))
    assert caught.value.code == NOT_ALLOWED


def test_a_refused_port_of_no_allowlist_names_the_ports_that_are_read_from() -> None:
    with pytest.raises(Refused) as caught:
        check_allowed(parse("http://help.example:25/"), ())
    assert caught.value.code == NOT_ALLOWED
    assert caught.value.detail == (
        "help.example:25: only the ports 80 and 443 and those from 1024 up are read from, "
        "unless KB_ALLOWED_SOURCES names another"
    )


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*",
        "*.",
        "https://x/",
        "x/",
        "x/y",
        "u@h",
        "h?x",
        "a b",
        "h:1:2",
        "h:x",
        "::1",
        "*.1.2.3.4",
        "0x7f.1",
        "h:70000",
    ],
)
def test_an_entry_that_means_nothing_stops_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host such as"):
        parse_source(entry)
    if entry:
        with pytest.raises(ValidationError, match="is not a host such as"):
            KnowledgeSettings(kb_allowed_sources=(entry,))


def test_a_network_that_is_none_stops_the_start() -> None:
    with pytest.raises(ValidationError, match="is not a network such as"):
        KnowledgeSettings(kb_allowed_private_networks=("10.0.0.1/8",))


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("/b", "https://h/b"),
        ("https://other.example/c#x", "https://other.example/c"),
        ("?q=1", "https://h/a?q=1"),
    ],
)
def test_where_a_redirect_leads(location: str, target: str) -> None:
    assert str(next_hop(parse("https://h/a"), location)) == target


@pytest.mark.parametrize(
    "location", [None, "", "http://h/a", "ftp://h/", "file:///etc/passwd", "http://u:p@h/", "//2130706433/"]
)
def test_redirects_that_are_not_followed(location: str | None) -> None:
    with pytest.raises(Refused) as caught:
        next_hop(parse("https://h/a"), location)
    assert caught.value.code == BAD_REDIRECT


def test_a_redirect_may_turn_to_https() -> None:
    assert str(next_hop(parse("http://h/a"), "https://h/a")) == "https://h/a"
