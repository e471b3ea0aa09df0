"""What a model gets to read for each of onboarding's methods: JSON-able, bounded; the talk is masked already. Pure."""

from collections.abc import Mapping
from typing import Any

from core.conversations import Role
from core.playbooks import Question, in_language, kept
from core.recommendations import DraftVerdict
from graph.onboarding.answers import known
from graph.onboarding.flow import RECOMMENDED, answered, standing
from graph.onboarding.values import Drafts
from graph.talk import Talk

MAX_TEXT = 600
MAX_QUESTIONS = 16
MAX_TRACE = 8


def context_file(talk: Talk) -> dict[str, Any]:
    """Return what bears on reading a message: the questions, what is known, what the agent said last, the message."""
    found = known(talk)
    questions = [item for stage in talk.playbook.stages.values() for item in stage.questions]
    unique = list({item.name: item for item in questions}.values())[:MAX_QUESTIONS]
    said = next((one.text for one in reversed(talk.messages) if one.role is Role.ASSISTANT), "")
    return _without_empty(
        {
            "language": talk.answer_language,
            "questions": [_question(item) for item in unique],
            "known": answered(talk, found),
            "what_they_just_did": list(talk.trace[-MAX_TRACE:]),
            "agent_said": said[:MAX_TEXT],
            "user_says": talk.question[:MAX_TEXT],
        }
    )


def questions_file(talk: Talk) -> dict[str, Any]:
    """Return what bears on wording the next questions."""
    here = standing(talk)
    return _without_empty(
        {
            "language": talk.answer_language,
            "tone": talk.playbook.tone[:MAX_TEXT],
            "known": answered(talk, here.known),
            "open": [_question(item) for item in here.open[:MAX_QUESTIONS]],
            "user_says": talk.question[:MAX_TEXT],
        }
    )


def drafting_file(talk: Talk) -> dict[str, Any]:
    """Return what recommendations may rest on."""
    found = known(talk)
    answers = answered(talk, found)
    return _without_empty(
        {
            "language": talk.answer_language,
            "product": talk.config.tone.product_name,
            "voice": talk.config.tone.voice,
            "answers": answers,
            "also_known": {name: value for name, value in found.items() if name not in (*answers, RECOMMENDED)},
            "what_they_just_did": list(talk.trace[-MAX_TRACE:]),
            "passages": _passages(talk),
        }
    )


def checking_file(talk: Talk, drafts: Drafts, verdicts: tuple[DraftVerdict, ...]) -> dict[str, Any]:
    """Return the drafts that passed the rules, numbered by their place, with all that they may rest on."""
    numbers = {excerpt.chunk_id: number for number, excerpt in enumerate(talk.excerpts, start=1)}
    shown = [
        {
            "n": number,
            "title": draft.title,
            "summary": draft.summary,
            "steps": list(draft.steps),
            "cited": [numbers[one.chunk_id] for one in draft.citations if one.chunk_id in numbers],
            "rests_on": list(draft.rests_on),
        }
        for number, (draft, verdict) in enumerate(zip(drafts.items, verdicts, strict=True), start=1)
        if verdict.passes
    ]
    base = drafting_file(talk)
    return {name: base[name] for name in ("language", "answers", "passages") if name in base} | {
        "recommendations": shown
    }


def _question(item: Question) -> dict[str, Any]:
    choices = list(map(kept, item.choices))
    return _without_empty({"name": item.name, "text": in_language(item.text, "en"), "choices": choices})


def _passages(talk: Talk) -> list[dict[str, Any]]:
    return [
        _without_empty({"n": number, "title": one.title, "text": one.text[:MAX_TEXT]})
        for number, one in enumerate(talk.excerpts[:9], start=1)
    ]


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
