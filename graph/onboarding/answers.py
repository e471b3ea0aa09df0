"""What is known of a user: from the host, from earlier, and from their answers to the playbook's questions. Pure.

Which question a message answers is read off the talk itself: the last one that the agent put in its own wording, also
past fixed words such as a refusal or thanks. So a turn that runs again finds the same. What was answered is what was
stored with the conversation; earlier messages are read anew only where nothing was.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from core.conversations import ANSWERS, ENDED_QUESTIONS, Role
from core.playbooks import Question
from graph.folding import fold
from graph.guardrails import inspect_message
from graph.handoff.wishes import wants_person
from graph.memory.agreement import agrees, asks_consent, wishes_to_be_forgotten
from graph.onboarding.asked import moves_on, question_in, was_offered_person, was_put_again
from graph.onboarding.choosing import choice_meant, choice_named, choice_told_apart, is_own_answer
from graph.onboarding.pleasantries import (
    MAX_LENGTH,
    asks_for_advice,
    asks_something,
    complains,
    ends_questions,
    passes_over,
    pleasantry,
    wants_repetition,
)
from graph.onboarding.strays import says_something_else
from graph.onboarding.telling import goes_back, put_right, told_by_name
from graph.talk import Fact, Said, Talk

QUESTIONS: Final = "questions"
"""Member of a conversation's context that holds the questions put at its start, as they were worded."""
SKIPPED: Final = "-"
"""The answer of a user who would rather not say: the question is done with, and nothing is remembered."""
MAX_VALUE: Final = 300
"""Characters of an answer that are kept."""
_LOOKED_BACK: Final = 4
"""Messages of the agent among which the question is looked for that is still open."""
_MAX_KNOWN: Final = 60
_NAMES: Final = ("customer_name", "name")
_INTRODUCES: Final = re.compile(
    r"(?:(?:hi|hello|please)[,!]? )?(?:my name is|my name's|the name is|i am called|i am|i'm|i’m|call me|it is|it's|"
    r"it’s|this is|اسمي هو|اسمي|انا|أنا) +",
    re.IGNORECASE,
)
_MARKS: Final = re.compile(r"[\s.,;:!،؛…]+$")


def known(talk: Talk) -> dict[str, str]:
    """Return what is known by name: the host's context, facts of earlier, answers of this conversation and turn."""
    given = {name: value for name, value in talk.context.items() if name not in (ANSWERS, QUESTIONS)}
    kept = talk.context.get(ANSWERS)
    found = dict(_plain(given)) | {fact.name: fact.value for fact in talk.facts}
    found |= {"customer_name": talk.customer_name} if talk.customer_name else {}
    found |= dict(_plain(kept)) if isinstance(kept, Mapping) else {}
    found |= _heard(talk)
    return found | {fact.name: fact.value for fact in learned(talk)}


def learned(talk: Talk) -> tuple[Fact, ...]:
    """Return what the messages of this turn answer of the playbook's questions; SKIPPED for what the user passes over.

    A message that asks something itself, or only greets, answers nothing. One that wants no more questions is noted
    as ENDED_QUESTIONS, with the value SKIPPED.
    """
    question = pending_question(talk)
    if _wants_other(talk) or _is_consent(talk) or goes_back(talk.question):
        return ()
    if question is not None and ends_questions(talk.question):
        return (Fact(ENDED_QUESTIONS, SKIPPED),)
    if told := _told_now(talk, question):
        return told
    if question is None:
        return ()
    is_last = was_put_again(talk, question)
    values = (answer_to(question, text, is_last=is_last) for text in _tried(question, talk))
    value = next((one for one in values if one is not None), None)
    declines_person = value == SKIPPED and was_offered_person(talk) and pleasantry(talk.question) == "deny"
    return () if value is None or declines_person else (Fact(question.name, value),)


def corrected(talk: Talk) -> tuple[Fact, ...]:
    """Return what this turn's messages answer of questions that were answered before."""
    return tuple(fact for fact in learned(talk) if fact.name in _told(talk))


def question_before(talk: Talk) -> Question | None:
    """Return the question that was answered before the one that is open: to be put again to who wishes to go back."""
    return next(iter(_answered_before(talk, pending_question(talk))), None)


def _told_now(talk: Talk, question: Question | None) -> tuple[Fact, ...]:
    """Return what the messages tell in words of their own for a question, or put right of what was answered."""
    if asks_something(talk.question) or passes_over(talk.question) or wishes_to_be_forgotten(talk.question):
        return ()
    told, before = told_by_name(talk.playbook, talk.question, _open_beside(talk, question))
    answered = _answered_before(talk, question)
    if question is None:
        told = tuple(one for one in told if one.question in answered)
    found = {one.question.name: one.value for one in told if one.by_name or one.question.is_open(_told(talk))}
    if found:
        beside = answer_to(question, before) if question is not None and question.name not in found else None
        found |= {question.name: beside} if question is not None and beside not in (None, SKIPPED) else {}
    elif (right := put_right(talk.question, question, answered)) is not None:
        found = {right.question.name: right.value}
    return tuple(Fact(name, value) for name, value in found.items())


def _open_beside(talk: Talk, question: Question | None) -> tuple[Question, ...]:
    """Return the other open questions of the stage, which a few words may answer along with the one that was put."""
    if question is None or question.own_words != "words":
        return ()
    items = talk.playbook.open_items(talk.stage, _told(talk))
    return tuple(item for item in items if item.name != question.name)


def _answered_before(talk: Talk, question: Question | None) -> tuple[Question, ...]:
    """Return the questions that were answered, those that stand before a question alone, the latest first."""
    items = [item for stage in talk.playbook.stages.values() for item in stage.questions]
    upto = items[: items.index(question)] if question in items else items
    kept = talk.context.get(ANSWERS)
    stored = {*(kept if isinstance(kept, Mapping) else ()), *_heard(talk)}
    return tuple(item for item in reversed(upto) if item.name in stored)


def pending_question(talk: Talk) -> Question | None:
    """Return the question that the user was asked last and has not answered, if there is one.

    It stays open past fixed words that put none; not past an answer with sources, or another question of the agent's,
    which lead elsewhere.
    """
    for age, text in enumerate(_spoken(talk)):
        if (question := question_in(text, talk.playbook, talk.stage)) is not None:
            return question if age == 0 or question.is_open(_told(talk)) else None
        if moves_on(text):
            return None
    return None


def answer_to(question: Question, text: str, *, is_last: bool = False) -> str | None:
    """Return what a text answers to a question: a choice as the playbook words it in English, or the text itself.

    SKIPPED for a user who passes it over; None for a text that is no answer. Who asks for the last time takes what
    cannot be meant for an answer for passing over; where words are an answer, more of them than usual are one too.
    """
    said = _MARKS.sub("", " ".join(text.split()))
    if not said:
        return None
    if (choice := choice_meant(question, said)) is not None:
        return choice
    if passes_over(said):
        return SKIPPED
    if question.choices and pleasantry(said) == "affirm":
        return SKIPPED if is_last else None
    if _commands(said) or asks_something(text) or pleasantry(said) or wishes_to_be_forgotten(said):
        return None
    if complains(said):
        return choice_told_apart(question, said)
    if (choice := choice_named(question, said)) is not None:
        return choice
    is_own = is_own_answer(question, said) or (is_last and question.own_words == "words")
    if not is_own or says_something_else(question, said):
        return SKIPPED if is_last else None
    said = (_INTRODUCES.sub("", said, count=1) if question.name in _NAMES else said) or said
    return said if len(said) <= MAX_VALUE else said[: MAX_VALUE - 1] + "…"


def _tried(question: Question, talk: Talk) -> tuple[str, ...]:
    """Return the texts that may answer a question: of several quick messages each, but where any words would do."""
    each = tuple(said.text for said in talk.asked)
    return (talk.question,) if question.offers_nothing or not each else each


def _wants_other(talk: Talk) -> bool:
    understood = talk.understanding
    return understood is not None and (understood.wants_person or bool(understood.verdicts))


def _is_consent(talk: Talk) -> bool:
    """Tell whether the user answers whether facts may be kept, which is no answer to the question before that."""
    spoken = next((said.text for said in reversed(talk.messages) if said.role is Role.ASSISTANT), "")
    return asks_consent(spoken) and agrees(talk.question) is not None


def _commands(said: str) -> bool:
    """Tell whether a text is a wish about the conversation itself: no more questions, the last one once more, or
    recommendations at once."""
    return ends_questions(said) or wants_repetition(said) or (len(said) <= MAX_LENGTH and asks_for_advice(said))


def _spoken(talk: Talk) -> Iterator[str]:
    """Yield what the agent said lately, latest first, and the question put at the start where that is lately."""
    lately = [said.text for said in reversed(talk.messages) if _may_ask(said)][:_LOOKED_BACK]
    yield from lately
    seeds = talk.context.get(QUESTIONS)
    if len(lately) < _LOOKED_BACK and isinstance(seeds, Sequence) and not isinstance(seeds, str) and seeds:
        yield str(seeds[0])


def _told(talk: Talk) -> frozenset[str]:
    """Return the names of what was known before this turn's messages."""
    kept = talk.context.get(ANSWERS)
    stored = set(kept) if isinstance(kept, Mapping) else set()
    return frozenset({*talk.context, *stored, *(fact.name for fact in talk.facts), *_heard(talk)})


def _heard(talk: Talk) -> dict[str, str]:
    """Return the answers that the messages before this turn hold, where none was stored with the conversation."""
    found: dict[str, str] = {}
    question: Question | None = None
    was_asked_consent = False
    for said in () if talk.context.get(ANSWERS) else talk.messages:
        if _may_ask(said):
            put = question_in(said.text, talk.playbook, talk.stage)
            question = put if put is not None or moves_on(said.text) else question
        elif said.role is Role.AGENT:
            question = None
        elif said.role is Role.USER and wishes_to_be_forgotten(said.text):
            found, question = {}, None
        elif said.role is Role.USER and question is not None and not (was_asked_consent and _agrees(said)):
            value = _replayed(question, said.text, talk)
            found |= {} if value is None else {question.name: value}
            question = question if value is None else None
        was_asked_consent = said.role is Role.ASSISTANT and asks_consent(said.text)
    return found


def _replayed(question: Question, text: str, talk: Talk) -> str | None:
    """Return what an earlier message answered; nothing where it was refused, or called a person."""
    value = answer_to(question, text)
    if value is None or wants_person(fold(text)):
        return None
    verdicts = inspect_message(text, language=talk.language, rules=talk.config.conversations)
    return None if verdicts else value


def _agrees(said: Said) -> bool:
    return agrees(said.text) is not None


def _may_ask(said: Said) -> bool:
    """Tell whether a message may put a question of the playbook: one of the agent's that is not about remembering."""
    return said.role is Role.ASSISTANT and not asks_consent(said.text)


def _plain(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in list(values.items())[:_MAX_KNOWN]:
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip():
            yield str(name)[:64], str(value)[:MAX_VALUE]
