"""Dates and times of day in the spellings that people use, each read as what it means. Pure.

A tool says "2026-11-24T14:30", an answer "24 November at 2:30 pm", "11/24/2026" or "٢٤ تشرين الثاني": the same moment.
Names of months are those of the Unicode CLDR (`en`, `ar`, `ar_SY`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.personal_data.plainness import make_plain

ENGLISH: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
ARABIC: Final = (
    "يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر",
)  # fmt: skip
_LEVANTINE: Final = (
    "كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران", "تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني",
    "كانون الأول",
)  # fmt: skip
_NO_MONTHS_ALONE: Final = frozenset({"march", "may", "sept", "مارس", "اب"})
"""Words with another meaning, where no day or year stands beside them; so have those of three letters."""
_VERBS: Final = frozenset({"march", "may"})
"""In small letters they are months beside a year alone: "you may 3 times"."""
_TAKEN: Final = "\0"
"""Stands for a letter of a moment that was found; no plain text has it."""
_HAMZA: Final = str.maketrans("أإآ", "ااا")
_MONTHS: Final = {
    name.lower().translate(_HAMZA): number
    for names in (ENGLISH, tuple(name[:3] for name in ENGLISH), ARABIC, _LEVANTINE)
    for number, name in enumerate(names, start=1)
} | {"sept": 9}
_MONTH: Final = rf"(?<![^\W\d_])[وبلف]?(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?(?![^\W\d_])"
_DAY: Final = r"(?<![\d.,:/])(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\d:])"
_YEAR: Final = r"(?P<year>\d{4})(?!\d)"
_AFTER: Final = r"(?<!\d)(?<!\d[.:/-])"
_CLOCK: Final = r"(?P<hour>\d\d?):(?P<minute>\d\d)(?::\d\d(?:\.\d+)?)?"
_EARLY_ALONE: Final = r"a\.?m\b\.?|(?:صباح|فجر)[\u064bا]*(?!\w)"
_LATE_ALONE: Final = r"p\.?m\b\.?|(?:بعد الظهر|ظهر|عصر|مساء)[\u064bا]*(?!\w)"
_EARLY: Final = rf"{_EARLY_ALONE}|ص(?!\w)"
_LATE: Final = rf"{_LATE_ALONE}|م(?!\w)"
_SHORT_CLOCK: Final = r"(?P<hour>\d\d?)(?:\.(?P<minute>\d\d))?"
_PATTERNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_AFTER}{_YEAR}(?P<by>[-/.])(?P<number>\d\d?)(?P=by)(?P<day>\d\d?)(?![-/]?\d)",
        rf"{_AFTER}(?P<first>\d\d?)(?P<by>[-/.])(?P<second>\d\d?)(?P=by)(?:{_YEAR}|(?P<short>\d\d))(?![\d/]|-\d)",
        rf"{_DAY}(?: of| من)?[ -]{_MONTH}(?:,?[ -](?:of )?{_YEAR})?",
        rf"{_MONTH}(?: {_DAY})?(?:,? (?:of )?{_YEAR})?",
        rf"(?<=\0t){_CLOCK}(?:z|[+-]\d\d:?\d\d)?",
        rf"(?<!\d)(?<!\d[.:]){_CLOCK}(?![\d:])(?: ?(?:(?P<early>{_EARLY})|(?P<late>{_LATE})))?",
        rf"(?<![\d:.,]){_SHORT_CLOCK} ?(?:(?P<early>{_EARLY_ALONE})|(?P<late>{_LATE_ALONE}))",
    )
)
"""Tried in this order, each on what those before it left."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time in a text (`make_plain`), from `start` to `end`.

    `readings` are what it may mean: "2026-11-24", "--11-24", "2026-11", "--11" or "14:30"; of a time without "am" or
    "pm" the first is the one by 24 hours. `is_numeric` tells that it is a date in digits alone.
    """

    start: int
    end: int
    readings: tuple[str, ...]
    is_numeric: bool = False


def moments_in(plain: str) -> tuple[Moment, ...]:
    """Return the dates and times of a plain text (`make_plain`), in order."""
    found: list[Moment] = []

    def take(match: re.Match[str]) -> str:
        if not (readings := _readings(match)):
            return match[0]
        is_numeric = bool(match.re.groupindex.keys() & {"number", "first"})
        found.append(Moment(match.start(), match.end(), readings, is_numeric))
        return _TAKEN * len(match[0])

    left = plain.translate(_HAMZA)
    for pattern in _PATTERNS:
        left = pattern.sub(take, left)
    return tuple(sorted(found, key=lambda moment: moment.start))


def parts_of(reading: str) -> Iterator[str]:
    """Yield a reading and whatever it says as well: the day without its year, the month of the day."""
    yield reading
    if reading[:2] != "--" and reading.count("-") == 2:
        yield f"--{reading[5:]}"
        yield reading[:7]
    if "-" in reading:
        yield f"--{reading.removeprefix('--')[:2]}" if reading[:2] == "--" else f"--{reading[5:7]}"


def worded(reading: str, months: tuple[str, ...]) -> str:
    """Return a reading as people write it: "24 November 2026", "14:30"."""
    if ":" in reading:
        return reading
    year, month, day, *_ = (*reading.replace("--", "-", 1).split("-"), "")
    return " ".join(filter(None, (day.lstrip("0"), months[int(month) - 1], year)))


def respelt(text: str, months: tuple[str, ...]) -> Iterator[str]:
    """Yield a text with its dates and times in words, once for each way to read them; nothing where there are none."""
    plain = make_plain(text).text
    moments = moments_in(plain)
    for number in range(max((len(one.readings) for one in moments), default=0)):
        said = plain
        for one in reversed(moments):
            words = worded(one.readings[min(number, len(one.readings) - 1)], months)
            said = f"{said[: one.start]}{words}{said[one.end :]}"
        yield said


def _readings(match: re.Match[str]) -> tuple[str, ...]:
    given = match.groupdict()
    if given.get("hour"):
        return _times(given)
    year, day = given.get("year"), given.get("day")
    if written := given.get("month"):
        return (_reading(year, _MONTHS[written.lower()], day),) if _is_month(written, day, year) else ()
    if given.get("number"):
        return _existing((year, given["number"], day))
    if given["short"]:
        if given["by"] != "/":  # 1.2.10 is a version
            return ()
        year = f"20{given['short']}"
    first, second = given["first"], given["second"]
    return tuple(dict.fromkeys((*_existing((year, second, first)), *_existing((year, first, second)))))


def _is_month(written: str, day: str | None, year: str | None) -> bool:
    if not (day or year):
        return len(written) > len("Jan") and written.lower() not in _NO_MONTHS_ALONE
    return bool(year) or written not in _VERBS


def _existing(parts: tuple[str | None, ...]) -> tuple[str, ...]:
    year, month, day = (int(part or 0) for part in parts)
    try:
        return (date(year, month, day).isoformat(),)
    except ValueError:
        return ()


def _reading(year: str | None, month: int, day: str | None) -> str:
    return f"{year or '-'}-{month:02}" + (f"-{int(day):02}" if day else "")


def _times(given: dict[str, str | None]) -> tuple[str, ...]:
    hour, minute = int(given["hour"] or 0), int(given.get("minute") or 0)
    if hour > 23 or minute > 59:
        return ()
    early, late = bool(given.get("early")), bool(given.get("late"))
    if early or (late and hour <= 12):
        hour = hour % 12 + 12 * late
    is_open = not (early or late or (given["hour"] or "").startswith("0")) and 1 <= hour <= 12
    return tuple(f"{one:02}:{minute:02}" for one in ((hour, (hour + 12) % 24) if is_open else (hour,)))
