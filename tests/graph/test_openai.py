"""The reasoner that asks a model, against a server that speaks the protocol: well, badly, or not at all."""

import json
from dataclasses import replace

import pytest

from core.budgets import Allowance
from core.errors import BudgetExhausted, ProviderFailed, ProviderTimeout
from graph.journal import Calls
from graph.reasoner import NOT_STUCK
from tests.graph.builders import HELP_URL, MemoryJournal, make_case
from tests.graph.reasoners import reasoner_at
from tests.llm_server import (
    Behaviour,
    LlmServer,
    content_filtered,
    cut_off,
    disconnecting,
    failing,
    fenced,
    filtered_prompt,
    garbage,
    html_page,
    ok,
    rate_limited,
    refusing,
    saying,
    slow,
    unauthorized,
)


def calls_in(journal: MemoryJournal, budget_cents: float = 100) -> Calls:
    return Calls(journal, make_case().turn.turn_id, Allowance(budget_cents))


async def test_a_diagnosis_is_asked_for_in_strict_json(llm: LlmServer) -> None:
    journal = MemoryJournal()
    answer = await reasoner_at(llm).diagnose(make_case(), calls_in(journal))
    assert answer.value.reason_class == "validation"
    assert answer.value.stuck_point == "connect-crm"
    assert answer.provider == "openai"
    body = llm.requests[0].body
    form = body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["additionalProperties"] is False
    assert set(form["schema"]["required"]) == set(form["schema"]["properties"])
    assert (body["temperature"], body["max_tokens"]) == (0, 700)
    assert isinstance(body["seed"], int)


async def test_an_answer_of_a_server_that_holds_no_model_to_a_schema_is_read(llm: LlmServer) -> None:
    loose = {"stuck_point": "elsewhere", "inferred_reason": "no key", "evidence": ["help"], "confidence_score": 0.9}
    llm.default = saying(json.dumps(loose))
    diagnosis = (await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))).value
    assert (diagnosis.stuck_point, diagnosis.reason_class, diagnosis.confidence_score) == ("connect-crm", "other", 0.9)

    nudge = {"nudge_type": "tooltip", "title": "Here", "body": "Use the button", "language": "en", "confidence": 1}
    llm.default = saying(json.dumps({**nudge, "actions": [{"label": "Got it", "kind": "dismiss"}]}))
    content = (await reasoner_at(llm).coach(make_case(), diagnosis, calls_in(MemoryJournal()))).value
    assert (content.target_element, content.actions[0].url) == (None, None)
    assert len(llm.requests) == 2


@pytest.mark.parametrize("text", ['["a list"]', '"text"', '{"inferred_reason": "no evidence", "confidence_score": 1}'])
async def test_what_would_have_to_be_guessed_is_refused(llm: LlmServer, text: str) -> None:
    llm.default = saying(text)
    with pytest.raises(ProviderFailed):
        await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))


async def test_what_a_call_cost_is_kept(llm: LlmServer) -> None:
    journal = MemoryJournal()
    await reasoner_at(llm).diagnose(make_case(), calls_in(journal))
    [kept] = journal.answers.values()
    assert (kept.provider, kept.model) == ("openai", "gpt-4.1-mini")
    assert kept.tokens_in > 100
    assert kept.cost_cents == pytest.approx((kept.tokens_in * 0.4 + kept.tokens_out * 1.6) / 10_000)
    assert journal.calls[0].estimate_cents >= kept.cost_cents
    assert journal.reserved == {}


async def test_an_unknown_price_is_not_zero(llm: LlmServer) -> None:
    journal = MemoryJournal()
    await reasoner_at(llm, openai_model="own-model-3").diagnose(make_case(), calls_in(journal, budget_cents=0))
    assert [kept.cost_cents for kept in journal.answers.values()] == [None]


@pytest.mark.parametrize("treatment", [garbage(), cut_off(), saying("[]"), saying('{"is_stuck": "perhaps"}')])
async def test_a_malformed_answer_is_repaired_once(llm: LlmServer, treatment: Behaviour) -> None:
    llm.script(treatment)
    journal = MemoryJournal()
    answer = await reasoner_at(llm).diagnose(make_case(), calls_in(journal))
    assert answer.value.confidence_score == 0.9
    assert len(llm.requests) == 2
    assert "not valid" in llm.requests[1].body["messages"][-1]["content"]
    assert len(journal.answers) == 2  # the bad one was paid for as well


@pytest.mark.parametrize("treatment", [garbage(), cut_off(), saying("[]"), saying("")])
async def test_a_twice_malformed_answer_is_dropped(llm: LlmServer, treatment: Behaviour) -> None:
    llm.script(treatment, treatment, ok())
    with pytest.raises(ProviderFailed):
        await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))
    assert len(llm.requests) == 2


async def test_a_fenced_answer_is_read(llm: LlmServer) -> None:
    llm.script(fenced(confidence_score=0.7))
    answer = await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))
    assert answer.value.confidence_score == 0.7
    assert len(llm.requests) == 1


@pytest.mark.parametrize(
    ("treatment", "error"),
    [
        (refusing(), ProviderFailed),
        (content_filtered(), ProviderFailed),
        (filtered_prompt(), ProviderFailed),
        (failing(500), ProviderFailed),
        (failing(404), ProviderFailed),
        (unauthorized(), ProviderFailed),
        (html_page(), ProviderFailed),
        (html_page(502), ProviderFailed),
        (disconnecting(), ProviderFailed),
        (slow(5), ProviderTimeout),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_no_answer_is_a_failure(llm: LlmServer, treatment: Behaviour, error: type[ProviderFailed]) -> None:
    llm.script(treatment)
    journal = MemoryJournal()
    with pytest.raises(error) as caught:
        await reasoner_at(llm).diagnose(make_case(), calls_in(journal))
    assert len(llm.requests) == 1
    assert journal.reserved == {}
    assert "crm_live" not in str(caught.value.detail)


async def test_refused_and_filtered_answers_were_paid_for(llm: LlmServer) -> None:
    llm.script(refusing(), content_filtered())
    for turn in ("turn-1", "turn-2"):
        journal = MemoryJournal()
        with pytest.raises(ProviderFailed):
            await reasoner_at(llm).diagnose(make_case(), Calls(journal, turn, Allowance(100)))
        assert [kept.tokens_in > 0 for kept in journal.answers.values()] == [True]


async def test_retry_after_is_honoured(llm: LlmServer) -> None:
    llm.script(rate_limited(retry_after=1))
    await reasoner_at(llm, llm_max_retries=1).diagnose(make_case(), calls_in(MemoryJournal()))
    first, second = llm.requests
    assert second.at - first.at >= 1  # a lower bound; how much later is the machine's affair


async def test_a_rate_limit_says_when_to_come_back(llm: LlmServer) -> None:
    llm.script(rate_limited(retry_after=17))
    with pytest.raises(ProviderFailed) as caught:
        await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))
    assert caught.value.retry_after == 17


async def test_a_date_to_come_back_at_is_left_to_the_client(llm: LlmServer) -> None:
    llm.script(replace(rate_limited(), headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}))
    with pytest.raises(ProviderFailed) as caught:
        await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))
    assert caught.value.retry_after is None


async def test_only_the_client_retries(llm: LlmServer) -> None:
    llm.default = failing(500)
    with pytest.raises(ProviderFailed):
        await reasoner_at(llm, llm_max_retries=2).diagnose(make_case(), calls_in(MemoryJournal()))
    assert len(llm.requests) == 3


async def test_a_rerun_pays_nothing(llm: LlmServer) -> None:
    llm.script(garbage())
    journal = MemoryJournal()
    reasoner, calls = reasoner_at(llm), calls_in(journal)
    first = await reasoner.diagnose(make_case(), calls)
    again = await reasoner_at(llm).diagnose(make_case(), calls)
    assert again == first
    assert len(llm.requests) == 2


async def test_a_spent_budget_stops_the_call(llm: LlmServer) -> None:
    with pytest.raises(BudgetExhausted):
        await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal(), budget_cents=0))
    assert llm.requests == []


async def test_a_model_may_say_that_all_is_well(llm: LlmServer) -> None:
    llm.script(ok(is_stuck=False))
    answer = await reasoner_at(llm).diagnose(make_case(), calls_in(MemoryJournal()))
    assert answer.value.reason_class == NOT_STUCK


async def test_a_nudge_is_composed(llm: LlmServer) -> None:
    reasoner, calls = reasoner_at(llm), calls_in(MemoryJournal())
    diagnosis = (await reasoner.diagnose(make_case(), calls)).value
    content = (await reasoner.coach(make_case(), diagnosis, calls)).value
    assert content.target_element == "#crm-form"
    assert json.loads(llm.requests[1].body["messages"][-1]["content"][7:-8])["links"] == [HELP_URL]


async def test_a_script_link_is_left_out(llm: LlmServer) -> None:
    reasoner, calls = reasoner_at(llm), calls_in(MemoryJournal())
    diagnosis = (await reasoner.diagnose(make_case(), calls)).value
    bad = [
        {"label": "Go", "kind": "link", "url": "javascript:alert(1)"},
        {"label": "OK", "kind": "dismiss", "url": "x"},
    ]
    llm.script(ok(actions=bad))
    content = (await reasoner.coach(make_case(), diagnosis, calls)).value
    assert [(action.label, action.url) for action in content.actions] == [("OK", None)]


async def test_an_alert_is_worded(llm: LlmServer) -> None:
    reasoner, calls = reasoner_at(llm), calls_in(MemoryJournal())
    diagnosis = (await reasoner.diagnose(make_case(), calls)).value
    draft = (await reasoner.draft_alert(make_case(), diagnosis, calls)).value
    assert "Connect your CRM" in draft.headline


async def test_azure_is_reached_at_its_own_path(llm: LlmServer) -> None:
    reasoner = reasoner_at(
        llm,
        llm_provider=("azure",),
        azure_openai_endpoint=llm.origin,
        azure_openai_api_key="azure-key",
        azure_openai_deployment="mini",
    )
    answer = await reasoner.diagnose(make_case(), calls_in(MemoryJournal()))
    assert answer.provider == "azure"
    assert llm.requests[0].path.startswith("/openai/deployments/mini/chat/completions?api-version=")
    schema = json.dumps(llm.requests[0].body["response_format"])
    assert "maxLength" not in schema
    assert "at most 160 characters" in schema


async def test_a_local_server_needs_no_key(llm: LlmServer) -> None:
    reasoner = reasoner_at(llm, llm_provider=("local",), local_base_url=llm.base_url, local_model="qwen")
    journal = MemoryJournal()
    await reasoner.diagnose(make_case(), calls_in(journal))
    assert '"maxLength": 160' in json.dumps(llm.requests[0].body["response_format"])
    assert [kept.cost_cents for kept in journal.answers.values()] == [None]


async def test_a_model_that_refuses_a_temperature_gets_none(llm: LlmServer) -> None:
    await reasoner_at(llm, openai_model="gpt-5-mini").diagnose(make_case(), calls_in(MemoryJournal()))
    assert "temperature" not in llm.requests[0].body


async def test_usage_left_out_by_a_server_is_no_fault(llm: LlmServer) -> None:
    llm.script(replace(ok(), usage=False))
    journal = MemoryJournal()
    await reasoner_at(llm).diagnose(make_case(), calls_in(journal))
    assert [kept.tokens_in for kept in journal.answers.values()] == [0]
