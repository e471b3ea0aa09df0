"""`onboarding-agent doctor` says what is wrong and how to mend it, against real stores and a stand-in for a model."""

import asyncio

import psycopg
import pytest
import redis as redis_sync
from pytest_httpserver import HTTPServer

from local.doctor import examine
from tests.conftest import RedisServer


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name in ("LLM_PROVIDER", "AI_PROVIDER", "OPENAI_API_KEY", "OPENAI_BASE_URL", "EMBEDDING_PROVIDERS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.setenv(name, environment[name])


def ask() -> tuple[int, dict[str, str]]:
    """Return the exit code and each check's line by its name."""
    lines: list[str] = []
    code = asyncio.run(examine(lines.append))
    return code, {line[6:].partition(":")[0]: line for line in lines}


def test_a_sound_installation(database_url: str) -> None:
    code, lines = ask()
    assert code == 0
    assert all(line.startswith("ok") for line in lines.values())
    assert lines["LLM"] == "ok    LLM: rules"


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "short")
    code, lines = ask()
    assert code == 1
    assert "SECRET_KEY: must have at least 32 characters" in lines["configuration"]


def test_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/x")
    code, lines = ask()
    assert code == 1
    assert "check DATABASE_URL" in lines["PostgreSQL"]
    assert "hunter2" not in str(lines)


def test_a_database_that_was_not_migrated(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE companies CASCADE")
    code, lines = ask()
    assert code == 1
    assert "run `onboarding-agent migrate`" in lines["PostgreSQL"]


def test_vectors_that_have_no_place(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    assert ask()[1]["knowledge"] == "ok    knowledge: vectors of minilm in pgvector"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE knowledge_vectors_pg")
    code, lines = ask()
    assert code == 1
    assert "CREATE EXTENSION vector; then run `onboarding-agent migrate`" in lines["knowledge"]
    monkeypatch.setenv("ONBOARDING_VECTOR_BACKEND", "postgres_array")
    assert ask()[1]["knowledge"] == "ok    knowledge: vectors of minilm in postgres_array"
    monkeypatch.setenv("ONBOARDING_VECTOR_BACKEND", "chroma")
    assert "CHROMA_PATH: is required" in ask()[1]["knowledge"]


def test_an_embedding_provider_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_PROVIDERS", "openai,minilm")
    code, lines = ask()
    assert code == 1
    assert lines["knowledge"] == "FAIL  knowledge: OPENAI_API_KEY: is required by the embedding provider 'openai'"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert ask()[1]["knowledge"] == "ok    knowledge: vectors of openai → minilm in pgvector"


def test_a_redis_that_is_away_or_forgetful(monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    with redis_sync.Redis.from_url(redis_server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        assert "set it to noeviction" in ask()[1]["Redis"]
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "no")
        assert "append-only file is off" in ask()[1]["Redis"]
    redis_server.stop()
    code, lines = ask()
    assert code == 1
    assert "check REDIS_URL" in lines["Redis"]


def test_a_model_that_answers_refuses_or_is_away(monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/models", headers={"Authorization": "Bearer sk-good"}).respond_with_json({"data": []})
    httpserver.expect_request("/v1/models").respond_with_data("no", status=401)
    monkeypatch.setenv("LLM_PROVIDER", "openai,rules")
    assert "openai needs OPENAI_API_KEY" in ask()[1]["LLM"]
    monkeypatch.setenv("OPENAI_BASE_URL", httpserver.url_for("/v1"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-good")
    assert ask()[1]["LLM"] == "ok    LLM: openai → rules"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-bad")
    assert "openai refuses the key" in ask()[1]["LLM"]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    assert "does not answer" in ask()[1]["LLM"]


@pytest.mark.parametrize(("provider", "needs"), [("azure", "AZURE_OPENAI_ENDPOINT"), ("local", "LOCAL_BASE_URL")])
def test_a_provider_without_its_settings(monkeypatch: pytest.MonkeyPatch, provider: str, needs: str) -> None:
    monkeypatch.setenv("LLM_PROVIDER", provider)
    assert needs in ask()[1]["LLM"]
