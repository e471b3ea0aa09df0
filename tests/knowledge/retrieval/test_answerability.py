"""When passages count as an answer: the curve's ends, its direction, and what it needs at least."""

import pytest

from core.passages import Passage, Scores
from knowledge.retrieval.answerability import answerable


def passage(fused: float, vector: float | None = 0.5, lexical: float | None = None) -> Passage:
    return Passage("c", "s", "Title", (), "Text.", Scores(fused, vector, lexical))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], False),
        ([passage(0.55, 0.6, 0.5)], True),
        ([passage(0.3, 0.4, 0.15)], False),
        ([passage(0.1, 0.1)], False),
        ([passage(0.48, 0.8)], False),
        ([passage(0.5, None, 0.5)], True),
        ([passage(0.2, None, 0.2)], False),
        ([passage(0.3, 0.4, 0.15), passage(0.29, 0.9, 0.9)], False),
    ],
)
def test_a_table_of_results(found: list[Passage], expected: bool) -> None:
    told = answerable("A question?", found)
    assert told.is_answerable is expected
    assert 0 <= told.score <= 1
    assert (told.score >= 0.5) is expected


@pytest.mark.parametrize("query", ["", "  ", "؟!", "😀"])
def test_no_question_is_never_answerable(query: str) -> None:
    assert not answerable(query, [passage(1.0, 1.0, 1.0)]).is_answerable


def test_more_evidence_is_never_less_answerable() -> None:
    scores = [answerable("q", [passage(step / 10, 0.5, step / 10)]).score for step in range(11)]
    assert scores == sorted(scores)
    assert scores[0] < 0.01
    assert scores[-1] > 0.99


def test_the_threshold_can_be_moved() -> None:
    found = [passage(0.45, 0.5, 0.3)]
    score = answerable("q", found).score
    assert answerable("q", found, threshold=score).is_answerable
    assert not answerable("q", found, threshold=score + 0.01).is_answerable
