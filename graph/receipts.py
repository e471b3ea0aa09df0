"""Lines of the decision receipt that the graph writes: which node decided what, on which facts."""

from datetime import datetime
from typing import Any, Literal

from core.turns import ReceiptStep

Step = Literal["diagnose", "route", "coach", "act", "escalate", "deliver", "run"]


def receipt_step(step: Step, outcome: str, at: datetime, reason: str | None = None, **facts: Any) -> dict[str, Any]:
    """Return one line as JSON. Facts are ids, counts and codes, never a user's own text."""
    return ReceiptStep(step=step, outcome=outcome, reason=reason, at=at, facts=facts).model_dump(mode="json")
