"""What a document's licence forbids and asks for, decided by patterns of the operator.

Only places where a licence is *declared* count: metadata, page footers, the running lines of a PDF, lines that open
like a notice, sections headed "Licence" or the like, and short lines at the very beginning and end. An article that
explains what "all rights reserved" means is no notice and stays.

The patterns are regular expressions from the settings. They run in the `regex` package, which can be stopped: one that
backtracks without end leaves the document undecided, and undecided means refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import regex

from knowledge.documents import LICENCE_BLOCKED, LICENCE_UNDECIDED, Document, Unreadable

LONGEST_PATTERN: Final = 500
_SECONDS: Final = 0.5
"""Time that one pattern has on one document's notices."""
_LONGEST_NOTICE: Final = 2000
_MOST_NOTICES: Final = 60
_EDGE_BLOCKS: Final = 3
_EDGE_LENGTH: Final = 80
_LINE_LENGTH: Final = 300
_LONGEST_ATTRIBUTION: Final = 300
_OPENING: Final = regex.compile(
    r"^[\s>*_/<!\-–—•|]*(?:©|\(c\)\s*\w|copyright\s*(?:©|\(c\)|\d{4}|:|by\b)|licen[cs]ed?\s*(?:under\b|:)"
    r"|spdx-license-identifier|all rights reserved\W*$|do not distribute\W*$"
    r"|(?:strictly )?confidential\s*(?:\W*$|[-–—:])"
    r"|(?:this|the) (?:\w+ ){1,3}(?:is|are) (?:licensed|confidential|copyrighted)\b"
    r"|(?:حقوق (?:النشر|الطبع|التأليف)[^\n]{0,20}[©\d]|(?:جميع|كل) الحقوق محفوظة|مرخّ?ص[ةه]? (?:بموجب|تحت)))",
    regex.IGNORECASE,
)
_ENDS: Final = (".", "!", "?", "؟", ":", "،", ",", ";")
_PLAIN: Final = regex.compile(r"^(?!#|[-*+>|`]|\d+[.)]\s)")
_SECTION: Final = regex.compile(
    r"^#{1,6}\s+(?:licen[cs](?:e|ing)|copyright|legal notices?|الترخيص|حقوق النشر)\b[^\n]{0,40}$", regex.IGNORECASE
)
_HEADING: Final = regex.compile(r"^#{1,6}\s")
_BLANK_LINES: Final = regex.compile(r"\n\s*\n")


def clear(document: Document, blocked_patterns: Sequence[str], attribution_patterns: Sequence[str]) -> Document:
    """Return the document with its attribution filled in.

    Raises:
        Unreadable: `licence_blocked`, with the reason, or `licence_undecided` when a pattern ran out of time.
    """
    reason = blocked(document, blocked_patterns)
    if reason is not None:
        raise Unreadable(LICENCE_BLOCKED, reason)
    return replace(document, attribution=attribution(document, attribution_patterns))


def blocked(document: Document, patterns: Sequence[str]) -> str | None:
    """Return why the licence forbids taking the document in: the pattern and the words that it found; else None."""
    declared = _declarations(document)
    for pattern in patterns:
        for text in declared:
            found = _search(pattern, text)
            if found:
                return f"The licence notice matches the blocked pattern {pattern!r}: {_around(text, *found.span())!r}."
    return None


def attribution(document: Document, patterns: Sequence[str]) -> str | None:
    """Return the notices that a citation must carry, joined by a middle dot, or None."""
    declared = _declarations(document)
    matches = (_search(pattern, text) for text in declared for pattern in patterns)
    found = list(dict.fromkeys(" ".join(match[0].split()).strip(" .,;|") for match in matches if match))
    widest = [text for text in found if text and not any(text in other for other in found if other != text)]
    return " · ".join(widest)[:_LONGEST_ATTRIBUTION] or None


def check(patterns: Iterable[str]) -> None:
    """Raise ValueError, naming the pattern, when one is empty, too long or no regular expression."""
    for pattern in patterns:
        if not 0 < len(pattern) <= LONGEST_PATTERN:
            raise ValueError(f"a pattern must have 1 to {LONGEST_PATTERN} characters: {pattern[:60]!r}")
        try:
            _compiled(pattern)
        except regex.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from None


def notices_in(markdown: str) -> tuple[str, ...]:
    """Return the places of a text that declare its licence, in their order and without repetition."""
    blocks = [block.strip() for block in _BLANK_LINES.split(markdown) if block.strip()]
    edges = [block for block in (*blocks[:_EDGE_BLOCKS], *blocks[-_EDGE_BLOCKS:]) if _is_label(block)]
    opened = [line.strip() for line in markdown.splitlines() if _OPENING.match(line[:_LINE_LENGTH])]
    return _limited([*edges, *opened, *_sections(blocks)])


def _is_label(block: str) -> bool:
    """Tell a line such as "Acme internal - do not distribute" from prose, which ends like a sentence."""
    return len(block) <= _EDGE_LENGTH and "\n" not in block and not block.endswith(_ENDS) and bool(_PLAIN.match(block))


def _sections(blocks: Sequence[str]) -> list[str]:
    found, inside = [], False
    for block in blocks:
        first, _, rest = block.partition("\n")
        is_heading = bool(_HEADING.match(first))
        inside = bool(_SECTION.match(first)) if is_heading else inside
        text = rest if is_heading else block
        if inside and text:
            found.append(text)
    return found


def _declarations(document: Document) -> tuple[str, ...]:
    licence = (document.licence,) if document.licence else ()
    return _limited([*licence, *document.notices])


def _limited(notices: Iterable[str]) -> tuple[str, ...]:
    kept = dict.fromkeys(notice.strip()[:_LONGEST_NOTICE] for notice in notices if notice.strip())
    return tuple(kept)[:_MOST_NOTICES]


def _search(pattern: str, text: str) -> "regex.Match[str] | None":
    try:
        return _compiled(pattern).search(text, timeout=_SECONDS)
    except TimeoutError:
        raise Unreadable(LICENCE_UNDECIDED, f"The licence pattern {pattern!r} takes too long; simplify it.") from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern, regex.IGNORECASE)


def _around(text: str, start: int, end: int) -> str:
    return " ".join(text[max(0, start - 40) : end + 40].split())
