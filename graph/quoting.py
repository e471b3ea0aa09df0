"""What the rules quote of the documents in answer to a question: a run of sentences as they stand, or a list of steps.

A reader judges an answer as a whole: it begins where the matter begins, keeps the order of its source, leaves nothing
out in between, and ends before it strays. What is left of the passage is a link away. Pure.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from core.tables import Row
from graph.blocks import Block, blocks_of, follow, is_list, is_steps
from graph.excerpts import Excerpt, Line
from graph.onboarding.pleasantries import plainly
from graph.plaintext import plain_text
from graph.questions import asks_how, telling_words, term_of

MAX_SENTENCES: Final = 4
MAX_QUOTED: Final = 480
"""Characters of quoted sentences; a list may be longer, since half of one is of no use."""
MAX_UNSURE: Final = 2
"""Sentences quoted where it is not certain that they are what the user wants."""
_NEAR: Final = 3
"""Sentences from the beginning of a passage within which an answer begins at its beginning."""
_LEADS_BACK: Final = re.compile(
    r"(?:it|its|they|them|these|those|this|that|then|otherwise|so|but|and|also|instead|nothing|later|if not|"
    r"هذا|هذه|ذلك|تلك|وهو|وهي|ثم|لكن|ولكن|ولذلك|لذلك|أما|وإلا)\b",
    re.IGNORECASE,
)
"""How sentences begin that make no sense without the one before."""
_DENIES: Final = re.compile(r"\b(?:not|no|never|cannot|(?:ca|wo|is|are|was|do|does|did|has|have)nt|لم|لا|ليس|ليست)\b")
_ENDING: Final = 2
"""Letters by which forms of a word may differ at their end."""
_ARTICLES: Final = re.compile(r"^(?:(?:a|an|the|your|each|every|this|these|our) )+")
_SAME: Final = 5
"""Letters by which words count as forms of one: “connect” and “connection”."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is quoted: the place of its source among the excerpts, from 0, the lines, and whether there is more.

    `is_meant` is False where the lines only touch what was asked.
    """

    source: int
    lines: tuple[Line, ...]
    has_more: bool
    is_meant: bool = True

    @property
    def text(self) -> str:
        """The lines as they are read: items each on a line of its own, sentences in a row."""
        said = "".join(
            f"{_gap(before, line)}{line.mark} {line.text}" if line.mark else f"{_gap(before, line)}{line.text}"
            for before, line in pairwise((None, *self.lines))
            if line is not None
        )
        return said.strip()


def _gap(before: Line | None, line: Line) -> str:
    if line.mark:
        return "\n"
    return "\n\n" if before is not None and before.mark else " "


def quote_for(question: str, excerpts: Sequence[Excerpt]) -> Quoted | None:
    """Return what answers a question, of excerpts with the most relevant first; None where nothing can be quoted."""
    readable = [(place, blocks) for place, one in enumerate(excerpts) if (blocks := blocks_of(one))]
    if not readable:
        return None
    if term := term_of(question):
        return _meaning(term, excerpts, readable)
    place, blocks = _meant(question, excerpts, readable)
    chosen = run_of(blocks, question, is_meant=_is_named(excerpts[place], question))
    lines = tuple(line for block in chosen for line in block)
    return Quoted(place, lines, has_more=len(chosen) < len(blocks) or len(readable) > 1)


def shortened(quoted: Quoted, question: str, limit: int = MAX_UNSURE) -> Quoted:
    """Return a quotation for a reader whom it may not serve: its first sentences, a list that is as short, or what of a
    table the question names."""
    kept = quoted.lines if len(quoted.lines) <= limit + 1 else rows_named(quoted.lines, question)
    kept = kept or _first_sentences(quoted.lines, limit)
    return Quoted(quoted.source, kept, has_more=quoted.has_more or len(kept) < len(quoted.lines))


def _first_sentences(lines: Sequence[Line], limit: int) -> tuple[Line, ...]:
    first = [line for line in lines if line.kind in ("sentence", "lead")]
    items = [line for line in lines if line.kind in ("item", "row")]
    kept = [line for line in first if not items or line.place < items[0].place][:limit]
    return tuple(kept[:-1] if kept and kept[-1].kind == "lead" else kept)


def rows_named(lines: Sequence[Line], question: str) -> tuple[Line, ...]:
    """Return of a table's rows what a question names: its rows, its columns, or the cells where both meet."""
    asked = telling_words(question)
    rows = [(line, line.row) for line in lines if line.row is not None]
    named = [(line, row) for line, row in rows if _is_asked(row.head, asked, any)]
    columns = {name for _, row in rows for name, _ in row.cells if _is_asked(name, asked, all)}
    if not (named or columns):
        return ()
    cut = ((line, _in_columns(row, columns)) for line, row in named or rows)
    return tuple(replace(line, text=" ".join(plain_text(row.words).split()), row=row) for line, row in cut if row.cells)


def _in_columns(row: Row, columns: Collection[str]) -> Row:
    return replace(row, cells=tuple(cell for cell in row.cells if cell[0] in columns)) if columns else row


def _is_asked(label: str, asked: Collection[str], how_many: Callable[[Iterable[bool]], bool]) -> bool:
    """Tell whether a question names a label: by any of its telling words, or by all."""
    words = telling_words(plain_text(label))
    return bool(words) and how_many(any(_is_form_of(word, other) for other in asked) for word in words)


def run_of(blocks: Sequence[Block], question: str, *, is_meant: bool = False) -> tuple[Block, ...]:
    """Return the run of blocks to quote: the list, where the question is how, else what is said around the matter.

    `is_meant` says that the passage as a whole is what the question is about.
    """
    lists = [place for place, block in enumerate(blocks) if is_list(block)]
    steps = next((block for block in blocks if is_steps(block)), None)
    if steps is not None and asks_how(question):
        return (steps,)
    best = min(range(len(blocks)), key=lambda place: (min(line.rank for line in blocks[place]), place))
    start = lists[0] if lists and is_meant else best
    while start and follow(blocks[start - 1], blocks[start]) and (start < _NEAR or _leads_back(blocks[start])):
        start -= 1
    return _while_fitting(blocks[start:], through=best - start)


def _meaning(
    term: Sequence[str], excerpts: Sequence[Excerpt], readable: Sequence[tuple[int, tuple[Block, ...]]]
) -> Quoted | None:
    """Return what says what a term is, else what names it, which may not be meant; None where nothing does."""
    defined = ((place, _defining(term, excerpts[place], blocks), True) for place, blocks in readable)
    named = ((place, _naming(term, blocks), False) for place, blocks in readable)
    place, blocks, is_meant = next((one for one in (*defined, *named) if one[1]), (0, (), False))
    if not blocks:
        return None
    is_bare = len(plainly(blocks[0][0].text).split()) <= len(term)
    chosen = _while_fitting(blocks, through=0)[: 2 if is_bare or not is_meant else 1]
    lines = tuple(line for block in chosen for line in block)
    return Quoted(place, lines, has_more=True, is_meant=is_meant)


def _naming(term: Sequence[str], blocks: Sequence[Block]) -> Sequence[Block]:
    """Return the blocks from the one on that a term occurs in."""
    return next((blocks[at:] for at, block in enumerate(blocks) if any(_names(line.text, term) for line in block)), ())


def _names(text: str, term: Sequence[str]) -> bool:
    words = plainly(text).split()
    return any(_begins_with(" ".join(words[at:]), term) for at in range(len(words) - len(term) + 1))


def _defining(term: Sequence[str], excerpt: Excerpt, blocks: Sequence[Block]) -> Sequence[Block]:
    """Return the blocks from the one on that says what a term is: a definition begins with what it defines."""
    if _begins_with(excerpt.heading, term, is_whole=True):
        return blocks
    return next((blocks[at:] for at, block in enumerate(blocks) if _begins_with(block[0].text, term)), ())


def _begins_with(text: str, term: Sequence[str], *, is_whole: bool = False) -> bool:
    words = _ARTICLES.sub("", plainly(text)).split()
    if len(words) < len(term) or (is_whole and len(words) > len(term)):
        return False
    return all(_is_form_of(word, wanted) for word, wanted in zip(words, term, strict=False))


def _is_form_of(word: str, other: str) -> bool:
    """Tell whether two words are forms of one: one begins with the other, but for an ending."""
    one, two = word.removeprefix("ال"), other.removeprefix("ال")
    short, long = sorted((one, two), key=len)
    return long.startswith(short) and len(long) - len(short) <= _ENDING


def _meant(
    question: str, excerpts: Sequence[Excerpt], readable: Sequence[tuple[int, tuple[Block, ...]]]
) -> tuple[int, tuple[Block, ...]]:
    """Return the excerpt that is meant: one whose heading says so, one with steps for a how, else the most relevant."""
    first = readable[0]
    named = next((one for one in readable if _is_named(excerpts[one[0]], question)), None)
    if named is not None or not asks_how(question):
        return named or first
    with_steps = (one for one in readable if any(map(is_steps, one[1])) and _same_article(excerpts, one[0], first[0]))
    return next(with_steps, first)


def _while_fitting(blocks: Sequence[Block], *, through: int) -> tuple[Block, ...]:
    """Return blocks from the first on, without a gap, while they fit; those up to the place `through` in any case."""
    taken = [blocks[0]]
    for block in blocks[1:]:
        length = sum(len(line.text) + 1 for one in (*taken, block) if not is_list(one) for line in one)
        is_full = len(taken) == MAX_SENTENCES or length > MAX_QUOTED
        if not follow(taken[-1], block) or (is_full and len(taken) > through):
            break
        taken.append(block)
    return tuple(taken)


def _leads_back(block: Block) -> bool:
    return _LEADS_BACK.match(block[0].text) is not None


def _same_article(excerpts: Sequence[Excerpt], one: int, other: int) -> bool:
    """Tell whether two excerpts are of one article: by its address without the section, else by its title."""
    pages = [(excerpts[place].url or "").partition("#")[0] or excerpts[place].title for place in (one, other)]
    return pages[0] == pages[1]


def _is_named(excerpt: Excerpt, question: str) -> bool:
    """Tell whether the heading of a section names all that a question is about, so that it is the one that is meant."""
    if excerpt.heading == excerpt.title or (
        _DENIES.search(plainly(excerpt.heading)) and not _DENIES.search(plainly(question))
    ):
        return False
    asked = {word[:_SAME] for word in telling_words(question)}
    named = {word[:_SAME] for word in plainly(excerpt.heading).split()}
    return bool(asked) and asked <= named
