"""Reading the arguments of a call: text that a model wrote, and that may be anything."""

import json
from collections.abc import Mapping
from typing import Any, Final

from graph.tools.cleaning import cleaned, is_plain_number
from graph.tools.contracts import INVALID_ARGUMENTS, Refused
from graph.tools.schemas import TooCostly, faults

MAX_BYTES: Final = 8192
"""Of the text of one call's arguments, as UTF-8."""
MAX_NODES: Final = 500
"""Values in one call's arguments."""
MAX_DEPTH: Final = 12


def parse(text: str) -> dict[str, Any]:
    """Return the arguments that a text holds, without control characters; nothing at all means none.

    Raises:
        Refused: it is no JSON object, or too large a one.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise _refused(f"the arguments have more than {MAX_BYTES} bytes")
    try:
        value = json.loads(text, parse_constant=_no_number) if text.strip() else {}
    except (ValueError, RecursionError):
        raise _refused("the arguments are not valid JSON") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _refused("the arguments must be one JSON object")
    _measure(value)
    return dict(cleaned(value))


def check(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Raise Refused, naming the faults, unless the arguments are what a schema asks for."""
    try:
        found = faults(schema, arguments)
    except TooCostly:
        raise _refused("the arguments cannot be checked") from None
    if found:
        raise _refused("; ".join(found))


def _measure(value: Any) -> None:
    """Refuse what nests too deeply, holds too many values, or a number that JSON has no form for."""
    left, level = MAX_NODES, [value]
    for _ in range(MAX_DEPTH):
        left -= len(level)
        if left < 0:
            raise _refused(f"the arguments hold more than {MAX_NODES} values")
        if any(isinstance(one, int | float) and not is_plain_number(one) for one in level):
            raise _refused("the arguments hold a number that is too large")
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return
    raise _refused(f"the arguments nest more than {MAX_DEPTH} deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _no_number(name: str) -> None:
    raise ValueError(name)


def _refused(words: str) -> Refused:
    return Refused(INVALID_ARGUMENTS, words)
