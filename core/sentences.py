"""Cuts an answer or a passage into sentences: a citation is owed per sentence, and an answer streams by sentences.

Rules rather than a model: lines that are list items, headings or table rows end where they end; elsewhere a full stop,
question or exclamation mark (Arabic ones too) ends a sentence unless it belongs to a number, an abbreviation, a name's
initial, a file name or a URL. Pure; offsets are kept, so that a text can be put together again without some sentences.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_SENTENCES: Final = 400
"""Sentences read of one text; what follows is not looked at."""

_ITEM: Final = re.compile(r"[ \t]*(?:[-*•–·]|\(?\d{1,3}[.)]|[A-Za-z][.)]|#{1,6})[ \t]+")
"""What a line begins with that is an item of a list, or a Markdown heading."""
_END: Final = re.compile(r"[.!?؟…。]+[\"'”’»)\]]*(?=\s|$)|[.!?؟]+[\"'”’»)\]]*(?=[A-Z\u0621-\u064a])")
_NEVER_LAST: Final = re.compile(
    r"(?:^|[\s(\[\"“])(?:e\.g|i\.e|vs|cf|approx|incl|excl|dr|mr|mrs|ms|prof|st|أ|د|م|[A-Z])\.$", re.IGNORECASE
)
"""Abbreviations after which a sentence goes on, and the initials of names."""
_MAY_BE_LAST: Final = re.compile(
    r"(?:^|[\s(\[\"“\d])(?:etc|a\.m|p\.m|inc|ltd|co|corp|u\.s|u\.k|ph\.d|jr|sr|nos?|figs?|min|max|sec|hrs?|dept|est|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|إلخ|هـ|ص)\.$",
    re.IGNORECASE,
)
"""Abbreviations that end a sentence when what follows looks like the beginning of another."""
_NEW_BEGINNING: Final = re.compile(r"\s+[\"'“(\[]*[A-Z\u0621-\u064a]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it stands: `start` and `end` are offsets of `text` with its marks and list sign."""

    text: str
    start: int
    end: int


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """Return the sentences of a text in order; blank parts are left out."""
    found: list[Sentence] = []
    for begin, end in _blocks(text):
        for start, stop in _in_block(text, begin, end):
            if any(letter.isalnum() for letter in text[start:stop]):
                found.append(Sentence(text[start:stop].strip(), start, stop))
            if len(found) == MAX_SENTENCES:
                return tuple(found)
    return tuple(found)


def mark_of(sentence: str) -> str:
    """Return the sign of a list item or heading before a sentence, such as “2.”; empty where there is none."""
    mark = _ITEM.match(sentence)
    return mark[0].strip() if mark else ""


def without_mark(sentence: str) -> str:
    """Return a sentence without the sign of a list item or heading before it."""
    mark = _ITEM.match(sentence)
    return sentence[mark.end() :] if mark else sentence


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of text that no sentence crosses: paragraphs, items, headings, table rows."""
    begin = position = 0
    for line in text.splitlines(keepends=True):
        alone = not line.strip() or bool(_ITEM.match(line)) or line.lstrip().startswith("|")
        if alone and begin < position:
            yield begin, position
            begin = position
        position += len(line)
        if not line.strip() or line.lstrip().startswith(("|", "#")) or line.rstrip().endswith((":", "：")):
            yield begin, position
            begin = position
    if begin < position:
        yield begin, position


def _in_block(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    start = begin
    mark = _ITEM.match(text, begin, end)
    for found in _END.finditer(text, mark.end() if mark else begin, end):
        if _ends_here(text, start, found, end):
            yield start, found.end()
            start = found.end()
    yield start, end


def _ends_here(text: str, start: int, found: re.Match[str], end: int) -> bool:
    """Tell whether a mark ends its sentence rather than an abbreviation or a part of a name, number or address."""
    follows_at_once = found.end() < end and not text[found.end()].isspace()
    if follows_at_once:
        word = text[start : found.end() + 1].split()[-1]
        return "." not in found[0] or not ("/" in word or word[:1].isupper() or len(word) < 5 or word.count(".") > 1)
    if not found[0].startswith(".") or found[0].startswith(".."):
        return True
    before = text[max(start, found.start() - 12) : found.start() + 1]
    if _NEVER_LAST.search(before):
        return False
    return not _MAY_BE_LAST.search(before) or bool(_NEW_BEGINNING.match(text, found.end(), end))
