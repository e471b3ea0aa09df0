"""Taking out of tools' texts what no reader sees and what no database or terminal should get."""

import re
from math import isfinite
from typing import Any, Final

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control characters, zero-width ones that join nothing, marks of direction, and tags that spell hidden ASCII. The
joiners U+200C and U+200D stay: Persian words and emoji need them."""
_LONE: Final = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text without characters that nobody sees; lone surrogates become U+FFFD."""
    return _LONE.sub("\ufffd", _UNSEEN.sub("", text.replace("\r\n", "\n")))


def cleaned(value: Any) -> Any:
    """Return a JSON-like value with every string in it clean, names as well; numbers beyond 64 bits become strings."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(name)): cleaned(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    if isinstance(value, int | float) and not is_plain_number(value):
        return str(value)
    return value


def is_plain_number(value: float) -> bool:
    """Tell whether every program reads a number as it is: finite, and an integer within 64 bits."""
    return isfinite(value) if isinstance(value, float) else -(2**63) <= value < 2**63
