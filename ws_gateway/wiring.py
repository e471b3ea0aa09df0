"""Puts the gateway together from its settings: the one place where its parts meet."""

import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from redis.asyncio import Redis

from core import redis as redis_connection
from core.conversation_line import ConversationLine
from core.conversations import Message
from core.errors import Unauthenticated, Unavailable
from core.flags import Flags
from core.ids import new_id
from core.nudges import Nudge
from core.outbox import Outbox
from core.security import Vault
from core.settings import ConversationSettings, GatewaySettings, SecuritySettings, StoreSettings
from db import companies, messages, nudges
from db.pool import Database, is_outage
from ws_gateway.backlog import Backlog
from ws_gateway.continuity import Continuity
from ws_gateway.conversing import Conversing
from ws_gateway.deliveries import Deliveries
from ws_gateway.gate import Gate
from ws_gateway.gateway import Gateway, utc_now
from ws_gateway.heartbeat import Heartbeat
from ws_gateway.identity import Identity
from ws_gateway.keyring import Keyring
from ws_gateway.postman import Postman
from ws_gateway.reception import Reception
from ws_gateway.registry import Directory, Limits, Registry
from ws_gateway.reports import Reports

log = logging.getLogger(__name__)

FOR_GREETINGS: Final = 2
"""Connections to PostgreSQL that chat messages leave to clients who come."""
REPEATED: Final = timedelta(days=1)
"""How far back a client is told what was said, when it cannot tell what it missed."""
MOST_REPEATED: Final = 100
"""Messages that it is told at most: half of what an outbox keeps."""


@dataclass(frozen=True, slots=True)
class Running:
    """The gateway and what runs beside its connections."""

    gateway: Gateway
    reception: Reception
    registry: Registry
    heartbeat: Heartbeat
    deliveries: Deliveries
    postman: Postman
    reports: Reports

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what must run for ever beside the connections."""
        return [
            self.deliveries.run(),
            self.reports.run(),
            self.heartbeat.run(),
            self.postman.catch_ups.run(),
            self.reception.catch_ups.run(),
        ]

    def is_ready(self) -> bool:
        """Tell whether Redis answers and the gateway takes connections; nudges wait safely while PostgreSQL is away."""
        return self.deliveries.connected and not self.reception.closed


@asynccontextmanager
async def assemble(
    stores: StoreSettings, security: SecuritySettings, settings: GatewaySettings, talks: ConversationSettings
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
        flags = Flags(conversations=talks.enable_conversational_onboarding)
        gate = Gate(max(1, stores.database_pool_size - FOR_GREETINGS))
        conversing = Conversing(database, ConversationLine(redis, shards=stores.stream_shards), flags, gate, utc_now)
        queries = Queries(database, Vault(security.secret_key.get_secret_value()))
        yield _connect(redis, queries, conversing, stores.stream_shards, settings)


def _connect(
    redis: Redis, queries: "Queries", conversing: Conversing, shards: int, settings: GatewaySettings
) -> Running:
    gateway_id, buffer_bytes, seconds = new_id(), settings.gateway_buffer_bytes, settings.gateway_heartbeat_seconds
    outbox = Outbox(redis)
    registry = Registry(Limits(settings.gateway_connections_per_user, settings.gateway_connections_per_company))
    directory, reports = Directory(redis, gateway_id, seconds), Reports(redis, outbox, shards)
    postman = Postman(registry, outbox, reports, buffer_bytes)
    reception = Reception(
        registry, directory, outbox, Backlog(outbox, queries.undelivered, queries.said_lately), postman
    )
    continuity = Continuity(registry, directory, outbox, postman)
    identity = Identity(Keyring(queries.identity_secrets))
    return Running(
        gateway=Gateway(identity, reception, registry, directory, postman, outbox, reports, conversing, buffer_bytes),
        reception=reception,
        registry=registry,
        heartbeat=Heartbeat(registry, directory, continuity.check_epoch, seconds, buffer_bytes),
        deliveries=Deliveries(redis, gateway_id, postman.receive, continuity.resume),
        postman=postman,
        reports=reports,
    )


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
        try:
            return tuple(self._vault.decrypt(secret) for secret in stored)
        except Unauthenticated as error:
            log.error("identity secrets were stored under another SECRET_KEY", extra={"company_id": company_id})
            raise Unavailable("The identity secrets cannot be read.") from error

    async def undelivered(self, company_id: str, user_id: str) -> list[Nudge]:
        """Return the nudges of a user that nobody has seen and that have not expired."""
        try:
            async with self._database.transaction(company_id) as connection:
                return await nudges.undelivered(connection, company_id, user_id, datetime.now(UTC))
        except Exception as error:
            raise _translated(error) from error

    async def said_lately(self, company_id: str, user_id: str) -> list[Message]:
        """Return what was said with a user since yesterday, as far as it is worth repeating."""
        try:
            async with self._database.transaction(company_id) as connection:
                return await messages.lately(
                    connection, company_id, user_id, datetime.now(UTC) - REPEATED, MOST_REPEATED
                )
        except Exception as error:
            raise _translated(error) from error


def _translated(error: Exception) -> Exception:
    return Unavailable("The database is away.") if is_outage(error) else error
