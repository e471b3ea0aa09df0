"""What is looked for in the documents, and how much of a doubt is left about what was found."""

from typing import Any

import pytest

from core.config import CompanyConfig, KnowledgeRules
from graph.conversing.reading import look_up, query_of, read_up, searchable
from graph.reasoners.talking import converse
from tests.graph.shelf import Shelf, make_passage
from tests.graph.talks import make_talk


@pytest.mark.parametrize(
    ("text", "sought"),
    [
        ("How do I import contacts?", "How do I import contacts"),
        ("hi, my phone is [PHONE_1], how do I import contacts", "how do I import contacts"),
        ("Hello! Thanks for the help. Where is the report?", "Where is the report"),
        ("how do I change [EMAIL_1] to another address?", "how do I change to another address"),
        ("my address [EMAIL_1] is refused", "my address is refused"),
        ("hello", "hello"),
        ("مرحبًا، رقمي [PHONE_1]، كيف أستورد جهات الاتصال؟", "كيف أستورد جهات الاتصال"),
        ("version 1.2 fails, what now", "version 1.2 fails, what now"),
        ("[EMAIL_1]", ""),
        ("", ""),
    ],
)
def test_what_is_looked_for(text: str, sought: str) -> None:
    assert searchable(text) == sought


def test_a_short_question_is_looked_for_with_the_one_before() -> None:
    talk = make_talk("and for teams?", "user: Hi, what does the plan cost?", "assistant: …")
    assert query_of(talk) == "what does the plan cost and for teams"


class Context:
    """As much of a turn's context as a search needs."""

    def __init__(self, shelf: Shelf, **rules: Any) -> None:
        self.knowledge = shelf
        self.config = CompanyConfig(knowledge=KnowledgeRules(**rules))


@pytest.mark.parametrize(
    ("shelf", "rules", "outcome", "is_sure", "count"),
    [
        (Shelf(score=0.9), {}, "found", True, 1),
        (Shelf(score=0.3, is_answerable=False), {}, "perhaps", False, 1),
        (Shelf(score=0.1, is_answerable=False), {}, "perhaps", False, 1),
        (Shelf(score=0.09, is_answerable=False), {}, "irrelevant", True, 0),
        (Shelf((), score=0.5, is_answerable=False), {}, "none", True, 0),
        (Shelf(score=0.6), {"min_score": 0.7}, "perhaps", False, 1),
        (Shelf(score=0.05, is_answerable=False), {"min_score": 0.02}, "found", True, 1),
        (Shelf(), {"enabled": False}, "off", True, 0),
    ],
)
async def test_how_sure_it_is(shelf: Shelf, rules: dict[str, Any], outcome: str, is_sure: bool, count: int) -> None:
    context = Context(shelf, **rules)
    reading = await look_up(context, make_talk(config=context.config), "keys")  # type: ignore[arg-type]
    assert (reading.facts["outcome"], reading.is_sure, len(reading.excerpts)) == (outcome, is_sure, count)


PLAN = make_passage("To cancel, press Cancel plan.", chunk_id="plan", heading_path=("Cancel a plan",))
LATE = make_passage("Look in the spam folder first.", chunk_id="late", heading_path=("The invitation did not arrive",))
INVITE = make_passage("Write one address into each field.", chunk_id="invite", heading_path=("Send an invitation",))


@pytest.mark.parametrize(
    ("question", "passages", "outcome", "first"),
    [
        ("how do I cancel my plan?", (INVITE, PLAN), "found", "plan"),
        ("can I cancel an invitation?", (PLAN, INVITE), "perhaps", "plan"),
        ("how do I invite a friend?", (LATE, INVITE), "perhaps", "late"),
        ("how do I send an invitation", (LATE, INVITE), "found", "invite"),
        ("the invitation did not arrive", (LATE, INVITE), "found", "late"),
        ("do you sell boats?", (PLAN, INVITE), "irrelevant", None),
    ],
)
async def test_what_speaks_of_all_that_was_asked_goes_first(
    question: str, passages: tuple[Any, ...], outcome: str, first: str | None
) -> None:
    reading = await read_up(Context(Shelf(passages)), make_talk(question))  # type: ignore[arg-type]
    assert reading.facts["outcome"] == outcome
    assert [one.chunk_id for one in reading.excerpts][:1] == ([first] if first else [])
    assert reading.is_sure is (outcome != "perhaps")


def test_an_onboarding_does_not_begin_with_a_doubtful_quotation() -> None:
    talk = make_talk("I want to get started", playbook="onboarding", excerpts=(), is_sure=False)
    assert converse(talk, ()).text.startswith("Welcome!")
