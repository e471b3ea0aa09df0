"""What the agent said last, and which of the playbook's questions it put by that: read off the talk itself. Pure."""

import re
from itertools import takewhile
from typing import Final

from core.conversations import Role
from core.playbooks import Playbook, Question
from graph.languages import SPOKEN
from graph.onboarding.pleasantries import plainly
from graph.phrases import ends_in, is_said, phrase
from graph.talk import Talk

_CITES: Final = re.compile(r"\[\d+\]")
_OFFERS: Final = (
    "unanswerable", "withheld", "budget_exhausted", "provider_failed", "error", "recommendations.none",
    "clarify_person", "ask_person",
)  # fmt: skip
"""Fixed words that offer a person."""
_ASIDES: Final = (
    "refuse.", "hotline", "person_", "unanswerable", "withheld", "thanks", "stopped", "budget_exhausted",
    "provider_failed", "error", "not_understood", "overdue", "remember_", "affirm", "deny",
)  # fmt: skip
"""Fixed words after which the question that was put before is open still."""


def first_messages(talk: Talk) -> bool:
    """Tell whether the agent has said nothing yet in this conversation."""
    return not any(said.role is Role.ASSISTANT for said in talk.messages)


def was_put_again(talk: Talk, question: Question) -> bool:
    """Tell whether the agent just put a question again because it did not take the user's words for an answer."""
    again = (phrase("question.again", language, question=question.wording(language)) for language in SPOKEN)
    said = last_words(talk)
    return any(words in said for words in again)


def was_offered_person(talk: Talk) -> bool:
    """Tell whether the agent's last words offered a person, also where an open question follows."""
    return any(ends_in(part, *_OFFERS) for part in last_words(talk).split("\n\n"))


def last_words(talk: Talk) -> str:
    """Return what the agent said since the user's last message; empty where it has said nothing yet."""
    since = takewhile(lambda said: said.role is not Role.USER, reversed(talk.messages))
    return "\n".join(reversed([said.text for said in since if said.role is Role.ASSISTANT]))


def question_in(text: str, playbook: Playbook, stage: str | None = None) -> Question | None:
    """Return the playbook's question that stands last in a text of the agent's; that of `stage` where several do."""
    said = plainly(text)
    found: list[tuple[int, bool, Question]] = []
    for key, one in playbook.stages.items():
        for question in one.questions:
            place = max(said.rfind(plainly(wording)) for wording in question.text.values())
            if place >= 0:
                found.append((place, key == stage, question))
    return max(found, key=lambda item: item[:2])[2] if found else None


def cites(text: str) -> bool:
    """Tell whether a text of the agent's names a source by its number."""
    return _CITES.search(text) is not None


def moves_on(text: str) -> bool:
    """Tell whether a text of the agent's that puts no question of the playbook leads away from the one before it."""
    return cites(text) or (any(mark in text for mark in "?؟") and not is_said(text, *_ASIDES))
