"""Rows of Markdown tables in words: “People – Starter: 3, Team: 20”, since a chat shows no table. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_RULE: Final = re.compile(r"[|\s:\-]+")
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_CELL: Final = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Row:
    """A row by its first cell, and the other cells under the heads of their columns."""

    head: str
    cells: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """The row in words: “People – Starter: 3, Team: 20”."""
        comma = "، " if any(_ARABIC.search(f"{self.head}{name}{value}") for name, value in self.cells) else ", "
        return f"{self.head} – {comma.join(f'{name}: {value}' if name else value for name, value in self.cells)}"

    @property
    def statements(self) -> tuple[str, ...]:
        """What each of its cells says by itself: “People: Starter: 3”, “People: Team: 20”."""
        return tuple(": ".join(filter(None, (self.head, name, value))) for name, value in self.cells)


class TableReader:
    """Reads the rows of a text's tables in order; `read` what is no row ends a table."""

    def __init__(self) -> None:
        self._header: tuple[str, ...] = ()

    def read(self, row: str) -> Row | None:
        """Return a row; None for a header, a rule, or a text that is no row."""
        if not is_row(row):
            self._header = ()
            return None
        if _RULE.fullmatch(row):
            return None
        cells = _cells(row)
        if not self._header:
            self._header = cells
            return None
        pairs = tuple((name, value) for name, value in zip(self._header[1:], cells[1:], strict=False) if value)
        return Row(cells[0], pairs) if cells[0] and pairs else None


def is_row(text: str) -> bool:
    """Tell whether a line is a row of a table."""
    return text.lstrip().startswith("|")


def _cells(row: str) -> tuple[str, ...]:
    return tuple(cell.replace("\\|", "|").strip() for cell in _CELL.split(row.strip().strip("|")))
