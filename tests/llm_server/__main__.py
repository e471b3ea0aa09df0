"""Serves well-behaved answers on a port, for a demonstration: python -m tests.llm_server --port 8090."""

import argparse
import contextlib
import threading

from tests.llm_server.server import LlmServer


def main() -> None:
    """Serve until interrupted; the first line printed is the base URL."""
    parser = argparse.ArgumentParser(prog="python -m tests.llm_server", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="0 picks a free one")
    with LlmServer(parser.parse_args().port) as server:
        print(server.base_url, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
