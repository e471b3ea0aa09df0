"""Fits the weights of the guard that looks for somebody in danger from themselves, and writes them beside it.

Run only to change them: the file is committed. Fitted to `distress_fitted.tsv` and `harmless.txt`, both ours: patterns
with alternatives in brackets, of which some wordings each are drawn. Nothing of `distress_held_out.tsv` is read.
"""

import json
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from bench.attacks import harmless_messages
from bench.logistic import fit
from graph.folding import fold
from graph.guardrails import distress_score
from graph.guardrails.distress_cues import HARMLESS
from graph.guardrails.distress_score import distress_feature_names, distress_features_of, parts_of

SOURCE = Path(__file__).with_name("distress_fitted.tsv")
TARGET = Path(distress_score.__file__).with_name("distress_weights.json")
DRAWN: Final = {"danger": 12, "harmless": 24}
"""Wordings of a pattern, at most."""
PENALTY: Final = 0.2
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")


def wordings(kind: str) -> Iterator[str]:
    """Yield wordings of the patterns of a kind, "danger" or "harmless": the same at each run."""
    chance = random.Random(4)
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        of, pattern = line.split("\t")
        if of == kind:
            yield from sorted({draw(pattern, chance) for _ in range(DRAWN[kind])})


def draw(pattern: str, chance: random.Random) -> str:
    """Return one wording of a pattern: one alternative of each bracket."""
    told = _BRACKETS.sub(lambda found: chance.choice(found[1].split("|")), pattern)
    return " ".join(told.split()).replace(" ,", ",")


def samples() -> list[tuple[str, float]]:
    """Return folded texts and 1.0 where they tell of danger; of harmless ones each part is a text as well."""
    harmless = [part for text in (*wordings("harmless"), *harmless_messages()) for part in parts_of(fold(text))]
    return [(fold(text), 1.0) for text in wordings("danger")] + [(text, 0.0) for text in harmless]


def main() -> int:
    """Fit and write."""
    names, texts = distress_feature_names(), samples()
    found = [distress_features_of(text) for text, _ in texts]
    matrix = np.array([[*(name in features for name in names), 1.0] for features in found], dtype=np.float64)
    lowest = np.array([-20.0 if name in HARMLESS else 0.0 for name in names] + [-20.0])
    highest = np.array([0.0 if name in HARMLESS else 20.0 for name in names] + [20.0])
    labels = np.array([label for _, label in texts])
    weights = fit(matrix, labels, np.ones(len(texts)), bounds=(lowest, highest), penalty=PENALTY)
    rounded = {name: round(float(weight), 2) for name, weight in zip(names, weights, strict=False)}
    features = {name: weight for name, weight in rounded.items() if weight}
    TARGET.write_text(json.dumps({"bias": round(float(weights[-1]), 2), "features": features}, indent=1) + "\n")
    print(f"{TARGET}: {len(features)} weights from {len(texts)} texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
