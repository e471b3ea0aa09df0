"""Settings: one class per concern, every field an environment variable (a `.env` file is read too).

`load(Class)` is the only way in: a wrong value stops the start with one readable line that names the variable and
never repeats a secret. `docs/configuration.md` is generated from these classes.
"""

from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import SettingsError
from core.urls import http_address, url_of

MIN_KEY_LENGTH: Final = 32
"""Characters of SECRET_KEY."""
MAX_DAYS: Final = 36_500
"""Longest retention: a century, which is as good as for ever."""
PROVIDERS: Final = ("rules", "openai", "azure", "local")


class Settings(BaseSettings):
    """What all settings classes share: the environment, a `.env` file, and nothing that changes later."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)


def _split_chain(value: object) -> tuple[str, ...]:
    names = [part.strip().lower() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError("expected a comma-separated list")
    unknown = [name for name in names if name not in PROVIDERS]
    if unknown:
        raise ValueError(f"unknown provider {unknown[0]!r}; known: {', '.join(PROVIDERS)}")
    return tuple(names)


def _long_enough(value: SecretStr | None) -> SecretStr | None:
    if value is not None and len(value.get_secret_value()) < MIN_KEY_LENGTH:
        raise ValueError(f"must have at least {MIN_KEY_LENGTH} characters")
    return value


def _blank_is_none(value: object) -> object:
    return None if value == "" else value


_Postgres = AfterValidator(url_of("postgresql", "postgres"))
_Redis = AfterValidator(url_of("redis", "rediss", "unix"))
_Http = AfterValidator(http_address)
_HttpUrl = Annotated[str | None, _Http, BeforeValidator(_blank_is_none)]


class StoreSettings(Settings):
    """Where data lives."""

    database_url: Annotated[SecretStr, _Postgres] = Field(
        description="PostgreSQL 16 or later with pgvector: postgresql://…"
    )
    database_admin_url: Annotated[SecretStr | None, _Postgres, BeforeValidator(_blank_is_none)] = Field(
        None, description="Login of the tables' owner, for `migrate` and new months of events; else DATABASE_URL"
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Connections per process")
    redis_url: Annotated[SecretStr, _Redis] = Field(description="Redis 7 or Valkey 8 or later: redis://… or unix://…")
    redis_pool_size: int = Field(50, ge=2, le=1000, description="Connections per process")
    stream_shards: int = Field(1, ge=1, le=256, description="Shards of each stream, for Redis Cluster")


class SecuritySettings(Settings):
    """Keys of the installation."""

    secret_key: Annotated[SecretStr, AfterValidator(_long_enough)] = Field(
        description="At least 32 characters; signs admin tokens and encrypts the companies' secrets at rest"
    )
    access_token_seconds: int = Field(900, ge=60, le=86_400, description="Life of an admin's access token")
    refresh_token_seconds: int = Field(1_209_600, ge=3600, description="Life of an admin's refresh token")


class GivenSettings(Settings):
    """What `up` was given of the above; it provides the rest itself."""

    database_url: Annotated[SecretStr | None, _Postgres, BeforeValidator(_blank_is_none)] = None
    database_admin_url: Annotated[SecretStr | None, _Postgres, BeforeValidator(_blank_is_none)] = None
    redis_url: Annotated[SecretStr | None, _Redis, BeforeValidator(_blank_is_none)] = None
    secret_key: Annotated[SecretStr | None, AfterValidator(_long_enough), BeforeValidator(_blank_is_none)] = None


class ApiSettings(Settings):
    """The HTTP API."""

    api_host: str = Field("127.0.0.1", description="Address the API listens on")
    api_port: int = Field(8000, ge=0, le=65_535, description="Port the API listens on; 0 picks a free one")
    api_workers: int = Field(1, ge=1, le=64, description="Processes of the API")
    api_public_url: _HttpUrl = Field(None, description="Origin under which browsers reach the API")
    rate_limit_window: int = Field(
        60, ge=1, le=3600, validation_alias=AliasChoices("ONBOARDING_API_RATE_LIMIT_WINDOW"), description="Seconds"
    )
    max_requests: int = Field(
        60_000,
        ge=1,
        validation_alias=AliasChoices("ONBOARDING_API_MAX_REQUESTS"),
        description="Requests per key in the window; more is a 429",
    )


class GatewaySettings(Settings):
    """The WebSocket gateway."""

    gateway_host: str = Field("127.0.0.1", description="Address the gateway listens on")
    gateway_port: int = Field(8001, ge=0, le=65_535, description="Port the gateway listens on; 0 picks a free one")
    gateway_public_url: Annotated[str | None, AfterValidator(url_of("wss", "ws")), BeforeValidator(_blank_is_none)] = (
        Field(None, description="Origin under which browsers reach the gateway: wss://…")
    )
    gateway_connections_per_user: int = Field(20, ge=1, description="Sockets of one user on one gateway; more is 4429")
    gateway_connections_per_company: int = Field(50_000, ge=1, description="Sockets of one company on one gateway")
    gateway_heartbeat_seconds: float = Field(25, gt=0, description="Between two pings")
    gateway_buffer_bytes: int = Field(262_144, ge=4096, description="Unsent bytes after which a slow client is cut off")
    gateway_drain_seconds: float = Field(10, ge=0, description="Time given to clients to leave on a graceful stop")


class ConsumerSettings(Settings):
    """The stream consumers."""

    consumer_batch: int = Field(1000, ge=2, le=10_000, description="Events held at a time; read in halves")
    consumer_claim_idle_ms: int = Field(15_000, ge=100, description="Silence after which an entry counts as orphaned")
    consumer_max_attempts: int = Field(5, ge=1, le=100, description="Failures of an entry before it is set aside")
    consumer_turn_slots: int = Field(8, ge=1, le=256, description="Turns that one process runs at a time")
    consumer_conversation_slots: int = Field(
        16, ge=1, le=256, description="Answers to users that one process works on at a time, beside the turns above"
    )
    consumer_job_slots: int = Field(
        6,
        ge=1,
        le=32,
        description="Ingestions that one process runs at a time; one company's web pages get a third, and of two or "
        "more one is kept for texts and files",
    )
    consumer_metrics_host: str = Field("127.0.0.1", description="Address of the metrics and probes of a consumer")
    consumer_metrics_port: int | None = Field(None, description="Serves /metrics, /healthz and /readyz when set")


class LlmSettings(Settings):
    """Which model thinks. Providers are tried in the order of the chain; `rules` needs no network."""

    llm_provider: Annotated[tuple[str, ...], NoDecode, PlainValidator(_split_chain)] = Field(
        ("rules",),
        validation_alias=AliasChoices("LLM_PROVIDER", "AI_PROVIDER"),
        description="rules, openai, azure, local, or a chain such as openai,azure,rules",
    )
    openai_api_key: SecretStr | None = Field(None, description="Key of OpenAI or of a compatible server")
    openai_base_url: _HttpUrl = Field(None, description="Another server that speaks the protocol")
    openai_model: str = Field("gpt-4.1-mini", description="Model name at OpenAI or the compatible server")
    azure_openai_endpoint: _HttpUrl = Field(None, description="https://….openai.azure.com")
    azure_openai_api_key: SecretStr | None = Field(None, description="Key of the Azure resource")
    azure_openai_deployment: str | None = Field(None, description="Deployment name; OPENAI_MODEL when left out")
    azure_openai_api_version: str = Field("2024-10-21", description="API version of the Azure resource")
    local_base_url: _HttpUrl = Field(None, description="Compatible server on this host or network, without a key")
    local_model: str | None = Field(None, description="Model name at the local server")
    llm_timeout_seconds: float = Field(20, ge=1, le=120, description="One attempt of one call")
    llm_max_retries: int = Field(2, ge=0, le=5, description="Further attempts at one provider, with backoff")
    llm_max_tokens: int = Field(700, ge=64, le=8192, description="Longest answer")
    daily_cost_budget_cents: float | None = Field(
        None, ge=0, description="Most that any company may spend on models a day (UTC); its own limit may be lower"
    )
    moderation_base_url: _HttpUrl = Field(
        None, description="Server asked about users' messages at /moderations, beside the local rules; empty: nobody"
    )
    moderation_api_key: SecretStr | None = Field(None, description="Its key")
    moderation_model: str = Field("omni-moderation-latest", description="Model name at that server")
    moderation_timeout_seconds: float = Field(2, gt=0, le=10, description="Then the local rules decide alone")


_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "rules": (),
    "openai": ("openai_api_key",),
    "azure": ("azure_openai_endpoint", "azure_openai_api_key"),
    "local": ("local_base_url", "local_model"),
}
"""The settings that each provider cannot do without."""


def check_providers(settings: LlmSettings) -> None:
    """Raise SettingsError when a provider of the chain lacks its key, address or model."""
    for provider in settings.llm_provider:
        for name in _NEEDS[provider]:
            value = getattr(settings, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise SettingsError(f"{name.upper()}: is required by the provider {provider!r} of LLM_PROVIDER")


class ConversationSettings(Settings):
    """Conversations: whether there are any, and what recommendations may cost."""

    enable_conversational_onboarding: bool = Field(True, description="Off: no conversation of any company")
    token_budget_maker_simple: int = Field(1500, ge=64, le=100_000, description="Tokens that a turn's answer may write")
    token_budget_maker_complex: int = Field(4000, ge=64, le=100_000, description="Tokens that drafts may write")
    token_budget_checker: int = Field(1500, ge=64, le=100_000, description="Tokens that their check may write")
    allow_private_tools: bool = Field(
        False, description="Lets tools of conversations reach private addresses; for development on one machine"
    )
    chat_session_seconds: int = Field(900, ge=60, le=3600, description="Life of a chat session's token")


class RetentionSettings(Settings):
    """How long things are kept; what is older is forgotten within hours, and cannot be had back."""

    retention_conversation_days: int = Field(
        365,
        ge=1,
        le=MAX_DAYS,
        description="After its end a conversation is forgotten, with messages, turns, calls of tools, ticket, "
        "recommendations and models' answers; figures stay. Notifications count from the day they were made",
    )
    retention_profile_days: int = Field(
        730, ge=1, le=MAX_DAYS, description="What users told about themselves, once they were not seen for that long"
    )
    retention_translation_days: int = Field(
        90, ge=1, le=MAX_DAYS, description="Translations, which are paid for again when they are needed later"
    )
    retention_event_months: Annotated[int | None, BeforeValidator(_blank_is_none)] = Field(
        None, ge=2, le=1200, description="Whole months of events kept before this one, of all companies; empty: all"
    )
    retention_turn_days: int = Field(
        400, ge=31, le=MAX_DAYS, description="Turns of behaviour, with receipts and models' answers; closed escalations"
    )
    retention_nudge_days: int = Field(
        400, ge=31, le=MAX_DAYS, description="Nudges; one that counts towards an escalation stays while its user comes"
    )
    retention_session_days: int = Field(400, ge=31, le=MAX_DAYS, description="Sessions, after they were last seen")
    retention_spend_days: int = Field(
        400, ge=62, le=MAX_DAYS, description="What models cost a company by day; the calls that cost it are kept"
    )


class ChannelSettings(Settings):
    """Where notifications go when a company names nothing of its own."""

    slack_webhook_url: Annotated[SecretStr | None, _Http, BeforeValidator(_blank_is_none)] = Field(
        None, description="Incoming webhook"
    )
    smtp_url: Annotated[SecretStr | None, AfterValidator(url_of("smtp", "smtps")), BeforeValidator(_blank_is_none)] = (
        Field(None, description="smtp://user:password@host:587 or smtps://…")
    )
    email_from: str = Field("onboarding-agent@localhost", description="Sender of e-mails")
    notification_timeout_seconds: float = Field(10, gt=0, le=60, description="One delivery attempt")
    enable_webhook_notifications: bool = Field(True, description="Off keeps notifications in the queue only")
    allow_private_webhooks: bool = Field(
        False, description="Lets webhooks reach private addresses; for development on one machine"
    )


class LogSettings(Settings):
    """What processes say of themselves."""

    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe line written")
    log_format: str = Field("json", pattern="^(json|console)$", description="json for machines, console for people")


ALL: Final = (
    StoreSettings,
    SecuritySettings,
    ApiSettings,
    GatewaySettings,
    ConsumerSettings,
    LlmSettings,
    ChannelSettings,
    ConversationSettings,
    RetentionSettings,
    LogSettings,
)

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def load(settings: type[SettingsT]) -> SettingsT:
    """Read one class from the environment; raises SettingsError with one readable line per wrong variable."""
    try:
        return settings()
    except ValidationError as error:
        lines = [f"{_variable(settings, fault['loc'])}: {_message(fault['msg'])}" for fault in error.errors()]
        raise SettingsError("; ".join(lines)) from None


def _variable(settings: type[BaseSettings], location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else settings.__name__
    return name.upper()


def _message(text: str) -> str:
    return "is required" if text == "Field required" else text.removeprefix("Value error, ")
