"""The figures of a result: numbers, prices, dates. An answer may state these of a turn's results, and no others."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

MAX_FIGURES: Final = 300
"""Figures of one result that are kept."""
_FIGURE: Final = re.compile(r"\d[\d.,:/٬٫\-]*\d|\d")
"""A run of digits (of any script) with what may stand within a number, a time or a date."""


def figures(value: Any) -> tuple[str, ...]:
    """Return the figures of a JSON value in order, each once, as they are written there."""
    return tuple(islice(dict.fromkeys(_walk(value)), MAX_FIGURES))


def _walk(value: Any) -> Iterator[str]:
    match value:
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case str():
            yield from _FIGURE.findall(value)
        case Mapping():
            for inner in value.values():
                yield from _walk(inner)
        case list() | tuple():
            for inner in value:
                yield from _walk(inner)
