"""How well and at what cost passages are found: the product's whole way, beside BM25 in memory and a bare SQL search.

Quality is measured on a file in SQuAD's form, XQuAD's English one, at `EVAL_DATA/retrieval/xquad.en.json`; without it
this says so and skips. Each paragraph is a document without a telling title, cut and stored as an ingestion does, and
counts as found when one of its chunks is. Answerability is judged twice per question: on what was found, and on that
without the paragraph. The cost of a query is CPU of this process and of PostgreSQL, embedding counted apart; the limit
is PostgreSQL's own full-text search as the owner of the table would write it.
"""

import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil
import psycopg

from bench.evaldata import find
from bench.report import emit
from bench.servers import running_postgres
from bench.shelf import Shelf
from core.security import Vault
from db import companies
from db.pool import Database
from knowledge.documents import Document
from knowledge.embedding import minilm
from knowledge.embedding.embedder import Embedders, Vector
from knowledge.evaluation import DEPTH, Case, Outcome, Report, judge, summarise
from knowledge.retrieval.analysis import read, stems
from knowledge.retrieval.bm25 import Corpus, weigh
from knowledge.retrieval.retriever import Retriever
from knowledge.stores.pgvector import PgVectorStore

ROUNDS = 5
QUERIES = 60
"""Queries of a round; each round takes others, so that none is answered from memory."""
BARE = """
    SELECT c.chunk_id, c.text FROM knowledge_chunks c
    WHERE company_id = %s AND search @@ %s::tsquery ORDER BY ts_rank(search, %s::tsquery) DESC LIMIT 5
"""


@dataclass
class Remembering:
    """The local model, asked once per text, so that the cost of a search can be told from that of embedding."""

    model: minilm.MiniLM = field(default_factory=minilm.load)
    known: dict[str, Vector] = field(default_factory=dict)
    space = minilm.SPACE

    async def embed(self, company_id: str, texts: Sequence[str], *, is_query: bool = False) -> list[Vector]:  # noqa: ARG002
        """Return the vectors; see Embedder."""
        new = [text for text in dict.fromkeys(texts) if text not in self.known]
        self.known |= dict(zip(new, await asyncio.to_thread(self.model.embed, new, is_query=is_query), strict=True))
        return [self.known[text] for text in texts]


@dataclass(frozen=True)
class Questions:
    """Paragraphs by key, and questions with the key of their paragraph."""

    paragraphs: dict[str, str]
    asked: list[tuple[str, str]]


def load_questions(path: Path) -> Questions:
    """Read a file in SQuAD's form."""
    paragraphs: dict[str, str] = {}
    asked: list[tuple[str, str]] = []
    for article in orjson.loads(path.read_bytes())["data"]:
        for paragraph in article["paragraphs"]:
            key = f"p{len(paragraphs)}"
            paragraphs[key] = paragraph["context"]
            asked += [(question["question"], key) for question in paragraph["qas"]]
    return Questions(paragraphs, asked)


def in_memory(questions: Questions) -> Report:
    """Return what BM25 alone finds, over whole paragraphs in memory."""
    held = {key: Counter(term.stem for term in read(text, "en")) for key, text in questions.paragraphs.items()}
    lengths = {key: counts.total() for key, counts in held.items()}
    corpus = Corpus(
        len(held), statistics.fmean(lengths.values()), Counter(stem for counts in held.values() for stem in counts)
    )
    outcomes = []
    for question, wanted in questions.asked:
        asked = stems(question, "en")
        scores = {key: weigh(asked, counts, lengths[key], corpus) for key, counts in held.items()}
        place = 1 + sum(score > scores[wanted] for score in scores.values())
        outcomes.append(Outcome(Case(question, passage=wanted), place, 0.0, True))
    return summarise(outcomes)


async def ask_all(retriever: Retriever, shelf: Shelf, questions: Questions) -> list[Outcome]:
    """Ask every question; judge what was found, and what would have been without the paragraph."""
    outcomes = []
    for question, wanted in questions.asked:
        found = await retriever.retrieve(shelf.company_id, question, k=DEPTH)
        keys = [shelf.documents[passage.chunk_id] for passage in found]
        distinct = list(dict.fromkeys(keys))
        told = judge(Case(question, passage=wanted), found)
        place = distinct.index(wanted) + 1 if wanted in distinct else None
        outcomes.append(Outcome(told.case, place, told.score, told.taken_as_answerable))
        others = [passage for passage, key in zip(found, keys, strict=True) if key != wanted]
        outcomes.append(judge(Case(question), others))
    return outcomes


def cpu_of(bare: psycopg.Connection[Any]) -> float:
    """Return the seconds of CPU that this process and PostgreSQL's connections have used."""
    pids = bare.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'").fetchall()
    times = [process.cpu_times() for process in (psutil.Process(), *(psutil.Process(pid) for (pid,) in pids))]
    return float(sum(each.user + each.system for each in times))


async def measure_cost(url: str, retriever: Retriever, shelf: Shelf, questions: Questions) -> None:
    """Print what a search costs, beside the bare statement, in alternating rounds; then embedding by itself."""
    ours, limit = [], []
    with psycopg.connect(url, autocommit=True) as bare:
        for number in range(ROUNDS):
            asked = [question for question, _ in questions.asked[number * QUERIES : (number + 1) * QUERIES]]
            begin = cpu_of(bare)
            for question in asked:
                await retriever.retrieve(shelf.company_id, question)
            between = cpu_of(bare)
            for question in asked:
                words = " | ".join(f"'{stem}'" for stem in stems(question, "en"))
                bare.execute(BARE, (shelf.company_id, words, words)).fetchall()
            ours.append((between - begin) / len(asked) * 1e3)
            limit.append((cpu_of(bare) - between) / len(asked) * 1e3)
    emit("knowledge_query", ours, limit, "ms CPU/query")


def report_quality(outcomes: Sequence[Outcome], plain: Report) -> None:
    """Print recall beside that of BM25 in memory, and what answerability achieves."""
    found = summarise(outcomes)
    for cut in (1, 5):
        ours, limit = ([(each.recall or {})[cut]] for each in (found, plain))
        emit(f"knowledge_recall_at_{cut}", ours, limit, "share", digits=4)
    emit("knowledge_mrr", [found.mrr or 0.0], [plain.mrr or 0.0], "mean of 1/place", digits=4)
    line = {"bench": "knowledge_answerability", "questions": found.questions}
    line |= {name: round(getattr(found, name), 4) for name in ("accuracy", "f1", "auc")}
    print(orjson.dumps(line).decode(), flush=True)


async def measure(url: str, questions: Questions) -> None:
    """Fill a knowledge base, then measure quality and cost."""
    db = await Database.open(url, pool_size=1, name="bench")
    company = await companies.found(db, Vault("x" * 32), "Bench", datetime.now(UTC))
    embedders = Embedders(Remembering())
    shelf = Shelf(db, PgVectorStore(), embedders, company.company_id)
    documents = {key: Document("Paragraph", text, language="en") for key, text in questions.paragraphs.items()}
    begin = time.perf_counter()
    await shelf.put(documents)
    print(f"{len(shelf.documents)} chunks in {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    report_quality(await ask_all(Retriever(db, shelf.store, embedders), shelf, questions), in_memory(questions))
    await measure_cost(url, Retriever(db, shelf.store, embedders), shelf, questions)
    await db.close()


def main() -> None:
    """Measure on an embedded server of its own."""
    path = find("knowledge", "retrieval/xquad.en.json")
    if path is None:
        return
    with running_postgres() as url:
        asyncio.run(measure(url, load_questions(path)))


if __name__ == "__main__":
    main()
