"""What is known of a user: from the host, from earlier, and from their answers to the playbook's questions. Pure.

Which question a message answers is read off the talk itself: the last one that the agent put in its own wording. So
nothing has to be kept between turns, and a turn that runs again finds the same.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from core.conversations import ANSWERS, Role
from core.playbooks import Playbook, Question
from graph.memory.agreement import agrees, asks_consent, wishes_to_be_forgotten
from graph.onboarding.pleasantries import asks_something, passes_over, plainly, pleasantry
from graph.talk import Fact, Said, Talk

QUESTIONS: Final = "questions"
"""Member of a conversation's context that holds the questions put at its start, as they were worded."""
SKIPPED: Final = "-"
"""The answer of a user who would rather not say: the question is done with, and nothing is remembered."""
MAX_VALUE: Final = 300
"""Characters of an answer that are kept."""
_MAX_KNOWN: Final = 60
_MARKS: Final = re.compile(r"[\s.,;:!،؛…]+$")


def known(talk: Talk) -> dict[str, str]:
    """Return what is known by name: the host's context, facts of earlier, answers of this conversation and turn."""
    given = {name: value for name, value in talk.context.items() if name not in (ANSWERS, QUESTIONS)}
    kept = talk.context.get(ANSWERS)
    found = dict(_plain(given)) | {fact.name: fact.value for fact in talk.facts}
    found |= {"customer_name": talk.customer_name} if talk.customer_name else {}
    found |= dict(_plain(kept)) if isinstance(kept, Mapping) else {}
    found |= {fact.name: fact.value for fact in _heard(talk)}
    return found | {fact.name: fact.value for fact in learned(talk)}


def learned(talk: Talk) -> tuple[Fact, ...]:
    """Return what the messages of this turn answer of the playbook's questions; SKIPPED for what the user passes over.

    A message that asks something itself, or only greets, answers nothing.
    """
    question = pending_question(talk)
    value = None if question is None or _wants_other(talk) or _is_consent(talk) else answer_to(question, talk.question)
    return () if question is None or value is None else (Fact(question.name, value),)


def pending_question(talk: Talk) -> Question | None:
    """Return the question that the user was asked last and has not answered, if there is one."""
    spoken = next((said.text for said in reversed(talk.messages) if _may_ask(said)), None)
    if spoken is not None:
        return question_in(spoken, talk.playbook, talk.stage)
    seeds = talk.context.get(QUESTIONS)
    asked = [str(one) for one in seeds] if isinstance(seeds, Sequence) and not isinstance(seeds, str) else []
    return question_in(asked[0], talk.playbook, talk.stage) if asked else None


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


def answer_to(question: Question, text: str) -> str | None:
    """Return what a text answers to a question: a choice as the playbook words it in English, or the text itself.

    SKIPPED for a user who passes it over; None for a text that is no answer.
    """
    said = _MARKS.sub("", " ".join(text.split()))
    if not said:
        return None
    if (choice := _chosen(question, said)) is not None:
        return choice
    if passes_over(said):
        return SKIPPED
    if asks_something(text) or pleasantry(said) or wishes_to_be_forgotten(said):
        return None
    return said if len(said) <= MAX_VALUE else said[: MAX_VALUE - 1] + "…"


def _wants_other(talk: Talk) -> bool:
    understood = talk.understanding
    return understood is not None and (understood.wants_person or bool(understood.verdicts))


def _is_consent(talk: Talk) -> bool:
    """Tell whether the user answers whether facts may be kept, which is no answer to the question before that."""
    spoken = next((said.text for said in reversed(talk.messages) if said.role is Role.ASSISTANT), "")
    return asks_consent(spoken) and agrees(talk.question) is not None


def _heard(talk: Talk) -> Iterator[Fact]:
    """Yield the answers that the messages before this turn hold, oldest first."""
    question: Question | None = None
    was_asked_consent = False
    for said in talk.messages:
        if _may_ask(said):
            question = question_in(said.text, talk.playbook, talk.stage)
        elif said.role is Role.USER and question is not None:
            value = None if was_asked_consent and agrees(said.text) is not None else answer_to(question, said.text)
            if value is not None:
                yield Fact(question.name, value)
                question = None
        was_asked_consent = said.role is Role.ASSISTANT and asks_consent(said.text)


def _may_ask(said: Said) -> bool:
    """Tell whether a message may put a question of the playbook: one of the agent's that is not about remembering."""
    return said.role is Role.ASSISTANT and not asks_consent(said.text)


def _chosen(question: Question, said: str) -> str | None:
    """Return the choice that a text is: by its words in any language, or by its number."""
    plain = plainly(said)
    for choice in question.choices:
        if plain in {plainly(words) for words in choice.values()}:
            return choice.get("en") or next(iter(choice.values()))
    has_digits = any(letter.isdigit() for choice in question.choices for letter in "".join(choice.values()))
    if plain.isdecimal() and not has_digits and 1 <= int(plain[:3]) <= len(question.choices):
        choice = question.choices[int(plain) - 1]
        return choice.get("en") or next(iter(choice.values()))
    return None


def _plain(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in list(values.items())[:_MAX_KNOWN]:
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            yield str(name)[:64], str(value)[:MAX_VALUE]


def first_messages(talk: Talk) -> bool:
    """Tell whether the agent has said nothing yet in this conversation."""
    return not any(said.role is Role.ASSISTANT for said in talk.messages)
