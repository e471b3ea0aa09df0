"""The journal of LLM calls: what keeps a turn that runs again from paying twice, and a company within its budget.

A call is reserved before it is made and settled after, under an id made of turn, node, prompt version and attempt. A
re-run derives the same id and finds the answer. The journal itself lives in PostgreSQL; here are its values and the
Protocol that reasoners call.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.budgets import Allowance, Kind
from graph.talk import ToolCall


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
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class LlmCall:
    """A call about to be made, for whom, and the most that it may come to.

    `estimate_cents` is 0 where the model's price is unknown; tokens count all the same. `kind` is set for work that has
    a token budget of its own.
    """

    interaction_id: str
    turn_id: str
    node: str
    provider: str
    model: str
    prompt_version: str
    estimate_cents: float
    started_at: datetime
    tokens_in: int = 0
    max_tokens: int = 0
    user_id: str | None = None
    conversation_id: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a provider said that a call took; `cost_cents` is None where the model's price is unknown."""

    tokens_in: int
    tokens_out: int
    cost_cents: float | None = None


class Journal(Protocol):
    """Where calls of one company are kept. Every method raises `core.errors.Unavailable` while the store is away."""

    async def find(self, interaction_id: str) -> LlmResponse | None:
        """Return the answer kept under this id, or None when there is none (never begun, unfinished, failed)."""
        ...

    async def reserve(self, call: LlmCall, allowance: Allowance) -> None:
        """Note that the call begins and set its estimate aside; taking over an unfinished or failed row of that id.

        Raises:
            BudgetExhausted: what was spent and set aside, with this estimate, exceeds a limit; `scope` names it.
            TurnGone: the turn was erased with its user; no further answer is paid for.
        """
        ...

    async def settle(self, interaction_id: str, response: LlmResponse) -> None:
        """Keep the answer and its true cost; the estimate no longer counts."""
        ...

    async def fail(self, interaction_id: str, error: str) -> None:
        """Note that the call brought no answer; `error` is a stable word. The estimate no longer counts."""
        ...

    async def cut_off(self, interaction_id: str, error: str, usage: Usage | None) -> None:
        """Note that an answer broke off while it was streamed: paid for, and of no use to a re-run.

        What counts is what the provider said that it took; the estimate where it said nothing.
        """
        ...


@dataclass(frozen=True, slots=True)
class Calls:
    """What a reasoner needs to make calls on behalf of one turn. `recall_only` answers from the journal alone.

    `round` numbers the questions of a conversation turn, from 0: each is an entry of the journal of its own. `user_id`
    and `conversation_id` are those whose budgets the calls count towards.
    """

    journal: Journal
    turn_id: str
    allowance: Allowance
    recall_only: bool = False
    round: int = 0
    user_id: str | None = None
    conversation_id: str | None = None
    kind: Kind | None = None

    def of_kind(self, kind: Kind) -> "Calls":
        """Return these means for work that has a token budget of its own."""
        return replace(self, kind=kind)

    def max_tokens(self, usual: int) -> int:
        """Return how long an answer may be: as long as usual, within what the kind of work may write."""
        return min(usual, self.allowance.kind_tokens.get(self.kind, usual)) if self.kind else usual

    def whole_tokens(self, usual: int) -> int:
        """Return how long an answer may be that is of use as a whole alone: half of what its kind of work may write.

        Half, since a malformed answer is asked for a second time. As long as usual where the kind has no budget.
        """
        budget = self.allowance.kind_tokens.get(self.kind) if self.kind else None
        return usual if budget is None else budget // 2
