"""Connections to Redis, with the limits that our use of streams needs.

redis-py's defaults would bite: its plain pool raises at its limit instead of waiting, a socket timeout below the
BLOCK of a read breaks the read, and a blind retry of a script could append twice (our ids would absorb it).
"""

from typing import Any, Final

from hiredis import pack_command
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)

SOCKET_TIMEOUT: Final = 5.0
"""Seconds to wait for an answer; every BLOCK must be shorter."""
BLOCK_MS: Final = 2000
"""How long a stream reader waits for entries."""
OUTAGES: Final[tuple[type[Exception], ...]] = (
    BusyLoadingError,
    ClusterDownError,
    ConnectionError,
    MasterDownError,
    OSError,
    OutOfMemoryError,
    ReadOnlyError,
    TimeoutError,
)
"""What Redis being away looks like; never the fault of an entry."""


class _CompiledPacking:
    """Writes commands with hiredis, as redis-py's blocking client does; its asyncio client packs them in Python."""

    def pack_command(self, *args: Any) -> list[bytes]:
        """Return one command in Redis's protocol; a name of two words counts as two arguments."""
        name = args[0].encode() if isinstance(args[0], str) else args[0]
        return [pack_command((*name.split(), *args[1:]))]


def connect(url: str, *, pool_size: int = 50, name: str | None = None) -> Redis:
    """Return a client over a pool that waits for a free connection; nothing is sent yet."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=pool_size,
        timeout=SOCKET_TIMEOUT,
        socket_timeout=SOCKET_TIMEOUT,
        socket_connect_timeout=SOCKET_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        client_name=name,
        health_check_interval=30,
    )
    pool.connection_class = type("CompiledConnection", (_CompiledPacking, pool.connection_class), {})
    return Redis(connection_pool=pool)


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that Redis is away or full, rather than that the request was wrong."""
    if isinstance(error, OUTAGES):
        return True
    return isinstance(error, RedisError) and str(error).startswith(
        ("OOM", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "MISCONF")
    )
