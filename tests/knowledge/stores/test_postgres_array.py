"""The copy in memory of the array backend: bounded, never stale, and the same answers without it."""

import numpy as np
import pytest

from core.ids import new_id
from knowledge.stores import postgres_array
from knowledge.stores.blocks import Block, ranked, top
from knowledge.stores.postgres_array import PostgresArrayStore
from knowledge.stores.protocol import EVERYTHING, Selection
from tests.knowledge.stores.conftest import SPACE, Library, angle, vector

READS = "SELECT pg_stat_get_xact_numscans('knowledge_vectors_array_pkey'::regclass)"


def block(*rows):
    """Return a block of (id, source, tags, language, degrees)."""
    ids, sources, tags, languages, degrees = zip(*rows, strict=True)
    matrix = np.stack([angle(each) for each in degrees])
    return Block(list(ids), list(sources), [frozenset(each) for each in tags], list(languages), matrix)


ROWS = block(("a", "s1", ["x"], "en", 30), ("b", "s1", ["x"], "ar", 10), ("c", "s2", [], None, 20))


@pytest.mark.parametrize(
    ("k", "selection", "expected"),
    [
        (1, EVERYTHING, ["b"]),
        (2, EVERYTHING, ["b", "c"]),
        (9, EVERYTHING, ["b", "c", "a"]),
        (9, Selection(tags=("x", "y")), ["b", "a"]),
        (9, Selection(language="en"), ["c", "a"]),
        (9, Selection(source_ids=("s2",)), ["c"]),
        (9, Selection(tags=("x",), source_ids=("s2",)), []),
    ],
)
def test_the_best_rows_of_a_block(k, selection, expected):
    assert [each for each, _ in ranked(top(ROWS, angle(0), k, selection), k)] == expected


def test_equal_similarities_are_ranked_by_id():
    assert ranked([("b", 0.5), ("c", 0.9), ("a", 0.5)], 2) == [("c", 0.9), ("a", 0.5)]


@pytest.mark.parametrize("memory_bytes", [0, 4000, 10**9])
async def test_the_answer_is_the_same_however_much_fits(db, acme, rival, monkeypatch, memory_bytes):
    monkeypatch.setattr(postgres_array, "BLOCK", 3)
    store = PostgresArrayStore(memory_bytes=memory_bytes)
    library, expected = Library(db, store), {}
    for company_id, count in ((acme, 10), (rival, 2)):
        _, expected[company_id] = await library.add(company_id, [angle(number) for number in range(count)])
    for _ in range(3):
        for company_id, chunk_ids in expected.items():
            assert await library.nearest(company_id, angle(0), 20) == chunk_ids
            assert await library.nearest(company_id, angle(0), 1) == chunk_ids[:1]
        assert sum(len(each.blocks) for each in store._copies.values()) <= {0: 0, 4000: 1}.get(memory_bytes, 5)


async def test_a_copy_is_read_once_and_again_after_a_change(db, acme):
    store = PostgresArrayStore()
    library = Library(db, store)
    source_id, chunk_ids = await library.add(acme, [angle(number) for number in range(4)])

    async def reads():
        async with db.transaction(acme) as connection:
            await connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off")
            await connection.execute("SET LOCAL enable_bitmapscan = off")
            before = (await (await connection.execute(READS)).fetchone())[0]
            await store.nearest(connection, acme, SPACE, angle(0), 3)
            return (await (await connection.execute(READS)).fetchone())[0] > before

    assert [await reads() for _ in range(3)] == [True, False, False]
    async with db.transaction(acme) as connection:
        await store.drop(connection, acme, chunk_ids[:1])
    assert [await reads() for _ in range(2)] == [True, False]
    await library.revise(acme, source_id, [angle(50)])
    assert [await reads() for _ in range(2)] == [True, False]


async def test_what_a_rolled_back_transaction_put_is_not_kept(db, acme):
    store = PostgresArrayStore()
    library = Library(db, store)
    _, (first, second) = await library.add(acme, [angle(10), angle(20)])
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is under test
        async with db.transaction(acme) as connection:
            await store.put(connection, acme, SPACE, [(second, angle(1))])
            found = await store.nearest(connection, acme, SPACE, angle(0), 1)
            assert found[0][0] == second
            raise RuntimeError
    assert await library.nearest(acme, angle(0)) == [first, second]


async def test_vectors_come_back_as_they_went(db, acme):
    """Through the packed form of an array, to the last bit."""
    store = PostgresArrayStore()
    numbers = np.random.default_rng(3).normal(size=(50, SPACE.dimension))
    vectors = [(each / np.linalg.norm(each)).astype(np.float32) for each in numbers]
    _, chunk_ids = await Library(db, store).add(acme, vectors)
    async with db.transaction(acme) as connection:
        cursor = await connection.execute("SELECT chunk_id, embedding FROM knowledge_vectors_array")
        stored = {chunk_id: np.array(numbers, dtype=np.float32) for chunk_id, numbers in await cursor.fetchall()}
        await store.put(connection, acme, SPACE, [(new_id(), vector(1))])
        await store.nearest(connection, acme, SPACE, vectors[0], 1)
    assert all(np.array_equal(stored[chunk_id], one) for chunk_id, one in zip(chunk_ids, vectors, strict=True))
    (copy,) = store._copies.values()
    kept = {chunk_id: row for each in copy.blocks for chunk_id, row in zip(each.chunk_ids, each.matrix, strict=True)}
    assert all(np.array_equal(kept[chunk_id], stored[chunk_id]) for chunk_id in chunk_ids)
