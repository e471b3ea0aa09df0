"""Masking that can be undone: what a model reads has placeholders, what it answers gets the values back.

One object serves one turn: the same value has the same placeholder in all its texts, so that a model can follow who is
who. Exact: `unmask(mask(text)) == text` for any text. A placeholder that a user typed is masked itself, so that it
comes back as typed and never as somebody's data; one that a model made up stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.config import PiiPattern
from core.personal_data import Span, compile_pattern, find

__all__ = ["PLACEHOLDER", "Pseudonyms", "Span", "find"]

PLACEHOLDER: Final = re.compile(
    r"\\?\[([A-Z][A-Z0-9]{0,30}(?:\\?_[A-Z0-9]{1,30}){0,15})\\?_([0-9]{1,6})\\?\]", re.IGNORECASE
)
"""A placeholder as models write it: in any case, with or without the backslashes of Markdown."""
_TYPED: Final = "TEXT"
"""Kind of a placeholder that stood in the text before masking."""
_LEAST_NUMBER: Final = 10**6
"""From which on a number of a JSON value may be a phone number or a card."""


class Pseudonyms:
    """The placeholders of one turn, by value and back."""

    def __init__(self, patterns: Sequence[PiiPattern] = ()) -> None:
        self._patterns = tuple(compile_pattern(pattern.name, pattern.pattern) for pattern in patterns)
        self._placeholders: dict[tuple[str, str, bool], str] = {}
        self._values: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def mask(self, text: str) -> str:
        """Return the text with personal data replaced by stable placeholders such as "[EMAIL_1]"."""
        return self._mask(text)

    def unmask(self, text: str) -> str:
        """Return the text with this object's placeholders replaced by what they stand for; others stay."""
        return PLACEHOLDER.sub(lambda found: self._values.get(_key(found), found[0]), text)

    def mask_values(self, value: Any, name: str = "") -> Any:
        """Mask every string and long number of a JSON-like value, keys as well; a key tells what its value is."""
        if isinstance(value, str):
            return self._mask(value, name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _LEAST_NUMBER:
            return self._mask_number(value, name)
        if isinstance(value, Mapping):
            return {self._mask(str(key)): self.mask_values(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.mask_values(item, name) for item in value]
        return value

    def unmask_values(self, value: Any) -> Any:
        """Unmask every string of a JSON-like value; a number that was masked comes back as a number."""
        if isinstance(value, str):
            return self._numbers.get(value, self.unmask(value))
        if isinstance(value, Mapping):
            return {self.unmask(str(key)): self.unmask_values(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.unmask_values(item) for item in value]
        return value

    def _mask(self, text: str, name: str = "") -> str:
        before = f"{name.replace('_', ' ')}: " if name else ""
        spans = [
            Span(max(0, span.start - len(before)), span.end - len(before), span.kind)
            for span in find(before + text, self._patterns)
            if span.end > len(before)
        ]
        parts: list[str] = []
        end = 0
        for span in _with_typed(text, spans):
            parts += (text[end : span.start], self._placeholder(span.kind, text[span.start : span.end]))
            end = span.end
        return "".join(parts) + text[end:]

    def _mask_number(self, value: int, name: str) -> int | str:
        found = PLACEHOLDER.search(self._mask(str(value), name))
        if found is None:
            return value
        placeholder = self._placeholder(found[1], str(value), of_number=True)
        self._numbers[placeholder] = value
        return placeholder

    def _placeholder(self, kind: str, value: str, *, of_number: bool = False) -> str:
        key = (kind, value, of_number)
        known = self._placeholders.get(key)
        if known is not None:
            return known
        self._counts[kind] = self._counts.get(kind, 0) + 1
        placeholder = f"[{kind}_{self._counts[kind]}]"
        self._placeholders[key] = placeholder
        self._values[placeholder] = value
        return placeholder


def _key(found: re.Match[str]) -> str:
    return f"[{found[1].replace(chr(92), '').upper()}_{int(found[2])}]"


def _with_typed(text: str, spans: list[Span]) -> list[Span]:
    """Return the spans, and those of placeholders that stand in the text already, in order."""
    typed = [Span(*found.span(), _TYPED) for found in PLACEHOLDER.finditer(text)] if "[" in text else []
    if not typed:
        return spans
    free = [one for one in spans if all(one.end <= other.start or one.start >= other.end for other in typed)]
    return sorted(free + typed)
