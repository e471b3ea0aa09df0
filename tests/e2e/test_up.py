"""`up` itself: the ready line, a second start with the same company, a taken port, wrong settings, no orphans."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Launch, Product

pytestmark = pytest.mark.slow(seconds=5)


def postmaster(data: Path) -> psutil.Process:
    """Return the database server, which is nobody's child."""
    return psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))


def children(product: Product) -> list[psutil.Process]:
    return psutil.Process(product.process.pid).children(recursive=True)


@dataclass
class Restart:
    """The product that was started and stopped, what was left of it, and the one started after it on the same data."""

    first: Product
    version: int
    exit_code: int
    left: list[psutil.Process]
    second: Product


@pytest.fixture(scope="module")
def restart(shared: Launch) -> Restart:
    """The product, started, stopped, and started again."""
    first = shared()
    version = first.get("/api/v1/config")["version"]
    processes = [*children(first), postmaster(first.data)]
    exit_code = first.stop()
    _, left = psutil.wait_procs(processes, timeout=10)
    return Restart(first, version, exit_code, left, shared())


@pytest.fixture
def product(restart: Restart) -> Product:
    """The product, running."""
    return restart.second


def test_the_ready_line_and_a_second_start(restart: Restart) -> None:
    first, second = restart.first, restart.second
    assert first.ready["ready"] is True
    assert first.ready["demo"] is None
    assert re.match(r"pk_", first.ready["public_key"])
    assert restart.version == 0
    assert restart.exit_code == 0
    assert restart.left == []
    assert [line for line in first.log if "Failed" in line or "rror" in line] == []
    kept = ("public_key", "secret_key", "identity_secret", "admin")
    assert {key: second.ready[key] for key in kept} == {key: first.ready[key] for key in kept}


def test_a_part_that_is_killed_comes_back(product: Product) -> None:
    api = next(child for child in children(product) if child.cmdline()[-1:] == ["api"])
    api.kill()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            product.get("/api/v1/config")
            break
        except Exception:
            time.sleep(0.2)
    assert product.get("/api/v1/config")["version"] == 0


def test_a_directory_in_use_is_told_in_one_line(product: Product) -> None:
    done = run_up("--port", "0", "--ws-port", "0", "--data", str(product.data))
    assert done.returncode == 1
    assert re.fullmatch(
        rf"onboarding-agent: --data .*/data is in use by process {product.process.pid}; .*\n", done.stderr
    )
    assert product.get("/api/v1/config")["version"] == 0


def run_up(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.cli", "up", *options]
    return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run_up("--port", str(port), "--ws-port", "0", "--data", str(tmp_path / "d"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(rf"onboarding-agent: port {port} is taken .*--port\n", done.stderr)


def test_a_wrong_setting_is_told_in_one_line(tmp_path: Path) -> None:
    done = run_up("--port", "0", "--ws-port", "0", "--data", str(tmp_path / "d"), LLM_PROVIDER="gpt")
    assert done.returncode == 1
    assert done.stderr == "onboarding-agent: LLM_PROVIDER: unknown provider 'gpt'; known: rules, openai, azure, local\n"


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"LLM_PROVIDER": "openai", "OPENAI_API_KEY": ""}, "OPENAI_API_KEY: is required by the provider 'openai' "),
        (
            {"EMBEDDING_PROVIDERS": "openai,minilm", "OPENAI_API_KEY": ""},
            "OPENAI_API_KEY: is required by the embedding provider 'openai'",
        ),
        ({"REDIS_URL": "redis://127.0.0.1:1"}, "REDIS_URL: Redis cannot be reached: "),
        ({"DATABASE_URL": "mysql://h/x"}, "DATABASE_URL: must be a URL that begins with postgresql://"),
        ({"DATABASE_URL": "postgresql://u@127.0.0.1:1/x"}, "PostgreSQL cannot be reached: connection failed: "),
    ],
)
def test_what_cannot_work_is_told_in_one_line(environment: dict[str, str], line: str, tmp_path: Path) -> None:
    done = run_up("--port", "0", "--ws-port", "0", "--data", str(tmp_path / "d"), **environment)
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"\nonboarding-agent: {line}" in f"\n{done.stderr}"
    assert "Traceback" not in done.stderr


def test_a_data_directory_that_cannot_be_is_told_in_one_line() -> None:
    done = run_up("--port", "0", "--ws-port", "0", "--data", "/proc/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("onboarding-agent: --data /proc/nowhere: ")
    assert done.stderr.count("\n") == 1


def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_start(product: Product, shared: Launch) -> None:
    """Comes last: it ends the product of the tests before it."""
    product.process.send_signal(signal.SIGKILL)
    product.process.wait()
    second = shared()
    assert second.ready["public_key"] == product.ready["public_key"]
    database = postmaster(second.data)
    assert second.stop() == 0
    assert psutil.wait_procs([database], timeout=10)[1] == []
