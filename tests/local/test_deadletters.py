"""`onboarding-agent dead-letters` as an operator uses it, on a real Redis."""

import json

import pytest
import redis as redis_sync
from typer.testing import CliRunner, Result

from local.cli import app


@pytest.fixture
def redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> redis_sync.Redis:
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("DATABASE_URL", "postgresql:///unused")
    return redis_sync.Redis.from_url(redis_url)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["dead-letters", *arguments])


def bury(redis: redis_sync.Redis, reason: str) -> str:
    letter = {
        "d": "payload", "reason": reason, "error": "ValueError", "detail": "it was bad", "attempts": 3,
        "first_seen_ms": 1, "last_seen_ms": 2, "original_id": "1-0",
    }  # fmt: skip
    return str(redis.xadd("events_stream:dead", letter).decode())


def test_letters_are_shown_newest_first_with_their_reason(redis: redis_sync.Redis) -> None:
    bury(redis, "first")
    bury(redis, "second")
    result = run("list", "events_stream")
    assert result.exit_code == 0
    assert [json.loads(line)["reason"] for line in result.output.splitlines()] == ["second", "first"]
    assert json.loads(run("list", "events_stream", "--limit", "1").output)["error"] == "ValueError"
    assert run("list", "turns_stream").output == ""


def test_a_letter_is_put_back_once(redis: redis_sync.Redis) -> None:
    one, _ = bury(redis, "first"), bury(redis, "second")
    assert run("redrive", "events_stream", "--id", one).output.strip() == "1"
    assert run("redrive", "events_stream", "--id", one).output.strip() == "0"
    assert [fields[b"d"] for _, fields in redis.xrange("events_stream")] == [b"payload"]
    assert run("redrive", "events_stream").output.strip() == "1"
    assert redis.xlen("events_stream:dead") == 0


def test_a_letter_is_dropped(redis: redis_sync.Redis) -> None:
    one = bury(redis, "first")
    assert run("drop", "events_stream", "--id", one).output.strip() == "1"
    assert redis.xlen("events_stream") == 0
    assert run("drop", "events_stream", "--id", one).output.strip() == "0"


def test_another_stream_is_refused(redis: redis_sync.Redis) -> None:
    assert run("list", "somewhere").exit_code == 2
