"""Measures the wish for a person on utterances of NLU++ (banking): precision, recall and F1 of `handoff`.

Reads `EVAL_DATA/handoff/banking/fold*.json`. The rules were written with the even folds in sight; the odd ones are
held out. Prints a JSON line for each half.
"""

import json
import sys
from pathlib import Path

from bench.evaldata import find
from graph.folding import fold
from graph.handoff.wishes import wants_person

INTENT = "handoff"


def measure(paths: list[Path], part: str) -> None:
    """Print the figures of some folds."""
    rows = [row for path in paths for row in json.loads(path.read_text(encoding="utf-8"))]
    wished = [INTENT in (row.get("intents") or ()) for row in rows]
    told = [wants_person(fold(row["text"])) for row in rows]
    right = sum(both for both in map(all, zip(wished, told, strict=True)))
    precision, recall = right / max(1, sum(told)), right / max(1, sum(wished))
    line = {
        "bench": "handoff",
        "part": part,
        "precision": round(precision, 3),
        "recall": round(recall, 3),
        "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 3),
        "wishes": sum(wished),
        "of": len(rows),
    }
    print(json.dumps(line), flush=True)


def main() -> int:
    """Measure both halves."""
    first = find("handoff", "handoff/banking/fold0.json")
    if first is None:
        return 0
    folds = sorted(first.parent.glob("fold*.json"), key=lambda path: int(path.stem.removeprefix("fold")))
    measure([path for path in folds if int(path.stem.removeprefix("fold")) % 2 == 0], "even folds, seen")
    measure([path for path in folds if int(path.stem.removeprefix("fold")) % 2 == 1], "odd folds, held out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
