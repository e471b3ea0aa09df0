"""How likely a message tries to give the agent other instructions than its own, or to get at those it has.

A logistic model over cues (`graph.guardrails.cues`): what the text shows in any of its readings, a few pairs of cues,
and how it is built. Few features that have names, since a model of words alone calls harmless messages of a kind that
it never saw injections (decision 0010). The weights are data, `injection_weights.json`, made by
`python -m bench.injection_weights`; those of Arabic cues are those of their English twins.
"""

import json
import math
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from graph.folding import fold
from graph.guardrails.cues import CUES, cues_in
from graph.guardrails.disguises import readings

THRESHOLD: Final = 0.4
"""From which on a message is refused; chosen on harmless messages (0010)."""
PAIRS: Final = (
    ("unrestricted", "harmful_content"),
    ("unrestricted", "act_as"),
    ("unrestricted", "persona"),
    ("unrestricted", "model_named"),
    ("persona", "harmful_content"),
    ("act_as", "harmful_content"),
    ("no_refusal", "harmful_content"),
    ("no_refusal", "unrestricted"),
)
"""Cues that say more together than apart."""
_OFTEN: Final = {"unrestricted": 3, "harmful_content": 4}
_MANY: Final = {"three": 3, "five": 5}
_LONG_ENOUGH: Final = 40
"""Words from which on the same word again and again is no way of writing."""
_SAME: Final = 0.5
_SYMBOLS: Final = 60
_NOISE: Final = 0.45
_WEIGHTS: Final = Path(__file__).with_name("injection_weights.json")


class Weights(NamedTuple):
    """A fitted model: the log-odds of a text without any feature, and what each feature adds."""

    bias: float
    features: dict[str, float]


@lru_cache
def shipped_weights() -> Weights:
    """Return the weights that come with the product."""
    loaded = json.loads(_WEIGHTS.read_bytes())
    return Weights(loaded["bias"], loaded["features"])


def injection_score(text: str) -> float:
    """Return how likely a text tries to give the agent other instructions, 0..1."""
    weights = shipped_weights()
    log_odds = weights.bias + sum(weights.features.get(name, 0.0) for name in features_of(text))
    return 1 / (1 + math.exp(-log_odds))


def features_of(text: str) -> frozenset[str]:
    """Return the names of the features that a text has: cues, pairs of them, and forms."""
    folded = fold(text)
    plain = cues_in(folded)
    hidden = frozenset[str]().union(*(cues_in(fold(reading)) for reading in readings(text))) - plain
    cues = plain | hidden
    pairs = {"+".join(pair) for pair in PAIRS if cues.issuperset(pair)}
    many = {name for name, least in _MANY.items() if len(cues) >= least}
    return cues | pairs | many | _forms(folded) | ({"disguised"} if hidden else frozenset())


def feature_names() -> tuple[str, ...]:
    """Return every feature that a text can have, in a stable order."""
    often = (f"{name}_often" for name in _OFTEN)
    return (*CUES, *("+".join(pair) for pair in PAIRS), *_MANY, *often, "disguised", "noise", "repetition")


def _forms(folded: str) -> frozenset[str]:
    """Return what is odd about how a text is built, whatever it says."""
    words = folded.split()
    letters = folded.replace(" ", "")
    found = {f"{name}_often" for name, least in _OFTEN.items() if len(CUES[name].findall(folded)) >= least}
    if len(words) >= _LONG_ENOUGH and Counter(words).most_common(1)[0][1] > _SAME * len(words):
        found.add("repetition")
    if len(letters) >= _SYMBOLS and sum(not letter.isalnum() for letter in letters) > _NOISE * len(letters):
        found.add("noise")
    return frozenset(found)
