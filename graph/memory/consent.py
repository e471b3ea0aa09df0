"""Whether what users tell about themselves may be kept: the question put once, their answer, the wish to forget. Pure.

A conversation knows what was said in it, with or without consent; the profile, which outlives it, only what the user
agreed to. Nothing is kept of a question that was passed over.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from core.conversations import Role
from graph.languages import SPOKEN
from graph.onboarding.answers import SKIPPED, learned
from graph.onboarding.flow import standing
from graph.onboarding.pleasantries import plainly
from graph.phrases import phrase
from graph.talk import Answer, Effect, Pseudonyms, Talk

ASK: Final = "remember_ask"
MAX_WISH: Final = 120
"""Characters beyond which a message is about something else as well."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a turn's effects for the profile: facts to keep, consent to note, erasure, the question."""

    keep: tuple[tuple[str, str], ...] = ()
    consent: bool | None = None
    erase: bool = False
    ask: bool = False


def decide(effects: Sequence[Effect], *, remembers: bool | None, may_be_asked: bool) -> Plan:
    """Return what to do for the profile of a user who agreed (`remembers`), refused, or was not asked yet.

    The first fact of somebody who may still be asked is not kept: the agent asks, once. A wish to forget goes before
    everything else.
    """
    kinds = {effect.kind for effect in effects}
    if "forget" in kinds:
        return Plan(consent=False, erase=True)
    said = next((effect.values["agrees"] == "yes" for effect in effects if effect.kind == "consent"), None)
    agreed = remembers if said is None else said
    facts = tuple(dict(_facts(effects)).items())
    return Plan(
        keep=facts if agreed else (),
        consent=said,
        erase=said is False,
        ask=bool(facts) and agreed is None and may_be_asked,
    )


def _facts(effects: Sequence[Effect]) -> Iterator[tuple[str, str]]:
    for effect in effects:
        if effect.kind == "remember" and effect.values["value"] != SKIPPED:
            yield effect.values["name"], effect.values["value"]


def wishes_to_be_forgotten(text: str) -> bool:
    """Tell whether a whole message asks for what is known of the user to be erased; questions about it do not."""
    return len(text) <= MAX_WISH and _wishes()["forget"].fullmatch(plainly(text)) is not None


def consent_given(talk: Talk) -> bool | None:
    """Return what the user answered to the question whether facts may be kept; None where this is no answer to it."""
    spoken = next((said.text for said in reversed(talk.messages) if said.role is Role.ASSISTANT), "")
    plain = plainly(talk.question)
    if not asks_consent(spoken) or len(plain) > MAX_WISH:
        return None
    wishes = _wishes()
    return True if wishes["agree"].fullmatch(plain) else False if wishes["refuse"].fullmatch(plain) else None


def asks_consent(text: str) -> bool:
    """Tell whether a text of the agent's ends in the question whether facts may be kept."""
    return any(text.rstrip().endswith(phrase(ASK, language)) for language in SPOKEN)


def fixed_answer(talk: Talk) -> Answer | None:
    """Return the answer to a message that is about remembering alone; None for every other message."""
    language = talk.answer_language
    if wishes_to_be_forgotten(talk.question):
        return Answer(phrase("remember_forgotten", language), language=language, effects=(Effect("forget"),))
    agrees = consent_given(talk)
    if agrees is None:
        return None
    said, effect = phrase("remember_yes" if agrees else "remember_no", language), Effect("consent", _agrees(agrees))
    question = standing(talk).question
    further = phrase("question.after_answer", language, question=question.wording(language)) if question else ""
    return Answer(f"{said} {further}".strip(), language=language, effects=(effect,))


def learned_effects(talk: Talk, pseudonyms: Pseudonyms) -> tuple[Effect, ...]:
    """Return what this turn's messages told of the user, to be kept, with its real values."""
    return tuple(
        Effect("remember", {"name": fact.name, "value": pseudonyms.unmask(fact.value)}) for fact in learned(talk)
    )


def _agrees(agrees: bool) -> dict[str, str]:
    return {"agrees": "yes" if agrees else "no"}


@lru_cache(maxsize=1)
def _wishes() -> dict[str, re.Pattern[str]]:
    """Return the patterns of whole messages by what they wish."""
    source = Path(__file__).with_name("wishes.yaml").read_bytes()
    words: dict[str, list[str]] = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - texts alone; “no” is a word
    polite, erase, known, about = (_any_of(words[name]) for name in ("polite", "erase", "known", "about"))
    forget = f"(?:{erase} {known}(?: {about})?|{_any_of(words['forget'])})"
    agree, refuse = _any_of(words["agree"]), _any_of(words["refuse"])
    bodies = {"agree": f"{agree}(?: {agree})*", "refuse": f"{refuse}(?: {refuse})*", "forget": forget}
    return {name: re.compile(rf"(?:{polite} )*{body}(?: {polite})*") for name, body in bodies.items()}


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"
