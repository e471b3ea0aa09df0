"""Where a conversation stands in its playbook, and what comes next: a question, a stage, or recommendations. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from core.conversations import ENDED, ENDED_QUESTIONS, ConversationState
from core.playbooks import Question
from graph.memory.agreement import asks_consent
from graph.onboarding.answers import SKIPPED, known, pending_question
from graph.onboarding.asked import last_words
from graph.onboarding.pleasantries import asks_for_advice, asks_something, pleasantry
from graph.talk import Talk
from graph.tools.offers import stage_now

RECOMMENDED: Final = "recommended"
"""Name under which a conversation remembers the turn that made its recommendations."""

NextStep = Literal["ask", "recommend"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a conversation stands: its stage by now, what is known by name, and the stage's questions left open."""

    stage: str
    known: Mapping[str, str]
    open: tuple[Question, ...]

    @property
    def question(self) -> Question | None:
        """The question to put next."""
        return self.open[0] if self.open else None


def standing(talk: Talk) -> Standing:
    """Return where the conversation stands after this turn's messages and what tools did in it."""
    stage, found = stage_now(talk), known(talk)
    is_ended = ENDED_QUESTIONS in found
    return Standing(stage, found, () if is_ended else talk.playbook.open_items(stage, found.keys()))


def stage_to_advance(talk: Talk) -> str | None:
    """Return the stage to go to because this one's questions are done, or None.

    A stage that asks nothing is left by what is said in it, which only a reader of language can tell; so it stays.
    A user who wants no more questions is led nowhere.
    """
    here = standing(talk)
    if ENDED_QUESTIONS in here.known:
        return None
    stage = talk.playbook.stages[here.stage]
    return stage.next[0] if stage.questions and not here.open and stage.next else None


def after_answers(talk: Talk) -> NextStep:
    """Return what follows once this turn's messages are understood.

    Recommendations are made once, when no required question is open anywhere and none at all in the present stage, or
    whenever the user asks for them and something is known.
    """
    if (
        not talk.playbook.recommends
        or talk.state in ENDED
        or talk.state is ConversationState.GENERATING_RECOMMENDATIONS
    ):
        return "ask"
    here = standing(talk)
    if asks_for_advice(talk.question) and answered(talk, here.known):
        return "recommend"
    is_done = not here.open and not missing(talk, here.known) and ENDED_QUESTIONS not in here.known
    return "recommend" if is_done and RECOMMENDED not in here.known else "ask"


def may_have_answered(talk: Talk) -> bool:
    """Tell whether the user may just have answered a question of the playbook that was not put in its own words."""
    asked = last_words(talk)
    was_asked = any(mark in asked for mark in "?؟") and pending_question(talk) is None and not asks_consent(asked)
    is_other = asks_something(talk.question) or pleasantry(talk.question) is not None
    return was_asked and not is_other and bool(standing(talk).open)


def missing(talk: Talk, found: Mapping[str, str]) -> tuple[Question, ...]:
    """Return the required questions of all stages that are open."""
    stages = talk.playbook.stages
    return tuple(item for key in stages for item in talk.playbook.open_items(key, found.keys()) if item.required)


def answered(talk: Talk, found: Mapping[str, str]) -> dict[str, str]:
    """Return the answers to the playbook's questions that say something, in the order of the questions."""
    names = [item.name for stage in talk.playbook.stages.values() for item in stage.questions]
    return {name: found[name] for name in dict.fromkeys(names) if found.get(name, SKIPPED) != SKIPPED}
