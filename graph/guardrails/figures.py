"""Prices, stock, dates and other figures in a sentence, and whether anything that was given says them. Pure.

Figures are compared by value: "1,200.00", "1200" and "١٢٠٠" are the same number, and a spelled-out date is its digits.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from graph.folding import fold

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,3}(?:[,٬ ]\d{3})+(?:\.\d+)?(?!\d)|(?<![\w])\d+(?:\.\d+)?")
_MARKER: Final = re.compile(r"\[\d{1,2}\]|\[[a-z][a-z0-9_]*_\d+\]|^\s*\d{1,2}[.)]\s|\bsteps? \d{1,2}\b", re.MULTILINE)
_SMALL: Final = 10
_SENSITIVE: Final = re.compile(
    r"[$€£¥₹%]|\b(?:usd|eur|gbp|sar|aed|egp|dollars?|euros?|pounds?|riyals?|dirhams?|cents?|price|costs?|fee|discount|"
    r"in stock|stock|available|left|units?|items?|days?|weeks?|months?|years?|hours?|minutes?|per|am|pm|gb|mb|users?|"
    r"seats?)\b"
    r"|ريال|درهم|جنيه|دولار|سعر|تكلف|خصم|متوفر|متبقي|قطع|وحد|يوم|ايام|شهر|اشهر|سنه|ساع|دقيق|اسبوع"
)


@lru_cache(maxsize=2048)
def figures_in(text: str) -> frozenset[str]:
    """Return the numbers of a text, each in one spelling; markers of citations and of steps are none."""
    plain = _MARKER.sub(" ", fold(text))
    return frozenset(_value(found[0]) for found in _NUMBER.finditer(plain))


def invented_figures(sentence: str, given: Iterable[str]) -> frozenset[str]:
    """Return the figures of a sentence that nothing given says.

    Numbers up to ten count only where the sentence speaks of money, stock or time: "three steps" is no claim.
    """
    found = figures_in(sentence)
    if not found:
        return frozenset()
    known = frozenset().union(*(figures_in(text) for text in given))
    is_sensitive = _SENSITIVE.search(fold(sentence)) is not None
    return frozenset(one for one in found - known if is_sensitive or float(one) > _SMALL)


def _value(written: str) -> str:
    digits = re.sub(r"[,٬ ]", "", written)
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    return f"{int(whole)}.{fraction}" if fraction else str(int(whole))
