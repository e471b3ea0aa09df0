"""Rows of Markdown tables in words: “People – Starter: 3, Team: 20”, since a chat shows no table. Pure."""

import re
from typing import Final

_RULE: Final = re.compile(r"[|\s:\-]+")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_CELL: Final = re.compile(r"(?<!\\)\|")


class TableReader:
    """Reads the rows of a text's tables in order; `read` what is no row ends a table."""

    def __init__(self) -> None:
        self._header: tuple[str, ...] = ()

    def read(self, row: str) -> str | None:
        """Return a row in words; None for a header, a rule, or a text that is no row."""
        if not is_row(row):
            self._header = ()
            return None
        if _RULE.fullmatch(row):
            return None
        cells = _cells(row)
        if not self._header:
            self._header = cells
            return None
        pairs = zip(self._header[1:], cells[1:], strict=False)
        values = [f"{name}: {value}" if name else value for name, value in pairs if value]
        comma = "، " if _ARABIC.search(row) else ", "
        return f"{cells[0]} – {comma.join(values)}" if cells[0] and values else None


def is_row(text: str) -> bool:
    """Tell whether a line is a row of a table."""
    return text.lstrip().startswith("|")


def _cells(row: str) -> tuple[str, ...]:
    return tuple(cell.replace("\\|", "|").strip() for cell in _CELL.split(row.strip().strip("|")))
