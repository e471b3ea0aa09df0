"""Prices, stock, dates and other figures in a sentence, and whether anything that was given says them. Pure.

Figures are compared by value: "1,200.00", "1200" and "١٢٠٠" are the same number, "2026-11-24" and "24 November 2026"
the same day. Numbers in words ("a dozen") are not seen. Names of weekdays and months, and words of being in stock, are
facts of the same kind.
"""

import re
from collections.abc import Iterable
from typing import Final

from core.personal_data.plainness import make_plain
from graph.dates import moments_in, parts_of

_NUMBER: Final = re.compile(r"(?<![\w.])\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?(?!\d)|(?<!\w)\d+(?:\.\d+)?")
_NO_FIGURE: Final = re.compile(
    r"\[\d{1,2}\]|\[[a-z][a-z0-9_]*_\d+\]|^\s*\d{1,2}[.)]\s|\b(?:step|option) \d{1,2}\b",
    re.MULTILINE | re.IGNORECASE,
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
    )
)


def figures_in(text: str) -> frozenset[str]:
    """Return what a text states: numbers, dates and times, each in one spelling, and what it says of stock and days.

    What can be read in two ways ("03/04/2026", "2:30") is one figure of both, with "|" between them.
    """
    plain = _plain(text)
    moments = moments_in(plain)
    for one in moments:
        plain = f"{plain[: one.start]}{' ' * (one.end - one.start)}{plain[one.end :]}"
    return _numbers_and_facts(plain) | {"|".join(one.readings) for one in moments}


def figures_given(texts: Iterable[str]) -> frozenset[str]:
    """Return the figures that texts give: what they state, and what follows of it, such as the day of a date alone."""
    return frozenset[str]().union(*map(_given_by, texts))


def unproven(figures: frozenset[str], given: frozenset[str]) -> frozenset[str]:
    """Return the figures of a text (`figures_in`) that are not among those given (`figures_given`)."""
    return frozenset(one for one in figures if given.isdisjoint(one.split("|")))


def invented_figures(sentence: str, given: frozenset[str]) -> frozenset[str]:
    """Return the figures of a sentence that were not given.

    Numbers up to ten count only where the sentence speaks of money, stock or time: "three steps" is no claim.
    """
    unknown = unproven(figures_in(sentence), given)
    if not unknown:
        return unknown
    is_sensitive = _SENSITIVE.search(make_plain(sentence).text.lower()) is not None
    return frozenset(one for one in unknown if is_sensitive or not _is_small(one))


def _given_by(text: str) -> frozenset[str]:
    plain = _plain(text)
    said = (one.readings[:1] if ":" in one.readings[0] else one.readings for one in moments_in(plain))
    return _numbers_and_facts(plain) | {part for readings in said for one in readings for part in parts_of(one)}


def _plain(text: str) -> str:
    return " ".join(_NO_FIGURE.sub(" ", make_plain(text).text).split())


def _numbers_and_facts(plain: str) -> frozenset[str]:
    plain = plain.lower()
    numbers = {_value(found[0]) for found in _NUMBER.finditer(plain)}
    return frozenset(numbers | {name for name, pattern in _FACTS if pattern.search(plain)})


def _is_small(figure: str) -> bool:
    return figure.replace(".", "", 1).isdigit() and float(figure) <= _SMALL


def _value(written: str) -> str:
    whole, _, fraction = written.replace(",", "").replace(" ", "").partition(".")
    fraction = fraction.rstrip("0")
    whole = whole.lstrip("0") or "0"  # as a text: of a number with thousands of digits, `int` makes an error
    return f"{whole}.{fraction}" if fraction else whole
