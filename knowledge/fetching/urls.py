"""One reading of an address for everybody: what is checked is what is connected to.

Two parsers that disagree about the host of an address are the classic way around an allowlist, so an address is parsed
once, into the very value that the client sends, and rebuilt from its parts in one spelling.
"""

import re
from contextlib import suppress
from ipaddress import IPv6Address, ip_address
from typing import Final

import httpx2

from knowledge.fetching.refusals import BAD_REDIRECT, INVALID_URL, Refused

MAX_LENGTH: Final = 4096
"""Characters of an address; the sitemap protocol stops at 2048."""
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that a resolver reads as (part of) an IPv4 address (WHATWG URL, "ends in a number")."""


def parse(text: str, base: httpx2.URL | None = None) -> httpx2.URL:
    """Return an address in the one spelling that is used from here on; relative ones count from `base`.

    Scheme and host are lower-case, the host is ASCII (IDNA) without a trailing dot, the default port and the fragment
    are gone, dot segments are resolved. Query parameters stay as they are.

    Raises:
        Refused: INVALID_URL, with a text that says why.
    """
    if len(text) > MAX_LENGTH:
        raise _invalid(f"the address has more than {MAX_LENGTH} characters")
    try:
        given = base.join(text.strip()) if base else httpx2.URL(text.strip())
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise _invalid("the address cannot be read as a URL") from error
    if given.scheme not in DEFAULT_PORTS or not given.raw_host:
        raise _invalid("only http:// and https:// addresses of a server can be read")
    if given.userinfo:
        raise _invalid("an address must not hold a user name or a password")
    host = canonical_host(given.raw_host.decode("ascii"))
    plain = given.copy_with(host=host, port=_port(given), fragment=None)
    return plain.copy_with(raw_path=plain.raw_path)  # an empty path becomes "/", also in text


def normalise(text: str, base: httpx2.URL | None = None) -> str:
    """Return an address in its one spelling, as text; raises Refused (INVALID_URL)."""
    return str(parse(text, base))


def canonical_host(host: str) -> str:
    """Return a host in its one spelling: an IP address in its shortest form, or a name in lower case without a dot.

    Decimal, octal, hexadecimal and short forms of IPv4 addresses are refused rather than understood: nobody needs them,
    and programs disagree about them.
    """
    name = host.lower().removesuffix(".")
    with suppress(ValueError):
        address = ip_address(name.strip("[]"))
        if isinstance(address, IPv6Address) and address.scope_id:
            raise _invalid("an address must not name a network zone")
        return str(address)
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise _invalid("the host is not a valid name")
    if _NUMBER.fullmatch(labels[-1]):
        raise _invalid("the host is an IP address in an unusual form")
    return name


def port_of(url: httpx2.URL) -> int:
    """Return the port that a parsed address leads to."""
    return url.port or DEFAULT_PORTS[url.scheme]


def origin_of(url: httpx2.URL) -> str:
    """Return scheme, host and port of a parsed address, as in `https://help.example.com`."""
    return str(url.copy_with(raw_path=b"/")).removesuffix("/")


def site_of(url: httpx2.URL) -> tuple[str, int | None]:
    """Return what two pages of one site share: the host, and the port when it is not a default one."""
    return host_of(url), url.port


def host_of(url: httpx2.URL) -> str:
    """Return the host of a parsed address in ASCII, as it goes over the wire."""
    return url.raw_host.decode("ascii")


def next_hop(url: httpx2.URL, location: str | None) -> httpx2.URL:
    """Return where a redirect leads; raises Refused (BAD_REDIRECT) when that is no address or drops encryption."""
    if not location:
        raise Refused(BAD_REDIRECT, f"{host_of(url)} redirects without saying where to")
    try:
        target = parse(location, url)
    except Refused as error:
        raise Refused(BAD_REDIRECT, f"{host_of(url)} redirects to where we do not follow: {error.detail}") from error
    if url.scheme == "https" and target.scheme == "http":
        raise Refused(BAD_REDIRECT, f"{host_of(url)} redirects from https to http")
    return target


def _port(url: httpx2.URL) -> int | None:
    if url.port is None or url.port == DEFAULT_PORTS[url.scheme]:
        return None
    if not 0 < url.port < 65_536:
        raise _invalid("the port is not between 1 and 65535")
    return url.port


def _invalid(detail: str) -> Refused:
    return Refused(INVALID_URL, detail)
