"""Several questions of one turn are taken apart, looked up one by one, and answered together."""

from dataclasses import dataclass
from typing import Any

import pytest

from graph.conversing.inquiries import inquiries_of
from graph.conversing.reading import read_up
from graph.phrases import phrase
from graph.reasoners.talking import converse
from graph.talk import Talk
from tests.graph.conversing.test_reading import Context
from tests.graph.shelf import Shelf, make_passage
from tests.graph.talks import make_talk


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        ("How do I connect my CRM?", ()),
        ("My import fails. Why? What should I do?", ()),
        ("Hi! How do I import contacts? Thanks", ()),
        ("what is a key and where is it", ()),
        ("Connect my CRM. Import contacts.", ()),
        ("", ()),
        ("?!", ()),
        (
            "How do I connect my CRM? And how do I invite a teammate?",
            ("How do I connect my CRM?", "how do I invite a teammate?"),
        ),
        (
            "how do I connect my crm and how do I invite a teammate",
            ("how do I connect my crm", "how do I invite a teammate"),
        ),
        ("How do I connect my CRM?\nwhat does it cost", ("How do I connect my CRM?", "what does it cost")),
        (
            "The import fails. How do I mend it? Thanks! Who can see my data?",
            ("The import fails. How do I mend it?", "Who can see my data?"),
        ),
        (
            "كيف أربط نظام إدارة العملاء؟ وكيف أدعو زميلاً؟",
            ("كيف أربط نظام إدارة العملاء؟", "كيف أدعو زميلاً؟"),
        ),
        ("What are the plans and how do I cancel?", ("What are the plans", "how do I cancel?")),
        ("where's the key and why is my import slow", ("where's the key", "why is my import slow")),
        ("where is my key, how do I invite a friend", ("where is my key", "how do I invite a friend")),
        ("If the import fails, what do I do?", ()),
        ("The key, which I copied, is refused. Why?", ()),
        ("1) what's a key 2) max rows 3) what is an editor", ("what's a key", "max rows", "what is an editor")),
        ("Please:\n1. the format\n2. how many rows?\n", ("the format", "how many rows?")),
        ("- the format\n- the price", ("the format", "the price")),
        ("Is version 2) of the file the one to import?", ()),
        ("ما الأسعار وكيف ألغي؟", ("ما الأسعار", "كيف ألغي؟")),
        ("1) ما الأسعار 2) عدد الصفوف", ("ما الأسعار", "عدد الصفوف")),
        (
            "What are apples? What are bears? What are cats? What are dogs?",
            ("What are apples?", "What are bears?", "What are cats?"),
        ),
    ],
)  # fmt: skip
def test_questions_of_a_text(text: str, questions: tuple[str, ...]) -> None:
    assert inquiries_of(text) == questions


def test_a_wall_of_questions_is_taken_apart_at_once() -> None:
    assert len(inquiries_of("how do I import and " * 2000)) <= 3


PASSWORD = make_passage("Open Security and press Change.", chunk_id="password", document_title="Your password")
INVITE = make_passage("Open Team and add one colleague per line.", chunk_id="team", document_title="Invite your team")


@dataclass
class Library(Shelf):
    """Documents that are found by a word of the query; the score is that of the word."""

    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Any:
        known = {"password": (PASSWORD, 0.9), "invite": (INVITE, 0.3), "colleagues": (INVITE, 0.9)}
        passage, self.score = next((hit for word, hit in known.items() if word in query), (None, 0.0))
        self.passages, self.is_answerable = ((passage,) if passage else ()), self.score > 0.5
        return await super().search(company_id, query, language=language, k=k)


async def answered(text: str, **changes: Any) -> tuple[Talk, str]:
    talk = make_talk(text, **changes)
    reading = await read_up(Context(Library()), talk)  # type: ignore[arg-type]
    talk = make_talk(text, excerpts=reading.excerpts, is_sure=reading.is_sure, inquiries=reading.inquiries, **changes)
    reply = converse(talk, ())
    assert reply.is_answered is bool(reading.excerpts)
    return talk, reply.text


@pytest.mark.parametrize("joint", [" And ", "\n"])
async def test_two_questions_are_answered_each_with_its_source(joint: str) -> None:
    _, said = await answered(f"How do I change my password?{joint}how do I add colleagues?")
    assert said.split("\n\n") == [
        f"{phrase('about_question', 'en', question='How do I change my password')}\n"
        "Open Security and press Change. [1]",
        f"{phrase('about_question', 'en', question='how do I add colleagues')}\n"
        "Open Team and add one colleague per line. [2]",
    ]


async def test_what_has_no_answer_is_named_and_a_person_offered() -> None:
    _, said = await answered("How do I change my password? What is the weather like tomorrow?")
    assert "Open Security and press Change. [1]" in said
    assert said.endswith(
        phrase("unanswerable_part", "en", question="What is the weather like tomorrow")
        + "\n\n"
        + phrase("ask_person", "en")
    )


async def test_what_may_not_be_meant_is_hedged_alone() -> None:
    talk, said = await answered("How do I change my password? How do I invite somebody?")
    assert not talk.is_sure
    first, second, offer = said.split("\n\n")
    assert phrase("unsure", "en") not in first
    assert phrase("unsure", "en") in second
    assert offer == phrase("offer_person", "en")


async def test_where_one_passage_answers_all_it_is_quoted_once() -> None:
    _, said = await answered("How do I change my password? Where is the password changed?")
    assert said == "Open Security and press Change. [1]"


async def test_where_nothing_is_found_it_is_said_once() -> None:
    _, said = await answered("Do you sell boats? And what about aeroplanes?")
    assert said == phrase("unanswerable", "en")


async def test_a_brief_question_is_looked_up_with_the_one_before_it() -> None:
    shelf = Library()
    await read_up(Context(shelf), make_talk("Who can see my data? Is it sold?"))  # type: ignore[arg-type]
    assert [query for _, query, _ in shelf.queries] == [
        "Who can see my data", "Is it sold", "Who can see my data, Is it sold",
    ]  # fmt: skip
