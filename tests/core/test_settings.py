"""Settings from the environment: names of the field, one readable line when wrong, never a secret in it."""

from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import ALL, ApiSettings, GatewaySettings, LlmSettings, SecuritySettings, StoreSettings, load


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


@pytest.mark.parametrize(
    ("settings", "environment", "line"),
    [
        (StoreSettings, {"REDIS_URL": "redis://x"}, "DATABASE_URL: is required"),
        (SecuritySettings, {"SECRET_KEY": "hunter2"}, "SECRET_KEY: must have at least 32 characters"),
        (LlmSettings, {"LLM_PROVIDER": "openai,claude9"}, "LLM_PROVIDER: unknown provider 'claude9'; known: "),
        (LlmSettings, {"LLM_PROVIDER": ""}, "LLM_PROVIDER: unknown provider ''; known: "),
        (ApiSettings, {"API_PORT": "many"}, "API_PORT: Input should be a valid integer"),
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
