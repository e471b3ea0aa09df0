"""Real processes for tests that kill them dozens of times: children of one process that has imported everything.

A consumer spends two or three seconds of a processor on imports alone. Here they are done once, in a server process,
and each child is forked from it: a process of its own, with its own environment, whose death is as real as any.
"""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from unittest import mock

import coverage

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.nursery",
        "ingest_api.server",
        "tests.stream_consumer.crashing",
        "tests.graph.doomed_turn",
        "stream_consumer.conversation_sweeps",
        "stream_consumer.ingestions",
        "stream_consumer.knowledge_parts",
        "stream_consumer.knowledge_sweeps",
        "stream_consumer.notifications",
        "stream_consumer.searches",
        "stream_consumer.turn_parts",
    ]
)


class Child:
    """A running process; the calls are those of `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """Return the exit code, negative where a signal ended it; fails when it still runs after so many seconds."""
        self._process.join(seconds)
        if (code := self._process.exitcode) is None:
            raise TimeoutError(f"process {self._process.pid} still runs after {seconds} s")
        return code

    def terminate(self) -> None:
        """Ask it to stop."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, and wait until it is gone."""
        self._process.kill()
        self._process.join()


def bear(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    main: str = "main",
    told: Path | None = None,
) -> Child:
    """Start `main(*arguments)` of a module in a process with this environment and no other.

    What it writes to stdout and stderr goes to files of these names in the directory `told`, where one is given.
    """
    _open()
    process = _CONTEXT.Process(target=_live, args=(module, main, list(arguments), dict(environment), told))
    process.start()
    return Child(process)


def _open() -> None:
    """Start the server, unless it runs: without coverage, which each child starts for itself."""
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    with mock.patch.dict(os.environ, unmeasured, clear=True):
        forkserver.ensure_running()


def _live(module: str, main: str, arguments: Sequence[str], environment: Mapping[str, str], told: Path | None) -> None:
    for stream in (sys.stdout, sys.stderr) if told else ():
        with (told / stream.name.strip("<>")).open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    measured = coverage.process_startup(force=True)
    try:
        getattr(importlib.import_module(module), main)(*arguments)
    finally:
        sys.stdout.flush()
        if measured is not None:
            with suppress(coverage.CoverageException):
                measured.stop()
                measured.save()
