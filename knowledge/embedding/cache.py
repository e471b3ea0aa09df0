"""Keeps vectors for a day, by the space and the text they were made of. Without it embedding is dearer, never worse.

One vector is four bytes a number: 1.5 kB of Redis for the local model, 6 kB for 1,536 numbers, until it expires.
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
from redis.asyncio import Redis

from core.breaker import FAILURES, Breaker
from core.redis import is_outage
from knowledge.embedding.embedder import Space, Vector

log = logging.getLogger(__name__)

PATIENCE_SECONDS: Final = 1.0
"""A cache that takes longer is of no use."""
_NUMBERS: Final = np.dtype("<f4")


def digest_of(text: str, *, is_query: bool) -> bytes:
    """Return what a text is known by: 32 bytes. A question differs from a passage where `is_query` says so."""
    return hashlib.sha256(b"query\0" * is_query + text.encode()).digest()


class VectorCache:
    """Vectors in Redis. No method raises when Redis is away, slow or full: then nothing is found, and nothing kept."""

    def __init__(
        self, redis: Redis, seconds: int, failed: Callable[[], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._seconds = seconds
        self._failed = failed
        self._clock = clock
        self._breaker = Breaker()

    async def find(self, space: Space, digests: Iterable[bytes]) -> dict[bytes, Vector]:
        """Return the vectors that are known, by their digests."""
        wanted = list(digests)
        if not wanted or not self._is_open():
            return {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                values: list[Any] = await self._redis.mget([_key(space, digest) for digest in wanted])
        except Exception as error:
            self._note(error)
            return {}
        self._breaker = self._breaker.after_success()
        read = {digest: _read(value, space) for digest, value in zip(wanted, values, strict=True) if value}
        return {digest: vector for digest, vector in read.items() if vector is not None}

    async def keep(self, space: Space, vectors: Mapping[bytes, Vector]) -> None:
        """Keep these vectors for a while."""
        if not vectors or not self._is_open():
            return
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._redis.pipeline(transaction=False) as pipeline:
                for digest, vector in vectors.items():
                    pipeline.set(_key(space, digest), vector.astype(_NUMBERS).tobytes(), ex=self._seconds)
                await pipeline.execute()
        except Exception as error:
            self._note(error)

    def _is_open(self) -> bool:
        return self._seconds > 0 and self._breaker.allows(self._clock())

    def _note(self, error: Exception) -> None:
        """Leave a Redis that is away alone for a while; anything else is a fault of ours and is raised."""
        if not isinstance(error, TimeoutError) and not is_outage(error):
            raise error
        self._failed()
        self._breaker = self._breaker.after_failure(self._clock())
        if self._breaker.failures == FAILURES:
            log.warning("embedding without its cache", extra={"error": type(error).__name__})


def _key(space: Space, digest: bytes) -> bytes:
    return b"vector:%b:%b" % (space.key.encode(), digest)


def _read(value: bytes, space: Space) -> Vector | None:
    """Return a stored vector, or None when it is not one of this space: then it is made anew."""
    if len(value) != space.dimension * _NUMBERS.itemsize:
        return None
    return np.frombuffer(value, dtype=_NUMBERS)
