"""One `up` at a time in a data directory: two Redis servers on one append-only file would ruin what both acknowledged.

The kernel holds the lock for the process and lets go of it however the process ends, so none is ever left behind.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import SettingsError


@contextmanager
def occupied(data: Path) -> Iterator[None]:
    """Keep `data` to this process until the block ends, making it where it is missing.

    Raises SettingsError when another process has it, or when it cannot be made.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock = (data / "up.lock").open("a+")
    except OSError as error:
        raise SettingsError(f"--data {data}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SettingsError(
                f"--data {data} is in use by process {lock.read() or '?'}; stop it, or choose another directory"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
