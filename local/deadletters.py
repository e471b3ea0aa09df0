"""The command line's `dead-letters`: look at entries that were given up on, try them again, or drop them."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Annotated

import typer
from redis.asyncio import Redis

from core.redis import connect
from core.settings import StoreSettings, load

app = typer.Typer(no_args_is_help=True, help="Look at entries that were given up on, and try them again.")


class StreamName(StrEnum):
    """A stream that may have dead letters."""

    EVENTS = "events_stream"
    TURNS = "turns_stream"
    NOTIFICATIONS = "notifications_stream"
    JOBS = "jobs_stream"


def _with_redis(work: Callable[[Redis, int], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = load(StoreSettings)
        redis = connect(settings.redis_url.get_secret_value(), pool_size=2, name="dead-letters")
        try:
            await work(redis, settings.stream_shards)
        finally:
            await redis.aclose()

    asyncio.run(run())


@app.command("list")
def list_dead_letters(
    stream: Annotated[StreamName, typer.Argument(help="Stream they came from.")],
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """Show dead letters, newest first, one JSON object a line."""
    from stream_consumer import deadletters

    _with_redis(lambda redis, shards: deadletters.print_letters(redis, stream.value, limit, typer.echo, shards=shards))


@app.command("redrive")
def redrive_dead_letters(
    stream: Annotated[StreamName, typer.Argument(help="Stream to put them back into.")],
    entry_id: Annotated[list[str] | None, typer.Option("--id", help="Only these; all when left out.")] = None,
) -> None:
    """Put dead letters back into their stream; each is processed once more."""
    from stream_consumer import deadletters

    async def work(redis: Redis, shards: int) -> None:
        typer.echo(await deadletters.redrive(redis, stream.value, entry_id, shards=shards))

    _with_redis(work)


@app.command("drop")
def drop_dead_letters(
    stream: Annotated[StreamName, typer.Argument(help="Stream they came from.")],
    entry_id: Annotated[list[str], typer.Option("--id", help="Which ones.")],
) -> None:
    """Delete dead letters for good."""
    from stream_consumer import deadletters

    async def work(redis: Redis, shards: int) -> None:
        typer.echo(await deadletters.drop(redis, stream.value, entry_id, shards=shards))

    _with_redis(work)
