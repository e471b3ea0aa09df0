"""Labelled data that others made, which the product does not ship: its place is told by EVAL_DATA."""

import os
import sys
from pathlib import Path


def find(bench: str, name: str) -> Path | None:
    """Return the path of a file of EVAL_DATA; where it is missing, say that the benchmark skips, and return None."""
    directory = os.environ.get("EVAL_DATA")
    path = Path(directory, name) if directory else None
    if path is not None and path.is_file():
        return path
    print(f"{bench}: skipped, EVAL_DATA {f'holds no {name}' if directory else 'is not set'}", file=sys.stderr)
    return None
