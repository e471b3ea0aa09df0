"""Takes a turn's text apart into the questions it puts, where they are several: each is looked up and answered. Pure.

Two questions come in one message, or in two quick ones. What only makes sense with the question before it stays with
it: “My import fails. Why?” is one question.
"""

import re
from typing import Final

from graph.onboarding.pleasantries import asks_something, pleasantry
from graph.questions import telling_words

MAX_INQUIRIES: Final = 3
"""Questions of one turn that are looked up on their own; what comes after them is not."""
_ENOUGH: Final = 2
"""Telling words by which a clause behind an “and” is a question of its own."""
_ASKS: Final = (
    r"(?:(?:how|what|where|when|why|who|which|can|could|do|does|is|are|will|should)\b|"
    r"(?:كيف|ما|ماذا|أين|اين|متى|لماذا|من|هل|كم) )"
)
_JOINT: Final = rf"(?:(?:and|also|plus)(?: also)?,?\s+|و)(?={_ASKS})"
_BORDER: Final = re.compile(rf"(?<=[?؟])\s*|(?<=[.!…])\s+|\n+|[,،]?\s+(?P<joint>{_JOINT})", re.IGNORECASE)


def inquiries_of(text: str) -> tuple[str, ...]:
    """Return the questions of a text, with what was said before each of them; none where it puts fewer than two."""
    found: list[str] = []
    before = ""
    for clause in map(_without_joint, _clauses(text)):
        if pleasantry(clause) is not None:
            continue
        if asks_something(clause) and telling_words(clause):
            found.append(f"{before} {clause}".strip())
            before = ""
        elif found:
            found[-1] = f"{found[-1]} {clause}"
        else:
            before = f"{before} {clause}".strip()
    return tuple(found[:MAX_INQUIRIES]) if len(found) > 1 else ()


def _without_joint(clause: str) -> str:
    return re.sub(rf"^{_JOINT}", "", clause, flags=re.IGNORECASE)


def _clauses(text: str) -> list[str]:
    """Return the clauses of a text; one behind an “and” is its own only where it says enough."""
    clauses: list[str] = []
    at = 0
    for border in _BORDER.finditer(text):
        end = _BORDER.search(text, border.end())
        following = text[border.end() : end.start() if end else len(text)]
        if border["joint"] and len(telling_words(following)) < _ENOUGH:
            continue
        clauses.append(text[at : border.start()].strip())
        at = border.end()
    clauses.append(text[at:].strip())
    return [clause for clause in clauses if any(letter.isalnum() for letter in clause)]
