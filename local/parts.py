"""The parts of the product on one machine: their commands, their environments, and how to tell that each is ready."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from local.installation import Company
from local.supervisor import Part
from local.valkey import server_command


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts listen on this machine."""

    host: str
    api: int
    gateway: int
    demo: int
    events: int
    turns: int

    @property
    def api_url(self) -> str:
        """Origin of the API."""
        return f"http://{self.host}:{self.api}"

    @property
    def ws_url(self) -> str:
        """Origin of the gateway."""
        return f"ws://{self.host}:{self.gateway}"

    @property
    def demo_url(self) -> str:
        """Origin of the demo product."""
        return f"http://{self.host}:{self.demo}"


def program(*arguments: str) -> list[str]:
    """Return the command that runs `onboarding-agent` with these arguments under this very Python."""
    return [sys.executable, "-m", "local.cli", *arguments]


def product_environment(addresses: Addresses, database_url: str, redis_url: str, secret_key: str) -> dict[str, str]:
    """Return the environment of every part: what the operator set, and below it what one machine needs."""
    chosen = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secret_key,
        "API_HOST": addresses.host,
        "API_PORT": str(addresses.api),
        "API_PUBLIC_URL": addresses.api_url,
        "GATEWAY_HOST": addresses.host,
        "GATEWAY_PORT": str(addresses.gateway),
        "GATEWAY_PUBLIC_URL": addresses.ws_url,
    }
    defaults = {"ALLOW_PRIVATE_WEBHOOKS": "true", "ALLOW_PRIVATE_TOOLS": "true", "PYTHONUNBUFFERED": "1"}
    if addresses.demo:  # its help centre is a web site of this machine
        defaults |= {"KB_ALLOWED_PRIVATE_NETWORKS": _own_networks(addresses.host), "KB_RATE_LIMIT_DELAY": "0.1"}
    return {**defaults, **os.environ, **chosen}


def _own_networks(host: str) -> str:
    """Return the networks that lead to this machine alone: the loopback, and the address that is listened on."""
    networks = ["127.0.0.0/8", "::1/128"]
    with suppress(ValueError):
        networks.append(str(ip_network(host)))
    return ",".join(networks)


def redis_part(directory: Path, socket: Path) -> Part:
    """Return the embedded Redis."""
    directory.mkdir(parents=True, exist_ok=True)
    return Part("redis", server_command(directory, socket), os.environ, _answers_ping(socket))


def product_parts(addresses: Addresses, environment: Mapping[str, str]) -> list[Part]:
    """Return the parts of the product itself; they may start in any order once the stores answer."""

    def consumer(name: str, port: int, *roles: str) -> Part:
        flags = [word for role in roles for word in ("--role", role)]
        own = {**environment, "CONSUMER_METRICS_PORT": str(port)}
        return Part(name, program("consumer", *flags), own, _answers_http(addresses.host, port))

    return [
        Part("api", program("api"), environment, _answers_http(addresses.host, addresses.api)),
        Part("gateway", program("gateway"), environment, _answers_http(addresses.host, addresses.gateway)),
        consumer("events", addresses.events, "events"),
        consumer("turns", addresses.turns, "turns", "notifications", "jobs"),
    ]


def demo_part(addresses: Addresses, company: Company) -> Part:
    """Return the demo product, which knows of us only what any host would."""
    environment = {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV") if key in os.environ},
        "DEMO_API_URL": addresses.api_url,
        "DEMO_PUBLIC_API_URL": addresses.api_url,
        "DEMO_WS_URL": addresses.ws_url,
        "DEMO_PUBLIC_KEY": company.public_key,
        "DEMO_SECRET_KEY": company.secret_key,
        "DEMO_HOST": addresses.host,
        "DEMO_PORT": str(addresses.demo),
    }
    command = [sys.executable, "-m", "local.demo"]
    return Part("demo", command, environment, _answers_http(addresses.host, addresses.demo, "/health"))


def _answers_http(host: str, port: int, path: str = "/readyz") -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        return b" 200 " in (await _first_line(lambda: asyncio.open_connection(host, port), request))

    return ready


def _answers_ping(socket: Path) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return (await _first_line(lambda: asyncio.open_unix_connection(socket), b"PING\r\n")).startswith(b"+PONG")

    return ready


Opening = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


async def _first_line(connect: Opening, request: bytes) -> bytes:
    try:
        reader, writer = await connect()
        try:
            writer.write(request)
            return await asyncio.wait_for(reader.readline(), 2)
        finally:
            writer.close()
    except (OSError, TimeoutError):
        return b""
