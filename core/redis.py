"""Connections to Redis, with the limits that our use of streams needs.

redis-py's defaults would bite: its plain pool raises at its limit instead of waiting, a socket timeout below the
BLOCK of a read breaks the read, and a blind retry of a script could append twice (our ids would absorb it).
"""

from typing import Final

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
    return Redis(connection_pool=pool)


def is_outage(error: BaseException) -> bool:
    """Tell whether an error means that Redis is away or full, rather than that the request was wrong."""
    if isinstance(error, OUTAGES):
        return True
    return isinstance(error, RedisError) and str(error).startswith(
        ("OOM", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "MISCONF")
    )
