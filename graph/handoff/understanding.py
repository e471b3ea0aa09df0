"""Puts together what a message means, before anybody thinks about an answer. Pure; no model is asked."""

from collections.abc import Iterator, Sequence
from typing import Final

from core.config import ConversationRules
from core.conversations import Role
from graph.folding import fold, pieces
from graph.guardrails import inspect_message
from graph.handoff.intents import intent_of
from graph.handoff.moods import repeats, sentiment_of
from graph.handoff.wishes import declines_person, wants_person, without_refusals
from graph.languages import follow_language
from graph.talk import Said, Sentiment, Understanding, Verdict

_LOOKED_BACK: Final = 6
"""Messages of the user before this one that bear on how it is meant."""
_SAME_QUESTION: Final = 2
"""Times that a question was asked before, from which on our answers do not help."""
_ANGRY_BEFORE: Final = 1


def understand(
    question: str, *, said: Sequence[Said], language: str | None, spoken: Sequence[str], rules: ConversationRules
) -> Understanding:
    """Return what a message means.

    `said` is what was said before, `language` what the conversation was held in so far, `spoken` the languages that it
    may be held in. Texts are masked.
    """
    earlier = tuple(one.text for one in said if one.role is Role.USER)[-_LOOKED_BACK:]
    wish = any(wants_person(fold(piece)) for piece in pieces(question))
    refuses = not wish and any(declines_person(fold(piece)) for piece in pieces(question))
    told = without_refusals(fold(question)) if refuses else question
    sentiment = sentiment_of(told)
    return Understanding(
        language=follow_language(question, language=language, offered=spoken),
        intent="handoff" if wish else intent_of(fold(told)),
        sentiment=sentiment,
        wants_person=wish,
        declines_person=refuses,
        verdicts=(*inspect_message(question, language=language, rules=rules), *_failures(question, sentiment, earlier)),
    )


def _failures(question: str, sentiment: Sentiment, earlier: Sequence[str]) -> Iterator[Verdict]:
    """Yield why a person should take over though none was asked for: we have failed this user more than once."""
    if sentiment == "angry" and sum(sentiment_of(text) == "angry" for text in earlier) >= _ANGRY_BEFORE:
        yield Verdict("frustration", "escalate")
    if repeats(question, earlier) >= _SAME_QUESTION:
        yield Verdict("repeated_failure", "escalate")
