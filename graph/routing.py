"""Where a turn goes after its diagnosis. Pure: a function of values, tested by tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from core.config import CompanyConfig
from core.conversations import HandledBy
from core.nudges import Diagnosis
from graph.handoff.idle import is_idle
from graph.onboarding.asked import question_in
from graph.reasoner import NOT_STUCK
from graph.state import Outcome
from graph.talk import Action, Answer, Talk, Understanding

Destination = Literal["coach", "act", "escalate", "end"]
_GRAVEST: Final[tuple[Action, ...]] = ("hotline", "refuse", "escalate")
"""Actions of guards that keep a message from the reasoner, the one that goes before all others first."""
_FAILURES: Final = frozenset({"frustration", "repeated_failure"})
"""Rules by which a person is called because the agent does not help."""
_TICKET_REASONS: Final[Mapping[str, str]] = {
    "wish": "wish",
    "failures": "failures",
    "repeated_failure": "failures",
    "frustration": "sentiment",
    "self_harm": "safety",
    "endangered": "safety",
    "threat_to_others": "safety",
}


@dataclass(frozen=True, slots=True)
class Route:
    """Where to go and, when that is the end, how the turn ended. `reason` is a stable word for the receipt."""

    to: Destination
    reason: str
    outcome: Outcome | None = None


def decide_route(diagnosis: Diagnosis, config: CompanyConfig, tries: int, *, in_holdout: bool) -> Route:
    """Return the route of a diagnosed turn; `tries` counts the nudges that the user already got at this place.

    The holdout comes before the escalation: a call from a person would spoil the comparison as much as a nudge.
    """
    if diagnosis.reason_class == NOT_STUCK:
        return Route("end", "not_stuck", "not_stuck")
    if diagnosis.confidence_score < config.confidence_threshold:
        return Route("end", "below_threshold", "unsure")
    if in_holdout:
        return Route("end", "holdout", "holdout")
    if tries >= config.escalation.after_nudges:
        return Route("escalate", "nudges_spent")
    return Route("coach", "confident")


def decide_talk_route(
    understanding: Understanding, handled_by: HandledBy = HandledBy.AGENT, *, declines_person: bool = False
) -> Route:
    """Return the route of a conversation turn by what was understood; `reason` is the rule or wish that decided.

    Danger goes before everything, a refusal before a wish: somebody who asks for a person while attacking the agent is
    refused first and may ask again. While a person is awaited danger alone is answered, since nobody may read it soon.
    Who wants no person is sent none because we failed them; danger calls one all the same.
    """
    if handled_by is not HandledBy.AGENT:
        danger = next((verdict.rule for verdict in understanding.verdicts if verdict.action == "hotline"), None)
        return Route("act", danger) if danger else Route("end", "awaits_person", "left_to_person")
    for action in _GRAVEST:
        for verdict in understanding.verdicts:
            if verdict.action == action and not (declines_person and verdict.rule in _FAILURES):
                return Route("act" if action == "refuse" else "escalate", verdict.rule)
    if understanding.wants_person:
        return Route("escalate", "wish")
    return Route("coach", understanding.intent)


def ticket_reason(reason: str) -> str:
    """Return why a person was called, in the few words of tickets, by the rule or wish that decided."""
    return _TICKET_REASONS.get(reason, "tool")


def asks_on(answer: Answer, talk: Talk) -> bool:
    """Tell whether an answer puts a question of the playbook: the talk goes on, so it counts as no failure."""
    return question_in(answer.text, talk.playbook, talk.stage) is not None


def met(answer: Answer, talk: Talk) -> bool | None:
    """Tell whether an answer met what was asked; None: nothing was asked of the product, so it is neither."""
    if answer.is_answered or asks_on(answer, talk):
        return True
    return None if talk.asked and is_idle(talk.question) else False


def leads_to_person(answer: Answer, talk: Talk) -> str | None:
    """Return why a person is to be called after this answer, as a stable word, or None.

    An answer that the user stopped says nothing about whether there is one; who wants no person gets none for it.
    """
    if any(effect.kind == "request_human" for effect in answer.effects):
        return "tool"
    if talk.declines_person:
        return None
    failed = answer.status != "stopped" and met(answer, talk) is False
    return "failures" if failed and talk.unanswered + 1 >= talk.playbook.limits.unanswered_before_human else None
