"""Keeps a result from saying the same thing twice: overlapping chunks, and text that several pages repeat. Pure."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

RUN: Final = 5
"""Words in a row that are compared."""
CONTAINED: Final = 0.8
"""The share of a text's runs that better passages hold already, from which it adds nothing."""

_WORD: Final = re.compile(r"\w+")


def choose_distinct(texts: Iterable[str]) -> Iterator[int]:
    """Yield the indices of the texts that are worth showing after those before them, in order."""
    seen: set[tuple[str, ...]] = set()
    for index, text in enumerate(texts):
        runs = _runs(text)
        if not runs or len(runs & seen) < CONTAINED * len(runs):
            seen |= runs
            yield index


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.lower())
    return {tuple(words[at : at + RUN]) for at in range(max(1, len(words) - RUN + 1))} if words else set()
