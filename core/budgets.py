"""Budgets of model calls: what may be spent by whom, what was used of it, and what is left. Pure.

A call is held against the day (UTC) of its company and of its user, against its conversation, and against the tokens
that its kind of work may write in one turn. Whether it fits is decided where the money is set aside
(`db.ai_interactions.reserve`), since only there it is exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from core.config import CompanyConfig
from core.playbooks import Limits
from core.settings import ConversationSettings

Kind = Literal["maker_simple", "maker_complex", "checker"]
"""Work with a token budget of its own: an answer, recommendations, and the check of recommendations."""
Scope = Literal["company", "user", "conversation", "maker", "checker"]
"""Whose budget it is; stable words."""

WARN_AT: Final = 0.8
"""Share of a budget from which on it counts as nearly spent."""
_NO_KINDS: Final[Mapping[Kind, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Allowance:
    """What calls may come to: US cents and tokens; None sets no limit.

    `company_cents`, `user_cents` and `user_tokens` (read and written) are of a UTC day, `conversation_cents` of a whole
    conversation, `kind_tokens` (written) of one turn.
    """

    company_cents: float
    user_cents: float | None = None
    user_tokens: int | None = None
    conversation_cents: float | None = None
    kind_tokens: Mapping[Kind, int] = field(default_factory=lambda: _NO_KINDS)


@dataclass(frozen=True, slots=True)
class Used:
    """What was spent, and set aside for calls under way."""

    company_cents: float = 0.0
    user_cents: float = 0.0
    user_tokens: int = 0
    conversation_cents: float = 0.0


@dataclass(frozen=True, slots=True)
class Left:
    """What is left, never below zero; None where there is no limit. `nearly` names the budgets that run low."""

    conversation_cents: float | None
    user_cents: float | None
    user_tokens: int | None
    company_percent: float
    nearly: tuple[Scope, ...] = ()


def conversation_allowance(config: CompanyConfig, limits: Limits, settings: ConversationSettings) -> Allowance:
    """Return what a conversation of this company, under a playbook of these limits, may come to."""
    return Allowance(
        company_cents=config.llm.daily_budget_cents,
        user_cents=limits.user_daily_cents,
        user_tokens=config.conversations.user_daily_tokens,
        conversation_cents=limits.conversation_cents,
        kind_tokens={
            "maker_simple": settings.token_budget_maker_simple,
            "maker_complex": settings.token_budget_maker_complex,
            "checker": settings.token_budget_checker,
        },
    )


def scope_of(kind: Kind) -> Scope:
    """Return how a kind's budget is called when it is spent."""
    return "checker" if kind == "checker" else "maker"


def left(allowance: Allowance, used: Used) -> Left:
    """Return what is left of each budget."""
    return Left(
        conversation_cents=_rest(allowance.conversation_cents, used.conversation_cents),
        user_cents=_rest(allowance.user_cents, used.user_cents),
        user_tokens=_whole_rest(allowance.user_tokens, used.user_tokens),
        company_percent=_percent(allowance.company_cents, used.company_cents),
        nearly=nearly_spent(allowance, used),
    )


def nearly_spent(allowance: Allowance, used: Used) -> tuple[Scope, ...]:
    """Return the budgets of which WARN_AT or more is used, the widest first."""
    shares: tuple[tuple[Scope, bool], ...] = (
        ("company", _is_low(allowance.company_cents, used.company_cents)),
        (
            "user",
            _is_low(allowance.user_cents, used.user_cents) or _is_low(allowance.user_tokens, used.user_tokens),
        ),
        ("conversation", _is_low(allowance.conversation_cents, used.conversation_cents)),
    )
    return tuple(scope for scope, is_low in shares if is_low)


def _is_low(limit: float | None, used: float) -> bool:
    return limit is not None and used >= limit * WARN_AT


def _rest(limit: float | None, used: float) -> float | None:
    return None if limit is None else round(max(limit - used, 0.0), 6)


def _whole_rest(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(limit - used, 0)


def _percent(limit: float, used: float) -> float:
    return round(100 * max(limit - used, 0.0) / limit, 1) if limit > 0 else 0.0
