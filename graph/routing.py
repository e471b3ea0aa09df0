"""Where a turn goes after its diagnosis. Pure: a function of values, tested by tables."""

from dataclasses import dataclass
from typing import Literal

from core.config import CompanyConfig
from core.nudges import Diagnosis
from graph.reasoner import NOT_STUCK
from graph.state import Outcome

Destination = Literal["coach", "escalate", "end"]


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
