"""Question tables: which columns they are found in, what becomes of rows, and what is refused with every row named."""

from datetime import date, datetime

import pytest

from knowledge.converting import questions
from knowledge.converting.questions import Sheet
from knowledge.converting.tables import as_text, read_csv
from knowledge.documents import ConvertLimits, Raw, Unreadable

PAIR = "## How do I pay?\n\nBy card."


def read(text: str, encoding: str = "utf-8") -> str:
    return read_csv(Raw(text.encode(encoding), "faq.csv"), ConvertLimits()).markdown


@pytest.mark.parametrize(
    "table",
    [
        "question,answer\nHow do I pay?,By card.\n",
        "Answer;Topic;Question\nBy card.;Billing;How do I pay?\n",
        "Q\tA\nHow do I pay?\tBy card.\n",
        "Our FAQ,\n\nQuestions:,ANSWERS\nHow do I pay?,By card.\n",
        "السؤال,الإجابة\nHow do I pay?,By card.\n",
        "الأسئلة|الجواب\nHow do I pay?|By card.\n",
        "sep=;\nquestion;answer\nHow do I pay?;By card.\n",
        'question,answer\r\n"How  do I\r\npay?"," By card. "\r\n',
        "question,answer\n,\nHow do I pay?,By card.\n\n",
    ],
)
def test_columns_are_found_by_their_names(table: str) -> None:
    assert read(table) == PAIR


def test_two_columns_without_names_are_question_and_answer() -> None:
    assert read("How do I pay?,By card or by invoice.\nAnd refunds?,They take ten days.\n") == (
        "## How do I pay?\n\nBy card or by invoice.\n\n## And refunds?\n\nThey take ten days."
    )


def test_an_arabic_table_of_an_old_excel_is_read() -> None:
    assert read("السؤال;الجواب\nكيف أدفع؟;ببطاقة الائتمان\n", "cp1256") == "## كيف أدفع؟\n\nببطاقة الائتمان"


def test_an_answer_opens_neither_heading_nor_code_of_its_own() -> None:
    assert read('question,answer\nHow?,"# 1\n```x\n- item\nTitle\n---"\n') == (
        "## How?\n\n\\# 1\n\\```x\n- item\nTitle\n\\---"
    )


@pytest.mark.parametrize(
    ("rows", "is_faq"),
    [
        ("How do I pay?,By card only.\n", True),
        ("How do I pay?,By card.\n", False),
        ("How do I pay?,By card only.,Billing\n", False),
        ("17,By card only.\n", False),
        ("Pay?,By card only.\nRefund?,In ten days.\nx,y\n", True),
        ("Pay?,By card only.\nx,y\n", False),
    ],
)
def test_without_names_more_than_half_of_the_rows_must_read_like_questions_and_answers(rows: str, is_faq: bool) -> None:
    if is_faq:
        assert read(rows).startswith("## ")
        return
    with pytest.raises(Unreadable, match="an answer of 3 words or more") as refusal:
        read(rows)
    assert refusal.value.code == "not_a_faq"


@pytest.mark.parametrize("table", ["name,price,stock\nchair,10,3\n", "1,2\n3,4\n", "word,other\nx,y\n", "only\none\n"])
def test_another_table_is_no_faq(table: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(table)
    assert refusal.value.code == "not_a_faq"


@pytest.mark.parametrize("table", ["question,answer\n", ",,\n,,\n"])
def test_a_table_without_rows_is_empty(table: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(table)
    assert refusal.value.code == "empty_document"


def test_every_bad_row_is_named_and_nothing_is_taken_in() -> None:
    table = f"question,answer\nHow?,So.\nWhy?,\n,Because.\n{'x' * 501},y\nz,{'y' * 32768}\nlone\n"
    with pytest.raises(Unreadable) as refusal:
        read(table)
    assert refusal.value.code == "bad_rows"
    assert [(error["row"], error["code"]) for error in refusal.value.errors] == [
        (3, "answer_missing"),
        (4, "question_missing"),
        (5, "question_too_long"),
        (6, "answer_too_long"),
        (7, "answer_missing"),
    ]
    assert refusal.value.detail == (
        "5 rows make no question and answer: row 3 (answer missing), row 4 (question missing), "
        "row 5 (question too long), row 6 (answer too long), row 7 (answer missing)."
    )


def test_errors_are_capped_but_counted() -> None:
    with pytest.raises(Unreadable, match="80 rows") as refusal:
        read("question,answer\n" + "Why?,\n" * 80)
    assert len(refusal.value.errors) == 50
    assert refusal.value.detail.endswith("row 20 (answer missing), row 21 (answer missing), and 60 more.")


def test_sheets_become_sections_and_name_the_place_of_an_error() -> None:
    head = ("Question", "Answer")
    sheets = [
        Sheet("Billing", [head, ("Pay?", "Card.")]),
        Sheet("Notes", [("a", "b", "c"), ("1", "2", "3")]),
        Sheet("Users", [head, ("Invite?", "By mail.")]),
    ]
    assert questions.to_markdown(sheets) == ("## Billing\n\n### Pay?\n\nCard.\n\n## Users\n\n### Invite?\n\nBy mail.")
    with pytest.raises(Unreadable) as refusal:
        questions.to_markdown([*sheets, Sheet("Last", [head, ("Pay?", "")])])
    assert refusal.value.errors[0]["sheet"] == "Last"
    assert refusal.value.detail == "1 row makes no question and answer: row 2 of 'Last' (answer missing)."


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("question,answer\n" + "a?,b\n" * 30, "too_large"),
        ("," * 300, "too_large"),
        ('question,answer\n"' + "x" * 1_000_001, "damaged_document"),
    ],
)
def test_a_table_beyond_the_limits_is_refused(table: str, code: str) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_csv(Raw(table.encode(), "faq.csv"), ConvertLimits(rows=20))
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (3.5, "3.5"),
        (7, "7"),
        (True, "True"),
        (datetime(2026, 11, 21), "2026-11-21"),
        (datetime(2026, 11, 21, 10, 30), "2026-11-21 10:30:00"),
        (date(2026, 11, 21), "2026-11-21"),
        ("a\x00b", "a\ufffdb"),
        ("", ""),
    ],
)
def test_cells_are_text_as_a_reader_sees_them(cell: str | float | date, text: str) -> None:
    assert as_text(cell) == text
