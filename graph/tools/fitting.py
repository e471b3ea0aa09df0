"""Making a JSON value fit into so many bytes without breaking it: a list loses its end, a text its tail.

A model reads the beginning of a result as well as the whole, as long as it is told that something is missing.
"""

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

MORE: Final = "…"
_LEVELS: Final = ((4000, 200), (2000, 100), (1000, 50), (500, 25), (250, 12), (120, 6), (60, 3))
"""Characters of a text and items of a list or object that are kept, tried in this order."""
_DEPTH: Final = 24


def size(value: Any) -> int:
    """Return how many bytes a value takes as JSON, or a text as it is."""
    return len(_text(value).encode("utf-8", "replace"))


def fit(value: Any, limit: int) -> tuple[Any, bool]:
    """Return a value that takes at most `limit` bytes, and whether something was taken away.

    What cannot be made small enough by shortening its parts becomes a text, cut.
    """
    if isinstance(value, str):
        short = cut(value, limit)
        return short, short != value
    if nests_within(value, _DEPTH) and size(value) <= limit:
        return value, False
    for characters, items in _LEVELS:
        smaller = _shorten(value, characters, items, _DEPTH)
        if size(smaller) <= limit:
            return smaller, True
    return cut(_text(_shorten(value, *_LEVELS[-1], _DEPTH)), limit), True


def cut(text: str, limit: int) -> str:
    """Return a text of at most `limit` bytes as UTF-8, cut between characters and marked where it was cut."""
    raw = text.encode("utf-8", "replace")
    if len(raw) <= limit:
        return text
    return raw[: max(0, limit - len(MORE.encode()))].decode("utf-8", "ignore") + MORE


def nests_within(value: Any, depth: int) -> bool:
    """Tell whether no part of a JSON value lies deeper than so many levels."""
    level = [value]
    for _ in range(depth):
        level = [inner for one in level if isinstance(one, Mapping | list) for inner in _inside(one)]
        if not level:
            return True
    return False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _shorten(value: Any, characters: int, items: int, depth: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= characters else value[:characters] + MORE
    if not isinstance(value, Mapping | list):
        return value
    if depth == 0:
        return MORE
    missing = len(value) - items
    if isinstance(value, Mapping):
        kept = {
            _shorten(str(name), characters, items, 0): _shorten(inner, characters, items, depth - 1)
            for name, inner in islice(value.items(), items)
        }
        return kept | {MORE: f"{missing} more"} if missing > 0 else kept
    listed = [_shorten(inner, characters, items, depth - 1) for inner in value[:items]]
    return [*listed, f"{MORE} {missing} more"] if missing > 0 else listed


def _inside(value: Any) -> Any:
    return value.values() if isinstance(value, Mapping) else value
