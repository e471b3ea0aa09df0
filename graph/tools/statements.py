"""What a result says, as lines that a sentence can be held against: a record is one line, its names before its values.

An answer is checked by words. Of JSON as it stands no sentence follows, and of a whole list at once too much would:
the price of one article beside the name of another. Dates are said in words beside, as people say them.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from graph.dates import ARABIC, ENGLISH, moments_in, worded

MAX_LINES: Final = 100
MAX_LINE: Final = 600
MAX_BEFORE: Final = 200
"""Characters of what holds a record that are said with it."""
_NOT: Final = "not "
_DEPTH: Final = 8
_NUMBER: Final = re.compile(r"\bn[or]\b")
"""As in `order_no`, which denies nothing."""
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TIME_OF_ISO: Final = re.compile(r"(?<=\d)T(\d{2}:\d{2})[\d:.]*(?:Z|[+-]\d{2}:?\d{2})?(?![\d-])")


def statements(value: Any) -> tuple[str, ...]:
    """Return the lines of a JSON value or text, each once, at most `MAX_LINES`."""
    return tuple(islice(dict.fromkeys(line[:MAX_LINE] for line in _lines(value, "", _DEPTH) if line), MAX_LINES))


def _lines(value: Any, before: str, depth: int) -> Iterator[str]:
    """Yield the line of a value, then those of the records in it, which begin with what it says itself."""
    if isinstance(value, str) and not before:
        yield from (_with_dates(line) for line in value.splitlines())
        return
    said = list(_scalars(value, "", depth))
    own = ", ".join(filter(None, (before, *(one for one in said if not one.startswith(_NOT)))))
    yield "; ".join(filter(None, (own, *(one for one in said if one.startswith(_NOT)))))  # denies nothing before it
    for name, record in _records(value, "", depth):
        yield from _lines(record, f"{own[:MAX_BEFORE]}, {name}".strip(", "), depth - 1)


def _scalars(value: Any, name: str, depth: int) -> Iterator[str]:
    """Yield what a record says without the records of its lists: "order A-17", "customer name Layla"."""
    match value:
        case Mapping() if depth:
            for key, inner in value.items():
                yield from _scalars(inner, f"{name} {_words(str(key))}".strip(), depth - 1)
        case list() if all(not isinstance(inner, Mapping | list) for inner in value):
            yield f"{name} {', '.join(map(_said, value))}".strip()
        case bool():
            yield name if value else f"{_NOT}{name}"
        case str() | int() | float():
            yield f"{name} {_said(value)}".strip()


def _records(value: Any, name: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Yield the members of lists that are records themselves, each with the name of its list."""
    match value:
        case Mapping() if depth:
            for key, inner in value.items():
                yield from _records(inner, f"{name} {_words(str(key))}".strip(), depth - 1)
        case list() if depth and any(isinstance(inner, Mapping | list) for inner in value):
            yield from ((name, inner) for inner in value)


def _said(value: Any) -> str:
    return _with_dates(str(value))


def _with_dates(text: str) -> str:
    """Return a text whose dates in digits stand in words beside, in English and Arabic."""
    said = _TIME_OF_ISO.sub(r" \1", text)
    for one in reversed(moments_in(said)):
        if one.is_numeric:
            words = ", ".join(worded(reading, months) for reading in one.readings for months in (ENGLISH, ARABIC))
            said = f"{said[: one.end]} ({words}){said[one.end :]}"
    return said


def _words(name: str) -> str:
    plain = _CAMEL.sub(" ", name).replace("_", " ").replace("-", " ").strip().lower()
    return _NUMBER.sub("number", plain)
