"""A health check that needs nothing but Python: `python -m local.probe URL` exits 0 when the URL answers 200."""

import sys
from urllib.error import URLError
from urllib.request import urlopen


def probe(url: str) -> int:
    """Return 0 when the URL answers with success, 1 otherwise."""
    try:
        with urlopen(url, timeout=4) as response:  # noqa: S310 - the operator names the URL on the command line
            return 0 if response.status == 200 else 1
    except (URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(probe(sys.argv[1]))
