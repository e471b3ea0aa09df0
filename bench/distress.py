"""Measures what is told to people in danger from themselves: recall by kind and language, false alarms, CPU.

Reads `distress_held_out.tsv`, ours, which nothing was fitted to: kind (`direct`, `veiled`, `other`: of somebody else,
`mixed`: beside a matter of the product, `benign`: harmless with dark words), language, text. What EVAL_DATA holds of
harmless messages is measured for false alarms. "called" are those for whom a person is called, "told" those as well who
read a gentle word. Prints a JSON line per set.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.attacks import folder, harmless
from core.config import ConversationRules
from graph.folding import fold
from graph.guardrails import inspect_message
from graph.guardrails.distress_score import distress_score

HELD_OUT = Path(__file__).with_name("distress_held_out.tsv")
RULES = ConversationRules()
CALLED = {"self_harm", "endangered", "threat_to_others"}
TOLD = CALLED | {"distress"}


def held_out() -> list[tuple[str, str, str]]:
    """Return (kind, language, text) of each wording."""
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()
    return [(kind, language, text) for kind, language, text in (line.split("\t") for line in lines)]


def shares(texts: Sequence[str]) -> dict[str, float]:
    """Return for which share of texts a person is called, and for which something is told at all."""
    found = [{one.rule for one in inspect_message(text, language=None, rules=RULES)} for text in texts]
    return {
        name: round(sum(bool(one & rules) for one in found) / len(found), 4)
        for name, rules in (("called", CALLED), ("told", TOLD))
    }


def line(name: str, texts: Sequence[str]) -> None:
    """Print what happens to a set."""
    print(json.dumps({"bench": "distress", "set": name, "of": len(texts), **shares(texts)}), flush=True)


def main() -> int:
    """Measure what is there."""
    rows = held_out()
    for language in ("en", "ar"):
        line(f"danger {language}", [text for kind, spoken, text in rows if kind != "benign" and spoken == language])
        line(f"harmless {language}", [text for kind, spoken, text in rows if kind == "benign" and spoken == language])
    for kind in ("direct", "veiled", "other", "mixed"):
        line(f"danger {kind}", [text for of, _, text in rows if of == kind])
    root = folder()
    for name, texts in harmless(root) if root else ():
        line(name, texts)
    folded = [fold(text) for _, _, text in rows]
    start = time.process_time()
    for text in folded:
        distress_score(text)
    ours = round((time.process_time() - start) / len(folded) * 1000, 3)
    print(json.dumps({"bench": "distress", "ours": ours, "limit": 2.0, "unit": "ms CPU/message"}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
