"""Memory per idle connection of the gateway, beside a bare `websockets` server.

Fresh processes take turns. Each gets the same number of connections by the same handshake (a token in the URL, the
headers that the `websockets` client sends), after a few to warm up; what counts is the growth of its proportional set
size, as the kernel accounts for it, divided by their number.

    bare  `websockets.serve` on uvloop, without compression and keepalive, with a handler that waits for messages
    ours  `onboarding-agent gateway`: every connection is another user, authenticated, announced in Redis, looked up in
          PostgreSQL, and greeted

`GATEWAY_CONNECTIONS` sets their number (2,000), at most what the limit on open files allows.
"""

import asyncio
import os
import re
import resource
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socket import create_connection, socket
from typing import Any

from bench.ingest import SECRET_KEY, free_port, running
from bench.report import emit
from bench.servers import running_postgres, running_redis
from core.security import issue_user_token
from local.founding import found_company

ROUNDS = 5
CONNECTIONS = int(os.environ.get("GATEWAY_CONNECTIONS", "2000"))
WARM_UP = 100

Address = Callable[[int], str]
"""Number of a connection → path and query of its URL."""


async def bare(port: int) -> None:
    """Serve as the library alone does."""
    from websockets.asyncio.server import ServerConnection, serve

    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type":"hello"}')
        async for _ in connection:
            pass

    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None):
        await asyncio.Future()


def open_socket(port: int, target: str) -> socket:
    """Open a WebSocket and read until the server's first frame has begun."""
    connection = create_connection(("127.0.0.1", port))
    key = b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "User-Agent: Python/3.11 websockets/16.0\r\n\r\n".encode()
    )
    answer = b""
    while b"hello" not in answer:
        received = connection.recv(4096)
        if not received:
            raise RuntimeError(answer.decode(errors="replace"))
        answer += received
    return connection


def proportional_kib(pid: int) -> int:
    """Proportional set size of a process."""
    found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def wait_until_open(port: int, process: subprocess.Popen[bytes], target: str) -> socket:
    """Return the first connection, once the server takes it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return open_socket(port, target)
        except (OSError, RuntimeError):
            time.sleep(0.05)
    raise RuntimeError("the server did not start")


def cost(command: Callable[[int], list[str]], environment: dict[str, str], address: Address) -> float:
    """KiB per connection of one fresh process."""
    port = free_port()
    with running(command(port), {**environment, "GATEWAY_PORT": str(port)}) as process:
        opened = [wait_until_open(port, process, address(0))]
        try:
            opened += [open_socket(port, address(number)) for number in range(1, WARM_UP)]
            before = proportional_kib(process.pid)
            opened += [open_socket(port, address(WARM_UP + number)) for number in range(CONNECTIONS)]
            return (proportional_kib(process.pid) - before) / CONNECTIONS
        finally:
            for connection in opened:
                connection.close()


def bare_command(port: int) -> list[str]:
    """Command of the bare server."""
    return [sys.executable, "-m", "bench.gateway", "--bare", str(port)]


def our_command(_port: int) -> list[str]:
    """Command of the gateway."""
    return [sys.executable, "-m", "local.cli", "gateway"]


def allow_files() -> None:
    """Raise the limit on open files, for this process and its children."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def company() -> Iterator[tuple[Any, dict[str, str]]]:
    """Run the stores and found a company; yields it, and the environment of the processes."""
    with running_postgres() as database_url, running_redis() as redis_url:
        founding = found_company(database_url, SECRET_KEY, "Bench", datetime.now(UTC))
        places = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": SECRET_KEY}
        yield asyncio.run(founding), {**os.environ, **places}


def main() -> None:
    """Measure the two in alternating rounds."""
    allow_files()
    with company() as (founded, environment):

        def address(number: int) -> str:
            user = f"user-{number}"
            token, _ = issue_user_token(founded.identity_secret, founded.company_id, user, datetime.now(UTC))
            return f"/ws/{user}?token={token}"

        costs: dict[Any, list[float]] = {bare_command: [], our_command: []}
        for turn in range(ROUNDS):
            for command in costs if turn % 2 == 0 else reversed(costs):
                costs[command].append(cost(command, environment, address))
        emit("gateway_memory", costs[our_command], costs[bare_command], "KiB/connection")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        import uvloop

        allow_files()
        uvloop.run(bare(int(sys.argv[2])))
    else:
        main()
