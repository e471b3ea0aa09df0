"""What a coach gets to see of a document: a few sentences, plain, masked and bounded, and where to read on.

Documents come from anywhere, so nothing of them is passed on as it is: markup, links, hidden characters and personal
data go, and so do sentences that speak to a model instead of a reader or ask for secrets (the knowledge base leaves
those out). A nudge quotes a sentence whole or not at all: one that lost a link or an address would say something else.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from core.passages import Passage
from core.personal_data import find
from core.redaction import mask
from core.sentences import mark_of, split_sentences, without_mark
from core.tables import Row, TableReader, is_row
from graph.languages import is_written_in, primary
from graph.plaintext import is_only_marked, plain_text

MAX_EXCERPTS: Final = 3
"""Passages that a coach gets to see."""
MAX_EXCERPT: Final = 320
"""Characters of one of them: a small model reads slowly, and forgets the rest."""
MAX_QUOTE: Final = 200
"""Characters of a sentence that a nudge quotes."""
_LEADS: Final = (":", "：")
MAX_URL: Final = 500
"""As long as a button's URL may be."""


LineKind = Literal["sentence", "lead", "item", "row"]


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence that an answer can quote as it stands, and its place in the passage, from 0.

    A gap between the places of two lines is a gap in what can be quoted. A `lead` announces what follows it; a row of a
    table is put in words, and kept as `row` too. `mark` is the sign of an item, such as “2.”; `rank` says how telling
    the line is, 0 most of all.
    """

    text: str
    place: int
    rank: int
    kind: LineKind = "sentence"
    mark: str = ""
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage made ready. `quote` is its most telling sentence in the user's language, if a nudge can quote one.

    `lines` are the sentences of the passage that an answer can quote, in its own order; `heading` is the passage's.
    """

    chunk_id: str
    title: str
    text: str
    url: str | None = None
    quote: str | None = None
    lines: tuple[Line, ...] = ()
    heading: str = ""


def make_excerpt(
    passage: Passage,
    title: str,
    sentences: Sequence[str],
    language: str,
    quotes: Sequence[str] | None = None,
    limit: int = MAX_EXCERPT,
    readable: Callable[[str], str] | None = None,
) -> Excerpt | None:
    """Return the excerpt of a passage from its sentences, most telling first; None where nothing is left of it.

    `title` and `sentences` are those of the passage that speak to readers; the title may be empty. `quotes`
    are those of the sentences that a nudge may quote, the best first; all of them unless given. `limit` bounds the
    text, in characters. `readable` returns a text as readers may see it, or nothing: with it `lines` hold also what is
    too short to be quoted alone, and rows of tables, which then stand below the text, within the same bound once more.
    """
    plain = [text for text in (_plain(sentence) for sentence in sentences) if text]
    if not plain:
        return None
    lines = tuple(_lines(sentences, passage, readable))
    rows = (_plain(line.text) for line in lines if line.kind == "row")
    return Excerpt(
        chunk_id=passage.chunk_id,
        title=_plain(title)[:120] if _is_whole(title) else "",
        text="\n".join((_text(plain, passage.text, limit), *_fitting(rows, limit))),
        url=safe_url(passage.url),
        quote=_quote(sentences if quotes is None else quotes, passage, language),
        lines=lines,
        heading=_plain(passage.heading_path[-1])[:120] if passage.heading_path else "",
    )


def _lines(sentences: Sequence[str], passage: Passage, readable: Callable[[str], str] | None) -> Iterator[Line]:
    """Yield the passage's sentences that are among those given, and what else of it can be read beside them."""
    ranks = {_letters(sentence): rank for rank, sentence in reversed(list(enumerate(sentences)))}
    table, place = TableReader(), -1
    for piece in split_sentences(passage.text):
        found, bare = table.read(piece.text), without_mark(piece.text)
        row = found.words if found else None
        if is_row(piece.text) and row is None:
            continue
        place += 1
        text, mark = row or bare, "-" if row else mark_of(piece.text)
        rank = ranks.get(_letters(text), None if readable is None else _beside(text, readable, len(ranks) + place))
        if rank is not None and is_published(text) and not mark.startswith("#"):
            kind: LineKind = "row" if row else "item" if mark else "lead" if text.endswith(_LEADS) else "sentence"
            yield Line(" ".join(plain_text(text).split()), place, rank, kind, mark, found)


def _beside(text: str, readable: Callable[[str], str], rank: int) -> int | None:
    """Return the rank of a text that is no sentence to be quoted alone; None where it says nothing to readers."""
    says_nothing = text.startswith("```") or text.endswith(("?", "؟")) or len(text) > MAX_QUOTE
    return None if says_nothing or not readable(text) else rank


def is_published(text: str) -> bool:
    """Tell whether a sentence of a document may be shown as it stands: nothing in it but markup is taken off.

    Addresses and telephone numbers that a company puts into its help pages are there to be used.
    """
    if len(text) > MAX_EXCERPT * 8 or not is_only_marked(text):
        return False
    return all(span.kind in ("EMAIL", "PHONE") for span in find(plain_text(text)))


def _letters(text: str) -> str:
    """Return what of a sentence stays the same when marks and hidden characters are taken off."""
    return "".join(letter for letter in text if letter.isalnum())


def safe_url(url: str | None) -> str | None:
    """Return the address of an article if a button may lead to it: a web page, without blanks, of bearable length."""
    if url is None or len(url) > MAX_URL or not url.startswith(("https://", "http://")):
        return None
    return url if url.isprintable() and not any(letter.isspace() or letter in "\\<>\"'" for letter in url) else None


def _plain(text: str) -> str:
    return " ".join(mask(plain_text(text[: MAX_EXCERPT * 8])).split())


def _is_whole(text: str) -> bool:
    """Tell whether plain text and masking change nothing of a text but its markup."""
    if len(text) > MAX_EXCERPT * 8 or not is_only_marked(text):
        return False
    plain = plain_text(text)
    return mask(plain) == plain


def _text(plain: Sequence[str], source: str, limit: int) -> str:
    """Return as many of the most telling sentences as fit, in the order in which the document has them."""
    chosen = list(_fitting(plain, limit)) or [plain[0][: limit - 1] + "…"]
    letters = _letters(source)
    return " ".join(sorted(chosen, key=lambda sentence: letters.find(_letters(sentence)[:40])))


def _fitting(texts: Iterable[str], limit: int) -> Iterator[str]:
    """Yield those of some texts that fit into so many characters together, the first first."""
    left = limit
    for text in texts:
        if len(text) <= left:
            left -= len(text) + 1
            yield text


def _quote(sentences: Sequence[str], passage: Passage, language: str) -> str | None:
    if passage.language is not None and primary(passage.language) != primary(language):
        return None
    whole = (_plain(sentence) for sentence in sentences if _is_whole(sentence))
    fitting = (text for text in whole if len(text) <= MAX_QUOTE and is_written_in(text, language))
    return next(fitting, None)
