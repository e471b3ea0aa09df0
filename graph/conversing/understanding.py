"""What a user's message means for the turn, and the fixed words for what is not answered by a reasoner. Pure."""

from collections.abc import Sequence

from core.passages import Passage
from graph.conversing.checking import Guard, Judged
from graph.phrases import phrase
from graph.talk import Answer, Talk, Understanding


class _Open:
    def check(self, sentence: str) -> Judged:
        return Judged(sentence)


def read_message(talk: Talk) -> Understanding:
    """Return what the message means."""
    return Understanding(language=talk.answer_language)


def guard_for(talk: Talk, passages: Sequence[Passage]) -> Guard:
    """Return what looks at the sentences of an answer."""
    return _Open()


def fixed_words(talk: Talk, reason: str) -> Answer | None:
    """Return the words for a message that a guard's rule keeps from every reasoner; None for all others."""
    understanding = talk.understanding
    if understanding is None:
        return None
    for verdict in understanding.verdicts:
        if verdict.action in ("refuse", "hotline") and verdict.rule == reason:
            key = "hotline" if verdict.action == "hotline" else f"refuse.{verdict.rule}"
            text = phrase(key, understanding.language, product=talk.config.tone.product_name)
            return Answer(text, language=understanding.language, verdicts=understanding.verdicts)
    return None
