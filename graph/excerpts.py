"""What a coach gets to see of a document: a few sentences, plain, masked and bounded, and where to read on.

Documents come from anywhere, so nothing of them is passed on as it is: markup, links, hidden characters and personal
data go, and so do sentences that speak to a model instead of a reader or ask for secrets (the knowledge base leaves
those out). A nudge quotes a sentence whole or not at all: one that lost a link or an address would say something else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.passages import Passage
from core.redaction import mask
from graph.languages import is_written_in, primary
from graph.plaintext import is_only_marked, plain_text

MAX_EXCERPTS: Final = 3
"""Passages that a coach gets to see."""
MAX_EXCERPT: Final = 320
"""Characters of one of them: a small model reads slowly, and forgets the rest."""
MAX_QUOTE: Final = 200
"""Characters of a sentence that a nudge quotes."""
MAX_URL: Final = 500
"""As long as a button's URL may be."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage made ready. `quote` is its most telling sentence in the user's language, if a nudge can quote one."""

    chunk_id: str
    title: str
    text: str
    url: str | None = None
    quote: str | None = None


def make_excerpt(
    passage: Passage,
    title: str,
    sentences: Sequence[str],
    language: str,
    quotes: Sequence[str] | None = None,
    limit: int = MAX_EXCERPT,
) -> Excerpt | None:
    """Return the excerpt of a passage from its sentences, most telling first; None where nothing is left of it.

    `title` and `sentences` are those of the passage that speak to readers; the title may be empty. `quotes`
    are those of the sentences that a nudge may quote, the best first; all of them unless given. `limit` bounds the
    text, in characters.
    """
    plain = [text for text in (_plain(sentence) for sentence in sentences) if text]
    if not plain:
        return None
    return Excerpt(
        chunk_id=passage.chunk_id,
        title=_plain(title)[:120] if _is_whole(title) else "",
        text=_text(plain, passage.text, limit),
        url=safe_url(passage.url),
        quote=_quote(sentences if quotes is None else quotes, passage, language),
    )


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
    chosen: list[str] = []
    for sentence in plain:
        if sum(len(one) + 1 for one in chosen) + len(sentence) <= limit:
            chosen.append(sentence)
    chosen = chosen or [plain[0][: limit - 1] + "…"]
    return " ".join(sorted(chosen, key=lambda sentence: source.find(sentence[:40])))


def _quote(sentences: Sequence[str], passage: Passage, language: str) -> str | None:
    if passage.language is not None and primary(passage.language) != primary(language):
        return None
    whole = (_plain(sentence) for sentence in sentences if _is_whole(sentence))
    fitting = (text for text in whole if len(text) <= MAX_QUOTE and is_written_in(text, language))
    return next(fitting, None)
