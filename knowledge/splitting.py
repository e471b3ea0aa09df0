"""Blocks into pieces that fit: tables by rows under their repeated header, code by lines, prose by sentences.

Each level is tried before the next finer one: block, entry or line, sentence, word, and characters at last, so that a
piece never passes its limit whatever the text is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from knowledge.markdown import Block, BlockKind
from knowledge.tokens import TokenCounter

_SENTENCE_END: Final = re.compile(
    r"""(?<=[.!?؟…])(["'”’»)\]]{0,3})(\s+)(?=[^a-z\s])  # a stop, closing marks, a blank, and no small letter behind
    | (?<=[。！？])()()                                    # stops that need no blank
    | ()(\n\s*)(?=[^a-z\s])                              # a line's end, unless the next line goes on in small letters
    """,
    re.VERBOSE,
)
_ITEM: Final = re.compile(r"^(?:[-*+•]|\d{1,9}[.)])[ \t]", re.MULTILINE)
_TABLE_HEAD: Final = 2
_CHARACTERS_PER_TOKEN: Final = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a section that is not cut further. `glue` joins it to the piece before.

    `repeated` counts the characters at its beginning that an earlier piece holds already: a table's header, a fence.
    """

    text: str
    tokens: int
    glue: str = "\n\n"
    kind: BlockKind = BlockKind.PROSE
    repeated: int = 0


def pieces_of(block: Block, size: int, cap: int, count: TokenCounter) -> list[Piece]:
    """Return a block as pieces: tables and code of at most `cap` tokens, all else of at most `size`."""
    whole = Piece(block.text, count(block.text), kind=block.kind)
    if block.kind in (BlockKind.TABLE, BlockKind.CODE):
        return [whole] if whole.tokens <= cap else list(_framed(block, cap, count))
    if whole.tokens <= size:
        return [whole]
    texts = _entries(block.text) if block.kind is BlockKind.LIST else [block.text]
    found = [piece for text in texts for piece in _prose(text, size, count)]
    return [Piece(found[0].text, found[0].tokens, "\n\n", block.kind), *found[1:]]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; a line's end ends one as well, unless the text just wraps. No word is lost."""
    return [sentence for _, sentence in _glued_sentences(text)]


def _glued_sentences(text: str) -> Iterator[tuple[str, str]]:
    """Yield each sentence with what joins it to the one before: a line break or a blank."""
    start, glue = 0, "\n"
    for end in _SENTENCE_END.finditer(text):
        blank = end[2] or end[6] or ""
        stop = end.end() - len(blank)
        if sentence := text[start:stop].strip():
            yield glue, sentence
            glue = "\n" if "\n" in blank else " " if blank else ""
        start = end.end()
    if sentence := text[start:].strip():
        yield glue, sentence


def _entries(text: str) -> list[str]:
    starts = [found.start() for found in _ITEM.finditer(text)]
    bounds = [0, *(start for start in starts if start), len(text)]
    return [part for start, stop in pairwise(bounds) if (part := text[start:stop].strip("\n"))]


def _prose(text: str, limit: int, count: TokenCounter) -> Iterator[Piece]:
    tokens = count(text)
    if tokens <= limit:
        yield Piece(text, tokens, "\n")
        return
    for glue, sentence in _glued_sentences(text):
        for number, part in enumerate(_fitting(sentence, limit, count)):
            yield Piece(part, count(part), " " if number else glue)


def _fitting(sentence: str, limit: int, count: TokenCounter) -> Iterable[str]:
    if count(sentence) <= limit:
        return [sentence]
    return _packed([part for word in sentence.split() for part in _chopped(word, limit, count)], " ", limit, count)


def _chopped(word: str, limit: int, count: TokenCounter) -> Iterator[str]:
    start = 0
    while start < len(word):
        length = _CHARACTERS_PER_TOKEN * limit
        while length > 1 and count(word[start : start + length]) > limit:
            length //= 2
        yield word[start : start + length]
        start += length


def _packed(parts: Iterable[str], glue: str, limit: int, count: TokenCounter) -> Iterator[str]:
    group: list[str] = []
    total = 0
    for part in parts:
        tokens = count(part)
        if group and total + tokens > limit:
            yield from _halved(group, glue, limit, count)
            group, total = [], 0
        group.append(part)
        total += tokens
    if group:
        yield from _halved(group, glue, limit, count)


def _halved(group: Sequence[str], glue: str, limit: int, count: TokenCounter) -> Iterator[str]:
    # Not for every counter are the tokens of joined text the sum of its parts'.
    text = glue.join(group)
    if len(group) == 1 or count(text) <= limit:
        yield text
    else:
        middle = len(group) // 2
        yield from _halved(group[:middle], glue, limit, count)
        yield from _halved(group[middle:], glue, limit, count)


def _framed(block: Block, cap: int, count: TokenCounter) -> Iterator[Piece]:
    """Split a table under its header or code between its fences; where those alone fill half the cap, without them."""
    lines = block.text.split("\n")
    head, body, foot = _frame(block, lines)
    room = cap - count("\n".join([*head, *foot])) - len(head) - len(foot)
    if room < cap // 2:
        head, body, foot, room = [], lines, [], cap
    frame = "\n".join(head) + "\n" if head else ""
    tail = "\n" + "\n".join(foot) if foot else ""
    fitting = [part for line in body for part in _line_parts(line, room, count)]
    for number, group in enumerate(_packed(fitting, "\n", room, count)):
        text = f"{frame}{group}{tail}"
        yield Piece(text, count(text), "\n\n" if number == 0 else "\n", block.kind, len(frame) if number else 0)


def _frame(block: Block, lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    if block.kind is BlockKind.TABLE:
        return lines[:_TABLE_HEAD], lines[_TABLE_HEAD:], []
    is_closed = len(lines) > 1 and not lines[-1].strip().strip("`~")
    return lines[:1], lines[1:-1] if is_closed else lines[1:], lines[-1:] if is_closed else []


def _line_parts(line: str, room: int, count: TokenCounter) -> Iterable[str]:
    return [line] if count(line) <= room else _fitting(line, room, count)
