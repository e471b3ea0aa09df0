"""What the rules ask back when a user says that something is wrong, and nothing of what. Pure.

Whatever the documents hold, they do not say what “it does not work” is about; what the user just tried may.
"""

import re
from collections.abc import Sequence
from typing import Final

from graph.onboarding.asked import cites, last_words
from graph.phrases import is_said, phrase
from graph.talk import Reply, Talk

_FAILED: Final = re.compile(r"\b(?:again and again|nothing happened|error|refused|cancelled|went back|for help)\b")
"""What `graph.memory.trace` says of something that did not go well."""
_LABEL: Final = re.compile(r"“[^”]+”")
_PAGE: Final = re.compile(r"\b(?:on|from|opened) (/[^\s,:]*)")


def clarify(talk: Talk) -> Reply:
    """Return the question what the user tried, with what they were seen failing at; who was asked so before, or had an
    answer that did not help, is offered a person."""
    language = talk.answer_language
    if was_asked_back(talk):
        return Reply(phrase("clarify_person", language), is_answered=False)
    place = place_tried(talk.trace)
    asked = phrase("clarify_place" if place else "clarify", language, place=place)
    said = f"{phrase('sorry_to_hear', language)} {asked}"
    return Reply(f"{said}\n{phrase('offer_person', language)}" if cites(last_words(talk)) else said)


def was_asked_back(talk: Talk) -> bool:
    """Tell whether the agent's last words were the question what is wrong."""
    return is_said(last_words(talk), "clarify")


def place_tried(trace: Sequence[str]) -> str:
    """Return where the user's latest trouble was, as they know it: what they pressed, else the page; empty where no
    trouble was seen."""
    failed = next((line for line in reversed(trace) if _FAILED.search(line) and not _is_nudge(line)), "")
    label, page = _LABEL.search(failed), _PAGE.search(failed)
    return label[0] if label else f"“{page[1]}”" if page else ""


def _is_nudge(line: str) -> bool:
    """Tell whether a line tells of a nudge, which ends in what became of it."""
    return re.search(r"” at [^:]*: [a-z ,]+$", line) is not None
