"""A question that leans on the one before it is looked for where that was answered; one that stands alone is not."""

from dataclasses import dataclass
from typing import Any

import pytest

from graph.conversing.followups import may_lean, points_back, subject_of
from graph.conversing.reading import read_up
from tests.graph.conversing.test_reading import Context
from tests.graph.shelf import Shelf, make_passage
from tests.graph.talks import make_talk


@pytest.mark.parametrize(
    ("question", "leans", "points"),
    [
        ("how many at once?", True, False),
        ("and what if I do not see it?", True, True),
        ("how much time do I have", True, False),
        ("what about the second import of my contacts?", True, True),
        ("how do I import contacts from a file", False, False),
        ("كم مدة صلاحية الرابط؟", True, False),
        ("وكيف ألغيه؟", True, True),
        ("كيف أستورد جهات الاتصال من ملف؟", False, False),
    ],
)
def test_what_leans(question: str, leans: bool, points: bool) -> None:
    assert (may_lean(question), points_back(question)) == (leans, points)


@pytest.mark.parametrize(
    ("before", "subject"),
    [
        ((), ""),
        (("user: hello",), ""),
        (("user: How do I import contacts?", "assistant: so", "user: thanks"), "How do I import contacts?"),
        (("user: How do I import contacts?", "user: how many at once?"), "How do I import contacts?"),
        (("user: and then?",), "and then?"),
    ],
)
def test_what_was_asked_before(before: tuple[str, ...], subject: str) -> None:
    assert subject_of(make_talk("how many?", *before)) == subject


KEY = make_passage("Open Developers and copy the key.", chunk_id="key", document_title="Your key")
UNSEEN = make_passage("Ask an administrator where you do not see it.", chunk_id="unseen", document_title="Your key")
SEEN = make_passage("See every browser with its last use.", chunk_id="seen", document_title="Sessions")
PRICE = make_passage("A seat costs nine euros.", chunk_id="price", document_title="Prices")


@dataclass
class Library(Shelf):
    """Documents that are found by words of the query; where several are, the first is best."""

    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Any:
        known = {"costs": (PRICE,), "see it": (SEEN, UNSEEN), "once": (SEEN, KEY), "key": (KEY, UNSEEN)}
        self.passages = tuple(dict.fromkeys(one for word, some in known.items() if word in query for one in some))
        return await super().search(company_id, query, language=language, k=k)


BEFORE = ("user: Where is my key?", "assistant: Open Developers. [1]")


@pytest.mark.parametrize(
    ("question", "before", "found"),
    [
        ("and what if I do not see it?", BEFORE, ["unseen", "key"]),
        ("and what if I do not see it?", (), ["seen", "unseen"]),
        ("how many at once?", BEFORE, ["key", "unseen"]),
        ("what costs a seat?", BEFORE, ["price"]),
        ("and what costs a seat?", BEFORE, ["price"]),
        ("do you sell boats?", BEFORE, []),
        ("how many at once?", ("user: And now?",), ["seen", "key"]),
    ],
)
async def test_where_a_question_is_looked_for(question: str, before: tuple[str, ...], found: list[str]) -> None:
    reading = await read_up(Context(Library()), make_talk(question, *before))  # type: ignore[arg-type]
    assert [one.chunk_id for one in reading.excerpts] == found
