"""CSV and Excel files of questions and answers, read cell by cell as text."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum, ZipError

from knowledge.converting import questions
from knowledge.converting.decoding import charset, clean, decode
from knowledge.converting.questions import Sheet
from knowledge.converting.texts import name_of
from knowledge.documents import DAMAGED, ENCRYPTED, TOO_LARGE, ConvertLimits, Document, Raw, Unreadable

_DELIMITERS: Final = (",", ";", "\t", "|")
_PROBE_LINES: Final = 20
_LONGEST_FIELD: Final = 1_000_000
_MOST_COLUMNS: Final = 200

Cell = str | int | float | bool | time | date | datetime | timedelta


def read_csv(raw: Raw, limits: ConvertLimits) -> Document:
    """Return a CSV file's questions; comma, semicolon, tab or bar is found out, and a `sep=` line obeyed.

    Raises:
        Unreadable: `not_a_faq`, `bad_rows`, `empty_document`, `too_large`, `undecodable` or `damaged_document`.
    """
    text = decode(raw.content, charset(raw.media_type))
    with _long_fields():
        rows = list(_parsed(text, limits))
    return Document(name_of(raw), questions.to_markdown([Sheet(None, rows)]), raw.url)


def read_workbook(raw: Raw, limits: ConvertLimits) -> Document:
    """Return the questions of an Excel or OpenDocument workbook; hidden sheets are left out.

    Raises:
        Unreadable: as `read_csv`, and `encrypted_document`.
    """
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(raw.content)) as workbook:
            sheets = [Sheet(name, _rows(workbook, name, limits)) for name in _visible(workbook)]
    except PasswordError:
        raise Unreadable(ENCRYPTED, "The workbook is protected by a password. Save a copy without one.") from None
    except (CalamineError, ZipError, OSError, ValueError):
        raise Unreadable(DAMAGED, "The workbook is damaged.") from None
    return Document(name_of(raw), questions.to_markdown(sheets), raw.url)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let a field be as long as an answer may be; the limit is one of the whole process, so it is put back."""
    usual = csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield
    finally:
        csv.field_size_limit(usual)


def _parsed(text: str, limits: ConvertLimits) -> Iterator[list[str]]:
    first, _, rest = text.partition("\n")
    told = first.strip().lower().startswith("sep=") and len(first.strip()) == 5
    delimiter = first.strip()[-1] if told else _delimiter(text)
    reader = csv.reader(io.StringIO(f"\n{rest}" if told else text, newline=""), delimiter=delimiter)
    try:
        for number, row in enumerate(reader, start=1):
            _check_size(number, len(row), limits)
            yield row
    except csv.Error as error:
        raise Unreadable(DAMAGED, f"Line {reader.line_num} is not CSV: {error}.") from None


def _delimiter(text: str) -> str:
    probe = "\n".join(text.splitlines()[:_PROBE_LINES]) if len(text) < _LONGEST_FIELD else text[:_LONGEST_FIELD]

    def score(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(io.StringIO(probe, newline=""), delimiter=delimiter) if row]
        usual = max(set(widths), key=widths.count, default=0)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(_DELIMITERS, key=score)


def _visible(workbook: CalamineWorkbook) -> list[str]:
    return [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
    ]


def _rows(workbook: CalamineWorkbook, name: str, limits: ConvertLimits) -> list[list[str]]:
    sheet = workbook.get_sheet_by_name(name)
    _check_size(sheet.total_height, sheet.total_width, limits)
    return [[as_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _check_size(rows: int, columns: int, limits: ConvertLimits) -> None:
    if rows > limits.rows or columns > _MOST_COLUMNS:
        raise Unreadable(TOO_LARGE, f"At most {limits.rows} rows and {_MOST_COLUMNS} columns are read of a table.")


def as_text(cell: Cell) -> str:
    """Return a cell as its sheet shows it: whole numbers without a point, days without midnight."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return clean(cell) if isinstance(cell, str) else str(cell)
