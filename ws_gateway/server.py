"""The gateway process: serves until it is told to stop, then drains."""

import asyncio
import contextlib
import logging
import signal
from typing import Final

from websockets.asyncio.server import Server, serve

from core.frames import MAX_FRAME_BYTES
from core.settings import GatewaySettings, SecuritySettings, StoreSettings, load
from ws_gateway.probes import Probes
from ws_gateway.wiring import Running, assemble

log = logging.getLogger(__name__)

OPEN_TIMEOUT: Final = 10
"""Seconds that an opening handshake may take."""
CLOSE_TIMEOUT: Final = 2
"""Seconds that a client gets to answer a close."""
BACKLOG: Final = 4096
"""Connections that may wait to be accepted, for the storm after a restart."""


def run() -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    asyncio.run(_run(load(StoreSettings), load(SecuritySettings), load(GatewaySettings)))


async def _run(stores: StoreSettings, security: SecuritySettings, settings: GatewaySettings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with assemble(stores, security, settings) as running, listen(running, settings) as server:
        log.info("listening", extra={"host": settings.gateway_host, "port": settings.gateway_port})
        work = (running.deliveries.run(), running.reports.run(), running.heartbeat.run())
        background = [asyncio.create_task(each) for each in work]
        await stop.wait()
        await drain(running, server, settings.gateway_drain_seconds)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await running.reports.flush(settings.gateway_drain_seconds)


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
        backlog=BACKLOG,
        server_header=None,
    )


async def drain(running: Running, server: Server, seconds: float) -> None:
    """Take no more connections, ask the present ones to reconnect elsewhere, and wait until they are gone."""
    running.gateway.draining = True
    server.close(close_connections=False)
    await running.gateway.ask_to_return()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await running.registry.wait_until_empty()
