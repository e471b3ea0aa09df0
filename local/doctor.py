"""`onboarding-agent doctor`: says what is wrong with an installation and how to mend it, one line a check."""

from collections.abc import Awaitable, Callable

import psycopg
from httpx2 import AsyncClient, HTTPError
from psycopg.rows import scalar_row
from redis.exceptions import RedisError

from core import redis
from core.errors import ProductError, SettingsError
from core.settings import LlmSettings, SecuritySettings, StoreSettings, load
from knowledge.embedding.chain import chain_of, check_embedders
from knowledge.settings import EmbeddingSettings, KnowledgeSettings
from local.configuration import GROUPS

Check = Callable[[], Awaitable[str]]


class Unhealthy(Exception):
    """A check failed; the text says what is wrong and how to mend it."""


async def examine(tell: Callable[[str], None]) -> int:
    """Run every check, tell its result, and return 0 when all are well."""
    checks: list[tuple[str, Check]] = [
        ("configuration", check_settings),
        ("PostgreSQL", check_postgres),
        ("Redis", check_redis),
        ("LLM", check_llm),
        ("knowledge", check_knowledge),
    ]
    failures = 0
    for name, check in checks:
        try:
            tell(f"ok    {name}: {await check()}")
        except (Unhealthy, ProductError) as problem:
            failures += 1
            tell(f"FAIL  {name}: {problem}")
    return 1 if failures else 0


async def check_settings() -> str:
    """Every settings class can be read."""
    problems = []
    for group in GROUPS:
        try:
            load(group)
        except SettingsError as error:
            problems.append(str(error))
    if problems:
        raise Unhealthy("; ".join(problems))
    load(SecuritySettings)
    return "all settings can be read"


async def check_postgres() -> str:
    """The database answers, has pgvector, is migrated, and the login can step down to the application's role."""
    url = load(StoreSettings).database_url.get_secret_value()
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=5, row_factory=scalar_row) as connection:
            return await _inspect(connection)
    except psycopg.Error as error:
        raise Unhealthy(f"{str(error).splitlines()[0]} - check DATABASE_URL and that the server runs") from None


async def _inspect(connection: psycopg.AsyncConnection[object]) -> str:
    cursor = await connection.execute("SELECT to_regclass('public.companies') IS NOT NULL")
    if not await cursor.fetchone():
        raise Unhealthy("the tables are missing - run `onboarding-agent migrate`")
    cursor = await connection.execute("SELECT pg_has_role(current_user, 'onboarding_app', 'MEMBER')")
    if not await cursor.fetchone():
        raise Unhealthy("the login may not act as onboarding_app - GRANT onboarding_app, onboarding_system TO it")
    version = await (await connection.execute("SELECT current_setting('server_version')")).fetchone()
    return f"version {version}, migrated"


async def check_knowledge() -> str:
    """Every embedding provider has what it needs, the vector backend is installed, and this database can hold it."""
    from knowledge.stores.backends import build_store

    settings, embedding = load(KnowledgeSettings), load(EmbeddingSettings)
    check_embedders(embedding, load(LlmSettings))
    store, url = build_store(settings), load(StoreSettings).database_url.get_secret_value()
    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as connection:
            await store.check(connection)
    except psycopg.Error as error:
        raise Unhealthy(f"{str(error).splitlines()[0]} - check DATABASE_URL and that the server runs") from None
    return f"vectors of {' → '.join(chain_of(embedding))} in {settings.onboarding_vector_backend}"


async def check_redis() -> str:
    """Redis answers, keeps what it acknowledged, and refuses writes rather than drop keys when memory is full."""
    client = redis.connect(load(StoreSettings).redis_url.get_secret_value(), pool_size=2, name="doctor")
    try:
        facts = {**await client.info("server"), **await client.info("memory"), **await client.info("persistence")}
    except (RedisError, OSError) as error:
        raise Unhealthy(f"{error} - check REDIS_URL and that the server runs") from None
    finally:
        await client.aclose()
    if facts.get("maxmemory_policy", "noeviction") != "noeviction":
        raise Unhealthy("maxmemory-policy drops keys - set it to noeviction")
    if not facts.get("aof_enabled"):
        raise Unhealthy("the append-only file is off - set appendonly yes and appendfsync always")
    return f"version {facts.get('valkey_version') or facts.get('redis_version')}, append-only file on"


async def check_llm() -> str:
    """Each provider of the chain is configured, and its server answers."""
    settings = load(LlmSettings)
    described = []
    for provider in settings.llm_provider:
        url, key = _endpoint(provider, settings)
        if url is not None:
            await _reach(provider, url, key)
        described.append(provider)
    return " → ".join(described)


def _endpoint(provider: str, settings: LlmSettings) -> tuple[str | None, str | None]:
    """Return the URL to try and the key to try it with; raises Unhealthy when the provider lacks a setting."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    match provider:
        case "openai":
            if key is None:
                raise Unhealthy("openai needs OPENAI_API_KEY - or take it out of LLM_PROVIDER")
            return f"{(settings.openai_base_url or 'https://api.openai.com/v1').rstrip('/')}/models", key
        case "azure":
            if not settings.azure_openai_endpoint or not settings.azure_openai_api_key:
                raise Unhealthy("azure needs AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY")
            return settings.azure_openai_endpoint, None
        case "local":
            if not settings.local_base_url or not settings.local_model:
                raise Unhealthy("local needs LOCAL_BASE_URL and LOCAL_MODEL")
            return f"{settings.local_base_url.rstrip('/')}/models", None
    return None, None


async def _reach(provider: str, url: str, key: str | None) -> None:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with AsyncClient(timeout=10, headers=headers) as client:
            response = await client.get(url)
    except HTTPError as error:
        raise Unhealthy(f"{provider} does not answer ({type(error).__name__}) - check its address") from None
    if response.status_code in {401, 403}:
        raise Unhealthy(f"{provider} refuses the key - check its API key")
