"""One HTTP POST to an address that somebody configured: guarded, bounded in time, never redirected."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx2

from channels.addresses import resolve
from channels.message import DeliveryFailed
from core.retry_after import seconds_of

_PASSING: Final = frozenset({408, 409, 423, 425, 429})
"""Answers below 500 that may be another one later."""


@dataclass(frozen=True, slots=True)
class Poster:
    """How to post: seconds for a whole attempt, and whether private addresses are allowed (development only)."""

    timeout: float = 10.0
    allow_private: bool = False

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post once.

        Raises:
            DeliveryFailed: the URL is not usable, nobody answered in time, or the answer was not a 2xx.
        """
        target = _target(url)
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            async with asyncio.timeout(self.timeout):  # the client's own limit starts anew with every byte
                address = await resolve(target.host, port, allow_private=self.allow_private)
                response = await self._send(target, address, body, headers)
        except TimeoutError as error:
            raise DeliveryFailed("timeout", permanent=False) from error
        judge(response.status_code, response.headers.get("Retry-After"), datetime.now(UTC))

    async def _send(self, target: httpx2.URL, address: str, body: bytes, headers: Mapping[str, str]) -> httpx2.Response:
        # The connection goes to the checked address; the name stays in Host, SNI and the check of the certificate.
        named = {**headers, "Host": target.netloc.decode()}
        try:
            async with (
                httpx2.AsyncClient(timeout=self.timeout, follow_redirects=False, trust_env=False) as client,
                client.stream(
                    "POST",
                    target.copy_with(host=address),
                    content=body,
                    headers=named,
                    extensions={"sni_hostname": target.host},
                ) as response,
            ):
                return response
        except httpx2.TimeoutException as error:
            raise DeliveryFailed("timeout", permanent=False) from error
        except httpx2.HTTPError as error:
            raise DeliveryFailed("connection_failed", permanent=False) from error


def _target(url: str) -> httpx2.URL:
    try:
        target = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise DeliveryFailed("invalid_url", permanent=True) from error
    if target.scheme not in ("http", "https") or not target.host:
        raise DeliveryFailed("invalid_url", permanent=True)
    return target


def judge(status: int, retry_after: str | None, now: datetime) -> None:
    """Pass a 2xx; raise DeliveryFailed for every other status. A redirect is refused: it could lead inside."""
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise DeliveryFailed("redirect_refused", permanent=True)
    permanent = status < 500 and status not in _PASSING
    raise DeliveryFailed(f"http_{status}", permanent=permanent, retry_after=seconds_of(retry_after, now))
