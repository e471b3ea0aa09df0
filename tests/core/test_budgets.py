"""What is left of budgets, and when they run low."""

import pytest

from core.budgets import Allowance, Left, Scope, Used, conversation_allowance, left, nearly_spent, scope_of
from core.config import CompanyConfig, ConversationRules, LlmRules
from core.playbooks import Limits
from core.settings import ConversationSettings

ALL = Allowance(company_cents=1000, user_cents=100, user_tokens=2000, conversation_cents=50)


@pytest.mark.parametrize(
    ("allowance", "used", "expected"),
    [
        (ALL, Used(), Left(50, 100, 2000, 100.0)),
        (ALL, Used(250, 20, 300, 5.5), Left(44.5, 80, 1700, 75.0)),
        (ALL, Used(2000, 200, 9000, 60), Left(0, 0, 0, 0.0, ("company", "user", "conversation"))),
        (Allowance(100), Used(33.333), Left(None, None, None, 66.7)),
        (Allowance(0), Used(), Left(None, None, None, 0.0, ("company",))),
        (Allowance(0.3, conversation_cents=0.3), Used(0.1, 0, 0, 0.1), Left(0.2, None, None, 66.7)),
    ],
)
def test_what_is_left(allowance: Allowance, used: Used, expected: Left) -> None:
    assert left(allowance, used) == expected


@pytest.mark.parametrize(
    ("used", "nearly"),
    [
        (Used(799.99, 79.9, 1599, 39.9), ()),
        (Used(company_cents=800), ("company",)),
        (Used(user_cents=80), ("user",)),
        (Used(user_tokens=1600), ("user",)),
        (Used(conversation_cents=40), ("conversation",)),
        (Used(0, 90, 1900, 45), ("user", "conversation")),
    ],
)
def test_a_budget_runs_low_at_eighty_per_cent(used: Used, nearly: tuple[Scope, ...]) -> None:
    assert nearly_spent(ALL, used) == nearly


def test_what_a_conversation_may_come_to() -> None:
    config = CompanyConfig(
        llm=LlmRules(daily_budget_cents=700), conversations=ConversationRules(user_daily_tokens=12_000)
    )
    settings = ConversationSettings(
        _env_file=None, token_budget_maker_simple=100, token_budget_maker_complex=200, token_budget_checker=300
    )  # type: ignore[call-arg]
    allowance = conversation_allowance(config, Limits(conversation_cents=5, user_daily_cents=9), settings)
    assert allowance == Allowance(700, 9, 12_000, 5, {"maker_simple": 100, "maker_complex": 200, "checker": 300})
    assert [scope_of(kind) for kind in allowance.kind_tokens] == ["maker", "maker", "checker"]
