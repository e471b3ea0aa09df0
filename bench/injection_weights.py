"""Fits the weights of the injection guard and writes them beside it. Run only to change them: the file is committed.

Reads half of each public set (`bench.attacks`); the other half, and every set not named here, is for measuring.
"""

import json
import sys
from pathlib import Path

import numpy as np

from bench.attacks import attacks, folder, harmless, is_held_out
from bench.logistic import fit
from graph.guardrails import injection
from graph.guardrails.cues import CUES

TARGET = Path(injection.__file__).with_name("injection_weights.json")
FITTED_ATTACKS = {
    "inthewild_jailbreak_llms.json": 1.5,
    "attacks.json": 1.5,
    "prompt_injection.json": 1.2,
    "deepset_train.json": 1.0,
    "attack_db": 3.0,
}
FITTED_HARMLESS = {
    "harmless.txt": 4.0,
    "deepset_train.json": 10.0,
    "mitre_frr.json": 1.0,
    "wildguard.json": 1.0,
    "valid.json": 6.0,
}
"""Sets and what one of their texts weighs. NotInject is measured alone."""
DECISIVE = ("override", "override_everything", "own_instructions", "noise", "repetition")
"""Features that decide by themselves, whatever else was seen beside them in the public sets, or how seldom."""
LEAST_DECISIVE = 4.0
TWINS = {
    "secret_foreign": "secret",
    "override_script": "override_foreign",
    "override_ar": "override",
    "extraction_ar": "own_instructions",
    "persona_ar": "persona",
}
PENALTY = 0.5


def main() -> int:
    """Fit and write."""
    root = folder()
    if root is None:
        print("injection_weights: EVAL_DATA holds no folder injection", file=sys.stderr)
        return 1
    names = injection.feature_names()
    samples: list[tuple[str, float, float]] = []
    for sets, sizes, label in ((attacks(root), FITTED_ATTACKS, 1.0), (harmless(root), FITTED_HARMLESS, 0.0)):
        for name, texts in sets:
            samples += [(text, label, sizes[name]) for text in texts if name in sizes and not is_held_out(text)]
    found = [injection.features_of(text) for text, _, _ in samples]
    matrix = np.array([[*(name in features for name in names), 1.0] for features in found], dtype=np.float64)
    lowest = np.array([0.0 if name in CUES else -3.0 for name in names] + [-20.0])
    bounds = (lowest, np.full(len(lowest), np.inf))
    labels, counts = np.array([one[1] for one in samples]), np.array([one[2] for one in samples])
    weights = fit(matrix, labels, counts, bounds=bounds, penalty=PENALTY)
    features = dict(zip(names, map(float, weights), strict=False))
    features |= {name: max(features[name], LEAST_DECISIVE) for name in DECISIVE}
    features |= {name: features[twin] for name, twin in TWINS.items()}
    rounded = {name: round(weight, 2) for name, weight in features.items() if round(weight, 2)}
    TARGET.write_text(json.dumps({"bias": round(float(weights[-1]), 2), "features": rounded}, indent=1) + "\n")
    print(f"{TARGET}: {len(rounded)} weights from {len(samples)} texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
