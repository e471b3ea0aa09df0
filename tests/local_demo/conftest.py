"""The demo product against a local stand-in for the onboarding agent's API."""

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from pytest_httpserver import HTTPServer
from starlette.testclient import TestClient

from local.demo.config import DemoConfig
from local.demo.server import create_app


@pytest.fixture
def config(httpserver: HTTPServer) -> DemoConfig:
    origin = httpserver.url_for("").rstrip("/")
    return DemoConfig(
        api_url=origin,
        public_api_url=origin,
        ws_url="ws://gateway.example:9000",
        public_key="pk_public",
        secret_key="sk_secret",
        port=0,
        token_timeout=1,
    )


@pytest.fixture
def closed_origin() -> Iterator[str]:
    """An origin where nobody listens: the port is taken, and connecting to it is refused."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


@pytest.fixture
def client(config: DemoConfig) -> Iterator[TestClient]:
    with TestClient(create_app(config)) as client:
        yield client


@pytest.fixture
def demo_url(config: DemoConfig) -> Iterator[str]:
    """The demo on a real socket, for a real browser."""
    server = uvicorn.Server(uvicorn.Config(create_app(config), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
