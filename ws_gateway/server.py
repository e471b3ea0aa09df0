"""The gateway process: serves until it is told to stop, then drains."""

import asyncio
import contextlib
import logging
import resource
import signal
from typing import Any, Final

import uvloop
from websockets.asyncio.server import Server, serve

from core.frames import MAX_FRAME_BYTES
from core.settings import ConversationSettings, GatewaySettings, SecuritySettings, StoreSettings, load
from core.tasks import end
from ws_gateway.departure import ask_to_return
from ws_gateway.probes import Probes
from ws_gateway.wiring import Running, assemble

log = logging.getLogger(__name__)

OPEN_TIMEOUT: Final = 5
"""Seconds that an opening handshake may take."""
CLOSE_TIMEOUT: Final = 2
"""Seconds that a client gets to answer a close."""
BACKLOG: Final = 4096
"""Connections that may wait to be accepted, for the storm after a restart."""


def run() -> None:
    """Run the gateway until SIGTERM or SIGINT; raises if one of its tasks fails, so that a supervisor restarts it."""
    raise_file_limit()
    uvloop.run(_run(load(StoreSettings), load(SecuritySettings), load(GatewaySettings), load(ConversationSettings)))


def raise_file_limit() -> None:
    """Allow as many open sockets as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _run(
    stores: StoreSettings, security: SecuritySettings, settings: GatewaySettings, talks: ConversationSettings
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with assemble(stores, security, settings, talks) as running:
        await serve_until(stop, running, settings)


async def serve_until(stop: asyncio.Event, running: Running, settings: GatewaySettings) -> None:
    """Serve until `stop` is set, then drain; what runs beside the connections goes on until they are gone.

    Raises whatever ended a task that was to run for ever.
    """
    tasks = [asyncio.create_task(work) for work in running.work()]
    stopped: asyncio.Task[Any] = asyncio.create_task(stop.wait())
    try:
        async with listen(running, settings) as server:
            host, port = server.sockets[0].getsockname()[:2]
            log.info("listening", extra={"host": host, "port": port})
            await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
            await drain(running, server, settings.gateway_drain_seconds)
        await running.gateway.lanes.finish(settings.gateway_drain_seconds)
        await running.reports.flush(settings.gateway_drain_seconds)
        for ended in filter(asyncio.Task.done, tasks):
            ended.result()
    finally:
        await end((stopped, *tasks))


def listen(running: Running, settings: GatewaySettings) -> Server:
    """Return the server, listening once entered.

    Compression is off: it triples the memory of an idle connection for frames that are small. The library's own
    keepalive is off as well, since it takes a task for each connection and cannot drop a client that does not read.
    """
    return serve(
        running.gateway.handle,
        settings.gateway_host,
        settings.gateway_port,
        process_request=Probes(running.is_ready),
        compression=None,
        ping_interval=None,
        open_timeout=OPEN_TIMEOUT,
        close_timeout=CLOSE_TIMEOUT,
        max_size=MAX_FRAME_BYTES,
        write_limit=settings.gateway_buffer_bytes,
        backlog=BACKLOG,
        server_header=None,
    )


async def drain(running: Running, server: Server, seconds: float) -> None:
    """Take no more connections, ask the present ones to reconnect elsewhere, and drop who stays."""
    running.reception.closed = True
    server.close(close_connections=False)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await ask_to_return(running.registry)
            await running.registry.wait_until_empty()
    for connection in list(server.all_connections):
        connection.transport.abort()
