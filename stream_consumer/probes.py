"""The consumer's own small HTTP server: `/healthz` (it lives), `/readyz` (its stores answer) and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db.pool import Database
from stream_consumer.patience import is_outage

Ready = Callable[[], Awaitable[bool]]


async def stores_answer(db: Database, redis: Redis) -> bool:
    """Tell whether both stores answer; raises what is no outage."""
    try:
        await redis.ping()
        await db.ping()
    except Exception as error:
        if not is_outage(error):
            raise
        return False
    return True


def probes_app(registry: CollectorRegistry, ready: Ready) -> Starlette:
    """Return the three routes."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        well = await ready()
        return PlainTextResponse("ready\n" if well else "a store is away\n", status_code=200 if well else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    routes = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    return Starlette(routes=[Route(path, answer) for path, answer in routes.items()])


class _Server(uvicorn.Server):
    """A server that leaves the signals to the process it is a guest in."""

    def capture_signals(self) -> Any:
        """Take no signals."""
        return nullcontext()


async def serve_probes(app: Starlette, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; raises SystemExit when the port is taken."""
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, lifespan="off")
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    waiting.cancel()
    await serving
