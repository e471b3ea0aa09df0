"""Lines on PDF pages to Markdown: size makes headings, gaps make paragraphs, what runs along every page is dropped.

A PDF holds glyphs at places and no structure, so all of this is inference. It is kept apart from the PDF library so
that it can be tested by tables.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Final

_HEADING_RATIO: Final = 1.15
"""A line this much larger than the body is a heading."""
_LONGEST_HEADING: Final = 150
_DEEPEST: Final = 4
_FULL: Final = 0.7
"""A line this long, compared with the longest ones of its page, goes on in the next; a shorter one ends there."""
_LEAST_FULL: Final = 40
_GAP: Final = 1.5
_RUNNING_SHARE: Final = 0.6
_LEAST_PAGES: Final = 3
_BULLET: Final = re.compile(r"^\s*[•▪‣◦●○■□·–-]\s+")
_NUMBERED: Final = re.compile(r"^\s*\d{1,3}[.)]\s+")
_DIGITS: Final = re.compile(r"\d+")
_HYPHENS: Final = ("\x02", "\u00ad", "\ufffe")
_LEFTWARD: Final = ("R", "AL")
_RIGHTWARD: Final = ("L", "EN", "AN")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character and the middle of its box, in points from the left edge."""

    text: str
    x: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page. `size` is the font's in points, `y` its baseline's distance from the page's lower edge."""

    text: str
    size: float
    y: float


def order_glyphs(glyphs: Sequence[Glyph]) -> str:
    """Return a line's text in reading order.

    PDFs store right-to-left text glyph by glyph as it lies on the page, and extractors turn only some of it. So a line
    with such text is read from its places: in the direction that most of it has, then each stretch of the other one
    turned.
    """
    kinds = [_direction(glyph.text) for glyph in glyphs]
    if -1 not in kinds:
        return "".join(glyph.text for glyph in glyphs)
    base = -1 if kinds.count(-1) > kinds.count(1) else 1
    words = [list(word) for is_blank, word in groupby(glyphs, key=lambda glyph: glyph.text.isspace()) if not is_blank]
    words.sort(key=lambda word: base * sum(glyph.x for glyph in word) / len(word))
    return unicodedata.normalize("NFKC", " ".join(_turned([_order_word(word) for word in words], base)))


def _order_word(word: Sequence[Glyph]) -> str:
    is_leftward = any(_direction(glyph.text) < 0 for glyph in word)
    placed = [glyph.text for glyph in sorted(word, key=lambda glyph: glyph.x)]
    return "".join(_turned(placed[::-1], -1) if is_leftward else placed)


def _direction(text: str) -> int:
    """Return -1 for text that is written leftwards, 1 for rightwards (digits too), 0 for neither."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    if any(kind in _LEFTWARD for kind in kinds):
        return -1
    return int(any(kind in _RIGHTWARD for kind in kinds))


def _turned(placed: Sequence[str], base: int) -> Iterable[str]:
    # `placed` runs in the base direction; stretches of the other one, with the marks inside them, are turned.
    run: list[str] = []
    for text in placed:
        direction = _direction(text)
        if direction == -base or (run and direction == 0):
            run.append(text)
            continue
        yield from _closed(run)
        run = []
        yield text
    yield from _closed(run)


def _closed(run: list[str]) -> list[str]:
    # Marks behind the last letter of a run belong to the text around it.
    inner = len(run)
    while inner and _direction(run[inner - 1]) == 0:
        inner -= 1
    return [*reversed(run[:inner]), *run[inner:]]


def split_running(pages: Sequence[Sequence[Line]]) -> tuple[list[list[Line]], tuple[str, ...]]:
    """Return the pages without their running heads and feet, and those as text; page numbers count as equal."""
    if len(pages) < _LEAST_PAGES:
        return [list(page) for page in pages], ()
    counted = Counter(key for page in pages for key in {_running_key(line) for line in _edges(page)})
    running = {key for key, count in counted.items() if count >= _RUNNING_SHARE * len(pages)}
    kept = [[line for line in page if _running_key(line) not in running] for page in pages]
    dropped = dict.fromkeys(line.text for page in pages for line in _edges(page) if _running_key(line) in running)
    return kept, tuple(dropped)[:20]


def _edges(page: Sequence[Line]) -> list[Line]:
    by_height = sorted(page, key=lambda line: line.y)
    return [*by_height[:2], *by_height[-2:]]


def _running_key(line: Line) -> tuple[str, float]:
    return _DIGITS.sub("0", line.text.strip()), round(line.y / 2)


def to_markdown(pages: Sequence[Sequence[Line]]) -> str:
    """Return the pages as one Markdown text."""
    levels = _levels([line for page in pages for line in page])
    blocks = (block for page in pages for block in _blocks(page, levels))
    text = "\n\n".join(blocks)
    return re.sub(r"(?<=\w)-?[\x02\u00ad\ufffe]\s*", "", text)


def _levels(lines: Sequence[Line]) -> dict[float, int]:
    weights: Counter[float] = Counter()
    for line in lines:
        weights[_rounded(line.size)] += len(line.text)
    if not weights:
        return {}
    body = weights.most_common(1)[0][0]
    larger = sorted((size for size in weights if size >= body * _HEADING_RATIO), reverse=True)
    return {size: min(level, _DEEPEST) for level, size in enumerate(larger, start=1)}


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _level(line: Line, levels: dict[float, int]) -> int:
    is_heading = len(line.text) <= _LONGEST_HEADING and any(character.isalpha() for character in line.text)
    return levels.get(_rounded(line.size), 0) if is_heading else 0


def _blocks(page: Sequence[Line], levels: dict[float, int]) -> Iterable[str]:
    full = _FULL * max(_LEAST_FULL, *(len(line.text) for line in page), 0)
    for level, group in groupby(page, key=lambda line: _level(line, levels)):
        lines = list(group)
        if level:
            yield from (f"{'#' * level} {text}" for text in _joined_headings(lines))
        else:
            yield from _paragraphs(lines, full)


def _joined_headings(lines: Sequence[Line]) -> Iterable[str]:
    # A heading that wraps goes on directly below; two headings of one size have a gap or text between them.
    current = lines[0].text.strip()
    for above, below in pairwise(lines):
        if 0 < above.y - below.y <= _GAP * above.size:
            current = f"{current} {below.text.strip()}"
        else:
            yield current
            current = below.text.strip()
    yield current


def _paragraphs(lines: Sequence[Line], full: float) -> Iterable[str]:
    usual = median([above.y - below.y for above, below in pairwise(lines) if above.y > below.y] or [0.0])
    block = _marked(lines[0].text)
    for above, below in pairwise(lines):
        is_apart = above.y - below.y > _GAP * max(usual, above.size) or above.y < below.y
        starts_item = bool(_BULLET.match(below.text) or _NUMBERED.match(below.text))
        if is_apart and not starts_item:
            yield block
            block = _marked(below.text)
        elif starts_item or (len(above.text) < full and not above.text.endswith(_HYPHENS)):
            block = f"{block}\n{_marked(below.text)}"
        else:
            block = f"{block} {below.text.strip()}"
    yield block


def _marked(text: str) -> str:
    stripped = _BULLET.sub("- ", text.strip())
    return f"\\{stripped}" if stripped.startswith("#") else stripped
