"""Measures the injection guard: recall on public attacks, false alarms on harmless messages, CPU per message.

Reads `EVAL_DATA/injection` (`bench.attacks`). Prints a JSON line per set; "held_out" is the half that nothing was
fitted to or looked at in, or "all" for sets that were used for measuring alone. The last line is the time.
"""

import json
import statistics
import sys
import time
from collections.abc import Sequence

from bench.attacks import attacks, folder, harmless, is_held_out
from bench.injection_weights import FITTED_ATTACKS, FITTED_HARMLESS
from graph.guardrails.injection import THRESHOLD, injection_score

ROUNDS = 5


def line(kind: str, name: str, texts: Sequence[str], *, fitted: bool) -> None:
    """Print the share of a set that is taken for an attack."""
    measured = [text for text in texts if is_held_out(text)] if fitted else list(texts)
    flagged = sum(injection_score(text) >= THRESHOLD for text in measured)
    share = round(flagged / len(measured), 4) if measured else None
    part = "held_out" if fitted else "all"
    print(json.dumps({"bench": "injection", kind: share, "set": name, "part": part, "of": len(measured)}), flush=True)


def time_per_message(texts: Sequence[str]) -> None:
    """Print the CPU time of a message of these, by the median of rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for text in texts:
            injection_score(f"{text} ")
        rounds.append((time.process_time() - start) / len(texts) * 1000)
    ours = round(statistics.median(rounds), 3)
    print(json.dumps({"bench": "injection", "ours": ours, "limit": 1.0, "unit": "ms CPU/message", "rounds": ROUNDS}))


def main() -> int:
    """Measure what is there."""
    root = folder()
    if root is None:
        print("injection: skipped, EVAL_DATA is not set or holds no folder injection", file=sys.stderr)
        return 0
    for name, texts in attacks(root):
        line("recall", name, texts, fitted=name in FITTED_ATTACKS)
    measured: list[str] = []
    for name, texts in harmless(root):
        line("false_alarms", name, texts, fitted=name in FITTED_HARMLESS)
        measured += texts
    time_per_message(measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
