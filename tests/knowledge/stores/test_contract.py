"""What every backend must do alike; each test runs once for each of them."""

import asyncio

import numpy as np
import pytest

from core.ids import new_id
from db import knowledge_chunks, knowledge_sources
from knowledge.embedding.embedder import Space
from knowledge.stores.protocol import MAX_NEIGHBOURS, InvalidVector, Selection
from tests.knowledge.stores.conftest import NOW, SPACE, angle, chunk, vector


async def test_the_nearest_come_first_with_their_similarity(db, store, library, acme):
    _, (far, near, middle) = await library.add(acme, [angle(80), angle(10), angle(45)])
    async with db.transaction(acme) as connection:
        found = await store.nearest(connection, acme, SPACE, angle(0), 2)
    assert [chunk_id for chunk_id, _ in found] == [near, middle]
    assert [similarity for _, similarity in found] == pytest.approx(np.cos(np.deg2rad([10, 45])), abs=1e-3)
    assert await library.nearest(acme, angle(90), 1) == [far]


async def test_k_may_exceed_what_there_is(library, acme):
    assert await library.nearest(acme, angle(0)) == []
    _, chunk_ids = await library.add(acme, [angle(10), angle(20), angle(170)])
    assert await library.nearest(acme, angle(0), 50) == chunk_ids
    assert await library.nearest(acme, angle(0), MAX_NEIGHBOURS * 50) == chunk_ids


async def test_a_company_is_answered_with_its_own_chunks(db, store, library, acme, rival):
    _, (ours,) = await library.add(acme, [angle(60)])
    _, (theirs,) = await library.add(rival, [angle(0)])
    assert await library.nearest(acme, angle(0)) == [ours]
    assert await library.nearest(rival, angle(0)) == [theirs]
    async with db.transaction(acme, rival) as connection:
        assert [each for each, _ in await store.nearest(connection, acme, SPACE, angle(0), 9)] == [ours]


async def test_a_transaction_of_another_company_finds_and_changes_nothing(db, store, library, acme, rival):
    """Row-level security: the company's id as an argument does not open what the transaction is not for."""
    _, (theirs,) = await library.add(rival, [angle(0)])
    assert await library.nearest(rival, angle(0)) == [theirs]
    async with db.transaction(acme) as connection:
        assert await store.nearest(connection, rival, SPACE, angle(0), 9) == []
        assert await store.missing(connection, rival, SPACE, [theirs]) == {theirs}
        assert await store.spaces(connection, rival) == []
        await store.put(connection, acme, SPACE, [(theirs, angle(0))])
        await store.drop(connection, acme, [theirs])
        await store.drop(connection, rival, [theirs])
        await store.drop_space(connection, rival, SPACE.key)
        await store.forget(connection, rival)
    assert await library.nearest(acme, angle(0)) == []
    assert await library.nearest(rival, angle(0)) == [theirs]


async def test_what_is_staged_is_not_found_before_it_is_published(library, acme):
    source_id, (old,) = await library.add(acme, [angle(30)])
    (new,) = await library.revise(acme, source_id, [angle(0)], publish=False)
    assert await library.nearest(acme, angle(0)) == [old]
    await library.publish(acme, source_id)
    assert await library.nearest(acme, angle(0)) == [new]


async def test_what_never_was_published_is_not_found(library, acme):
    await library.add(acme, [angle(0)], publish=False)
    assert await library.nearest(acme, angle(0)) == []


async def test_a_removed_source_is_not_found_from_then_on(db, library, acme):
    source_id, _ = await library.add(acme, [angle(0)])
    _, (other,) = await library.add(acme, [angle(50)])
    assert len(await library.nearest(acme, angle(0))) == 2
    async with db.transaction(acme) as connection:
        assert await knowledge_sources.remove(connection, acme, source_id, NOW)
    assert await library.nearest(acme, angle(0)) == [other]


async def test_many_ended_chunks_do_not_hide_a_live_one(library, acme):
    """More dead neighbours than a store asks for at first lie nearer than the live one."""
    source_id, _ = await library.add(acme, [angle(0.05 * number) for number in range(120)])
    (live,) = await library.revise(acme, source_id, [angle(40)])
    assert await library.nearest(acme, angle(0), 3) == [live]


async def test_tags_language_and_sources_select(library, acme):
    first, (german,) = await library.add(acme, [angle(10)], tags=["billing", "eu"], language="de")
    second, (english,) = await library.add(acme, [angle(20)], tags=["billing"], language="en")
    third, (unknown,) = await library.add(acme, [angle(30)])
    everything = [german, english, unknown]
    assert await library.nearest(acme, angle(0)) == everything
    assert await library.nearest(acme, angle(0), tags=("billing",)) == [german, english]
    assert await library.nearest(acme, angle(0), tags=("eu", "us")) == [german]
    assert await library.nearest(acme, angle(0), tags=("us",)) == []
    assert await library.nearest(acme, angle(0), language="en") == [english, unknown]
    assert await library.nearest(acme, angle(0), source_ids=(second, third)) == [english, unknown]
    assert await library.nearest(acme, angle(0), tags=("billing",), language="en", source_ids=(first,)) == []


async def test_tags_that_change_hold_at_once(db, library, acme):
    source_id, (only,) = await library.add(acme, [angle(10)], tags=["old"])
    assert await library.nearest(acme, angle(0), tags=("old",)) == [only]
    async with db.transaction(acme) as connection:
        await knowledge_sources.update(connection, acme, source_id, NOW, tags=["new"])
    assert await library.nearest(acme, angle(0), tags=("old",)) == []
    assert await library.nearest(acme, angle(0), tags=("new",)) == [only]


async def test_a_narrow_selection_among_many_is_found(library, acme):
    await library.add(acme, [angle(0.05 * number) for number in range(150)], language="en")
    _, (rare,) = await library.add(acme, [angle(80)], language="ar", tags=["rare"])
    assert await library.nearest(acme, angle(0), 3, language="ar") == [rare]
    assert await library.nearest(acme, angle(0), 3, tags=("rare",)) == [rare]


async def test_a_vector_is_replaced(db, store, library, acme):
    _, (first, second) = await library.add(acme, [angle(10), angle(50)])
    assert await library.nearest(acme, angle(0)) == [first, second]
    async with db.transaction(acme) as connection:
        await store.put(connection, acme, SPACE, [(first, angle(20)), (first, angle(90))])
    assert await library.nearest(acme, angle(0)) == [second, first]


async def test_spaces_do_not_mix(db, store, library, acme):
    other = Space("other:with odd/characters é", 256)
    small = Space("small", 8)
    _, (first,) = await library.add(acme, [angle(0)])
    _, (second,) = await library.add(acme, [angle(5)], space=other)
    async with db.transaction(acme) as connection:
        await store.put(connection, acme, small, [(second, vector(1, dimension=8))])
        assert await store.spaces(connection, acme) == sorted([SPACE.key, other.key, small.key])
        assert await store.missing(connection, acme, SPACE, [first, second]) == {second}
        assert not await store.covers(connection, acme, SPACE)
    assert await library.nearest(acme, angle(0)) == [first]
    assert await library.nearest(acme, angle(0), space=other) == [second]
    assert await library.nearest(acme, vector(0, 1, dimension=8), space=small) == [second]


async def test_a_space_covers_a_company_once_every_live_chunk_is_in_it(db, store, library, acme):
    space = Space("next", 256)
    _, chunk_ids = await library.add(acme, [angle(0), angle(5)])
    _, hidden = await library.add(acme, [angle(7)], publish=False)
    async with db.transaction(acme) as connection:
        assert await store.covers(connection, acme, SPACE)
        assert not await store.covers(connection, acme, space)
        await store.put(connection, acme, space, [(chunk_ids[0], angle(0))])
        assert not await store.covers(connection, acme, space)
        await store.put(connection, acme, space, [(chunk_ids[1], angle(5))])
        assert await store.covers(connection, acme, space)
        assert await store.missing(connection, acme, space, [*chunk_ids, *hidden]) == set(hidden)


async def test_a_company_without_chunks_is_covered(db, store, acme):
    async with db.transaction(acme) as connection:
        assert await store.covers(connection, acme, SPACE)
        assert await store.spaces(connection, acme) == []


async def test_vectors_that_come_after_the_publication_are_found(db, store, library, acme):
    """A new model embeds what is live already; a search in between sees some of it."""
    space = Space("next", 256)
    _, (first, second) = await library.add(acme, [angle(10), angle(20)])
    for known, chunk_id in enumerate((first, second), start=1):
        async with db.transaction(acme) as connection:
            await store.put(connection, acme, space, [(chunk_id, angle(10 * known))])
        assert await library.nearest(acme, angle(0), space=space) == [first, second][:known]


async def test_ids_of_no_chunk_are_passed_over(db, store, library, acme):
    stranger = new_id()
    async with db.transaction(acme) as connection:
        await store.put(connection, acme, SPACE, [(stranger, angle(0))])
        assert await store.missing(connection, acme, SPACE, [stranger]) == {stranger}
        await store.put(connection, acme, SPACE, [])
        await store.drop(connection, acme, [stranger])
        await store.drop(connection, acme, [])
        assert await store.missing(connection, acme, SPACE, []) == set()
    assert await library.nearest(acme, angle(0)) == []


async def test_dropping(db, store, library, acme):
    other = Space("other", 256)
    _, (first, second) = await library.add(acme, [angle(10), angle(20)])
    async with db.transaction(acme) as connection:
        await store.put(connection, acme, other, [(first, angle(1)), (second, angle(2))])
    assert await library.nearest(acme, angle(0)) == [first, second]
    async with db.transaction(acme) as connection:
        await store.drop(connection, acme, [first])
        assert await store.missing(connection, acme, SPACE, [first, second]) == {first}
        assert await store.missing(connection, acme, other, [first, second]) == {first}
    assert await library.nearest(acme, angle(0)) == [second]


async def test_dropping_a_space_and_beginning_it_anew(db, store, library, acme, rival):
    other = Space("other", 256)
    _, (ours,) = await library.add(acme, [angle(10)])
    _, (theirs,) = await library.add(rival, [angle(10)])
    async with db.transaction(acme) as connection:
        await store.put(connection, acme, other, [(ours, angle(30))])
    assert await library.nearest(acme, angle(0)) == [ours]
    async with db.transaction(acme) as connection:
        await store.drop_space(connection, acme, SPACE.key)
        await store.drop_space(connection, acme, "never:8")
        assert await store.spaces(connection, acme) == [other.key]
    assert await library.nearest(acme, angle(0)) == []
    assert await library.nearest(acme, angle(0), space=other) == [ours]
    assert await library.nearest(rival, angle(0)) == [theirs]
    async with db.transaction(acme) as connection:
        await store.put(connection, acme, SPACE, [(ours, angle(30))])
    assert await library.nearest(acme, angle(0)) == [ours]


async def test_a_company_is_forgotten_and_no_other(db, store, library, acme, rival):
    _, (ours,) = await library.add(acme, [angle(10)])
    _, (theirs,) = await library.add(rival, [angle(10)])
    assert await library.nearest(acme, angle(0)) == [ours]
    async with db.transaction(acme) as connection:
        await store.forget(connection, acme)
        assert await store.spaces(connection, acme) == []
        assert await store.missing(connection, acme, SPACE, [ours]) == {ours}
    assert await library.nearest(acme, angle(0)) == []
    assert await library.nearest(rival, angle(0)) == [theirs]


async def test_deleted_chunks_are_gone(db, store, library, acme):
    source_id, (old,) = await library.add(acme, [angle(0)])
    (new,) = await library.revise(acme, source_id, [angle(60)])
    async with db.transaction(acme) as connection:
        assert await knowledge_chunks.dead(connection, acme, source_id, 10) == [old]
        await store.drop(connection, acme, [old])
        assert await knowledge_chunks.delete_dead(connection, acme, [old, new]) == 1
        assert await store.missing(connection, acme, SPACE, [old, new]) == {old}
    assert await library.nearest(acme, angle(0)) == [new]


@pytest.mark.parametrize(
    "bad",
    [
        vector(1, dimension=8),
        np.zeros(256, dtype=np.float32),
        vector(1) * 2,
        np.full(256, np.nan, dtype=np.float32),
        np.full(256, np.inf, dtype=np.float32),
        vector(1).reshape(1, 256),
    ],
    ids=["dimension", "zero", "length", "nan", "inf", "shape"],
)
async def test_a_vector_of_another_space_is_refused_as_a_whole(db, store, library, acme, bad):
    _, (first,) = await library.add(acme, [angle(10)])
    new = chunk("no source", angle(1)).chunk_id
    with pytest.raises(InvalidVector, match="fake:256"):
        async with db.transaction(acme) as connection:
            await store.put(connection, acme, SPACE, [(first, angle(80)), (new, bad)])
    with pytest.raises(InvalidVector):
        async with db.transaction(acme) as connection:
            await store.nearest(connection, acme, SPACE, bad, 3)
    async with db.transaction(acme) as connection:
        ((found, similarity),) = await store.nearest(connection, acme, SPACE, angle(0), 3)
    assert (found, similarity) == (first, pytest.approx(np.cos(np.deg2rad(10)), abs=1e-3))


async def test_searches_during_a_publication_see_the_old_or_the_new(db, store, library, acme):
    """Whole revisions alone: ten chunks of one, never some of each."""
    source_id, revision = await library.add(acme, [angle(number) for number in range(10)])
    revisions, seen, done = [set(revision)], [], asyncio.Event()

    async def search():
        while not done.is_set():
            seen.append(frozenset(await library.nearest(acme, angle(0), 50)))

    searches = [asyncio.create_task(search()) for _ in range(3)]
    for turn in range(1, 5):
        vectors = [angle(turn * 15 + number) for number in range(10)]
        revisions.append(set(await library.revise(acme, source_id, vectors)))
    done.set()
    await asyncio.gather(*searches)
    assert [each for each in seen if set(each) not in revisions] == []
    assert set(await library.nearest(acme, angle(0), 50)) == revisions[-1]


async def test_what_was_rolled_back_is_not_found(db, store, library, acme):
    _, (first,) = await library.add(acme, [angle(40)])
    source_id, (second,) = await library.add(acme, [angle(20)], publish=False)
    with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is under test
        async with db.transaction(acme) as connection:
            await knowledge_sources.publish(connection, acme, source_id, 1, NOW)
            found = await store.nearest(connection, acme, SPACE, angle(0), 5)
            assert [each for each, _ in found] == [second, first]
            raise RuntimeError
    assert await library.nearest(acme, angle(0)) == [first]


async def test_a_backend_that_works_passes_its_check(db, store, acme):
    async with db.transaction(acme) as connection:
        await store.check(connection)


async def test_a_selection_of_nothing_selects_everything(library, acme):
    _, chunk_ids = await library.add(acme, [angle(1)])
    assert await library.nearest(acme, angle(0), tags=(), source_ids=(), language=None) == chunk_ids
    assert Selection() == Selection((), None, ())
