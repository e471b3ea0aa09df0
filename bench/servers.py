"""The stores that benchmarks run on: embedded ones in a directory that is gone afterwards."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.postgres import EmbeddedPostgres
from local.schema import migrate_all
from local.valkey import server_command


@contextmanager
def running_postgres(*, migrated: bool = True) -> Iterator[str]:
    """Run a PostgreSQL of its own; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="oa-bench-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)  # PostgreSQL may run as another user
        server = EmbeddedPostgres(Path(directory) / "postgres")
        try:
            url = server.start()
            if migrated:
                migrate_all(url)
            yield url
        finally:
            server.stop()


@contextmanager
def running_redis() -> Iterator[str]:
    """Run a Redis of its own, on a socket, as `onboarding-agent up` does; yields its URL."""
    with tempfile.TemporaryDirectory(prefix="oa-bench-", ignore_cleanup_errors=True) as directory:
        socket = Path(directory) / "redis.sock"
        server = subprocess.Popen(server_command(Path(directory), socket), stdout=subprocess.DEVNULL)
        try:
            yield f"unix://{socket}"
        finally:
            server.kill()
            server.wait()
