"""Full text of the knowledge base: which chunks hold a question's words, how often, and how rare the words are.

Words are stems as `knowledge.retrieval.analysis` makes them, never text of a user: they hold no quote and no backslash.
The searches go through functions of the role `onboarding_search` (0002_knowledge.sql), which may use the index where
row-level security would forbid it, and which answer for the companies of the transaction alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from db.pool import Connection
from db.query import fetch_all

# Counts the live chunks and their words, by language.
_SHARES: Final = """
    SELECT c.language, count(*) AS chunks, sum(c.lexemes)::bigint AS words
    FROM knowledge_chunks c JOIN knowledge_sources s USING (company_id, source_id)
    WHERE c.company_id = %(company_id)s AND s.deleted_at IS NULL
      AND c.since <= s.revision AND (c.until IS NULL OR c.until > s.revision)
    GROUP BY c.language ORDER BY 2 DESC, 1
"""

# Reads headings and texts.
_TEXTS: Final = """
    SELECT array_to_string(heading_path, ' ') || ' ' || text FROM knowledge_live_chunks
    WHERE company_id = %(company_id)s AND (language IS NULL OR language = ANY (%(languages)s))
    ORDER BY chunk_id LIMIT %(most)s
"""

# Counts the chunks that hold each word.
_FREQUENCIES: Final = """
    SELECT ordinal, chunks
    FROM knowledge_text_frequencies(%(company_id)s, %(words)s::text[]::tsquery[], %(most)s)
"""

# Finds the chunks that hold any of some words, best first.
_CANDIDATES: Final = """
    SELECT chunk_id
    FROM knowledge_text_candidates(%(company_id)s, %(selecting)s::tsquery, %(words)s::text[]::tsquery[],
                                   %(weights)s::real[], %(tags)s::text[], %(language)s, %(source_ids)s::uuid[],
                                   %(scanned)s, %(most)s)
"""

# Counts some words in some chunks.
_COUNTS: Final = """
    SELECT c.chunk_id, c.language, c.lexemes, coalesce(held.stems, '{}') AS stems, coalesce(held.counts, '{}') AS counts
    FROM knowledge_chunks c
    CROSS JOIN LATERAL (
        SELECT array_agg(w.lexeme) AS stems, array_agg(cardinality(w.positions)) AS counts
        FROM unnest(c.search) AS w WHERE w.lexeme = ANY (%(stems)s::text[])) AS held
    WHERE c.company_id = %(company_id)s AND c.chunk_id = ANY (%(chunk_ids)s::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Share:
    """How many live chunks are in one language, and how many words they hold together."""

    language: str | None
    chunks: int
    words: int


@dataclass(frozen=True, slots=True)
class ChunkWords:
    """A chunk, the length that BM25 sees, and how often it holds which of the words that were asked for."""

    chunk_id: str
    language: str | None
    lexemes: int
    stems: list[str]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which live chunks are searched; empty or None selects everything, as in the stores' Selection."""

    tags: Sequence[str] = ()
    language: str | None = None
    source_ids: Sequence[str] = ()


async def shares(connection: Connection, company_id: str) -> list[Share]:
    """Return the live chunks by language, the most frequent language first."""
    return await fetch_all(connection, Share, _SHARES, {"company_id": company_id})


async def texts(connection: Connection, company_id: str, languages: Sequence[str], most: int) -> list[str]:
    """Return up to `most` live chunks of some languages or of an unknown one, each with what stands above it."""
    values = {"company_id": company_id, "languages": list(languages), "most": most}
    return [row[0] for row in await (await connection.execute(_TEXTS, values)).fetchall()]


async def frequencies(connection: Connection, company_id: str, stems: Sequence[str], most: int) -> dict[str, int]:
    """Return how many live chunks hold each of the words; counting stops at `most`."""
    values = {"company_id": company_id, "words": [_word(stem) for stem in stems], "most": most}
    rows = await (await connection.execute(_FREQUENCIES, values)).fetchall()
    return {stems[ordinal - 1]: chunks for ordinal, chunks in rows}


async def candidates(
    connection: Connection,
    company_id: str,
    selecting: Sequence[str],
    weights: Mapping[str, float],
    scope: Scope,
    *,
    scanned: int,
    most: int,
) -> list[str]:
    """Return the ids of up to `most` chunks that hold one of the `selecting` words, best first.

    All words of `weights` count for the order, each by its weight. No more than `scanned` chunks are looked at.
    """
    if not selecting:
        return []
    values: dict[str, Any] = {"company_id": company_id, "scanned": scanned, "most": most, "language": scope.language}
    values |= {"words": [_word(stem) for stem in weights], "weights": list(weights.values())}
    values |= {"selecting": " | ".join(map(_word, selecting)), "tags": list(scope.tags) or None}
    rows = await (
        await connection.execute(_CANDIDATES, {**values, "source_ids": list(scope.source_ids) or None})
    ).fetchall()
    return [row[0] for row in rows]


async def counts(
    connection: Connection, company_id: str, chunk_ids: Sequence[str], stems: Sequence[str]
) -> list[ChunkWords]:
    """Return how often the chunks hold the words, in no order; ids of no chunk are left out."""
    values = {"company_id": company_id, "chunk_ids": list(chunk_ids), "stems": list(stems)}
    return await fetch_all(connection, ChunkWords, _COUNTS, values)


def _word(stem: str) -> str:
    """Return a stem as a tsquery of one word; raises ValueError for what no analysis yields."""
    if not stem or "'" in stem or "\\" in stem:
        raise ValueError("not a stem")
    return f"'{stem}'"
