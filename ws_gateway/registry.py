"""Who is connected here: the sockets of each user, with the limits on their number; and the same in Redis, for others.

The copy in Redis (`ws_connections:{company:user}`) tells publishers which gateways hold a user. Each entry carries its
own end, renewed by the heartbeat, so that a gateway that died stops being addressed.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import Gauge
from redis.asyncio import Redis
from websockets.asyncio.server import ServerConnection

from core import streams
from ws_gateway.session import Session

CONNECTIONS = Gauge("gateway_connections", "Open connections")

Member = tuple[ServerConnection, Session]


@dataclass(frozen=True, slots=True)
class Limits:
    """Most sockets of one user, and of one company, on one gateway."""

    per_user: int
    per_company: int


class Registry:
    """The connections of this gateway, by user. Tuples, since nearly every user has one connection."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._members: dict[tuple[str, str], tuple[Member, ...]] = {}
        self._companies: Counter[str] = Counter()
        self._empty = asyncio.Event()
        self._empty.set()
        CONNECTIONS.set_function(self.__len__)

    def __len__(self) -> int:
        return self._companies.total()

    def __iter__(self) -> Iterator[Member]:
        for members in list(self._members.values()):
            yield from members

    def admits(self, company_id: str, user_id: str) -> bool:
        """Tell whether one more connection of this user is within the limits."""
        own = self.of(company_id, user_id)
        return len(own) < self._limits.per_user and self._companies[company_id] < self._limits.per_company

    def add(self, connection: ServerConnection, session: Session) -> None:
        """Note a connection."""
        key = (session.company_id, session.user_id)
        self._members[key] = (*self._members.get(key, ()), (connection, session))
        self._companies[session.company_id] += 1
        self._empty.clear()

    def remove(self, session: Session) -> None:
        """Forget a connection."""
        key = (session.company_id, session.user_id)
        members = self._members.get(key, ())
        rest = tuple(member for member in members if member[1] is not session)
        if len(rest) == len(members):
            return
        self._companies[session.company_id] -= 1
        if not self._companies[session.company_id]:
            del self._companies[session.company_id]
        if rest:
            self._members[key] = rest
        else:
            del self._members[key]
        if not self._members:
            self._empty.set()

    async def wait_until_empty(self) -> None:
        """Return once no connection is left."""
        await self._empty.wait()

    def of(self, company_id: str, user_id: str) -> tuple[Member, ...]:
        """Return the connections of a user."""
        return self._members.get((company_id, user_id), ())


MISSED_HEARTBEATS: Final = 3
"""Heartbeats that may fail to renew an entry before it ends."""


class Directory:
    """The copy of the registry in Redis."""

    def __init__(self, redis: Redis, gateway_id: str, heartbeat_seconds: float) -> None:
        self._redis = redis
        self._gateway_id = gateway_id
        self._life_ms = int(heartbeat_seconds * (MISSED_HEARTBEATS + 1) * 1000)

    async def announce(self, sessions: Iterable[Session], now_ms: int) -> None:
        """Tell publishers, in one round trip, that these connections are here."""
        pipeline = self._redis.pipeline(transaction=False)
        for session in sessions:
            key = streams.connections_key(session.company_id, session.user_id)
            pipeline.hset(key, session.connection_id, f"{self._gateway_id}|{now_ms + self._life_ms}")
            pipeline.pexpire(key, self._life_ms)
        await pipeline.execute()

    async def withdraw(self, session: Session) -> None:
        """Tell publishers that a connection is gone."""
        key = streams.connections_key(session.company_id, session.user_id)
        result: Any = self._redis.hdel(key, session.connection_id)
        await result
