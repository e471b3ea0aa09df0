"""Files of questions, what counts as found, and figures that can be checked by hand."""

import pytest

from core.passages import Passage, Scores
from knowledge.evaluation import MOST, Case, InvalidQuestions, Outcome, judge, parse_cases, summarise

LONG = "Open Settings and choose Security. There you can set a new password of twelve characters."


def passage(text: str = LONG, url: str | None = "https://help.example/a", fused: float = 0.6) -> Passage:
    return Passage("c", "source-1", "Passwords", (), text, Scores(fused, 0.6, fused), url=url)


def test_json_lines() -> None:
    content = (
        '\ufeff{"question": " How? ", "url": "https://help.example/a"}\n\n'
        '{"question": "Why?", "source": null, "passage": null, "more": 1}\n'
        '{"question": "كيف؟", "passage": "نص", "language": "ar", "tag": "x"}\n'
    ).encode()
    assert parse_cases(content, "questions.jsonl") == [
        Case("How?", url="https://help.example/a"),
        Case("Why?"),
        Case("كيف؟", passage="نص", language="ar", tag="x"),
    ]


def test_csv() -> None:
    content = b'question,passage,url\r\n"How, then?","two\nlines",\r\nWhy?,,\r\n'
    assert parse_cases(content, "Questions.CSV") == [Case("How, then?", passage="two\nlines"), Case("Why?")]


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"", "q.jsonl", "1 to"),
        (b"\n\n", "q.jsonl", "1 to"),
        (b"\xff\xfe", "q.jsonl", "not UTF-8"),
        (b'{"question": "a"}\n{nonsense\n[1]\n', "q.jsonl", "2, 3"),
        (b'{"question": ""}', "q.jsonl", "`question` is missing"),
        (b'{"question": 7}', "q.jsonl", "`question` is not a text"),
        (b'{"question": "a", "url": ["b"]}', "q.jsonl", "`url` is not a text"),
        (b"a,b\n1,2\n", "q.csv", "name the columns"),
        (b"", "q.csv", "name the columns"),
        (b"question,url\n,b\n", "q.csv", "2 (`question` is missing)"),
        (b'question\n"' + b"x" * 200_000 + b'"', "q.csv", "Line"),
        (b'{"question": "a"}\n' * (MOST + 1), "q.jsonl", "1 to"),
    ],
)
def test_files_that_cannot_be_used(content: bytes, name: str, told: str) -> None:
    with pytest.raises(InvalidQuestions, match=r".*") as refusal:
        parse_cases(content, name)
    assert told in str(refusal.value)
    assert refusal.value.code == "invalid_questions"


@pytest.mark.parametrize(
    ("case", "found", "expected"),
    [
        (Case("q"), passage(), False),
        (Case("q", url="https://help.example/a/"), passage(url="https://help.example/a#top"), True),
        (Case("q", url="https://help.example/b"), passage(), False),
        (Case("q", url="https://help.example/a"), passage(url=None), False),
        (Case("q", source="source-1"), passage(), True),
        (Case("q", source="Passwords"), passage(), True),
        (Case("q", source="Billing"), passage(), False),
        (Case("q", passage="CHOOSE  security."), passage(), True),
        (Case("q", passage=f"Before. {LONG} After."), passage(), True),
        (Case("q", passage="a password of four"), passage(text="a"), False),
        (Case("q", source="Passwords", passage="not there"), passage(), False),
    ],
)
def test_what_counts_as_found(case: Case, found: Passage, expected: bool) -> None:
    assert case.is_met_by(found) is expected


def test_the_place_of_the_first_right_passage() -> None:
    case = Case("How to set a password?", url="https://help.example/a")
    others = [passage(url="https://help.example/b")] * 2
    assert judge(case, [*others, passage(), passage()]).place == 3
    assert judge(case, others).place is None
    assert judge(case, []) == Outcome(case, None, 0.0, False)


def test_figures_by_hand() -> None:
    known, gap = Case("known", passage="x"), Case("gap")
    report = summarise(
        [
            Outcome(known, 1, 0.9, True),
            Outcome(known, 4, 0.6, True),
            Outcome(Case("lost", passage="x"), None, 0.2, False),
            Outcome(gap, None, 0.6, True),
            Outcome(gap, None, 0.1, False),
        ]
    )
    assert (report.questions, report.answerable, report.missed) == (5, 3, ("lost",))
    assert report.recall == pytest.approx({1: 1 / 3, 3: 1 / 3, 5: 2 / 3, 10: 2 / 3})
    assert report.mrr == pytest.approx((1 + 1 / 4) / 3)
    assert report.accuracy == pytest.approx(3 / 5)
    assert report.f1 == pytest.approx(2 * 2 / (3 + 3))
    assert report.auc == pytest.approx((2 + 1.5 + 1) / 6)


def test_figures_that_there_is_nothing_to_count_for() -> None:
    report = summarise([Outcome(Case("gap"), None, 0.1, False)])
    assert (report.recall, report.mrr, report.f1, report.auc, report.accuracy) == (None, None, None, None, 1.0)
    assert summarise([Outcome(Case("q", passage="x"), 1, 0.9, True)]).auc is None
    with pytest.raises(ValueError, match="no outcomes"):
        summarise([])
