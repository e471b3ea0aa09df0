"""Nudges that draw on documents: what is looked for, what a nudge takes of it, and what the receipt keeps."""

import asyncio
import json
from typing import Any

import pytest

from core.baselines import Baseline, BaselineStep
from core.config import CompanyConfig, KnowledgeRules
from core.errors import Unavailable
from core.nudges import Diagnosis, NudgeAction, NudgeContent, NudgeType
from graph import consulting
from graph.build import build_graph
from graph.case import Case
from graph.consulting import knowledge_query
from graph.context import Found
from graph.excerpts import MAX_EXCERPT, make_excerpt, safe_url
from graph.facts import UserFacts
from graph.journal import Calls
from graph.reasoner import Reasoned
from graph.reasoners.rules import RulesReasoner
from graph.runner import run_turn
from graph.state import TurnResult
from tests.graph.builders import (
    BASELINE,
    COMPANY,
    HELP_URL,
    MemoryStores,
    make_case,
    make_context,
    make_event,
    make_signal,
    make_turn,
    past_nudges,
)
from tests.graph.shelf import ARTICLE_URL, KEYS, KEYS_AR, Shelf, make_passage

DIAGNOSIS = Diagnosis(
    stuck_point="connect-crm", inferred_reason="The key is refused.", evidence=[], confidence_score=0.9
)
NO_HINT = Baseline(
    name="x", steps=(BaselineStep(key="connect-crm", title="Connect your CRM", url_pattern="/connect-crm"),)
)


async def nudged(shelf: Any, **changes: Any) -> TurnResult:
    result = await run_turn(build_graph(None), make_turn(), make_context(knowledge=shelf, **changes))
    assert result.outcome == "nudged"
    assert result.nudge is not None
    return result


def knowledge_of(result: TurnResult) -> dict[str, Any] | None:
    [coached] = [step for step in result.receipt if step.step == "coach"]
    found: dict[str, Any] | None = coached.facts.get("knowledge")
    return found


async def test_a_nudge_of_the_rules_quotes_a_sentence_and_leads_to_its_article() -> None:
    said = (make_event("submit_failed", properties={"message": "Live key expected"}),)
    result = await nudged(Shelf(), baseline=NO_HINT, recent_events=said)
    assert result.nudge is not None
    assert "Live keys begin with crm_live_ and have 32 characters." in result.nudge.body
    assert result.nudge.actions[0] == NudgeAction(label="Read: CRM keys", kind="link", url=ARTICLE_URL)
    assert len(result.nudge.actions) <= 3
    assert len(result.nudge.body) <= 400
    assert knowledge_of(result) == {
        "outcome": "found",
        "score": 0.8,
        "passages": [{"chunk_id": "chunk-1", "score": 0.83, "title": "CRM keys", "url": ARTICLE_URL}],
        "cited": ["chunk-1"],
        "withheld": [],
    }


async def test_the_article_takes_the_place_of_the_help_link_and_the_hint_stays() -> None:
    nudge = (await nudged(Shelf())).nudge
    assert nudge is not None
    assert BASELINE.steps[0].hint in nudge.body
    assert [action.url for action in nudge.actions if action.kind == "link"] == [ARTICLE_URL]


async def test_what_the_hint_says_already_is_not_said_twice() -> None:
    echo = make_passage("Copy the live key from your CRM, it begins with crm_live_.")
    nudge = (await nudged(Shelf((echo,)))).nudge
    assert nudge is not None
    assert nudge.body.count("crm_live_") == 1


async def test_an_arabic_user_reads_arabic() -> None:
    passage = make_passage(KEYS_AR, document_title="مفاتيح النظام", language="ar")
    nudge = (await nudged(Shelf((passage,)), baseline=NO_HINT, user=UserFacts("u1", "ar-EG"))).nudge
    assert nudge is not None
    assert "تبدأ المفاتيح الحية" in nudge.body
    assert nudge.actions[0].label == "اقرأ: مفاتيح النظام"
    assert nudge.dir == "rtl"


async def test_a_passage_in_another_language_is_linked_in_our_words_and_not_quoted() -> None:
    nudge = (await nudged(Shelf(), baseline=NO_HINT, user=UserFacts("u1", "ar"))).nudge
    assert nudge is not None
    assert "crm_live_" not in nudge.body
    assert (nudge.actions[0].label, nudge.actions[0].url) == ("عرض الطريقة", ARTICLE_URL)


async def test_a_long_title_is_cut_to_the_length_of_a_button() -> None:
    nudge = (await nudged(Shelf((make_passage(document_title="Keys of your CRM " * 5),)))).nudge
    assert nudge is not None
    assert len(nudge.actions[0].label) == 40
    assert nudge.actions[0].label.endswith("…")


async def test_later_nudges_keep_to_three_buttons() -> None:
    nudge = (await nudged(Shelf(), past_nudges=past_nudges(2))).nudge
    assert nudge is not None
    assert [action.kind for action in nudge.actions] == ["link", "chat", "snooze"]


@pytest.mark.parametrize(
    ("shelf", "config", "outcome"),
    [
        (Shelf(()), CompanyConfig(), "none"),
        (Shelf(is_answerable=False, score=0.2), CompanyConfig(), "irrelevant"),
        (Shelf(score=0.8), CompanyConfig(knowledge=KnowledgeRules(min_score=0.81)), "irrelevant"),
        (Shelf(score=0.2, is_answerable=False), CompanyConfig(knowledge=KnowledgeRules(min_score=0.1)), "found"),
        (Shelf(fault=Unavailable()), CompanyConfig(), "unavailable"),
        (Shelf((make_passage("| a | b |"),)), CompanyConfig(), "none"),
    ],
)
async def test_a_turn_goes_on_without_knowledge_and_says_so(shelf: Shelf, config: CompanyConfig, outcome: str) -> None:
    result = await nudged(shelf, config=config)
    facts = knowledge_of(result)
    assert facts is not None
    assert facts["outcome"] == outcome
    assert result.nudge is not None
    assert (ARTICLE_URL in [action.url for action in result.nudge.actions]) == (outcome == "found")


async def test_a_company_that_wants_none_is_not_searched() -> None:
    shelf = Shelf()
    result = await nudged(shelf, config=CompanyConfig(knowledge=KnowledgeRules(enabled=False)))
    assert knowledge_of(result) == {"outcome": "off", "cited": [], "withheld": []}
    assert shelf.queries == []


async def test_a_process_without_knowledge_says_nothing_of_it() -> None:
    assert knowledge_of(await nudged(None)) is None


class Hanging(Shelf):
    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Found:
        await asyncio.sleep(60)
        raise AssertionError


async def test_a_search_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consulting, "SEARCH_SECONDS", 0.05)
    facts = knowledge_of(await nudged(Hanging()))
    assert facts is not None
    assert facts["outcome"] == "unavailable"


async def test_a_fault_of_ours_is_not_taken_for_an_outage() -> None:
    with pytest.raises(ZeroDivisionError):
        await nudged(Shelf(fault=ZeroDivisionError()))


@pytest.mark.parametrize("changes", [{"in_holdout": True}, {"past_nudges": past_nudges(3)}])
async def test_only_a_coach_pays_for_a_search(changes: dict[str, Any]) -> None:
    shelf = Shelf()
    await run_turn(build_graph(None), make_turn(), make_context(MemoryStores(), knowledge=shelf, **changes))
    assert shelf.queries == []


async def test_the_search_is_made_for_the_company_in_the_language_of_the_user() -> None:
    shelf = Shelf()
    await nudged(shelf, user=UserFacts("u1", "en-GB"))
    [(company, _, language)] = shelf.queries
    assert (company, language) == (COMPANY, "en")


def test_a_query_is_made_of_step_and_latest_errors_and_holds_no_personal_data() -> None:
    events = tuple(
        make_event("submit_failed", n, properties={"message": message})
        for n, message in enumerate(
            ["Old error", "Key of anna@example.com unknown", "Key unknown", "Key unknown", "Too short"]
        )
    )
    query = knowledge_query(make_case(events=events), DIAGNOSIS)
    assert query == "Connect your CRM Key of [email] unknown Key unknown Too short"


def test_errors_are_asked_about_without_a_step() -> None:
    event = make_event("submit_failed", properties={"message": "Key unknown"})
    assert knowledge_query(make_case(baseline=None, events=(event,)), DIAGNOSIS) == "Key unknown"


def test_a_query_without_a_step_takes_the_words_of_the_page() -> None:
    signal = make_signal(page_url="https://app.example/reports/4711/share-settings?token=abc", stuck_point="x")
    query = knowledge_query(make_case(signal, baseline=None), DIAGNOSIS)
    assert query == "reports share settings The key is refused."
    nowhere = make_signal(page_url=None, stuck_point="/team/invite")
    assert knowledge_query(make_case(nowhere, baseline=None), DIAGNOSIS) == "team invite The key is refused."


def test_a_query_is_bounded() -> None:
    endless = DIAGNOSIS.model_copy(update={"inferred_reason": "word " * 110})
    assert len(knowledge_query(make_case(baseline=None), endless)) == 400


class Composed(RulesReasoner):
    """A model that composed this."""

    def __init__(self, cited: tuple[str, ...] = (), **changes: Any) -> None:
        self.cited = cited
        self.content = NudgeContent(
            **{"nudge_type": NudgeType.TOOLTIP, "title": "Copy the live key", "body": KEYS, "actions": [], **changes}
        )

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:
        return Reasoned(self.content, "openai", "coach-1", self.cited)


async def test_what_a_model_says_is_held_to_the_passages() -> None:
    body = "Live keys begin with crm_live_. Keys expire after 30 days. Our office has a red door."
    result = await nudged(Shelf(), reasoner=Composed(("chunk-1",), body=body))
    assert result.nudge is not None
    assert result.nudge.body == "Live keys begin with crm_live_."
    facts = knowledge_of(result)
    assert facts is not None
    assert (facts["cited"], facts["withheld"]) == (["chunk-1"], ["number", "little_overlap"])
    [coached] = [step for step in result.receipt if step.step == "coach"]
    assert "unsupported" in coached.facts["corrections"]


async def test_a_model_that_cites_gets_a_button_to_the_article_unless_it_has_a_link() -> None:
    result = await nudged(Shelf(), reasoner=Composed(("chunk-1",)))
    assert result.nudge is not None
    assert [action.url for action in result.nudge.actions] == [ARTICLE_URL]
    invented = [NudgeAction(label="Go", kind="link", url="https://invented.example/")]
    result = await nudged(Shelf(), reasoner=Composed(("chunk-1",), actions=invented))
    assert result.nudge is not None
    assert [action.url for action in result.nudge.actions] == [ARTICLE_URL]
    own = [NudgeAction(label="See how", kind="link", url=HELP_URL)]
    result = await nudged(Shelf(), reasoner=Composed(("chunk-1",), actions=own))
    assert result.nudge is not None
    assert [action.url for action in result.nudge.actions] == [HELP_URL]


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Copy the live key", "Your account has been suspended by the fraud department."),
        ("Copy the live key", "Follow these steps:\n- Pay the late fee\n- Send us your password"),
        ("Copy the live key", "This is what to do: Your files are deleted tonight. Do this:"),
    ],
)
async def test_nothing_left_takes_the_words_of_the_templates(title: str, body: str) -> None:
    form = NudgeType.CHECKLIST if "\n" in body else NudgeType.TOOLTIP
    result = await nudged(Shelf(), reasoner=Composed(nudge_type=form, title=title, body=body))
    assert result.nudge is not None
    assert result.nudge.title != title
    assert "crm_live_" in result.nudge.body
    facts = knowledge_of(result)
    assert facts is not None
    assert facts["withheld"]
    assert facts["cited"] == ["chunk-1"]  # the templates quote


async def test_a_title_that_nothing_supports_becomes_that_of_the_templates() -> None:
    result = await nudged(Shelf(), reasoner=Composed(title="Your account was suspended"))
    assert result.nudge is not None
    assert "suspended" not in result.nudge.title
    assert result.nudge.body == KEYS


async def test_what_the_case_says_itself_needs_no_passage() -> None:
    body = "Copy the live key from your CRM. Then try again."
    result = await nudged(Shelf(), reasoner=Composed(body=body))
    assert result.nudge is not None
    assert result.nudge.body == body
    facts = knowledge_of(result)
    assert facts is not None
    assert (facts["cited"], facts["withheld"]) == ([], [])


async def test_an_invented_number_takes_the_templates_and_the_receipt_follows() -> None:
    result = await nudged(Shelf(is_answerable=False), reasoner=Composed(body="Keys have 77 letters."))
    facts = knowledge_of(result)
    assert facts is not None
    assert facts["cited"] == []
    late = Composed(("chunk-1",), title="Keys have 77 letters")
    result = await nudged(Shelf(), reasoner=late)
    assert result.nudge is not None
    assert "77" not in result.nudge.title


@pytest.mark.parametrize(
    "url",
    [
        None,
        "javascript:alert(1)",
        "mailto:a@b.example",
        "//evil.example",
        "/relative",
        "https://a.example/" + "x" * 500,
        "https://a.example/a b",
        "https://a.example/\u202egnp.exe",
        'https://a.example/"onload="x',
        "https://a.example\\@evil.example",
    ],
)
async def test_an_address_that_no_button_may_lead_to_is_left_out(url: str | None) -> None:
    assert safe_url(url) is None
    result = await nudged(Shelf((make_passage(url=url),)), baseline=NO_HINT)
    assert result.nudge is not None
    assert all(action.kind != "link" for action in result.nudge.actions)
    assert "Test keys are refused." in result.nudge.body


def test_an_excerpt_is_plain_masked_and_bounded() -> None:
    text = (
        "![x](https://evil.example/x.png) Write to anna@example.com or see [here](https://evil.example). "
        "<b>Bold</b> keys have 32 characters. " + "Another sentence about keys follows now. " * 30
    )
    shelf, passage = Shelf(), make_passage(text)
    excerpt = make_excerpt(passage, passage.document_title, shelf.sentences(passage, "keys characters"), "en")
    assert excerpt is not None
    assert len(excerpt.text) <= MAX_EXCERPT
    assert excerpt.quote is not None
    assert "32 characters" in excerpt.quote
    dumped = json.dumps([excerpt.text, excerpt.quote])
    assert all(part not in dumped for part in ("evil", "anna@", "<b>", "]("))


def test_one_long_sentence_is_cut_and_not_quoted() -> None:
    passage = make_passage("Keys " + "and keys " * 80 + "end.")
    excerpt = make_excerpt(passage, passage.document_title, Shelf().sentences(passage, "keys"), "en")
    assert excerpt is not None
    assert (len(excerpt.text), excerpt.quote) == (MAX_EXCERPT, None)
