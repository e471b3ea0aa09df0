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
_ENOUGH: Final = 1
"""Telling words by which a clause behind an “and” is a question of its own."""
_ITEM: Final = re.compile(r"(?:^|(?<=\s))(?:\(?\d{1,2}[.)]|[-*•](?=\s))\s*(?=[^\W\d])")
"""The sign of an item of a list: what stands in a list of questions is one, whatever its form."""
_SHORTENED: Final = re.compile(r"(?:what|where|how|who|when|why)['’]?(?:s|re)\b", re.IGNORECASE)
_ASKS: Final = (
    r"(?:(?:(?:how|what|where|when|why|who)(?:['’]?s)?|which|can|could|do|does|is|are|will|should)\b|"
    r"(?:كيف|ما|ماذا|أين|اين|متى|لماذا|من|هل|كم) )"
)
_JOINT: Final = rf"(?:(?:and|also|plus)(?: also)?,?\s+|و)(?={_ASKS})"
_BORDER: Final = re.compile(
    rf"(?<=[?؟])\s*|(?<=[.!…])\s+|\n+|[,،]?\s+(?P<joint>{_JOINT})|"
    rf"[,،]\s+(?P<comma>(?=(?:how|what|why|كيف|لماذا)\b))",
    re.IGNORECASE,
)


def inquiries_of(text: str) -> tuple[str, ...]:
    """Return the questions of a text, with what was said before each of them; none where it puts fewer than two."""
    if len(items := _items(text)) > 1:
        return items[:MAX_INQUIRIES]
    found: list[str] = []
    before = ""
    for clause in map(_without_joint, _clauses(text)):
        if pleasantry(clause) is not None:
            continue
        if _asks(clause) and telling_words(clause):
            found.append(f"{before} {clause}".strip())
            before = ""
        elif found:
            found[-1] = f"{found[-1]} {clause}"
        else:
            before = f"{before} {clause}".strip()
    return tuple(found[:MAX_INQUIRIES]) if len(found) > 1 else ()


def _items(text: str) -> tuple[str, ...]:
    """Return the items of a list that say something; none of a text that is no list."""
    parts = (part.strip(" \n,،;؛") for part in _ITEM.split(text)[1:])
    return tuple(part for part in parts if telling_words(part))


def _asks(clause: str) -> bool:
    """Tell whether a clause is a question, also where its first word is shortened (“what's”)."""
    return asks_something(clause) or _SHORTENED.match(clause) is not None


def _without_joint(clause: str) -> str:
    return re.sub(rf"^{_JOINT}", "", clause, flags=re.IGNORECASE)


def _clauses(text: str) -> list[str]:
    """Return the clauses of a text; one behind an “and” or a comma is its own only where it says enough."""
    clauses: list[str] = []
    at = 0
    for border in _BORDER.finditer(text):
        end = _BORDER.search(text, border.end())
        following = text[border.end() : end.start() if end else len(text)]
        if border.lastgroup and len(telling_words(following)) < _ENOUGH:
            continue
        clauses.append(text[at : border.start()].strip())
        at = border.end()
    clauses.append(text[at:].strip())
    return [clause for clause in clauses if any(letter.isalnum() for letter in clause)]
