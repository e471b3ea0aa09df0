"""What is plainly no answer to a question in words: a wish, an order, or something else by its name. Pure.

“We need reports by March” names no company, and “remember my answers” no industry. A question that asks for a wish
itself is answered by one. The words stand in `strays.yaml`.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from core.playbooks import Question
from graph.onboarding.pleasantries import plainly

_OPENERS: Final = r"(?:(?:ok|okay|so|and|well|hi|hello|yes|no|oh|actually|then|طيب|نعم|لا|حسنا|و) )*"
_SAME: Final = 5
"""Letters by which words count as forms of one."""


def says_something_else(question: Question, text: str) -> bool:
    """Tell whether a text says something else than what a question is after; to one that takes any text, hardly."""
    said = plainly(text)
    if not question.choices and _begin("memos").match(said):
        return True
    if question.own_words != "words":
        return False
    if _begin("orders").match(said):
        return True
    asked = plainly(" ".join((question.name.replace("_", " "), *question.text.values())))
    if _begin("wishes").match(said):
        return _anywhere("asks_for_wish").search(asked) is None
    named = _begin("names").match(said)
    return named is not None and named["stray"].split()[-1].removeprefix("ال")[:_SAME] not in asked


def _begin(kind: str) -> re.Pattern[str]:
    return re.compile(rf"{_OPENERS}(?P<stray>{_any_of(kind)})(?!\w)")


def _anywhere(kind: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_any_of(kind)})(?!\w)")


@lru_cache
def _any_of(kind: str) -> str:
    longest_first = sorted((plainly(words) for words in _lexicon()[kind]), key=len, reverse=True)
    return "|".join(map(re.escape, longest_first))


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, list[str]]:
    source = Path(__file__).with_name("strays.yaml").read_bytes()
    loaded: dict[str, list[str]] = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - texts alone
    return loaded
