"""What a process knows of the words of each company's chunks, counted once per state of the knowledge base.

Counting a frequent word of a large company touches thousands of rows, so the counts are kept under the stamp of the
knowledge that they were made from: another stamp, other counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from db import knowledge_texts
from db.knowledge_texts import Share
from db.pool import Connection
from knowledge.retrieval.bm25 import Corpus
from knowledge.retrieval.remembered import Remembered

COUNTED: Final = 20_000
"""Chunks up to which a word is counted; a more frequent one is taken to be in so many."""
COMPANIES: Final = 256
WORDS: Final = 20_000
"""Words whose counts are kept of one company."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The live chunks of a company by language, and the counts of words so far."""

    shares: tuple[Share, ...]
    frequencies: Remembered[str, int] = field(default_factory=lambda: Remembered(WORDS))

    @property
    def languages(self) -> tuple[str | None, ...]:
        """Return the languages that the chunks are in, the most frequent first."""
        return tuple(share.language for share in self.shares)

    def corpus(self, frequencies: dict[str, int]) -> Corpus:
        """Return what BM25 must know, with the counts of the words of one question."""
        chunks = sum(share.chunks for share in self.shares)
        return Corpus(chunks, sum(share.words for share in self.shares) / max(chunks, 1), frequencies)


class Lexicon:
    """The vocabularies of a process."""

    def __init__(self) -> None:
        self._known: Remembered[tuple[str, str], Vocabulary] = Remembered(COMPANIES)

    async def vocabulary(self, connection: Connection, company_id: str, stamp: str) -> Vocabulary:
        """Return the vocabulary of a company at a stamp, which must be that of the connection's snapshot."""
        known = self._known.get((company_id, stamp))
        if known is not None:
            return known
        shares = await knowledge_texts.shares(connection, company_id)
        return self._known.put((company_id, stamp), Vocabulary(tuple(shares)))

    async def corpus(
        self, connection: Connection, company_id: str, vocabulary: Vocabulary, stems: Sequence[str]
    ) -> Corpus:
        """Return the corpus with the counts of these words; what was not counted before is counted now."""
        counts = {stem: vocabulary.frequencies.get(stem) for stem in stems}
        unknown = [stem for stem, count in counts.items() if count is None]
        if unknown:
            found = await knowledge_texts.frequencies(connection, company_id, unknown, COUNTED)
            counts |= {stem: vocabulary.frequencies.put(stem, count) for stem, count in found.items()}
        return vocabulary.corpus({stem: count for stem, count in counts.items() if count is not None})
