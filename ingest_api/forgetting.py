"""What Redis holds of a user, taken away: session, outbox, sockets, deadlines, and entries that were given up on. The
user's sockets are closed, wherever they are.

Run after PostgreSQL has forgotten the user: what is rebuilt from there is then empty. Entries that wait in the streams
find no rows any more, or are erased when they are stored (`db.erasures.repeat`).
"""

from collections.abc import Collection
from contextlib import suppress
from typing import Any, Final

from redis.asyncio import Redis

from core import streams
from core.frames import ERASED
from core.outbox import Outbox

_PAGE: Final = 500
_KEYS: Final = (
    streams.session_key,
    streams.connections_key,
    streams.frames_key,
    streams.frame_index_key,
    streams.acks_key,
    streams.stop_key,
)
_LETTERS: Final = (streams.EVENTS, streams.TURNS, streams.CONVERSATIONS)
"""Streams whose entries name a user."""


async def forget_user(redis: Redis, shards: int, company_id: str, users: Collection[str]) -> int:
    """End these users' connections and delete what there is of them; returns how many keys and entries went.

    Raises what redis-py raises while Redis is away; to be run again then.
    """
    whom, outbox = {(company_id, user_id) for user_id in users}, Outbox(redis)
    for address in whom:
        await outbox.send(*address, {"type": ERASED})
    pipeline = redis.pipeline(transaction=False)
    for user_id in users:
        for key_of in _KEYS:
            pipeline.delete(key_of(company_id, user_id))
        shard = streams.shard_number(shards, company_id, user_id)
        for key in (streams.idle_deadlines_key(shard), streams.idle_leases_key(shard)):
            pipeline.zrem(key, f"{company_id}:{user_id}")
    gone = sum(await pipeline.execute())
    for stream in _LETTERS:
        for shard_name in streams.shard_names(stream, shards):
            gone += await _drop_letters(redis, stream, streams.dead_letters(shard_name), whom)
    return int(gone)


async def _drop_letters(redis: Redis, stream: str, dead: str, whom: Collection[tuple[str, str]]) -> int:
    gone, start = 0, "-"
    while rows := await _page(redis, dead, start):
        mine = [key for key, fields in rows if _user_of(stream, fields.get(streams.FIELD, b"")) in whom]
        gone += await redis.xdel(dead, *mine) if mine else 0
        start = f"({rows[-1][0].decode()}"
    return gone


async def _page(redis: Redis, dead: str, start: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
    rows: Any = await redis.xrange(dead, start, "+", count=_PAGE)
    return list(rows)


def _user_of(stream: str, payload: bytes) -> tuple[str, str] | None:
    """Return whom an entry is about; None for one that cannot be read."""
    with suppress(ValueError):
        if stream == streams.EVENTS:
            event = streams.decode_event(payload)
            return event.company_id, event.user_id
        decode = streams.decode_turn if stream == streams.TURNS else streams.decode_conversation_turn
        turn = decode(payload)
        return turn.company_id, turn.user_id
    return None
