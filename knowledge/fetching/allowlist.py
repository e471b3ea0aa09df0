"""Which servers pages may be read from: the setting KB_ALLOWED_SOURCES, understood once and asked for every request."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import httpx2

from knowledge.fetching.refusals import NOT_ALLOWED, Refused
from knowledge.fetching.urls import DEFAULT_PORTS, host_of, parse, port_of

_ENTRY: Final = re.compile(r"(?P<host>.+?)(?::(?P<port>[0-9]{1,5}|\*))?")
_WEB_PORTS: Final = frozenset(DEFAULT_PORTS.values())
_FIRST_FREE_PORT: Final = 1024
"""Below it only the two ports of the web are read from, unless the list names another: mail and shells live there."""


@dataclass(frozen=True, slots=True)
class Source:
    """One entry: a host, or every name below it (`is_suffix`, not itself), on certain ports (None: on all)."""

    host: str
    is_suffix: bool
    ports: frozenset[int] | None

    def covers(self, host: str, port: int) -> bool:
        """Tell whether a host in its canonical spelling and a port belong to this entry."""
        named = host.endswith(f".{self.host}") if self.is_suffix else host == self.host
        return named and (self.ports is None or port in self.ports)


def parse_source(text: str) -> Source:
    """Return what an entry means: `help.example.com`, `*.example.org`, `docs.example.com:8443`, `[::1]:*`.

    Without a port it means 80 and 443; `:*` means every port.

    Raises:
        ValueError: it is none of these, with a readable text.
    """
    is_suffix = text.startswith("*.")
    parts = _ENTRY.fullmatch(text.removeprefix("*."))
    try:
        if not parts or not _is_port(parts["port"]):
            raise ValueError("no host, or no port")
        url = parse(f"http://{parts['host']}/")
        if url.port or url.raw_path != b"/" or (is_suffix and _is_address(host_of(url))):
            raise ValueError("it holds more than a host")
    except (Refused, ValueError) as error:
        raise ValueError(f"{text!r} is not a host such as help.example.com, *.example.org or host:8443") from error
    return Source(host_of(url), is_suffix, _ports(parts["port"]))


def _is_port(text: str | None) -> bool:
    return text in (None, "*") or 0 < int(text or 0) < 65_536


def _ports(text: str | None) -> frozenset[int] | None:
    if text == "*":
        return None
    return frozenset({int(text)}) if text else _WEB_PORTS


def parse_sources(entries: Iterable[str]) -> tuple[Source, ...]:
    """Return what a list of entries means; raises ValueError for the first that means nothing."""
    return tuple(parse_source(entry) for entry in entries)


def is_allowed(url: httpx2.URL, sources: Sequence[Source]) -> bool:
    """Tell whether a parsed address may be read: one entry covers it, or there is no entry at all."""
    port = port_of(url)
    if not sources:
        return port in _WEB_PORTS or port >= _FIRST_FREE_PORT
    return any(source.covers(host_of(url), port) for source in sources)


def check_allowed(url: httpx2.URL, sources: Sequence[Source]) -> None:
    """Raise Refused (NOT_ALLOWED) when a parsed address may not be read."""
    if is_allowed(url, sources):
        return
    place = f"{host_of(url)}:{url.port}" if url.port else host_of(url)
    if not sources:
        ports = f"the ports {' and '.join(map(str, sorted(_WEB_PORTS)))} and those from {_FIRST_FREE_PORT} up"
        raise Refused(NOT_ALLOWED, f"{place}: only {ports} are read from, unless KB_ALLOWED_SOURCES names another")
    raise Refused(NOT_ALLOWED, f"{place} is not among the sources that KB_ALLOWED_SOURCES names")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
