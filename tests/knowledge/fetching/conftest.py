"""A site to read from, a fetcher that may read it, and a resolver that knows the names of the tests."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from knowledge.fetching.fetcher import Fetcher
from knowledge.settings import KnowledgeSettings
from tests.knowledge.fetching.site import Site, serving

OPEN: dict[str, Any] = {"kb_allowed_private_networks": ("127.0.0.0/8",), "kb_rate_limit_delay": 0.0}


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as site:
        yield site


class Names:
    """A resolver: every name leads to this machine unless told otherwise; lists are answered one after the other."""

    def __init__(self) -> None:
        self.known: dict[str, list[Sequence[str]]] = {}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        try:
            return (str(ip_address(host)),)
        except ValueError:
            answers = self.known.get(host, [("127.0.0.1",)])
            return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def waits() -> list[float]:
    """The pauses that a fetcher of `opened` made; it does not really wait."""
    return []


Opened = Callable[..., AbstractAsyncContextManager[Fetcher]]


@pytest.fixture
def opened(names: Names, waits: list[float]) -> Opened:
    """Opens a fetcher that may read this machine and does not wait; settings can be given by name."""

    async def note(seconds: float) -> None:
        if seconds > 0:
            waits.append(seconds)

    def open_(
        tls: ssl.SSLContext | None = None, sleep: Callable[[float], Awaitable[None]] = note, **settings: Any
    ) -> Any:
        return Fetcher.open(KnowledgeSettings(**{**OPEN, **settings}), resolve=names, tls=tls, sleep=sleep)

    return open_


@pytest.fixture
async def fetcher(opened: Opened) -> AsyncIterator[Fetcher]:
    async with opened() as fetcher:
        yield fetcher


@dataclass(frozen=True)
class Certificates:
    """What a server of the name help.example shows, and what trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    directory = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "help.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("help.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file = _write(directory / "cert.pem", certificate.public_bytes(serialization.Encoding.PEM))
    key_file = _write(
        directory / "key.pem",
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert_file, key_file)
    return Certificates(server, ssl.create_default_context(cafile=str(cert_file)))


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
