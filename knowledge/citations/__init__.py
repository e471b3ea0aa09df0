"""Checks that an answer says what its passages say: each sentence is supported, or a reader does not get to see it.

`check` is the entry. It is pure, knows English and Arabic, and needs no model; what embeddings or a model think of a
sentence may be handed in. It sees words, not meaning: swapped roles ("A pays B", "B pays A") pass, and a paraphrase
without common words is withheld. It prefers to withhold.
"""

from core.sentences import Sentence, split_sentences
from knowledge.citations.checking import CheckedAnswer, CheckedSentence, CitationPolicy, check, unanswered
from knowledge.citations.credentials import ASKS_FOR_SECRETS, asks_for_secrets
from knowledge.citations.instructions import addresses_model, visible
from knowledge.citations.quoting import quotable, refused, to_the_point

__all__ = [
    "ASKS_FOR_SECRETS",
    "CheckedAnswer",
    "CheckedSentence",
    "CitationPolicy",
    "Sentence",
    "addresses_model",
    "asks_for_secrets",
    "check",
    "quotable",
    "refused",
    "split_sentences",
    "to_the_point",
    "unanswered",
    "visible",
]
