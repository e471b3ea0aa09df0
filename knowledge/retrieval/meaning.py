"""What a similarity is worth: models differ in the languages they read, and in what they tell near from far by.

The local models are listed; of others (OpenAI's, those of compatible servers) we assume that they read every language
and put unrelated texts at about 0. Pure.
"""

import re
from dataclasses import dataclass
from typing import Final

from knowledge.embedding.embedder import Space
from knowledge.retrieval.fusion import DEFAULT, Weights

_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model reads: `floor` is the cosine of texts that have nothing in common, `weights` what its word counts."""

    weights: Weights = DEFAULT
    floor: float = 0.0
    is_latin_alone: bool = False

    def understands(self, query: str) -> bool:
        """Tell whether vectors mean something for the query: at least half of its letters are ones it knows."""
        letters = sum(map(str.isalpha, query))
        return not self.is_latin_alone or 2 * len(_LATIN.findall(query)) >= letters


_READINGS: Final = {
    "minilm-l6-v2-int8": Reading(is_latin_alone=True),
    "wordllama-l2-supercat": Reading(Weights(words=0.7, meaning=0.3), is_latin_alone=True),
    "multilingual-e5-small-q4": Reading(floor=0.7),
}


def reading_of(space: Space) -> Reading:
    """Return how the model of a space reads."""
    return _READINGS.get(space.model, Reading())
