"""Looks at entries that were given up on, puts them back, or drops them. The command line is a thin shell around it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from redis.asyncio import Redis

from core import streams
from stream_consumer import scripts

_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An entry that was given up on. `payload` is what it carried, `reason` a stable word, `error` the class of the
    last error and `detail` its masked text."""

    letter_id: str
    stream: str
    reason: str
    error: str
    detail: str
    attempts: int
    first_seen: datetime
    last_seen: datetime
    original_id: str
    payload: bytes


async def list_letters(redis: Redis, stream: str, limit: int = 50, *, shards: int = 1) -> list[DeadLetter]:
    """Return up to `limit` dead letters of a stream, newest first."""
    found: list[DeadLetter] = []
    for shard in streams.shard_names(stream, shards):
        rows: Any = await redis.xrevrange(streams.dead_letters(shard), count=limit)
        found += [_letter(shard, letter_id, fields) for letter_id, fields in rows]
    return sorted(found, key=lambda letter: letter.last_seen, reverse=True)[:limit]


async def show(redis: Redis, stream: str, letter_id: str, *, shards: int = 1) -> DeadLetter | None:
    """Return one dead letter, or None."""
    for shard in streams.shard_names(stream, shards):
        rows: Any = await redis.xrange(streams.dead_letters(shard), letter_id, letter_id)
        if rows:
            return _letter(shard, *rows[0])
    return None


async def redrive(redis: Redis, stream: str, letter_ids: Sequence[str] | None = None, *, shards: int = 1) -> int:
    """Put dead letters back into their stream as new entries, oldest first; all of them without `letter_ids`.

    Returns how many. Each moves in one step, so that none is lost or doubled.
    """
    script, moved = redis.register_script(scripts.REDRIVE), 0
    for shard in streams.shard_names(stream, shards):
        dead = streams.dead_letters(shard)
        async for letter_id in _given(letter_ids) if letter_ids else _present(redis, dead):
            moved += await script([shard, dead], [letter_id]) is not None
    return moved


async def drop(redis: Redis, stream: str, letter_ids: Sequence[str], *, shards: int = 1) -> int:
    """Delete dead letters for good; returns how many there were."""
    dropped = 0
    for shard in streams.shard_names(stream, shards):
        dropped += await redis.xdel(streams.dead_letters(shard), *letter_ids)
    return dropped


async def print_letters(
    redis: Redis, stream: str, limit: int, echo: Callable[[str], object], *, shards: int = 1
) -> None:
    """Write dead letters as JSON, one a line, newest first."""
    for letter in await list_letters(redis, stream, limit, shards=shards):
        fields = {**asdict(letter), "payload": letter.payload.decode(errors="replace")}
        echo(orjson.dumps(fields).decode())


async def _given(letter_ids: Sequence[str]) -> AsyncIterator[str]:
    for letter_id in letter_ids:
        yield letter_id


async def _present(redis: Redis, dead: str) -> AsyncIterator[str]:
    """Yield the letters that are there now; one that comes back while this goes on waits for the next time."""
    newest: Any = await redis.xrevrange(dead, count=1)
    after = "-"
    while newest:
        rows: Any = await redis.xrange(dead, after, newest[0][0], count=_PAGE)
        if not rows:
            return
        for letter_id, _ in rows:
            yield letter_id.decode()
        after = f"({rows[-1][0].decode()}"


def _letter(stream: str, letter_id: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
    def text(name: bytes) -> str:
        return fields.get(name, b"").decode(errors="replace")

    return DeadLetter(
        letter_id=letter_id.decode(),
        stream=stream,
        reason=text(b"reason"),
        error=text(b"error"),
        detail=text(b"detail"),
        attempts=int(text(b"attempts") or 0),
        first_seen=_moment(text(b"first_seen_ms")),
        last_seen=_moment(text(b"last_seen_ms")),
        original_id=text(b"original_id"),
        payload=fields.get(b"d", b""),
    )


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds or 0) / 1000, UTC)
