"""Tells whether a question leans on the one before it, and what that was: “how many at once?”, “and if it fails?”.

A question that stands by itself must not be drawn back to what was spoken of before; so leaning is only looked for in
questions that are brief, or point back, and what the documents say to both decides (`graph.conversing.reading`). Pure.
"""

import re
from typing import Final

from core.conversations import Role
from graph.onboarding.pleasantries import complains, plainly, pleasantry
from graph.questions import telling_words
from graph.talk import Talk

_BRIEF: Final = 4
"""Words up to which a question hardly stands alone."""
_STEPS_BACK: Final = 3
"""Messages of the user among which the subject is looked for; beyond them nobody remembers it either."""
_POINTS_BACK: Final = re.compile(
    r"^(?:and|so|but|then|or|also|ok|what if|what about|how about)\b|"
    r"\b(?:it|its|that|this|they|them|those|these|one)\b|"
    r"^و(?=كيف|ما|ماذا|هل|كم|اين|متي|لماذا|اذا|لو|من)|^(?:طيب|ثم|او|لو|اذا)\b|"
    r"\b(?:به|بها|فيه|فيها|له|لها|منه|منها|عنه|عنها|هذا|هذه|ذلك|تلك|ذاك)\b"
)
_WORDS: Final = (
    "about again also at but else have left long many maximum minimum more most much now often ok once one ones or "
    "possible same so soon that them then these they those time times too "
    "انها انه ايضا به بها ذلك كم له لها مده وقت اكثر اقل لو اذا طيب ثم فيه فيها منه منها"
)
_OF_ANYTHING: Final = frozenset(_WORDS.split())
"""Words that can be asked of anything, beside the small words (`graph.questions`)."""


def points_back(question: str) -> bool:
    """Tell whether a question says by its words that it goes on from the one before."""
    return _POINTS_BACK.search(plainly(question)) is not None


def may_lean(question: str) -> bool:
    """Tell whether a question may be meant to go on from the one before: it points back, is brief, or names little."""
    return points_back(question) or len(question.split()) <= _BRIEF or len(own_words(question)) <= 1


def own_words(question: str) -> frozenset[str]:
    """Return the words of a question that say by themselves what it is about."""
    return telling_words(question) - _OF_ANYTHING


def subject_of(talk: Talk) -> str:
    """Return what the user asked before, the latest that stands by itself; empty where there is none."""
    said = [one.text for one in reversed(talk.messages) if one.role is Role.USER and not _is_small(one.text)]
    near = said[:_STEPS_BACK]
    return next((text for text in near if own_words(text) and not points_back(text)), near[0] if near else "")


def _is_small(text: str) -> bool:
    return pleasantry(text) is not None or complains(text)
