"""The process from outside: probes, metrics, a graceful stop, and settings that are wrong."""

import asyncio
import signal
import socket
import subprocess
import sys
from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from core.errors import SettingsError
from stream_consumer import worker
from tests.stream_consumer.harness import eventually
from tests.stream_consumer.stories import publish, walk
from tests.stream_consumer.test_crashes import done


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answers(url: str, status: int) -> bool:
    try:
        async with httpx2.AsyncClient() as client:
            return (await client.get(url)).status_code == status
    except httpx2.HTTPError:
        return False


@pytest.mark.slow
async def test_a_process_tells_how_it_is_works_and_stops_when_told(
    redis: Redis, company: Any, environment: dict[str, str]
) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-c", "from stream_consumer import worker; worker.run(['events', 'notifications'])"]
    chosen = {**environment, "CONSUMER_METRICS_PORT": str(port)}
    with subprocess.Popen(command, env=chosen) as process:  # noqa: ASYNC220 - a real process is the point
        try:
            await eventually(lambda: answers(f"{origin}/readyz", 200), seconds=60)
            assert await answers(f"{origin}/healthz", 200)
            await publish(redis, walk(company.company_id, "u", 7))
            await eventually(lambda: done(redis, "events_stream"), seconds=60)
            async with httpx2.AsyncClient() as client:
                text = (await client.get(f"{origin}/metrics")).text
            assert 'onboarding_consumer_processed_total{stream="events_stream"} 7.0' in text
            assert 'onboarding_consumer_lag{stream="events_stream"}' in text
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 30) == 0
        finally:
            process.kill()
    assert await redis.xinfo_consumers("events_stream", "workers") == []
    assert await redis.xinfo_consumers("notifications_stream", "workers") == []


def test_an_unknown_role_is_named(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="dancing"):
        worker.run(["dancing"])


@pytest.mark.slow
def test_an_embedding_provider_without_its_key_stops_the_start_in_one_line(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "local.cli", "consumer", "--role", "jobs"]
    chosen = {**environment, "EMBEDDING_PROVIDERS": "openai", "OPENAI_API_KEY": ""}
    done = subprocess.run(command, env=chosen, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == "onboarding-agent: OPENAI_API_KEY: is required by the embedding provider 'openai'\n"
