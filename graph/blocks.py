"""Takes an excerpt apart into what can be quoted as a whole: sentences, and lists or tables with what announces them.

Half of a list misleads, so one that is too long, or has a gap, is left out. Pure.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from core.sentences import split_sentences
from graph.excerpts import Excerpt, Line

MAX_ITEMS: Final = 8
"""Items of a list, or rows of a table; a longer one is left to the article."""

Block = tuple[Line, ...]
"""A sentence; or a whole list or table, with the sentence that announces it."""


def blocks_of(excerpt: Excerpt) -> tuple[Block, ...]:
    """Return the blocks of an excerpt, in its order; lists that are too long, or have a gap, are left out."""
    blocks = tuple(_grouped(_lines_of(excerpt)))
    broken = any(_begins_late(block) for block in blocks) or any(
        _goes_on_after_gap(one, other) for one, other in pairwise(blocks)
    )
    return tuple(block for block in blocks if _is_fit(block) and not (broken and block[-1].kind == "item"))


def _lines_of(excerpt: Excerpt) -> Sequence[Line]:
    """Return the lines of an excerpt; of one that comes without, its sentences."""
    if excerpt.lines:
        return excerpt.lines
    return [Line(one.text, place, place) for place, one in enumerate(split_sentences(excerpt.text))]


def _grouped(lines: Sequence[Line]) -> Iterator[Block]:
    block: list[Line] = []
    for line in lines:
        goes_on = bool(block) and line.place == block[-1].place + 1 and line.kind in ("item", "row")
        if goes_on and block[-1].kind in ("lead", line.kind):
            block.append(line)
            continue
        if block:
            yield tuple(block)
        block = [line]
    if block:
        yield tuple(block)


def _is_fit(block: Block) -> bool:
    items = [line for line in block if line.kind in ("item", "row")]
    return block[-1].kind != "lead" and len(items) <= MAX_ITEMS and not (len(items) == 1 and _number(items[0]))


def _begins_late(block: Block) -> bool:
    """Tell whether a numbered list lacks its beginning."""
    items = [line for line in block if line.kind == "item"]
    return bool(items) and _number(items[0]) > 1


def _goes_on_after_gap(one: Block, other: Block) -> bool:
    """Tell whether a list goes on behind something that cannot be quoted: half of a list misleads."""
    return one[-1].kind == other[0].kind == "item" and other[0].place > one[-1].place + 1


def _number(item: Line) -> int:
    """Return the number of an item of a numbered list, 0 for others."""
    digits = item.mark.strip("().")
    return int(digits) if digits.isdecimal() else 0


def is_list(block: Block) -> bool:
    """Tell whether a block is a list or a table."""
    return sum(line.kind in ("item", "row") for line in block) > 1


def is_steps(block: Block) -> bool:
    """Tell whether a block is a list that is no table."""
    return is_list(block) and block[-1].kind == "item"


def follow(one: Block, other: Block) -> bool:
    """Tell whether a block stands right behind another, with nothing left out between them."""
    return other[0].place == one[-1].place + 1
