"""A chain of providers: who is asked, who is left alone, and what an outage of all of them looks like."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.breaker import FAILURES, MAX_PAUSE_SECONDS, PAUSE_SECONDS, Breaker
from core.budgets import Allowance
from core.config import CompanyConfig, LlmRules
from core.errors import ProviderFailed, SettingsError
from core.settings import LlmSettings
from graph.build import TurnGraph
from graph.journal import Calls
from graph.reasoner import Reasoner
from graph.reasoners.wiring import build_reasoner, thinking_seconds
from graph.runner import run_turn
from tests.graph.builders import MemoryJournal, MemoryStores, make_case, make_context, make_turn
from tests.graph.reasoners import reasoner_at
from tests.llm_server import LlmServer, failing, garbage, rate_limited, slow


@pytest.fixture
def fallback() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


def chain(primary: LlmServer, fallback: LlmServer, *names: str, **changes: Any) -> Reasoner:
    return reasoner_at(primary, llm_provider=names, local_base_url=fallback.base_url, local_model="qwen", **changes)


def calls(journal: MemoryJournal | None = None, turn: str = "turn", budget_cents: float = 100) -> Calls:
    return Calls(journal or MemoryJournal(), turn, Allowance(budget_cents))


@pytest.mark.parametrize("treatment", [failing(), rate_limited(), slow(3)], ids=lambda value: value.name)
async def test_the_next_is_asked_when_one_fails(llm: LlmServer, fallback: LlmServer, treatment: Any) -> None:
    llm.default = treatment
    answer = await chain(llm, fallback, "openai", "local", "rules").diagnose(make_case(), calls())
    assert answer.provider == "local"
    assert (len(llm.requests), len(fallback.requests)) == (1, 1)


async def test_rules_answer_when_no_model_does(llm: LlmServer, fallback: LlmServer) -> None:
    llm.default = fallback.default = garbage()
    answer = await chain(llm, fallback, "openai", "local", "rules").diagnose(make_case(), calls())
    assert answer.provider == "rules"


async def test_a_chain_without_rules_fails_with_the_last_failure(llm: LlmServer, fallback: LlmServer) -> None:
    llm.default = fallback.default = failing()
    with pytest.raises(ProviderFailed, match="local"):
        await chain(llm, fallback, "openai", "local").diagnose(make_case(), calls())


async def test_who_keeps_failing_is_left_alone(llm: LlmServer, fallback: LlmServer) -> None:
    llm.default = failing()
    reasoner = chain(llm, fallback, "openai", "local")
    for number in range(FAILURES + 4):
        await reasoner.diagnose(make_case(), calls(turn=f"turn {number}"))
    assert len(llm.requests) == FAILURES
    assert len(fallback.requests) == FAILURES + 4


async def test_a_chain_of_paused_providers_fails_at_once(llm: LlmServer, fallback: LlmServer) -> None:
    llm.default = rate_limited(retry_after=600)
    reasoner = reasoner_at(llm)
    for _ in range(2):
        with pytest.raises(ProviderFailed):
            await reasoner.diagnose(make_case(), calls())
    assert len(llm.requests) == 1


async def test_a_spent_budget_leaves_the_rules_and_pauses_nobody(llm: LlmServer, fallback: LlmServer) -> None:
    reasoner = reasoner_at(llm, llm_provider=("openai", "rules"))
    for number in range(FAILURES + 1):
        answer = await reasoner.diagnose(make_case(), calls(turn=f"turn {number}", budget_cents=0))
        assert answer.provider == "rules"
    assert llm.requests == []
    assert (await reasoner.diagnose(make_case(), calls())).provider == "openai"


async def test_what_the_fallback_was_paid_for_is_used_again(llm: LlmServer, fallback: LlmServer) -> None:
    journal = MemoryJournal()
    llm.script(failing())
    first = await chain(llm, fallback, "openai", "local").diagnose(make_case(), calls(journal))
    again = await chain(llm, fallback, "openai", "local").diagnose(make_case(), calls(journal))
    assert again == first
    assert again.provider == "local"
    assert (len(llm.requests), len(fallback.requests)) == (1, 1)  # the primary works by now, but is not paid as well


async def test_a_company_without_a_budget_is_still_helped(app: TurnGraph, llm: LlmServer) -> None:
    stores, config = MemoryStores(), CompanyConfig(llm=LlmRules(daily_budget_cents=0))
    reasoner = reasoner_at(llm, llm_provider=("openai", "rules"))
    result = await run_turn(app, make_turn(), make_context(stores, reasoner=reasoner, config=config))
    assert (result.outcome, result.reasoner) == ("nudged", "rules")


async def test_a_turn_with_a_model_end_to_end(app: TurnGraph, llm: LlmServer) -> None:
    journal = MemoryJournal()
    result = await run_turn(app, make_turn(), make_context(reasoner=reasoner_at(llm), journal=journal))
    assert (result.outcome, result.reasoner) == ("nudged", "openai")
    assert [call.node for call in journal.calls] == ["diagnose", "coach"]
    assert set(result.prompts.values()) == {call.prompt_version for call in journal.calls}


def test_a_breaker_opens_after_failures_in_a_row_and_closes_on_success() -> None:
    breaker = Breaker()
    for number in range(FAILURES):
        assert breaker.allows(100), number
        breaker = breaker.after_failure(100)
    assert not breaker.allows(100 + PAUSE_SECONDS - 0.001)
    assert breaker.allows(100 + PAUSE_SECONDS)
    assert not breaker.after_failure(200).allows(200)  # one more failure and it pauses again
    assert breaker.after_success() == Breaker()


async def test_a_slow_provider_leaves_time_for_the_next(llm: LlmServer, fallback: LlmServer) -> None:
    """Five attempts of a second each are allowed, but the call as a whole has two seconds."""
    llm.default = slow(10)
    answer = await chain(llm, fallback, "openai", "local", llm_max_retries=5).diagnose(make_case(), calls())
    assert answer.provider == "local"
    assert 1 <= len(llm.requests) <= 3


@pytest.mark.parametrize(
    ("names", "seconds"),
    [(("rules",), 5), (("openai", "rules"), 85), (("openai", "azure", "local", "rules"), 245)],
)
def test_the_time_to_think_covers_every_provider(names: tuple[str, ...], seconds: float) -> None:
    settings = LlmSettings(_env_file=None, llm_provider=names)  # type: ignore[call-arg]
    assert thinking_seconds(settings) == seconds


def test_a_breaker_is_not_kept_open_for_a_day() -> None:
    assert Breaker().after_failure(0, retry_after=86_400).allows(MAX_PAUSE_SECONDS)


def test_a_breaker_heeds_what_the_provider_asked_for() -> None:
    assert not Breaker().after_failure(0, retry_after=17).allows(16.9)
    assert Breaker().after_failure(0, retry_after=17).allows(17)


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("azure", "AZURE_OPENAI_ENDPOINT"),
        ("local", "LOCAL_BASE_URL"),
    ],
)
def test_a_missing_setting_is_named(provider: str, variable: str) -> None:
    settings = LlmSettings(_env_file=None, llm_provider=(provider,))  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match=variable):
        build_reasoner(settings)


def test_openai_itself_is_spoken_to_in_its_own_dialect() -> None:
    settings = LlmSettings(_env_file=None, llm_provider=("openai",), openai_api_key="k")  # type: ignore[call-arg]
    reasoner: Any = build_reasoner(settings)
    provider = reasoner._links[0].reasoner._provider
    assert (provider.dialect, provider.client.max_tokens) == ("openai", 700)
