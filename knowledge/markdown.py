"""Markdown as sections of blocks: what belongs to which heading, and what must not be torn apart.

Own code on purpose: a CommonMark parser was tried (markdown-it-py) and read tables at 0.2 MB/s and 100 KB of lazily
continued quotes in 6 s, while chunks only need the outermost blocks. This reads line by line, each line once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LONGEST_HEADING: Final = 200
"""Characters; what is longer is a paragraph that somebody put a # before."""

_HEADING: Final = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*))?$")
_UNDERLINE: Final = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_RULE: Final = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_FENCE: Final = re.compile(r"[ \t]*(`{3,}|~{3,})")
_ITEM: Final = re.compile(r"[ \t]*(?:[-*+•]|\d{1,9}[.)])[ \t]+\S")
_DELIMITER: Final = frozenset("|:- \t")


class BlockKind(StrEnum):
    """PROSE is a paragraph or a quote; LIST has one entry a line or more; TABLE and CODE are kept whole if they fit."""

    PROSE = "prose"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """A block in the words of the source; `text` has no blank line at its ends."""

    kind: BlockKind
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """The blocks below one heading, up to the next. `path` leads from the outermost heading to this one."""

    path: tuple[str, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    text: str
    line: str


@dataclass(slots=True)
class _Open:
    """A section while it is being filled; `line` is its heading's source, for when no text comes to stand below it."""

    heading: _Heading | None = None
    parent: "_Open | None" = None
    blocks: list[Block] = field(default_factory=list)
    is_used: bool = False

    def path(self) -> tuple[str, ...]:
        above = self.parent.path() if self.parent else ()
        return (*above, self.heading.text) if self.heading else above

    def use(self) -> None:
        section: _Open | None = self
        while section is not None and not section.is_used:
            section.is_used = True
            section = section.parent


class _Lines:
    """The lines of a text, with what tells at once whether a fence is ever closed: looking for it each time is what
    makes a text of nothing but open fences take for ever.
    """

    def __init__(self, markdown: str) -> None:
        self.lines = markdown.splitlines()
        self._longest: dict[str, list[int]] = {mark: [0] * (len(self.lines) + 1) for mark in "`~"}
        for index in range(len(self.lines) - 1, -1, -1):
            line = self.lines[index].strip()
            for mark, longest in self._longest.items():
                is_run = line.startswith(mark) and not line.strip(mark)
                longest[index] = max(longest[index + 1], len(line) if is_run else 0)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int) -> str:
        return self.lines[index] if index < len(self.lines) else ""

    def joined(self, start: int, stop: int) -> str:
        return "\n".join(self.lines[start:stop]).strip("\n")

    def closes(self, fence: str, start: int) -> bool:
        """Tell whether a fence that opened above `start` is closed at or below it."""
        return self._longest[fence[0]][start] >= len(fence)


def sections(markdown: str) -> tuple[Section, ...]:
    """Return the sections of a text in order, each with a block at least.

    A heading that nothing stands below, in no depth, would vanish: its line joins the section before it, or the one
    after it when there is none before.
    """
    opened = _gather(_Lines(markdown))
    for section in opened:
        if section.blocks:
            section.use()
    kept: list[_Open] = []
    waiting: list[Block] = []
    for section in opened:
        if section.blocks:
            section.blocks[:0] = waiting
            waiting = []
            kept.append(section)
        elif section.heading and not section.is_used:
            (kept[-1].blocks if kept else waiting).append(Block(BlockKind.PROSE, section.heading.line))
    if waiting:
        kept.append(_Open(blocks=waiting))
    return tuple(Section(section.path(), tuple(section.blocks)) for section in kept)


def _gather(lines: _Lines) -> list[_Open]:
    current = _Open()
    opened = [current]
    for part in _parts(lines):
        if isinstance(part, Block):
            current.blocks.append(part)
            continue
        parent: _Open | None = current
        while parent and parent.heading and parent.heading.level >= part.level:
            parent = parent.parent
        current = _Open(part, parent)
        opened.append(current)
    return opened


def _parts(lines: _Lines) -> Iterator[_Heading | Block]:
    index = 0
    while index < len(lines):
        if not lines[index].strip():
            index += 1
        elif heading := _heading(lines[index]):
            yield heading
            index += 1
        else:
            kind, stop = _extent(lines, index)
            part = _underlined(lines, index, stop) or Block(kind, lines.joined(index, stop))
            if isinstance(part, _Heading) or not _RULE.match(part.text):
                yield part
            index = stop


def _extent(lines: _Lines, start: int) -> tuple[BlockKind, int]:
    if _FENCE.match(lines[start]):
        return BlockKind.CODE, _end_of_code(lines, start)
    if _is_table(lines, start):
        return BlockKind.TABLE, _end_of_table(lines, start)
    if _ITEM.match(lines[start]) and not _RULE.match(lines[start]):
        return BlockKind.LIST, _end_of_list(lines, start)
    return BlockKind.PROSE, _end_of_prose(lines, start)


def _heading(line: str) -> _Heading | None:
    found = _HEADING.match(line) if "#" in line[:4] else None
    if not found:
        return None
    text = (found[2] or "").strip()
    text = text.rstrip("#").rstrip() or text if text.endswith("#") and " #" in text else text
    is_heading = any(character.isalnum() for character in text) and len(text) <= LONGEST_HEADING
    return _Heading(len(found[1]), text, line.strip()) if is_heading else None


def _underlined(lines: _Lines, start: int, stop: int) -> _Heading | None:
    if stop - start != 2 or not _UNDERLINE.match(lines[start + 1]) or len(lines[start]) > LONGEST_HEADING:
        return None
    text = lines[start].strip()
    return _Heading(1 if "=" in lines[start + 1] else 2, text, text)


def _end_of_code(lines: _Lines, start: int) -> int:
    opening = _FENCE.match(lines[start])
    fence = opening[1] if opening else "```"
    index = start + 1
    if not lines.closes(fence, index):
        # In CommonMark an open fence runs to the end of the text; most often somebody forgot to close it, and the
        # headings below would vanish into it. So it ends at the next blank line.
        while index < len(lines) and lines[index].strip():
            index += 1
        return index
    while not (lines[index].strip().startswith(fence) and not lines[index].strip().strip(fence[0])):
        index += 1
    return index + 1


def _is_table(lines: _Lines, start: int) -> bool:
    below = lines[start + 1]
    return "|" in lines[start] and "|" in below and "-" in below and _DELIMITER.issuperset(below)


def _end_of_table(lines: _Lines, start: int) -> int:
    return next((index for index in range(start + 2, len(lines)) if "|" not in lines[index]), len(lines))


def _end_of_list(lines: _Lines, start: int) -> int:
    index = start + 1
    while index < len(lines):
        line = lines[index]
        if _FENCE.match(line) and line[:1] in " \t":
            index = _end_of_code(lines, index)
            continue
        if not line.strip():
            following = lines[index + 1]
            if not (_ITEM.match(following) or (following[:2].isspace() and following.strip())):
                return index
        elif _interrupts(lines, index):
            return index
        index += 1
    return index


def _end_of_prose(lines: _Lines, start: int) -> int:
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if not line.strip() or _interrupts(lines, index) or (_ITEM.match(line) and not _UNDERLINE.match(line)):
            return index
        if _UNDERLINE.match(line) and index == start + 1:
            return index + 1
        if _RULE.match(line):
            return index
    return len(lines)


def _interrupts(lines: _Lines, index: int) -> bool:
    line = lines[index]
    return bool(_heading(line)) or (line[:1] in "`~" and bool(_FENCE.match(line))) or _is_table(lines, index)
