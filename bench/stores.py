"""Vector search at 100,000 chunks of three companies: what the index finds of what there is, how fast, and putting in.

Texts are paragraphs of the documentation and source of the installed packages, embedded by wordllama (256 numbers), so
that neighbours are real ones. The big company has seven in eight chunks; the middle one is just large enough for the
index, which it shares; the small one is read whole. A tenth of each has ended.

- recall@10 against numpy over all live vectors, for each company and for selections of the big one;
- a search: ours under row-level security with what is live, beside the bare index asked by the owner;
- putting in: ours, batch by batch, beside COPY into a table with the same columns and the same indexes.
"""

import asyncio
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from bench.report import emit
from bench.servers import running_postgres
from core.ids import new_id
from core.security import Vault
from db import companies
from db.pool import Database
from knowledge.embedding.embedder import Space
from knowledge.stores.pgvector import PgVectorStore
from knowledge.stores.protocol import EVERYTHING, Selection

TOTAL = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
SPACE = Space("wordllama", 256)
SHARES = {"big": 0.877, "middle": 0.12, "small": 0.003}
SOURCES = 50
K = 10
ROUNDS = 5
QUERIES = 40
BATCH = 64
PUT = 1000
BY_DISTANCE = "embedding::vector(256) <=> %s::vector(256)"

Matrix = NDArray[np.float32]


@dataclass
class Shelf:
    """A company's chunks, as numpy sees them."""

    company_id: str
    chunk_ids: list[str]
    matrix: Matrix
    source: NDArray[np.int64]
    source_ids: list[str]
    is_live: NDArray[np.bool_]
    is_arabic: NDArray[np.bool_]

    def exact(self, query: Matrix, mask: NDArray[np.bool_]) -> list[float]:
        """Return the similarities of the K nearest rows of a mask."""
        return sorted((self.matrix[mask] @ query).tolist(), reverse=True)[:K]


def paragraphs() -> Iterator[str]:
    """Give different paragraphs of the texts of installed packages."""
    seen: set[str] = set()
    root = Path(psycopg.__file__).parent.parent
    for path in sorted(each for each in root.rglob("*") if each.suffix in {".py", ".md", ".rst", ".txt", ".pyi"}):
        for paragraph in re.split(r"\n\s*\n", path.read_text(errors="ignore")[:400_000]):
            text = " ".join(paragraph.split())[:600]
            if len(text) >= 80 and text not in seen:
                seen.add(text)
                yield text


def embed(count: int) -> Matrix:
    """Return the vectors of so many paragraphs, in an order of chance that is the same every time."""
    import wordllama

    model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
    texts = [text for text, _ in zip(paragraphs(), range(count), strict=False)]
    vectors = np.asarray(model.embed(texts, norm=True), dtype=np.float32)
    unique = np.unique(vectors[np.linalg.norm(vectors, axis=1) > 0.9], axis=0)
    return np.random.default_rng(7).permutation(unique)


def fill(connection: psycopg.Connection[Any], company_id: str, matrix: Matrix) -> Shelf:
    """Put a company's sources and chunks there, without words; a tenth of the chunks has ended."""
    chance = np.random.default_rng(11)
    count = len(matrix)
    source_ids = [new_id() for _ in range(SOURCES)]
    shelf = Shelf(
        company_id,
        [new_id() for _ in range(count)],
        matrix,
        chance.integers(0, SOURCES, count),
        source_ids,
        chance.random(count) > 0.1,
        chance.random(count) < 0.1,
    )
    with connection.cursor() as cursor:
        for number, source_id in enumerate(source_ids):
            cursor.execute(
                "INSERT INTO knowledge_sources (company_id, source_id, kind, title, tags, revision, created_by,"
                " created_at, updated_at) VALUES (%s, %s, 'text', 'T', %s, 2, 'system', now(), now())",
                (company_id, source_id, ["half"] * (number % 2) + ["rare"] * (number == 0)),
            )
        with cursor.copy(
            "COPY knowledge_chunks (company_id, chunk_id, source_id, document_id, since, until, heading_path, text,"
            " tokens, language, content_hash, lexemes, search) FROM STDIN"
        ) as copy:
            for row, chunk_id in enumerate(shelf.chunk_ids):
                source_id = source_ids[shelf.source[row]]
                until = None if shelf.is_live[row] else 2
                language = "ar" if shelf.is_arabic[row] else "en"
                copy.write_row(
                    (company_id, chunk_id, source_id, source_id, 1, until, "{}", "t", 1, language, b"h", 1, "")
                )
    return shelf


def load(connection: psycopg.Connection[Any], shelves: Sequence[Shelf]) -> None:
    """Put all vectors there in one go, and build the index over them."""
    connection.execute("SET maintenance_work_mem = '512MB'")
    (index,) = connection.execute("SELECT pg_get_indexdef('knowledge_vectors_pg_256'::regclass)").fetchone() or ("",)
    connection.execute("DROP INDEX knowledge_vectors_pg_256")
    for shelf in shelves:
        with connection.cursor() as cursor, cursor.copy("COPY knowledge_vectors_pg FROM STDIN") as copy:
            for chunk_id, vector in zip(shelf.chunk_ids, shelf.matrix, strict=True):
                copy.write_row((shelf.company_id, chunk_id, SPACE.key, SPACE.dimension, as_text(vector)))
    connection.execute(index)
    connection.execute("VACUUM ANALYZE")


def as_text(vector: Matrix) -> str:
    return f"[{','.join(map(repr, vector.tolist()))}]"


async def recall(db: Database, shelf: Shelf, queries: Matrix, selection: Selection, mask: NDArray[np.bool_]) -> float:
    """Return the share of the K nearest that is found, over all queries; equal similarities count as the same."""
    store, found, wanted = PgVectorStore(), 0, 0
    for query in queries:
        async with db.transaction(shelf.company_id) as connection:
            near = await store.nearest(connection, shelf.company_id, SPACE, query, K, selection)
        exact = shelf.exact(query, mask & shelf.is_live)
        found += sum(similarity >= exact[-1] - 1e-5 for _, similarity in near)
        wanted += len(exact)
    return found / wanted


async def report_recall(db: Database, shelves: dict[str, Shelf], queries: Matrix) -> None:
    """Print one line for each company and selection; each round asks other questions."""
    big = shelves["big"]
    tagged = {"rare": big.source == 0, "half": big.source % 2 == 1}
    everything = {name: np.ones(len(shelf.chunk_ids), dtype=np.bool_) for name, shelf in shelves.items()}
    cases = {
        **{name: (shelves[name], EVERYTHING, everything[name]) for name in shelves},
        "big, half of it by tag": (big, Selection(tags=("half",)), tagged["half"]),
        "big, a fiftieth by tag": (big, Selection(tags=("rare",)), tagged["rare"]),
        "big, a tenth by language": (big, Selection(language="ar"), big.is_arabic),
    }
    for name, (shelf, selection, mask) in cases.items():
        shares = [await recall(db, shelf, some, selection, mask) for some in np.array_split(queries, ROUNDS)]
        emit(f"stores_recall ({name})", shares, [1.0] * ROUNDS, f"recall@{K}", digits=4)


async def report_search(
    db: Database, owner: psycopg.Connection[Any], shelves: dict[str, Shelf], queries: Matrix
) -> None:
    """Print what a search takes beside the bare index; ours and the limit take turns."""
    store = PgVectorStore()
    owner.execute("SET hnsw.ef_search = 400")
    bare = f"SELECT chunk_id FROM knowledge_vectors_pg WHERE dimension = 256 ORDER BY {BY_DISTANCE} LIMIT {K}"
    for name, shelf in shelves.items():
        ours: list[float] = []
        limit: list[float] = []
        for some in np.array_split(queries, ROUNDS):
            begin = time.perf_counter()
            for query in some:
                async with db.transaction(shelf.company_id) as connection:
                    await store.nearest(connection, shelf.company_id, SPACE, query, K)
            middle = time.perf_counter()
            for query in some:
                owner.execute(bare, (as_text(query),)).fetchall()
            ours.append((middle - begin) / len(some) * 1e3)
            limit.append((time.perf_counter() - middle) / len(some) * 1e3)
        emit(f"stores_search ({name})", ours, limit, "ms/search")


async def report_put(db: Database, owner: psycopg.Connection[Any], shelf: Shelf) -> None:
    """Print rows a second into an index that begins empty, ours and COPY in turns."""
    store, ours, limit = PgVectorStore(), list[float](), list[float]()
    owner.execute("TRUNCATE knowledge_vectors_pg")
    owner.execute("CREATE TABLE plain (LIKE knowledge_vectors_pg INCLUDING ALL)")
    for turn in range(ROUNDS + 1):
        rows = range(turn * PUT, (turn + 1) * PUT)
        items = [(shelf.chunk_ids[row], shelf.matrix[row]) for row in rows]
        begin = time.perf_counter()
        for start in range(0, PUT, BATCH):
            async with db.transaction(shelf.company_id) as connection:
                await store.put(connection, shelf.company_id, SPACE, items[start : start + BATCH])
        ours.append(PUT / (time.perf_counter() - begin))
        lines = [(shelf.company_id, each, SPACE.key, SPACE.dimension, as_text(vector)) for each, vector in items]
        begin = time.perf_counter()
        for start in range(0, PUT, BATCH):
            with owner.cursor() as cursor, cursor.copy("COPY plain FROM STDIN") as copy:
                for line in lines[start : start + BATCH]:
                    copy.write_row(line)
        limit.append(PUT / (time.perf_counter() - begin))
    emit("stores_put", ours[1:], limit[1:], "rows/s", digits=0)


async def measure(url: str) -> None:
    """Fill the shelves and print the lines."""
    vectors = embed(TOTAL + 4000)
    queries, vectors = vectors[: QUERIES * ROUNDS], vectors[QUERIES * ROUNDS :][:TOTAL]
    db = await Database.open(url, pool_size=1, name="bench")
    parts = np.split(vectors, (np.cumsum(list(SHARES.values()))[:-1] * len(vectors)).astype(int))
    ids = [(await companies.found(db, Vault("x" * 32), name, datetime.now(UTC))).company_id for name in SHARES]
    with psycopg.connect(url, autocommit=True) as owner:
        shelves = {
            name: fill(owner, company_id, part) for name, company_id, part in zip(SHARES, ids, parts, strict=True)
        }
        load(owner, list(shelves.values()))
        await report_recall(db, shelves, queries)
        await report_search(db, owner, shelves, queries)
        await report_put(db, owner, shelves["big"])
    await db.close()


def main() -> None:
    """Measure on an embedded server of its own."""
    with running_postgres() as url:
        asyncio.run(measure(url))


if __name__ == "__main__":
    main()
