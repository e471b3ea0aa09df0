"""The only way out: connections that go to checked addresses and nowhere else.

The check sits where the connection is made, below everything that could be talked into another target. A name is
resolved once, every address it has must be reachable, and the socket is opened to one of these very addresses; TLS
still verifies the name. There is no client above the pool: a client would keep cookies across companies, follow
redirects and ask the environment for proxies.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any, Final

import httpcore2
import httpx2

from core.addresses import Network, is_reachable
from knowledge.fetching.refusals import (
    BAD_RESPONSE,
    PRIVATE_ADDRESS,
    TLS_FAILED,
    TOO_SLOW,
    UNKNOWN_HOST,
    UNREACHABLE,
    Refused,
)
from knowledge.fetching.urls import host_of

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host and a port to the IP addresses, best first; raises OSError when there is none."""

_BROKEN: Final = (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError)
MAX_CONNECTIONS: Final = 20
IDLE_SECONDS: Final = 15.0
"""How long a connection waits for the next page of its host."""
MAX_ADDRESSES: Final = 3
"""Addresses of a host that are tried, each for its share of the time."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver, as every program on this machine would."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def choose(host: str, addresses: Sequence[str], networks: Collection[Network]) -> tuple[str, ...]:
    """Return the addresses to try; raises Refused (PRIVATE_ADDRESS) if a single one of all of them is not reachable.

    One private address among public ones is how a name is made to answer both a check and an attack.
    """
    if not addresses:
        raise Refused(UNKNOWN_HOST, f"{host} has no address", is_passing=True)
    if not all(is_reachable(ip_address(address.partition("%")[0]), networks) for address in addresses):
        raise Refused(PRIVATE_ADDRESS, f"{host} leads to an address that is not public")
    return tuple(addresses[:MAX_ADDRESSES])


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens sockets for the pool, to checked addresses alone."""

    def __init__(self, networks: Collection[Network], resolve: Resolve) -> None:
        self._networks = networks
        self._resolve = resolve
        self._sockets = httpcore2.AnyIOBackend()

    async def connect_tcp(  # the interface of httpcore2
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of the host that answers; raises Refused, or what httpcore2 raises."""
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise Refused(UNKNOWN_HOST, f"{host} is not known", is_passing=True) from error
        *others, last = choose(host, found, self._networks)
        share = timeout / (len(others) + 1) if timeout else None
        for address in others:
            try:
                return await self._sockets.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._sockets.connect_tcp(last, port, share, local_address, socket_options)


class Connections:
    """A pool of `most` guarded connections. `tls` verifies certificates; the system's authorities when left out."""

    def __init__(
        self,
        networks: Collection[Network] = (),
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        *,
        most: int = MAX_CONNECTIONS,
    ) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=most,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=GuardedBackend(networks, resolve),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    @asynccontextmanager
    async def get(self, url: httpx2.URL, headers: Mapping[str, str], seconds: float) -> AsyncIterator[httpx2.Response]:
        """Ask for a page, as `send` does."""
        async with self.send("GET", url, headers.items(), seconds) as answer:
            yield answer

    @asynccontextmanager
    async def send(
        self,
        method: str,
        url: httpx2.URL,
        headers: Iterable[tuple[str, str]],
        seconds: float,
        content: bytes | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        """Send a request; status and headers of the answer are there, its body comes as it is read.

        `seconds` bound each single wait; the caller bounds the whole.

        Raises:
            Refused: no checked address answered, or what answered does not speak HTTP. Also while reading.
        """
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        host = ("Host", url.netloc.decode("ascii"))  # the pool would leave out the brackets of an IPv6 address
        waits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        try:
            async with self._pool.stream(
                method, target, headers=[host, *headers], content=content, extensions={"timeout": waits}
            ) as answer:
                yield httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer, host_of(url)))
        except _BROKEN as error:
            raise _refusal(error, host_of(url)) from error
        except httpx2.DecodingError as error:
            raise Refused(BAD_RESPONSE, f"{host_of(url)} sent a body that cannot be decompressed") from error


class _Body(httpx2.AsyncByteStream):
    """The body of a pool's answer, for the decoders of a response; raises Refused when it breaks off."""

    def __init__(self, answer: httpcore2.Response, host: str) -> None:
        self._answer = answer
        self._host = host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._answer.aiter_stream():
                yield piece
        except _BROKEN as error:
            raise _refusal(error, self._host) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


def _refusal(error: Exception, host: str) -> Refused:
    """Return what a failure of the connection means."""
    if tls := _tls_error(error):
        return Refused(
            TLS_FAILED, f"{host} offers no connection that can be trusted: {tls.reason or 'handshake failed'}"
        )
    if isinstance(error, httpcore2.TimeoutException):
        return Refused(TOO_SLOW, f"{host} did not answer in time", is_passing=True)
    if isinstance(error, httpcore2.NetworkError):
        return Refused(UNREACHABLE, f"{host} cannot be reached", is_passing=True)
    return Refused(BAD_RESPONSE, f"{host} broke off its answer, or does not answer in HTTP", is_passing=True)


def _tls_error(error: Exception) -> ssl.SSLError | None:
    """Return the failure of TLS that an error of the pool stands for, None if it was another one."""
    return next((cause for cause in (error.__context__, *error.args) if isinstance(cause, ssl.SSLError)), None)
