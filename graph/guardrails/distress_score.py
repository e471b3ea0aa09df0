"""How likely somebody is in danger from themselves, in wordings that no rule knows.

A logistic model over cues (`graph.guardrails.distress_cues`), like the one of injections and for the same reason: cues
that have names hold in kinds of text that the model never saw, words and their neighbours do not (decision 0010). The
weights are data, `distress_weights.json`, made by `python -m bench.distress_weights`. Texts are folded.
"""

import json
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from graph.guardrails.distress_cues import CUES, EVERYDAY, HARMLESS, distress_cues_in
from graph.guardrails.injection import Weights

SURE: Final = 0.95
"""From which on the hotline is shown and a person is called; chosen on what the weights were fitted to (0010)."""
UNSURE: Final = 0.7
"""From which on the answer begins with a word to somebody who may need more than an answer; chosen alike."""
_WEIGHTS: Final = Path(__file__).with_name("distress_weights.json")
_CLAUSE: Final = re.compile(r"[.!?;:,\n؟،؛…]+(?=\s|$)|\s(?:because|but|so that|since|لان|لانني|لاني|لكن|بس)(?=\s)")
_LEAST_WORDS: Final = 3
"""Words from which on a part of a message is looked at by itself."""
_SEVERAL: Final = {"two": 2, "three": 3, "five": 5}


@lru_cache
def shipped_weights() -> Weights:
    """Return the weights that come with the product."""
    loaded = json.loads(_WEIGHTS.read_bytes())
    return Weights(loaded["bias"], loaded["features"])


def distress_score(folded: str) -> float:
    """Return how likely the writer, or somebody they speak of, is in danger from themselves, 0..1.

    The likeliest of the whole and its parts: who asks for a refund first and then speaks of dying is heard.
    """
    weights = shipped_weights()
    odds = (
        weights.bias + sum(weights.features.get(name, 0.0) for name in distress_features_of(part))
        for part in parts_of(folded)
    )
    return 1 / (1 + math.exp(-max(odds)))


def parts_of(folded: str) -> list[str]:
    """Return a folded text and, where it has several, its parts of a few words."""
    parts = [part.strip() for part in _CLAUSE.split(folded)]
    return [folded, *(part for part in parts if part != folded and len(part.split()) >= _LEAST_WORDS)]


def distress_features_of(folded: str) -> frozenset[str]:
    """Return the names of the features that a folded text has: its cues, and how many of them point to danger."""
    cues = distress_cues_in(folded)
    dangers = len(cues - HARMLESS - EVERYDAY)
    return cues | {name for name, least in _SEVERAL.items() if dangers >= least}


def distress_feature_names() -> tuple[str, ...]:
    """Return every feature that a text can have, in a stable order."""
    return (*CUES, *_SEVERAL)
