"""Puts the gateway together from its settings: the one place where its parts meet."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core import redis as redis_connection
from core.errors import Unavailable
from core.ids import new_id
from core.nudges import Nudge
from core.outbox import Outbox
from core.security import Vault
from core.settings import GatewaySettings, SecuritySettings, StoreSettings
from db import companies, nudges
from db.pool import Database, is_outage
from ws_gateway.backlog import Backlog
from ws_gateway.deliveries import Deliveries
from ws_gateway.gateway import Gateway, Stores
from ws_gateway.heartbeat import Heartbeat
from ws_gateway.identity import Identity
from ws_gateway.registry import Directory, Limits, Registry
from ws_gateway.reports import Reports


@dataclass(frozen=True, slots=True)
class Running:
    """The gateway and what runs beside its connections."""

    gateway: Gateway
    registry: Registry
    directory: Directory
    heartbeat: Heartbeat
    deliveries: Deliveries
    reports: Reports
    database: Database
    redis: Redis

    async def is_ready(self) -> bool:
        """Tell whether Redis answers and the gateway takes connections; nudges wait safely while PostgreSQL is away."""
        try:
            await self.redis.ping()
        except (RedisError, OSError):
            return False
        return not self.gateway.draining


@asynccontextmanager
async def assemble(
    stores: StoreSettings, security: SecuritySettings, settings: GatewaySettings
) -> AsyncIterator[Running]:
    """Open the stores and yield the assembled gateway; closes them at the end."""
    async with AsyncExitStack() as stack:
        redis = redis_connection.connect(
            stores.redis_url.get_secret_value(), pool_size=stores.redis_pool_size, name="gateway"
        )
        stack.push_async_callback(redis.aclose)
        database = await Database.open(
            stores.database_url.get_secret_value(), pool_size=stores.database_pool_size, name="gateway"
        )
        stack.push_async_callback(database.close)
        yield _connect(redis, database, Vault(security.secret_key.get_secret_value()), stores.stream_shards, settings)


def _connect(redis: Redis, database: Database, vault: Vault, shards: int, settings: GatewaySettings) -> Running:
    gateway_id = new_id()
    registry = Registry(Limits(settings.gateway_connections_per_user, settings.gateway_connections_per_company))
    directory = Directory(redis, gateway_id, settings.gateway_heartbeat_seconds)
    outbox, reports, queries = Outbox(redis), Reports(redis, shards), Queries(database, vault)
    gateway = Gateway(
        Stores(
            Identity(queries.identity_secrets),
            registry,
            directory,
            Backlog(outbox, queries.undelivered),
            outbox,
            reports,
        ),
        settings.gateway_buffer_bytes,
    )
    heartbeat = Heartbeat(registry, directory, settings.gateway_heartbeat_seconds, settings.gateway_buffer_bytes)
    deliveries = Deliveries(redis, gateway_id, gateway.receive, gateway.ask_to_return)
    return Running(gateway, registry, directory, heartbeat, deliveries, reports, database, redis)


class Queries:
    """What the gateway asks PostgreSQL. While it is away, `Unavailable` is raised."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def identity_secrets(self, company_id: str) -> tuple[str, ...]:
        """Return a company's identity secrets in the clear; none when there is no such company."""
        try:
            async with self._database.transaction(company_id) as connection:
                stored = await companies.identity_secrets(connection, company_id)
        except Exception as error:
            raise _translated(error) from error
        return tuple(self._vault.decrypt(secret) for secret in stored)

    async def undelivered(self, company_id: str, user_id: str) -> list[Nudge]:
        """Return the nudges of a user that nobody has seen and that have not expired."""
        try:
            async with self._database.transaction(company_id) as connection:
                return await nudges.undelivered(connection, company_id, user_id, datetime.now(UTC))
        except Exception as error:
            raise _translated(error) from error


def _translated(error: Exception) -> Exception:
    return Unavailable("The database is away.") if is_outage(error) else error
