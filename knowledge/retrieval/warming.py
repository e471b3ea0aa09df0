"""Makes ready what the first question of a process would wait for: stemmers, lists of words and their stems."""

from typing import Final

from core.passages import Passage, Scores
from knowledge.retrieval.fitting import fit
from knowledge.retrieval.near_words import near_words
from knowledge.retrieval.proofreading import known_words

_SAMPLES: Final = (
    ("en", "How do I import contacts?", "Press Import. It is done."),
    ("ar", "كيف أستورد جهات الاتصال؟", "اضغط على استيراد. انتهى."),
)


def warm_up() -> None:
    """Load the lists and read a question of each language: a tenth of a second, not for the event loop."""
    known_words()
    near_words()
    for language, question, text in _SAMPLES:
        fit(question, Passage("", "", "", (), text, Scores(1.0), language=language))
