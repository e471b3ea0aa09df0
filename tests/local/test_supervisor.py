"""The supervisor with real processes: order, readiness, restarts, stopping, and no orphans."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from local.restarts import FIRST_DELAY, HEALTHY_AFTER, LONGEST_DELAY, Record, after_exit
from local.supervisor import Part, PartFailed, Supervisor


@pytest.mark.parametrize(
    ("failures", "lived", "expected"),
    [
        pytest.param(0, 1, (1, FIRST_DELAY), id="first quick death"),
        pytest.param(1, 1, (2, FIRST_DELAY * 2), id="second is waited for longer"),
        pytest.param(20, 1, (21, LONGEST_DELAY), id="but never too long"),
        pytest.param(20, HEALTHY_AFTER, (1, FIRST_DELAY), id="a long life is forgiven"),
    ],
)
def test_when_to_start_again(failures: int, lived: float, expected: tuple[int, float]) -> None:
    record, delay = after_exit(Record(failures), lived)
    assert (record.failures, delay) == expected


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    subject = Supervisor()
    yield subject
    await subject.stop()


def part(name: str, code: str, ready: Callable[[], Awaitable[bool]] | None = None, *, once: bool = False) -> Part:
    return Part(name, [sys.executable, "-c", code], os.environ, ready, once)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


def exists(path: Path) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        return path.exists()

    return ready


async def test_start_returns_when_the_part_is_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = tmp_path / "ready"
    code = f"import pathlib, time; time.sleep(.2); pathlib.Path({str(mark)!r}).touch(); time.sleep(60)"
    await supervisor.start(part("a", code, exists(mark)))
    assert mark.exists()
    assert supervisor.pid("a")


async def test_a_part_that_dies_is_started_again(supervisor: Supervisor) -> None:
    await supervisor.start(part("a", "import time; time.sleep(60)"))
    first = supervisor.pid("a")
    assert first
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pid("a") not in {None, first})


async def test_a_part_that_may_end_is_left_alone_when_it_succeeds(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "runs"
    await supervisor.start(part("once", f"open({str(log)!r}, 'a').write('x')", once=True))
    await until(lambda: log.exists() and supervisor.pid("once") is None)
    await asyncio.sleep(FIRST_DELAY * 2)
    assert log.read_text() == "x"


async def test_a_part_that_is_never_ready_fails_the_start(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.supervisor.READY_WITHIN", 0.2)

    async def never() -> bool:
        return False

    with pytest.raises(PartFailed, match="lazy was not ready"):
        await supervisor.start(part("lazy", "import time; time.sleep(60)", never))


async def test_stop_ends_the_last_started_first_and_leaves_time_to_finish(tmp_path: Path) -> None:
    log = tmp_path / "order"
    code = (
        "import signal, sys, time\n"
        "def stop(*_):\n"
        "    time.sleep(.1); open({log!r}, 'a').write({name!r}); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop); open({mark!r}, 'w').close()\n"
        "while True: time.sleep(1)\n"
    )
    supervisor = Supervisor()
    for name in "abc":
        mark = tmp_path / name
        await supervisor.start(part(name, code.format(log=str(log), name=name, mark=str(mark)), exists(mark)))
    await supervisor.stop()
    assert log.read_text() == "cba"
    assert [supervisor.pid(name) for name in "abc"] == [None] * 3


async def test_a_part_that_does_not_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.supervisor.STOP_GRACE", 0.2)
    mark = tmp_path / "up"
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(mark)!r}, 'w').close()\nwhile True: time.sleep(1)"
    )
    supervisor = Supervisor()
    await supervisor.start(part("deaf", code, exists(mark)))
    await supervisor.stop()
    assert supervisor.pid("deaf") is None


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    child_pid = tmp_path / "pid"
    child = f"import os, time; open({str(child_pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import asyncio, os, sys\nfrom local.supervisor import Part, Supervisor\n"
        "async def main():\n"
        f"    await Supervisor().start(Part('x', [sys.executable, '-c', {child!r}], os.environ))\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        wait_for(lambda: child_pid.exists() and child_pid.read_text())
        process.kill()
    pid = int(child_pid.read_text())
    wait_for(lambda: not is_alive(pid))


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
