"""The consumer process: runs the asked roles until it is told to stop, then finishes what it holds."""

import asyncio
import gc
import logging
import signal
from collections.abc import Sequence

import uvloop

from core.settings import ConsumerSettings
from stream_consumer.probes import probes_app, serve_probes
from stream_consumer.settings import Settings
from stream_consumer.wiring import Process, build

log = logging.getLogger(__name__)


def run(roles: Sequence[str]) -> None:
    """Run roles (`events`, `turns`, `notifications`, `jobs`) until SIGTERM or SIGINT.

    Raises:
        SettingsError: a setting or role is wrong; one readable line.
    """
    settle_memory()
    uvloop.run(serve(roles, Settings.load()))


def settle_memory() -> None:
    """Take what was built at the start out of the collector's sight, and let it look less often.

    A batch is thousands of values that live together and end together, without cycles; with the defaults, looking
    through them takes several per cent of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def serve(roles: Sequence[str], settings: Settings) -> None:
    """Run roles until the process is told to stop. A task that fails ends the process; what it held is claimed."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with build(roles, settings) as process:
        log.info("consumer started", extra={"roles": ",".join(roles)})
        await run_until(process, settings.consumer, stop)
    log.info("consumer stopped", extra={"roles": ",".join(roles)})


async def run_until(process: Process, settings: ConsumerSettings, stop: asyncio.Event) -> None:
    """Run every task of the process; the probes answer until the last of them has finished."""
    finished = asyncio.Event()
    probes: asyncio.Task[None] | None = None
    if (port := settings.consumer_metrics_port) is not None:
        app = probes_app(process.registry, process.ready)
        probes = asyncio.create_task(serve_probes(app, settings.consumer_metrics_host, port, finished))
    try:
        async with asyncio.TaskGroup() as tasks:
            for task in process.tasks:
                tasks.create_task(task(stop))
    finally:
        finished.set()
        if probes is not None:
            await probes
