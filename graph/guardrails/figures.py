"""Prices, stock, dates and other figures in a sentence, and whether anything that was given says them. Pure.

Figures are compared by value: "1,200.00", "1200" and "١٢٠٠" are the same number. Numbers in words ("a dozen") are not
seen. Names of weekdays and months, and words of being in stock, are facts of the same kind.
"""

import re
from collections.abc import Iterable
from typing import Final

from core.personal_data.plainness import make_plain

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?(?!\d)|(?<!\w)\d+(?:\.\d+)?")
_NO_FIGURE: Final = re.compile(
    r"\[\d{1,2}\]|\[[a-z][a-z0-9_]*_\d+\]|^\s*\d{1,2}[.)]\s|\b(?:step|option) \d{1,2}\b", re.MULTILINE
)
"""Markers of citations, placeholders, and numbers of steps."""
_SMALL: Final = 10
_SENSITIVE: Final = re.compile(
    r"[$€£¥₹%]|\b(?:usd|eur|gbp|sar|aed|egp|dollars?|euros?|pounds?|riyals?|dirhams?|cents?|prices?|costs?|fees?|"
    r"discount|"
    r"stock|available|left|units?|items?|days?|weeks?|months?|years?|hours?|minutes?|per|am|pm|gb|mb|users?|seats?)\b"
    r"|\d(?:am|pm|gb|mb|k)\b"
    r"|ريال|درهم|جنيه|دولار|سعر|تكلف|خصم|متوفر|متبقي|قطع|وحد|يوم|ايام|أيام|شهر|اشهر|أشهر|سنه|سنة|ساع|دقيق|اسبوع|أسبوع"
)
_FACTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "in stock",
            r"\b(?:is|are|it's|still|currently|back|have (?:it|them|\w+)) in stock\b|متوفر\w* (?:في المخزون|حاليا)",
        ),
        (
            "out of stock",
            r"\bout of stock\b|\bsold out\b|\bnot in stock\b|\bback-?order|نفد\w* (?:من )?المخزون|غير متوفر",
        ),
        *(
            (day, rf"\b{day}\b")
            for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        ),
        *(
            (month, rf"\b{month}\b")
            for month in (
                "january",
                "february",
                "april",
                "june",
                "july",
                "august",
                "september",
                "october",
                "november",
                "december",
            )
        ),
    )
)


def figures_in(text: str) -> frozenset[str]:
    """Return the figures of a text: its numbers, each in one spelling, and what it says of stock, days and months."""
    plain = _NO_FIGURE.sub(" ", make_plain(text).text.lower())
    numbers = {_value(found[0]) for found in _NUMBER.finditer(plain)}
    return frozenset(numbers | {name for name, pattern in _FACTS if pattern.search(plain)})


def all_figures(texts: Iterable[str]) -> frozenset[str]:
    """Return the figures of all texts."""
    return frozenset[str]().union(*map(figures_in, texts))


def invented_figures(sentence: str, known: frozenset[str]) -> frozenset[str]:
    """Return the figures of a sentence that are not known.

    Numbers up to ten count only where the sentence speaks of money, stock or time: "three steps" is no claim.
    """
    unknown = figures_in(sentence) - known
    if not unknown:
        return unknown
    is_sensitive = _SENSITIVE.search(make_plain(sentence).text.lower()) is not None
    return frozenset(one for one in unknown if is_sensitive or not _is_small(one))


def _is_small(figure: str) -> bool:
    return figure[0].isdigit() and float(figure) <= _SMALL


def _value(written: str) -> str:
    whole, _, fraction = written.replace(",", "").replace(" ", "").partition(".")
    fraction = fraction.rstrip("0")
    return f"{int(whole)}.{fraction}" if fraction else str(int(whole))
