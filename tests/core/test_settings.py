"""Settings from the environment: names of the field, one readable line when wrong, never a secret in it."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import (
    ALL,
    ApiSettings,
    ChannelSettings,
    GatewaySettings,
    GivenSettings,
    LlmSettings,
    SecuritySettings,
    StoreSettings,
    check_providers,
    load,
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "LLM_PROVIDER", "AI_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["LLM_PROVIDER", "AI_PROVIDER"])
def test_a_provider_chain_is_read_in_order(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, " OpenAI, azure,rules ")
    assert load(LlmSettings).llm_provider == ("openai", "azure", "rules")


def test_without_any_key_the_rules_think() -> None:
    assert load(LlmSettings).llm_provider == ("rules",)


def test_the_names_of_the_field_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONBOARDING_API_RATE_LIMIT_WINDOW", "10")
    monkeypatch.setenv("ONBOARDING_API_MAX_REQUESTS", "7")
    assert (load(ApiSettings).rate_limit_window, load(ApiSettings).max_requests) == (10, 7)


def test_a_dotenv_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GATEWAY_PORT=7001\nGATEWAY_HOST=::1\n")
    monkeypatch.setenv("GATEWAY_PORT", "7002")
    assert (load(GatewaySettings).gateway_port, load(GatewaySettings).gateway_host) == (7002, "::1")


STORES = {"DATABASE_URL": "postgresql://h/x", "REDIS_URL": "redis://h"}


@pytest.mark.parametrize(
    ("settings", "environment", "line"),
    [
        (StoreSettings, {"REDIS_URL": "redis://x"}, "DATABASE_URL: is required"),
        (SecuritySettings, {"SECRET_KEY": "hunter2"}, "SECRET_KEY: must have at least 32 characters"),
        (LlmSettings, {"LLM_PROVIDER": "openai,claude9"}, "LLM_PROVIDER: unknown provider 'claude9'; known: "),
        (LlmSettings, {"LLM_PROVIDER": ""}, "LLM_PROVIDER: unknown provider ''; known: "),
        (ApiSettings, {"API_PORT": "many"}, "API_PORT: Input should be a valid integer"),
        (StoreSettings, {**STORES, "DATABASE_URL": ""}, "DATABASE_URL: must be a URL that begins with postgresql://"),
        (StoreSettings, {**STORES, "DATABASE_URL": "mysql://u:hunter2@h/x"}, "DATABASE_URL: must be a URL that"),
        (StoreSettings, {**STORES, "DATABASE_URL": "postgresql:"}, "DATABASE_URL: must be a URL that"),
        (
            StoreSettings,
            {**STORES, "REDIS_URL": "http://:hunter2@h"},
            "REDIS_URL: must be a URL that begins with redis",
        ),
        (GivenSettings, {"REDIS_URL": "localhost"}, "REDIS_URL: must be a URL that begins with redis://"),
        (GivenSettings, {"SECRET_KEY": "hunter2"}, "SECRET_KEY: must have at least 32 characters"),
        (LlmSettings, {"OPENAI_BASE_URL": "http://[hunter2"}, "OPENAI_BASE_URL: must be a URL that begins with https"),
        (ChannelSettings, {"SLACK_WEBHOOK_URL": "hunter2"}, "SLACK_WEBHOOK_URL: must be a URL that begins with https"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, settings: type[ApiSettings], environment: dict[str, str], line: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load(settings)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_setting_is_described() -> None:
    assert [
        (group.__name__, name) for group in ALL for name, field in group.model_fields.items() if not field.description
    ] == []


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"LLM_PROVIDER": "rules"}, None),
        ({"LLM_PROVIDER": "openai", "OPENAI_API_KEY": "k"}, None),
        ({"LLM_PROVIDER": "openai,rules"}, "OPENAI_API_KEY: is required by the provider 'openai' of LLM_PROVIDER"),
        ({"LLM_PROVIDER": "openai", "OPENAI_API_KEY": ""}, "OPENAI_API_KEY: is required by the provider 'openai'"),
        ({"LLM_PROVIDER": "rules,local", "LOCAL_BASE_URL": "http://h/v1"}, "LOCAL_MODEL: is required by the provider"),
        ({"LLM_PROVIDER": "azure", "AZURE_OPENAI_ENDPOINT": ""}, "AZURE_OPENAI_ENDPOINT: is required by the provider"),
    ],
)
def test_a_provider_without_what_it_needs_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], line: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load(LlmSettings)
    if line is None:
        check_providers(settings)
        return
    with pytest.raises(SettingsError, match=line):
        check_providers(settings)


def test_what_up_is_given_may_stand_in_the_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_URL=postgresql://h/x\nREDIS_URL=\n")
    given = load(GivenSettings)
    assert given.database_url is not None
    assert given.database_url.get_secret_value() == "postgresql://h/x"
    assert given.redis_url is given.secret_key is None
