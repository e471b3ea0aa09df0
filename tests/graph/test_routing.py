"""Where a diagnosed turn goes: one table."""

import pytest

from core.config import CompanyConfig, EscalationRules
from core.nudges import Diagnosis
from graph.reasoner import NOT_STUCK
from graph.routing import Route, decide_route

COACH = Route("coach", "confident")
ESCALATE = Route("escalate", "nudges_spent")
UNSURE = Route("end", "below_threshold", "unsure")
HOLDOUT = Route("end", "holdout", "holdout")
FINE = Route("end", "not_stuck", "not_stuck")


def diagnosis(confidence: float, reason_class: str = "validation") -> Diagnosis:
    return Diagnosis(
        stuck_point="p", inferred_reason="r", evidence=[], confidence_score=confidence, reason_class=reason_class
    )


@pytest.mark.parametrize(
    ("confidence", "reason_class", "tries", "in_holdout", "expected"),
    [
        (0.9, "validation", 0, False, COACH),
        (0.6, "validation", 0, False, COACH),
        (0.59, "validation", 0, False, UNSURE),
        (0.0, "validation", 0, False, UNSURE),
        (0.9, "validation", 2, False, COACH),
        (0.9, "validation", 3, False, ESCALATE),
        (0.9, "validation", 9, False, ESCALATE),
        (0.5, "validation", 9, False, UNSURE),
        (0.9, NOT_STUCK, 9, False, FINE),
        (0.1, NOT_STUCK, 0, False, FINE),
        (0.9, NOT_STUCK, 0, True, FINE),
        (0.9, "validation", 0, True, HOLDOUT),
        (0.9, "validation", 9, True, HOLDOUT),
        (0.5, "validation", 0, True, UNSURE),
    ],
)
def test_the_route(confidence: float, reason_class: str, tries: int, in_holdout: bool, expected: Route) -> None:
    assert decide_route(diagnosis(confidence, reason_class), CompanyConfig(), tries, in_holdout=in_holdout) == expected


def test_the_threshold_and_the_number_of_nudges_are_the_companys() -> None:
    strict = CompanyConfig(confidence_threshold=0.95, escalation=EscalationRules(after_nudges=0))
    lenient = CompanyConfig(confidence_threshold=0, escalation=EscalationRules(after_nudges=0))
    assert decide_route(diagnosis(0.94), strict, 0, in_holdout=False) == UNSURE
    assert decide_route(diagnosis(0), lenient, 0, in_holdout=False) == ESCALATE
