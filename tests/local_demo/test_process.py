"""The demo product as the process that the supervisor starts."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping

import httpx2
import stamina

SETTINGS: Mapping[str, str] = {
    "DEMO_API_URL": "http://127.0.0.1:9",
    "DEMO_PUBLIC_API_URL": "http://127.0.0.1:9",
    "DEMO_WS_URL": "ws://127.0.0.1:9",
    "DEMO_PUBLIC_KEY": "pk_public",
    "DEMO_SECRET_KEY": "sk_secret",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(settings: Mapping[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.demo"]
    return subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.PIPE, text=True)


@stamina.retry(on=httpx2.TransportError, attempts=None, timeout=30, wait_initial=0.05, wait_jitter=0, wait_exp_base=1)
def ask_health(port: int) -> object:
    return httpx2.get(f"http://127.0.0.1:{port}/health").json()


def test_serves_until_it_is_told_to_stop() -> None:
    port = free_port()
    process = start({**SETTINGS, "DEMO_PORT": str(port)})
    try:
        assert ask_health(port) == {"status": "ok"}
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in errors


def test_wrong_settings_stop_the_start_with_one_line_each() -> None:
    process = start({**SETTINGS, "DEMO_WS_URL": "nonsense", "DEMO_PORT": "99999"})
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "Traceback" not in errors
    assert [line.split(":")[0] for line in errors.strip().splitlines()] == ["DEMO_WS_URL", "DEMO_PORT"]
    assert "sk_secret" not in errors
