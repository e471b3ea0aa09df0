"""How the rules converse: quote the documents, put the playbook's questions one by one, say what they do not know.

No model is asked. What is quoted is quoted as it stands, with the number of its source; everything else is in fixed
words (`graph.phrases`). So an installation without any key still answers, leads, and fetches a person.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from core.conversations import ENDED_QUESTIONS, Role
from core.playbooks import Question, in_language
from graph.onboarding.answers import (
    SKIPPED,
    corrected,
    learned,
    pending_question,
    question_before,
)
from graph.onboarding.asked import first_messages, was_offered_person, was_put_again
from graph.onboarding.deciding import decision_of, picked
from graph.onboarding.flow import Standing, stage_to_advance, standing
from graph.onboarding.pleasantries import (
    Pleasantry,
    asks_for_advice,
    asks_something,
    complains,
    pleasantry,
    wants_repetition,
)
from graph.onboarding.telling import goes_back
from graph.phrases import phrase
from graph.reasoners.citing import once_more, quoted
from graph.reasoners.clarifying import clarify, was_asked_back
from graph.talk import Reply, Talk, ToolCall, ToolSpec

VERSION: Final = "talking-1"
MAX_REASON: Final = 300
ADVANCE: Final = "advance_stage"
REQUEST: Final = "request_human"
_BRIEF: Final = 2
"""Words that are rather an answer than a matter of its own while a question with choices is open."""


def converse(talk: Talk, tools: Sequence[ToolSpec]) -> Reply:
    """Return the answer to a turn's messages, or the one call that comes before it: to the next stage, for a person."""
    if call := _call(talk, tools):
        return Reply("", (call,))
    here, kind = standing(talk), pleasantry(talk.question)
    if decided := decision_of(talk):
        key = "recommendations.chosen" if decided[0] == "accepted" else "deny"
        return Reply("\n\n".join(filter(None, (phrase(key, talk.answer_language), _way_to_picked(talk)))))
    if (wished := _wished_again(talk, here)) is not None:
        return Reply(phrase("question.back", talk.answer_language, question=wished.wording(talk.answer_language)))
    if learned(talk):
        return Reply("\n\n".join(filter(None, (_answer_beside(talk), _go_on(talk, here)))))
    if kind == "affirm" and (again := _put_again(talk)):
        return Reply(again)
    if kind is not None and not (kind == "why_do_you_ask" and pending_question(talk) is None):
        return Reply(_polite(talk, here, kind))
    if complains(talk.question):
        return clarify(talk)
    return _answer(talk, here)


def _wished_again(talk: Talk, here: Standing) -> Question | None:
    """Return the question that the user wishes to have put again: the open one, or the one before it."""
    if wants_repetition(talk.question):
        return pending_question(talk) or here.question
    return question_before(talk) if goes_back(talk.question) else None


def _way_to_picked(talk: Talk) -> str:
    """Return what the documents say to do for the one recommendation that the user picks, and where they say it."""
    chosen = picked(talk)
    if chosen is None or not talk.excerpts:
        return ""
    how = replace(talk.asked[-1], text=f"how {' '.join(chosen)}")
    about = phrase("about_question", talk.answer_language, question=chosen[0])
    return f"{about}\n{quoted(replace(talk, asked=(how,), is_sure=True, inquiries=()))}"


def _answer_beside(talk: Talk) -> str:
    """Return the answer to a question that came in a quick message beside the answer to ours."""
    asked = next((said.text for said in talk.asked if asks_something(said.text)), None)
    if asked is None:
        return ""
    return quoted(talk) or phrase("unanswerable_part", talk.answer_language, question=once_more(asked))


def _answer(talk: Talk, here: Standing) -> Reply:
    language = talk.answer_language
    feeling = _feeling(talk)
    if not any(letter.isalnum() for letter in talk.question):
        return Reply(phrase("not_understood", language), is_answered=True)
    said = "" if _tries_to_answer(talk) else quoted(talk)
    if said and (talk.is_sure or not _is_opening(talk, here)):
        first = " ".join(part for part in (feeling, said) if part)
        return Reply("\n\n".join(part for part in (first, _reminder(talk, here)) if part))
    if _is_opening(talk, here):
        return Reply(_opening(talk, here))
    if again := _put_again(talk):
        return Reply(again)
    failed = " ".join(part for part in (feeling, phrase("unanswerable", language)) if part)
    return Reply("\n\n".join(part for part in (failed, _reminder(talk, here)) if part), is_answered=False)


def _put_again(talk: Talk) -> str:
    """Return the open question once more where the user said something else than an answer to it, yet asked nothing."""
    question, language = pending_question(talk), talk.answer_language
    wants_advice = talk.playbook.recommends and asks_for_advice(talk.question)
    if question is None or (asks_something(talk.question) and not wants_advice):
        return ""
    if not wants_advice and was_put_again(talk, question):
        return ""
    return phrase("question.again", language, question=question.wording(language))


def _tries_to_answer(talk: Talk) -> bool:
    """Tell whether a message is probably meant for an answer to the open question, and is none: it is put again rather
    than looked up."""
    question = pending_question(talk)
    if question is None or question.own_words == "text" or asks_something(talk.question):
        return False
    return len(talk.question.split()) <= _BRIEF or not talk.is_sure


def _go_on(talk: Talk, here: Standing) -> str:
    """Return what follows an answer: the next question, or that there is none."""
    language = talk.answer_language
    if ENDED_QUESTIONS in here.known:
        return phrase("questions_ended", language)
    if changed := _changed(talk):
        asked = here.question.wording(language) if here.question else ""
        return phrase("question.corrected", language, answer=changed, question=asked).strip()
    if here.question is None:
        done = phrase("questions_done", language)
        return done if talk.playbook.recommends else f"{done} {phrase('questions_none', language)}"
    skipped = any(fact.value == SKIPPED for fact in learned(talk))
    key = "question.skipped" if skipped else "question.next"
    return phrase(key, language, question=here.question.wording(language))


def _changed(talk: Talk) -> str:
    """Return the answers that this turn put right, as the user reads them."""
    items = {item.name: item for stage in talk.playbook.stages.values() for item in stage.questions}
    named = [(items[fact.name], fact.value) for fact in corrected(talk) if fact.value != SKIPPED]
    return ", ".join(question.shown(value, talk.answer_language) for question, value in named)


def _polite(talk: Talk, here: Standing, kind: Pleasantry) -> str:
    language = talk.answer_language
    if kind == "greeting":
        return _opening(talk, here)
    said = phrase(kind, language, product=talk.config.tone.product_name)
    is_parting = kind == "goodbye" or (kind == "thanks" and pending_question(talk) is None)
    return said if is_parting else " ".join(part for part in (said, _reminder(talk, here)) if part)


def _call(talk: Talk, tools: Sequence[ToolSpec]) -> ToolCall | None:
    """Return the tool to use first: the way to the next stage, or to the person that the user just said yes to."""
    to = stage_to_advance(talk)
    wanted = {"stage": to} if to is not None else None
    name = ADVANCE
    if pleasantry(talk.question) == "affirm" and was_offered_person(talk):
        name, wanted = REQUEST, {"reason": latest_question(talk)}
    if wanted is None or not _may_call(name, talk, tools):
        return None
    return ToolCall(f"rules-{len(talk.results)}", name, orjson.dumps(wanted).decode())


def latest_question(talk: Talk) -> str:
    """Return what the user said before this turn, for the person who takes over."""
    asked = next((said.text for said in reversed(talk.messages) if said.role is Role.USER), talk.question)
    return asked[:MAX_REASON]


def _opening(talk: Talk, here: Standing) -> str:
    """Return the playbook's greeting the first time, then a shorter one; with the open question, unless it holds it."""
    language = talk.answer_language
    greeting = in_language(talk.playbook.greeting, language)
    said = greeting if first_messages(talk) else phrase("greeting_again", language)
    if here.question is None:
        return said
    if in_language(here.question.text, language) in said:
        return said
    asked = phrase("question.first", language, question=here.question.wording(language))
    return f"{said} {asked}" if first_messages(talk) else asked


def _reminder(talk: Talk, here: Standing) -> str:
    """Return the open question again after something else was answered; nothing where the playbook asks nothing."""
    is_aside = pending_question(talk) is not None or first_messages(talk) or was_asked_back(talk)
    if here.question is None or not is_aside:
        return ""
    language = talk.answer_language
    return phrase("question.after_answer", language, question=here.question.wording(language))


def _is_opening(talk: Talk, here: Standing) -> bool:
    """Tell whether the agent has yet to say what the conversation is about: its playbook begins with a question."""
    return here.question is not None and first_messages(talk)


def _feeling(talk: Talk) -> str:
    mood = talk.understanding.sentiment if talk.understanding else "neutral"
    return phrase("sorry_to_hear", talk.answer_language) if mood in ("negative", "angry") else ""


def _may_call(name: str, talk: Talk, tools: Sequence[ToolSpec]) -> bool:
    """Tell whether a tool may be used now: it is offered, and was not refused in this turn."""
    refused = any(result.call.name == name and result.status != "done" for result in talk.results)
    return not refused and any(tool.name == name for tool in tools)
