"""`python -m local.demo`: the demo product as a process of its own, configured by `DEMO_*` variables."""

import sys

from pydantic import ValidationError

from local.demo.config import DemoConfig
from local.demo.server import run


def main() -> None:
    """Serve until a signal comes; wrong settings end in exit code 2 and one line each, without the values."""
    try:
        config = DemoConfig()
    except ValidationError as error:
        for fault in error.errors():
            sys.stderr.write(f"DEMO_{str(fault['loc'][0]).upper()}: {fault['msg']}\n")
        sys.exit(2)
    run(config)


if __name__ == "__main__":
    main()
