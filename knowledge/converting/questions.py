"""Rows of a question table to Markdown: each row becomes a heading, the question, with the answer below it.

The columns are found by their names in English or Arabic, in any order; without such names, a table of two columns
that reads like questions and answers is taken as such. Rows that make no pair refuse the whole file and are named, so
that nothing is taken in by half.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from knowledge.documents import BAD_ROWS, EMPTY, NOT_A_FAQ, Unreadable

Row = Sequence[str]

_QUESTION: Final = ("question", "questions", "q", "faq", "query", "title", "prompt", "سؤال", "أسئلة", "استفسار")
_ANSWER: Final = (
    *("answer", "answers", "a", "reply", "response", "solution", "body", "content"),
    *("جواب", "إجابة", "إجابات", "أجوبة", "رد"),
)
"""Arabic names also count with the article (ال) and with any spelling of alef."""
_HEADER_WITHIN: Final = 5
"""Rows in which a header is looked for: exports put a title or a date above it."""
_LONGEST_QUESTION: Final = 500
_LONGEST_ANSWER: Final = 32_767
"""Characters; a cell of Excel holds no more."""
_MOST_ERRORS: Final = 50
_MOST_NAMED: Final = 20
"""Bad rows that a refusal's text names; `errors` holds more of them."""
_LONGEST_SHEET_NAME: Final = 31
"""Characters; Excel allows no more."""
_FEWEST_WORDS: Final = 3
"""Words of an answer in a table without column names; fewer could be a word list or a price list."""
_NO_FAQ: Final = (
    f"No two columns are headed Question and Answer (or السؤال and الجواب) within the first {_HEADER_WITHIN} rows. "
    "Without such a header, more than half of the rows must hold two cells and no third: "
    f"a question that is not a number, and an answer of {_FEWEST_WORDS} words or more."
)
_ALEFS: Final = str.maketrans("أإآ", "ااا")
_MARKS: Final = re.compile("[\u064b-\u0652\u0640]")
_BLOCK_START: Final = re.compile(r"^([ \t]*)(#{1,6}[ \t]|```|~~~|={3,}[ \t]*$|-{3,}[ \t]*$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read; rows may differ in length. `name` is None in a CSV file."""

    name: str | None
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class _Columns:
    question: int
    answer: int
    first: int
    """Index of the first row below the header."""


def to_markdown(sheets: Sequence[Sheet]) -> str:
    """Return the questions of all sheets that hold some; several sheets become sections with the sheet's name.

    Raises:
        Unreadable: `empty_document`, `not_a_faq`, or `bad_rows`, whose text names the first 20 bad rows and which has
            one error for each (the first 50).
    """
    filled = [sheet for sheet in sheets if any(_is_filled(row) for row in sheet.rows)]
    if not filled:
        raise Unreadable(EMPTY, "The table is empty.")
    found = [(sheet, columns) for sheet in filled if (columns := _columns(sheet.rows))]
    if not found:
        raise Unreadable(NOT_A_FAQ, _NO_FAQ)
    errors = [error for sheet, columns in found for error in _errors(sheet, columns)]
    if errors:
        raise Unreadable(BAD_ROWS, _told(errors), errors=errors[:_MOST_ERRORS])
    sections = [_section(sheet, columns, is_named=len(found) > 1) for sheet, columns in found]
    if not any(sections):
        raise Unreadable(EMPTY, "The table has a header and no question.")
    return "\n\n".join(section for section in sections if section)


def _columns(rows: Sequence[Row]) -> _Columns | None:
    for index, row in enumerate(rows[:_HEADER_WITHIN]):
        names = [_normal(cell) for cell in row]
        question = next((at for at, name in enumerate(names) if name in _QUESTION_NAMES), None)
        answer = next((at for at, name in enumerate(names) if name in _ANSWER_NAMES), None)
        if question is not None and answer is not None:
            return _Columns(question, answer, index + 1)
    return _Columns(0, 1, 0) if _is_two_columns(rows) else None


def _is_two_columns(rows: Sequence[Row]) -> bool:
    # By position alone only what reads like questions and answers: numbers or single words are some other table.
    filled = [row for row in rows if _is_filled(row)]
    pairs = [row for row in filled if len(row) >= 2 and row[0].strip() and row[1].strip() and not any(row[2:])]
    wordy = [row for row in pairs if len(row[1].split()) >= _FEWEST_WORDS and not row[0].strip().isnumeric()]
    return bool(pairs) and len(wordy) > len(filled) // 2


def _errors(sheet: Sheet, columns: _Columns) -> Iterable[dict[str, Any]]:
    for number, question, answer in _pairs(sheet, columns):
        code, detail = _fault(question, answer)
        if code:
            place = {"sheet": sheet.name} if sheet.name else {}
            yield {"row": number, **place, "code": code, "detail": detail}


def _told(errors: Sequence[Mapping[str, Any]]) -> str:
    """Return which rows are bad and why, in one line: `2 rows make …: row 3 (answer missing), row 7 (…).`"""
    begin = "1 row makes" if len(errors) == 1 else f"{len(errors)} rows make"
    named = ", ".join(map(_place, errors[:_MOST_NAMED]))
    more = f", and {len(errors) - _MOST_NAMED} more" if len(errors) > _MOST_NAMED else ""
    return f"{begin} no question and answer: {named}{more}."


def _place(error: Mapping[str, Any]) -> str:
    sheet = f" of {error['sheet'][:_LONGEST_SHEET_NAME]!r}" if "sheet" in error else ""
    return f"row {error['row']}{sheet} ({error['code'].replace('_', ' ')})"


def _fault(question: str, answer: str) -> tuple[str, str]:
    if not question:
        return "question_missing", "An answer without a question."
    if not answer:
        return "answer_missing", "A question without an answer."
    if len(question) > _LONGEST_QUESTION:
        return "question_too_long", f"A question of {len(question)} characters; at most {_LONGEST_QUESTION}."
    if len(answer) > _LONGEST_ANSWER:
        return "answer_too_long", f"An answer of {len(answer)} characters; at most {_LONGEST_ANSWER}."
    return "", ""


def _pairs(sheet: Sheet, columns: _Columns) -> Iterable[tuple[int, str, str]]:
    for index, row in enumerate(sheet.rows[columns.first :], start=columns.first + 1):
        if _is_filled(row):
            yield index, " ".join(_cell(row, columns.question).split()), _cell(row, columns.answer).strip()


def _section(sheet: Sheet, columns: _Columns, *, is_named: bool) -> str:
    level = "###" if is_named else "##"
    pairs = [f"{level} {question}\n\n{_flat(answer)}" for _, question, answer in _pairs(sheet, columns)]
    if not pairs:
        return ""
    return "\n\n".join([f"## {sheet.name}", *pairs] if is_named else pairs)


def _flat(answer: str) -> str:
    # A cell holds text: what would open a heading or a code block in Markdown is kept as text.
    return _BLOCK_START.sub(r"\1\\\2", answer)


def _cell(row: Row, index: int) -> str:
    return row[index] if index < len(row) else ""


def _is_filled(row: Row) -> bool:
    return any(cell.strip() for cell in row)


def _normal(cell: str) -> str:
    text = _MARKS.sub("", unicodedata.normalize("NFKC", cell)).strip().strip(":*؟?").strip().casefold()
    return text.translate(_ALEFS).removeprefix("ال")


_QUESTION_NAMES: Final = frozenset(map(_normal, _QUESTION))
_ANSWER_NAMES: Final = frozenset(map(_normal, _ANSWER))
