"""Whether what users tell about themselves may be kept: the question put once, their answer, the wish to forget. Pure.

A conversation knows what was said in it, with or without consent; the profile, which outlives it, only what the user
agreed to. Nothing is kept of a question that was passed over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.conversations import Role
from core.pseudonyms import Pseudonyms
from graph.memory.agreement import agrees, asks_consent, wishes_to_be_forgotten
from graph.onboarding.answers import SKIPPED, learned
from graph.onboarding.flow import standing
from graph.phrases import phrase
from graph.talk import Answer, Effect, Talk


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from a turn's effects: facts to keep in the profile, consent to note (a no erases them), the
    question to put, and whether conversations forget what was answered in them as well."""

    keep: tuple[tuple[str, str], ...] = ()
    consent: bool | None = None
    forget: bool = False
    ask: bool = False


def decide(effects: Sequence[Effect], *, remembers: bool | None, may_be_asked: bool) -> Plan:
    """Return what to do for the profile of a user who agreed (`remembers`), refused, or was not asked yet.

    The first fact of somebody who may still be asked is not kept: the agent asks, once. A wish to forget goes before
    everything else.
    """
    kinds = {effect.kind for effect in effects}
    if "forget" in kinds:
        return Plan(consent=False, forget=True)
    said = next((effect.values["agrees"] == "yes" for effect in effects if effect.kind == "consent"), None)
    agreed = remembers if said is None else said
    facts = tuple(dict(_facts(effects)).items())
    return Plan(
        keep=facts if agreed else (),
        consent=said,
        ask=bool(facts) and agreed is None and may_be_asked,
    )


def _facts(effects: Sequence[Effect]) -> Iterator[tuple[str, str]]:
    for effect in effects:
        if effect.kind == "remember" and effect.values["value"] != SKIPPED:
            yield effect.values["name"], effect.values["value"]


def consent_given(talk: Talk) -> bool | None:
    """Return what the user answered to the question whether facts may be kept; None where this is no answer to it."""
    spoken = next((said.text for said in reversed(talk.messages) if said.role is Role.ASSISTANT), "")
    return agrees(talk.question) if asks_consent(spoken) else None


def fixed_answer(talk: Talk) -> Answer | None:
    """Return the answer to a message that is about remembering alone; None for every other message."""
    language = talk.answer_language
    if wishes_to_be_forgotten(talk.question):
        return Answer(phrase("remember_forgotten", language), language=language, effects=(Effect("forget"),))
    agreed = consent_given(talk)
    if agreed is None:
        return None
    said = phrase("remember_yes" if agreed else "remember_no", language)
    effect = Effect("consent", {"agrees": "yes" if agreed else "no"})
    question = standing(talk).question
    further = phrase("question.after_answer", language, question=question.wording(language)) if question else ""
    return Answer(f"{said} {further}".strip(), language=language, effects=(effect,))


def learned_effects(talk: Talk, pseudonyms: Pseudonyms) -> tuple[Effect, ...]:
    """Return what this turn's messages told of the user, to be kept, with its real values."""
    return tuple(
        Effect("remember", {"name": fact.name, "value": pseudonyms.unmask(fact.value)}) for fact in learned(talk)
    )
