"""How many of a thing there are: a record says "in stock 7", and a sentence "7 pieces in stock". Pure.

The word for what is counted says nothing of its own there; in any other record it would be a claim.
"""

import re
from collections.abc import Iterable
from typing import Final

_COUNTERS: Final = re.compile(
    r"(?<=\d) (?:pieces?|units?|items?|pcs|قطعة|قطع|وحدات|وحدة|حبات|حبة)(?!\w)|^(?:ت|ي)(?:وجد|توفر) ", re.IGNORECASE
)
"""Such a word behind its number, and the Arabic "there are"."""
_COUNTS: Final = re.compile(
    r"\b(?:stock|quantity|qty|available|availability|inventory|remaining|pieces|units|count)\b[^,;]{0,20}\d|"
    r"(?:المخزون|الكمية|المتوفر|المتبقي|العدد)[^,;]{0,20}\d"
)


def without_counters(sentence: str) -> str:
    """Return a sentence without the words for what is counted."""
    return _COUNTERS.sub("", sentence)


def counting(statements: Iterable[str]) -> tuple[str, ...]:
    """Return the statements that say how many there are."""
    return tuple(line for line in statements if _COUNTS.search(line))
