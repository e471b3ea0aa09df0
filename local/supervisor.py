"""Runs the parts of the product as processes of one machine: in order, restarted when they die, all stopped at the end.

A child dies with its parent even when the parent is killed outright (Linux: parent-death signal), so that no orphan
keeps a port or a data directory.
"""

import asyncio
import contextlib
import ctypes
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.tasks import end
from local.restarts import Record, after_exit

log = logging.getLogger(__name__)

STOP_GRACE: Final = 15.0
"""Seconds that a part gets to stop by itself before it is killed."""
READY_WITHIN: Final = 60.0
"""Seconds that a part gets to become ready."""
_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class PartFailed(Exception):
    """A part did not become ready; the text says which and why."""


@dataclass(frozen=True)
class Part:
    """A process to run. `ready` answers whether it does its work; `once` marks one that may end by itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]] | None = None
    once: bool = False


class Supervisor:
    """Starts parts in the order given, keeps them running, and stops them in the reverse order."""

    def __init__(self) -> None:
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def pid(self, name: str) -> int | None:
        """Return the process id that a part has now."""
        process = self._processes.get(name)
        return process.pid if process and process.returncode is None else None

    async def start(self, part: Part) -> None:
        """Start a part and wait until it is ready.

        Raises:
            PartFailed: it ended, or was not ready in time.
        """
        await self._spawn(part)
        self._watchers[part.name] = asyncio.create_task(self._watch(part))
        if part.ready is not None:
            await self._wait_until_ready(part, part.ready)

    async def stop(self) -> None:
        """Stop every part, the last started first; a part that does not stop in time is killed."""
        self._stopping = True
        for name in reversed(list(self._processes)):
            await end([self._watchers[name]])
            await self._stop_process(name, self._processes[name])

    async def _spawn(self, part: Part) -> None:
        self._processes[part.name] = await asyncio.create_subprocess_exec(
            *part.command,
            env=dict(part.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,  # a Ctrl-C in the terminal reaches the supervisor alone, which stops all
            preexec_fn=_die_with_parent,
        )

    async def _watch(self, part: Part) -> None:
        record = Record()
        while not self._stopping:
            started = time.monotonic()
            code = await self._processes[part.name].wait()
            if part.once and code == 0:
                return
            record, delay = after_exit(record, time.monotonic() - started)
            log.warning("part ended", extra={"part": part.name, "exit_code": code, "restart_in_seconds": delay})
            await asyncio.sleep(delay)
            await self._spawn(part)

    async def _wait_until_ready(self, part: Part, ready: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not await ready():
            if time.monotonic() > deadline:
                raise PartFailed(f"{part.name} was not ready after {READY_WITHIN:.0f} seconds")
            await asyncio.sleep(0.05)

    async def _stop_process(self, name: str, process: asyncio.subprocess.Process) -> None:
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_GRACE)
        except TimeoutError:
            log.warning("part killed: it did not stop in time", extra={"part": name})
            process.kill()
            await process.wait()


def _die_with_parent() -> None:
    """Run in the child before its program."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
