"""Composition: from settings to the services that the routes work with. The one place that knows which is which."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from redis.asyncio import Redis

from core.errors import SettingsError
from core.flags import Flags
from core.redis import connect
from core.security import Vault
from core.settings import (
    ApiSettings,
    ConversationSettings,
    LlmSettings,
    LogSettings,
    SecuritySettings,
    StoreSettings,
)
from core.tasks import end
from db import api_keys, companies, configs
from db.pool import Database, is_outage
from ingest_api.access_log import AccessLog
from ingest_api.admin_tokens import AccessTokens
from ingest_api.appender import Appender
from ingest_api.conversing import WAITERS, Desk
from ingest_api.keyring import Grant, Keyring
from ingest_api.login_limit import LoginLimit
from ingest_api.passwords import Passwords
from ingest_api.quota import Quota
from ingest_api.searching import Searches
from ingest_api.telemetry import Telemetry
from ingest_api.user_tokens import SecretsLoader, TokenChecker
from knowledge.settings import KnowledgeSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that the API reads from the environment."""

    store: StoreSettings
    security: SecuritySettings
    api: ApiSettings
    log: LogSettings
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    conversations: ConversationSettings = field(default_factory=ConversationSettings)
    llm: LlmSettings = field(default_factory=LlmSettings)


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes work with."""

    settings: Settings
    database: Database
    redis: Redis
    vault: Vault
    keyring: Keyring
    load_identity_secrets: SecretsLoader
    tokens: TokenChecker
    access_tokens: AccessTokens
    passwords: Passwords
    login_limit: LoginLimit
    quota: Quota
    appender: Appender
    searches: Searches
    desk: Desk
    flags: Flags
    telemetry: Telemetry
    access_log: AccessLog


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open the stores, yield the services, and close everything after the last request."""
    redis = _connect_redis(settings.store)
    waiting = _connect_redis(settings.store, pool_size=WAITERS)
    database = await Database.open(
        settings.store.database_url.get_secret_value(), pool_size=settings.store.database_pool_size, name="api"
    )
    services = compose(settings, database, redis, waiting)
    exchanging = asyncio.create_task(services.quota.run())
    try:
        yield services
    finally:
        await end([exchanging])
        services.access_log.flush()
        await waiting.aclose()
        await redis.aclose()
        await database.close()


def _connect_redis(settings: StoreSettings, pool_size: int | None = None) -> Redis:
    try:
        size = pool_size or settings.redis_pool_size
        return connect(settings.redis_url.get_secret_value(), pool_size=size, name="api")
    except ValueError:
        raise SettingsError("REDIS_URL: is not a Redis URL such as redis://host:6379 or unix:///path") from None


def compose(settings: Settings, database: Database, redis: Redis, waiting: Redis) -> Services:
    """Put the services together over open stores; `waiting` is for requests that wait for an answer."""
    telemetry = Telemetry()
    secret_key = settings.security.secret_key.get_secret_value()
    vault = Vault(secret_key)
    load_secrets = _secrets_loader(database, vault)
    appender = Appender(redis, observe=telemetry.note_group)
    telemetry.waiting.set_function(lambda: appender.waiting)
    return Services(
        settings=settings,
        database=database,
        redis=redis,
        vault=vault,
        keyring=Keyring(_grant_loader(database), is_outage=is_outage),
        load_identity_secrets=load_secrets,
        tokens=TokenChecker(load_secrets),
        access_tokens=AccessTokens(secret_key, settings.security.access_token_seconds),
        passwords=Passwords(),
        login_limit=LoginLimit(settings.store.redis_url.get_secret_value()),
        quota=Quota(redis, limit=settings.api.max_requests, window=settings.api.rate_limit_window),
        appender=appender,
        searches=Searches(
            redis, timeout=settings.knowledge.kb_search_timeout_seconds, shards=settings.store.stream_shards
        ),
        desk=Desk(redis, waiting, shards=settings.store.stream_shards),
        flags=Flags(conversations=settings.conversations.enable_conversational_onboarding),
        telemetry=telemetry,
        access_log=AccessLog(form=settings.log.log_format),
    )


def _grant_loader(database: Database) -> Callable[[bytes], Awaitable[Grant | None]]:
    async def load(key_hash: bytes) -> Grant | None:
        async with database.system() as connection:
            key = await api_keys.find(connection, key_hash)
        if key is None:
            return None
        async with database.transaction(key.company_id) as connection:
            stored = await configs.load(connection, key.company_id)
        return Grant(key.company_id, key.key_id, key.kind, allowed_origins(stored.config.allowed_origins))

    return load


def allowed_origins(configured: tuple[str, ...]) -> frozenset[str] | None:
    """Return the origins that may use a public key; None, meaning any, when none is configured or one is `*`."""
    return None if not configured or "*" in configured else frozenset(configured)


def _secrets_loader(database: Database, vault: Vault) -> SecretsLoader:
    async def load(company_id: str) -> tuple[str, ...]:
        async with database.transaction(company_id) as connection:
            return tuple(map(vault.decrypt, await companies.identity_secrets(connection, company_id)))

    return load
