"""Answers a search: candidates of full text and of vectors from one snapshot, fused, without repetitions, highlighted.

The one entry point for everybody who needs passages. What it does for any query is bounded: the query is cut, its words
are counted up to a limit, and each of the two searches gives a fixed number of candidates.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from core.passages import Passage
from db import knowledge_chunks, knowledge_sources, knowledge_texts
from db.knowledge_chunks import LiveChunk
from db.knowledge_texts import Scope
from db.pool import Connection, Database
from db.texts import all_storable, storable
from knowledge.embedding.embedder import Embedders
from knowledge.retrieval.bm25 import Corpus
from knowledge.retrieval.distinct import choose_distinct
from knowledge.retrieval.fusion import Candidate, Question, Ranked, rank
from knowledge.retrieval.highlights import find_highlights
from knowledge.retrieval.lexicon import Lexicon
from knowledge.retrieval.meaning import Reading, reading_of
from knowledge.retrieval.metrics import RetrievalMetrics
from knowledge.retrieval.proofreading import Meant, Proofreader
from knowledge.retrieval.remembered import Remembered
from knowledge.retrieval.selection import SCANNED, choose_selecting, read_question
from knowledge.retrieval.spaces import Aim, Spaces
from knowledge.stores.protocol import Selection, VectorStore

MAX_QUERY: Final = 2000
"""Characters of a query that are read."""
MAX_PASSAGES: Final = 50
CANDIDATES: Final = 60
"""Candidates that each of the two searches gives; four times the wished passages when that is more."""
SPARE: Final = 3
"""Chunks that are read for each passage wished for, since some repeat others."""
ANSWERS: Final = 500
"""Results kept in this process."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it is carried out: cleaned, cut and bounded."""

    company_id: str
    query: str
    language: str | None
    tags: tuple[str, ...]
    k: int

    @property
    def breadth(self) -> int:
        """Return how many candidates each of the two searches is to give."""
        return max(CANDIDATES, 4 * self.k)

    @property
    def scope(self) -> Scope:
        """Return the selection of full text."""
        return Scope(self.tags, self.language)

    @property
    def selection(self) -> Selection:
        """Return the selection of the vector store."""
        return Selection(self.tags, self.language)


class Retriever:
    """Finds passages for a process; it keeps counts and results between searches."""

    def __init__(
        self,
        db: Database,
        store: VectorStore,
        embedders: Embedders,
        *,
        top_k: int = 5,
        metrics: RetrievalMetrics | None = None,
    ) -> None:
        self._db = db
        self._store = store
        self._spaces = Spaces(store, embedders)
        self._lexicon = Lexicon()
        self._proofreader = Proofreader(self._lexicon)
        self._answers: Remembered[tuple[str, Search], tuple[Passage, ...]] = Remembered(ANSWERS)
        self._top_k = top_k
        self._metrics = metrics

    async def retrieve(
        self,
        company_id: str,
        query: str,
        *,
        language: str | None = None,
        k: int | None = None,
        tags: Sequence[str] = (),
    ) -> list[Passage]:
        """Return up to `k` passages of the company that answer the query best, best first.

        `language` (ISO 639-1) and `tags` leave only passages of that language, or of none that could be told, and of
        sources with one of the tags.
        A query without a letter or digit finds nothing. When no vectors can be had, words alone decide; the metrics
        tell, and `scores.vector` of every passage is None.

        Raises:
            NotFound: the company id is no UUID.
            psycopg.Error: PostgreSQL is away (`db.pool.is_outage`).
        """
        search = Search(
            company_id,
            storable(query)[:MAX_QUERY].strip(),
            language,
            tuple(sorted(set(all_storable(tags)))),
            min(max(k if k is not None else self._top_k, 1), MAX_PASSAGES),
        )
        if not any(map(str.isalnum, search.query)):
            return []
        begin = time.perf_counter()
        passages, by = await self._answer(search)
        if self._metrics:
            self._metrics.searches.labels(by).inc()
            self._metrics.seconds.observe(time.perf_counter() - begin)
        return list(passages)

    async def _answer(self, search: Search) -> tuple[tuple[Passage, ...], str]:
        """Return the passages and what they were found by; a result that something stood in the way of is not kept."""
        async with self._db.snapshot(search.company_id) as connection:
            stamp = await knowledge_sources.stamp(connection, search.company_id)
            known = self._answers.get((stamp, search))
            if known is not None:
                return known, "cache"
            vocabulary = await self._lexicon.vocabulary(connection, search.company_id, stamp)
            meant = await self._proofreader.read(connection, search.company_id, vocabulary, stamp, search.query)
            readers = self._spaces.readers(meant.text)
            complete = await self._spaces.complete(connection, search.company_id, stamp, readers)
        readers = self._spaces.usable(readers, complete)
        aim = await self._spaces.aim(search.company_id, meant.text, readers, complete)
        async with self._db.snapshot(search.company_id) as connection:
            stamp = await knowledge_sources.stamp(connection, search.company_id)
            passages = await self._find(connection, search, meant, stamp, aim)
        is_whole = aim.is_best if aim else not readers
        if is_whole:
            self._answers.put((stamp, search), passages)
        return passages, ("vectors" if aim.is_best else "standby") if aim else "words"

    async def _find(
        self, connection: Connection, search: Search, meant: Meant, stamp: str, aim: Aim | None
    ) -> tuple[Passage, ...]:
        vocabulary = await self._lexicon.vocabulary(connection, search.company_id, stamp)
        question = read_question(meant.text, vocabulary.languages)
        corpus = await self._lexicon.corpus(connection, search.company_id, vocabulary, question.all_stems)
        candidates = await self._candidates(connection, search, question, corpus, aim)
        reading = reading_of(aim.space) if aim else Reading()
        ranked = rank(question, candidates, corpus, floor=reading.floor, weights=reading.weights)[: SPARE * search.k]
        chunks = await knowledge_chunks.load(
            connection, search.company_id, [each.candidate.chunk_id for each in ranked]
        )
        chosen = _choose(ranked, chunks, question, search.k)
        return tuple(replace(each, corrections=meant.corrections) for each in chosen) if meant.corrections else chosen

    async def _candidates(
        self, connection: Connection, search: Search, question: Question, corpus: Corpus, aim: Aim | None
    ) -> list[Candidate]:
        """Return what either search finds, each with its words and, where vectors found it, its similarity."""
        stems = question.all_stems
        found = await knowledge_texts.candidates(
            connection,
            search.company_id,
            choose_selecting(stems, corpus),
            {stem: corpus.rarity(stem) for stem in stems},
            search.scope,
            scanned=SCANNED,
            most=search.breadth,
        )
        near = dict(
            await self._store.nearest(
                connection, search.company_id, aim.space, aim.vector, search.breadth, search.selection
            )
            if aim
            else ()
        )
        words = await knowledge_texts.counts(connection, search.company_id, list({*found, *near}), stems)
        return [
            Candidate(
                each.chunk_id,
                each.language,
                each.lexemes,
                dict(zip(each.stems, each.counts, strict=True)),
                near.get(each.chunk_id),
            )
            for each in words
        ]


def _choose(ranked: Sequence[Ranked], chunks: dict[str, LiveChunk], question: Question, k: int) -> tuple[Passage, ...]:
    """Return the best `k` passages, without those that repeat a better one."""
    pairs = [(each, chunks[each.candidate.chunk_id]) for each in ranked if each.candidate.chunk_id in chunks]
    distinct = islice(choose_distinct(chunk.text for _, chunk in pairs), k)
    return tuple(_passage(*pairs[index], question) for index in distinct)


def _passage(ranked: Ranked, chunk: LiveChunk, question: Question) -> Passage:
    return Passage(
        chunk.chunk_id,
        chunk.source_id,
        chunk.document_title,
        tuple(chunk.heading_path),
        chunk.text,
        ranked.scores,
        url=chunk.url,
        language=chunk.language,
        tags=tuple(chunk.tags),
        attribution=chunk.attribution,
        highlights=find_highlights(chunk.text, question.all_stems, chunk.language),
    )
