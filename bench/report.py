"""The line that every benchmark prints: ours beside its limit, from alternating rounds of one run."""

import statistics
from collections.abc import Sequence

import orjson


def emit(bench: str, ours: Sequence[float], limit: Sequence[float], unit: str, *, digits: int = 2) -> None:
    """Print one JSON line: medians of the rounds, and the median and extremes of their ratios."""
    ratios = [mine / theirs for mine, theirs in zip(ours, limit, strict=True)]
    line = {
        "bench": bench,
        "ours": round(statistics.median(ours), digits),
        "limit": round(statistics.median(limit), digits),
        "unit": unit,
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
        "rounds": len(ratios),
    }
    print(orjson.dumps(line).decode(), flush=True)
