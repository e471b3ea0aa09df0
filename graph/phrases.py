"""What the agent says in fixed words: greetings, refusals, promises, faults, in each language it speaks by itself.

The words stand in `phrase_files`, one file a language, with the same keys in each. They need no check of guards and no
provider, so they are there when everything else is away.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml

from core.config import Tone
from graph.languages import SPOKEN, primary, spoken

_FOLDER: Final = Path(__file__).parent / "phrase_files"
UNNAMED: Final = str(Tone.model_fields["product_name"].default)
"""What the product is called where the company gave it no name; each language has its own words for it."""
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_FEW: Final = range(3, 11)
"""Numbers with a plural of their own in Arabic (Unicode CLDR, cardinals: `few`)."""


def phrase(key: str, language: str | None, **values: object) -> str:
    """Return a fixed text in a language, else in English; `values` fill its {names}.

    A key such as `refuse.unheard_of` takes the words of `refuse.default`. Raises KeyError for a key that has neither,
    or a value that is missing: faults of the code, which tests find.
    """
    words = _words(spoken(language))
    text = words.get(key) or words[f"{key.split('.')[0]}.default"]
    if values.get("product") == UNNAMED:
        values["product"] = words["the_product"]
    return str(text).format_map(values)


def ends_in(text: str, *keys: str) -> bool:
    """Tell whether a text of the agent's ends in one of these fixed texts, in any language; they hold no {names}."""
    said = text.rstrip()
    return any(said.endswith(_words(language)[key]) for key in keys for language in SPOKEN)


def is_said(text: str, *kinds: str) -> bool:
    """Tell whether a text of the agent's holds a fixed text whose key begins with one of `kinds`, in any language."""
    return _fixed(kinds).search(text) is not None


def duration(minutes: int, language: str | None) -> str:
    """Return a length of time in words, in the largest unit that it fills: “30 minutes”, “2 hours”, “a day”."""
    for unit, size in (("days", _DAY), ("hours", _HOUR)):
        if minutes >= size and minutes % size == 0:
            return counted(f"duration.{unit}", minutes // size, language)
    if minutes > 2 * _DAY:
        return counted("duration.days", -(-minutes // _DAY), language)
    if minutes > 2 * _HOUR:
        return counted("duration.hours", -(-minutes // _HOUR), language)
    return counted("duration.minutes", max(1, minutes), language)


def moment(at: datetime, now: datetime, zone: str, language: str | None) -> str:
    """Return a time to come in words, on the clock of a time zone: “14:30 today”, “09:00 on Monday”."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    days = (local.date() - today).days
    weekday = _words(spoken(language))["weekdays"][local.weekday()]
    key = {0: "today", 1: "tomorrow"}.get(days, "weekday" if 1 < days < 7 else "date")
    clock = f"{local:%H:%M} ({_zone_name(local)})"
    return phrase(f"moment.{key}", language, time=clock, weekday=weekday, date=local.date().isoformat())


def counted(key: str, count: int, language: str | None) -> str:
    """Return a number with its noun, in the plural that the language has for it."""
    forms: Mapping[str, str] = _words(spoken(language))[key]
    return (forms.get(_plural(count)) or forms["other"]).format(count=count)


@lru_cache
def _fixed(kinds: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of the fixed texts of some kinds, whatever fills their {names}."""
    texts = (str(text) for language in SPOKEN for key, text in _words(language).items() if key.startswith(kinds))
    return re.compile("|".join(".+".join(map(re.escape, re.split(r"\{\w+\}", text))) for text in texts))


def tongue(tag: str, language: str | None) -> str:
    """Return how a language is called in another, as it stands in “I have this in … only”."""
    names: Mapping[str, str] = _words(spoken(language))["tongues"]
    return names.get(primary(tag)) or names["default"]


@lru_cache(maxsize=len(SPOKEN))
def _words(tag: str) -> Mapping[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((_FOLDER / f"{primary(tag)}.yaml").read_bytes())
    return loaded


def _plural(count: int) -> str:
    return {1: "one", 2: "two"}.get(count) or ("few" if count % 100 in _FEW else "other")


def _zone_name(local: datetime) -> str:
    name = local.tzname() or ""
    return name if name.isalpha() else f"UTC{local:%z}"
