"""A document into chunks that can be found and cited: along its headings, by tokens, with nothing lost.

`langchain-text-splitters` was tried as a basis: its header splitter with the recursive Markdown splitter behind it, at
the same size and with the same token counter. Over the repository's own documents it made 134 chunks at 0.21 s of CPU
per megabyte, of which 2 held headings alone, 15 table rows without their header and 7 code torn from its fences; this
makes 119 at the same cost and none of those (`bench/chunking.py`). It knows one limit where two are needed, what to aim
at and what no chunk may exceed, and does not tell repeated text from new. So sections, blocks and pieces are our own.

Chunks never cross a heading. An edit therefore changes the chunks of its own section alone, and the rest keep their
content hash, which is what makes a re-ingest cheap.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from knowledge.documents import Document
from knowledge.markdown import BlockKind, Section, sections
from knowledge.splitting import Piece, pieces_of, sentences
from knowledge.tokens import TokenCounter, estimate_tokens

_LONGEST_PATH_PART: Final = 200
_INTRODUCTION: Final = 3
"""A table or code may share a chunk with text before it of up to this part of the aimed size, beyond the aim."""
_REMAINDER: Final = 5
"""A last chunk below this part of the aimed size joins the one before it, if the cap allows."""


@dataclass(frozen=True, slots=True)
class ChunkPolicy:
    """Sizes in tokens: what a chunk aims at, what a split text repeats, and what no chunk's text exceeds."""

    size: int
    overlap: int
    cap: int

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < self.size <= self.cap:
            raise ValueError("0 <= overlap < size <= cap must hold")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document.

    `heading_path` leads from the document's title to the section; `text` is what stands below, in the source's words.
    `tokens` are those of `text`. The first `repeated` characters of `text` are also in the chunk before (or are the
    header of a split table). `content_hash` is the SHA-256 of path and text.
    """

    ordinal: int
    heading_path: tuple[str, ...]
    text: str
    tokens: int
    content_hash: bytes
    repeated: int = 0


def chunk(document: Document, policy: ChunkPolicy, count_tokens: TokenCounter = estimate_tokens) -> tuple[Chunk, ...]:
    """Return a document's chunks in order; none for a document without text."""
    chunks: list[Chunk] = []
    for section in sections(document.markdown):
        path = _full_path(document.title, section.path)
        for text, repeated in _texts(section, policy, count_tokens):
            digest = hashlib.sha256("\0".join((*path, "", text)).encode("utf-8", "replace")).digest()
            chunks.append(Chunk(len(chunks), path, text, count_tokens(text), digest, repeated))
    return tuple(chunks)


def _full_path(title: str, path: Sequence[str]) -> tuple[str, ...]:
    named = " ".join(title.split())[:_LONGEST_PATH_PART]
    repeats_title = bool(path) and path[0].casefold() == named.casefold()
    return tuple(part for part in (named, *(path[1:] if repeats_title else path)) if part)


def _texts(section: Section, policy: ChunkPolicy, count: TokenCounter) -> Iterator[tuple[str, int]]:
    pieces = [piece for block in section.blocks for piece in pieces_of(block, policy.size, policy.cap, count)]
    groups = _merged_remainder(list(_grouped(pieces, policy)), policy)
    before: Sequence[Piece] = ()
    for group in groups:
        overlap = _overlap(before, group, policy, count)
        for pieces_fitting, lead in _within_cap(group, overlap, policy.cap, count):
            yield _joined(pieces_fitting, lead)
        before = group


def _grouped(pieces: Iterable[Piece], policy: ChunkPolicy) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    total = 0
    for piece in pieces:
        is_introduced = piece.kind in (BlockKind.TABLE, BlockKind.CODE) and total <= policy.size // _INTRODUCTION
        limit = policy.cap if is_introduced else policy.size
        if group and (total + piece.tokens > limit or piece.repeated):
            yield group
            group, total = [], 0
        group.append(piece)
        total += piece.tokens
    if group:
        yield group


def _merged_remainder(groups: list[list[Piece]], policy: ChunkPolicy) -> list[list[Piece]]:
    if len(groups) < 2 or groups[-1][0].repeated:
        return groups
    last, before = _total(groups[-1]), _total(groups[-2])
    if last >= policy.size // _REMAINDER or before + last > policy.cap:
        return groups
    return [*groups[:-2], [*groups[-2], *groups[-1]]]


def _total(pieces: Iterable[Piece]) -> int:
    return sum(piece.tokens for piece in pieces)


def _overlap(before: Sequence[Piece], group: Sequence[Piece], policy: ChunkPolicy, count: TokenCounter) -> str:
    """Return the last whole sentences before a group, as many as the overlap allows; none around tables and code."""
    solid = (BlockKind.TABLE, BlockKind.CODE)
    if not before or before[-1].kind in solid or group[0].kind in solid:
        return ""
    taken: list[str] = []
    for sentence in reversed(sentences(before[-1].text)):
        longer = " ".join([sentence, *taken])
        if count(longer) > policy.overlap or count(longer) + _total(group) > policy.cap:
            break
        taken.insert(0, sentence)
    return " ".join(taken)


def _within_cap(
    group: Sequence[Piece], overlap: str, cap: int, count: TokenCounter
) -> Iterator[tuple[Sequence[Piece], str]]:
    # The tokens of joined text are not the sum of its parts' for every counter; the cap holds for the joined text.
    if count(_joined(group, overlap)[0]) <= cap:
        yield group, overlap
    elif overlap:
        yield from _within_cap(group, "", cap, count)
    elif len(group) == 1:
        yield group, ""
    else:
        middle = len(group) // 2
        yield from _within_cap(group[:middle], "", cap, count)
        yield from _within_cap(group[middle:], "", cap, count)


def _joined(group: Sequence[Piece], overlap: str) -> tuple[str, int]:
    lead = overlap + group[0].glue if overlap else ""
    text = lead + group[0].text + "".join(piece.glue + piece.text for piece in group[1:])
    return text, len(lead) + group[0].repeated
