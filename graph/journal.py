"""The journal of LLM calls: what keeps a turn that runs again from paying twice, and a company within its budget.

A call is reserved before it is made and settled after, under an id made of turn, node, prompt version and attempt. A
re-run derives the same id and finds the answer. The journal itself lives in PostgreSQL; here are its values and the
Protocol that reasoners call.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class LlmResponse(BaseModel):
    """One answer of a provider, as it is kept. Text is the raw answer, valid or not: it was paid for.

    `cost_cents` is in US cents; None means that the model's price is unknown, which is not zero.
    """

    model_config = ConfigDict(frozen=True)

    text: Annotated[str, StringConstraints(max_length=65_536)]
    finish_reason: str = "stop"
    tokens_in: int = Field(0, ge=0)
    tokens_out: int = Field(0, ge=0)
    cost_cents: float | None = None
    provider: str
    model: str
    latency_ms: int = Field(0, ge=0)


@dataclass(frozen=True, slots=True)
class LlmCall:
    """A call about to be made. `estimate_cents` is its upper price, 0 where the model's price is unknown."""

    interaction_id: str
    turn_id: str
    node: str
    provider: str
    model: str
    prompt_version: str
    estimate_cents: float
    started_at: datetime


class Journal(Protocol):
    """Where calls of one company are kept. Every method raises `core.errors.Unavailable` while the store is away."""

    async def find(self, interaction_id: str) -> LlmResponse | None:
        """Return the answer kept under this id, or None when there is none (never begun, unfinished, failed)."""
        ...

    async def reserve(self, call: LlmCall, budget_cents: float) -> None:
        """Note that the call begins and set its estimate aside; taking over an unfinished or failed row of that id.

        Raises:
            BudgetExhausted: what was spent and set aside this UTC day, with this estimate, exceeds `budget_cents`.
        """
        ...

    async def settle(self, interaction_id: str, response: LlmResponse) -> None:
        """Keep the answer and its true cost; the estimate no longer counts."""
        ...

    async def fail(self, interaction_id: str, error: str) -> None:
        """Note that the call brought no answer; `error` is a stable word. The estimate no longer counts."""
        ...


@dataclass(frozen=True, slots=True)
class Calls:
    """What a reasoner needs to make calls on behalf of one turn. `recall_only` answers from the journal alone."""

    journal: Journal
    turn_id: str
    budget_cents: float
    recall_only: bool = False
