"""The whole product as a stranger runs it: `onboarding-agent up --demo` in an empty directory, and a browser."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page

READY_SECONDS = 120
STOP_SECONDS = 60


@dataclass
class Product:
    """A running product, where it keeps its data, and its ready line."""

    process: subprocess.Popen[str]
    data: Path
    ready: dict[str, Any]
    log: list[str] = field(default_factory=list)

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Call the API with the company's secret key."""
        headers = {"X-API-Key": self.ready["secret_key"]}
        return httpx2.request(method, self.ready["api"] + path, headers=headers, timeout=20, **options)

    def get(self, path: str, **params: Any) -> Any:
        """Return the JSON of a successful GET."""
        response = self.request("GET", path, params=params)
        response.raise_for_status()
        return response.json()

    def stop(self) -> int:
        """Stop it as Ctrl-C would; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


def launch(data: Path, *options: str, **environment: str) -> Product:
    """Start the product on free ports and wait for its ready line."""
    command = [sys.executable, "-m", "local.cli", "up", "--port", "0", "--ws-port", "0", "--demo-port", "0"]
    inherited = {
        key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "REDIS_URL", "LLM_PROVIDER"}
    }
    process = subprocess.Popen(
        [*command, "--data", str(data), *options],
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    log: list[str] = []
    assert process.stderr
    threading.Thread(target=_collect, args=(process.stderr, log), daemon=True).start()
    try:
        return Product(process, data, json.loads(_first_line(process)), log)
    except BaseException:
        process.kill()
        sys.stderr.write("".join(log[-50:]))
        raise


def _collect(stream: IO[str], log: list[str]) -> None:
    log.extend(stream)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    timer = threading.Timer(READY_SECONDS, process.kill)
    timer.start()
    try:
        return process.stdout.readline()
    finally:
        timer.cancel()


Launch = Callable[..., Product]


@contextmanager
def directory() -> Iterator[Path]:
    """A directory that PostgreSQL's own user can reach: pytest's is closed to others at every start of a session."""
    with tempfile.TemporaryDirectory(prefix="oa-e2e-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def starting(own: Path) -> Iterator[Launch]:
    """Start products; whatever still runs is stopped at the end."""
    running: list[Product] = []

    def begin(*options: str, at: str = "data", **environment: str) -> Product:
        running.append(launch(own / at, *options, **environment))
        return running[-1]

    yield begin
    for product in running:
        product.stop()


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A directory of the test's own."""
    with directory() as own:
        yield own


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Launch]:
    """Start products for one test."""
    with starting(tmp_path) as begin:
        yield begin


@pytest.fixture(scope="module")
def shared() -> Iterator[Launch]:
    """Start products for the tests of a module that leave each other alone: a start costs more than most of them."""
    with directory() as own, starting(own) as begin:
        yield begin


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; an error in it fails the test, since the agent must never break its host."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []
