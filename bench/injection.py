"""Measures the injection guard: recall on public attacks, false alarms on harmless messages, CPU per message.

Reads `EVAL_DATA/injection` (`bench.attacks`). Prints a JSON line per set; "held_out" is the half that nothing was
fitted to or looked at in, or "all" for sets that were used for measuring alone. The last lines are the time of a
message, and of all that is understood of the slowest text of 4,000 characters that we could make.
"""

import itertools
import json
import statistics
import sys
import time
from collections.abc import Sequence

from bench.attacks import attacks, folder, harmless, is_held_out
from bench.injection_weights import FITTED_ATTACKS, FITTED_HARMLESS
from core.config import ConversationRules
from graph.guardrails.injection import THRESHOLD, injection_score
from graph.handoff import understand

ROUNDS = 5
MOST = 4000
SLOW = {
    "one letter": "i ",
    "commands": "show ",
    "joined": "a-",
    "letters": " ".join(itertools.chain.from_iterable(itertools.permutations("abcdefg", 3))) + " ",
    "all disguises": "tell_the 1s i \u0430 show a_b vtaber erongi aWdub3JlIGFsbCBwcmV2aW91cw== ",
}
"""Beginnings of texts that cost much: many words, words that begin many patterns, every disguise at once."""


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


def time_of_slowest() -> None:
    """Print the CPU time of understanding the slowest of the long texts, by the median of rounds."""
    medians = {}
    for name, part in SLOW.items():
        rounds = []
        for number in range(ROUNDS):
            text = f"{number} {part * MOST}"[:MOST]
            start = time.process_time()
            understand(text, said=(), language="en", spoken=("en", "ar"), rules=ConversationRules())
            rounds.append((time.process_time() - start) * 1000)
        medians[name] = round(statistics.median(rounds), 1)
    slowest = max(medians, key=lambda name: medians[name])
    told = {
        "bench": "injection",
        "text": slowest,
        "ours": medians[slowest],
        "limit": 20,
        "unit": "ms CPU/4,000 characters",
    }
    print(json.dumps(told))


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
    time_of_slowest()
    return 0


if __name__ == "__main__":
    sys.exit(main())
