"""What a search in the knowledge base finds: made by retrieval, read by the graph, the API and the page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scores:
    """How a passage was ranked; each is None when that ranking did not find or did not see it.

    `vector` is a cosine similarity in -1..1, `lexical` a BM25 score as a share, 0..1, of the most that the question
    could score, `rerank` the re-ranker's, and `fused` in 0..1 is the one that the order follows.
    """

    fused: float
    vector: float | None = None
    lexical: float | None = None
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk of a document, with all that a citation needs.

    `heading_path` leads from the document's title to the chunk's own heading. `url` is where a reader finds it, with
    the page's fragment when one is known. `attribution` is the notice that the licence asks for, if any. `highlights`
    are half-open ranges of `text` that match the query, in characters. `corrections` are words of the query that were
    taken for misspelt, each with the one that was looked for instead.
    """

    chunk_id: str
    source_id: str
    document_title: str
    heading_path: tuple[str, ...]
    text: str
    scores: Scores
    url: str | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    attribution: str | None = None
    highlights: tuple[tuple[int, int], ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()

    def understood(self, question: str) -> str:
        """Return a question in the words that it was looked for by."""
        return corrected(question, self.corrections)


def corrected(text: str, corrections: Iterable[tuple[str, str]]) -> str:
    """Return a text with whole words replaced, each by its correction."""
    meant = {written.casefold(): word for written, word in corrections}
    if not meant:
        return text
    return re.sub(r"[^\W\d_]+", lambda found: meant.get(found[0].casefold(), found[0]), text)


@dataclass(frozen=True, slots=True)
class Fit:
    """How a passage meets a question: the share of its words, 0..1, and whether it speaks of all that is asked.

    `is_trouble` is true of a section about something that fails, where the question tells of no failure.
    """

    share: float
    is_met: bool
    is_trouble: bool = False
