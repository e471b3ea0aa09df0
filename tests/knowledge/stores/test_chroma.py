"""The directory of Chroma, which several processes of one machine share."""

import asyncio
import subprocess
import sys

import pytest

from knowledge.stores.chroma import ChromaStore
from tests.knowledge.stores.conftest import SPACE, Library, angle

WRITER = """
import asyncio, sys
from pathlib import Path
from db.pool import Database
from knowledge.stores.chroma import ChromaStore
from tests.knowledge.stores.conftest import SPACE, angle

async def main(url, directory, company_id, chunk_id, degrees):
    db = await Database.open(url, pool_size=1, name="test")
    async with db.transaction(company_id) as connection:
        store = ChromaStore.open(Path(directory))
        await store.put(connection, company_id, SPACE, [(chunk_id, angle(float(degrees)))])
    await db.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def store(tmp_path):
    return ChromaStore.open(tmp_path / "chroma")


async def test_what_another_process_wrote_is_found(db, store, acme, shared_database_url, tmp_path):
    """Chroma alone goes on answering from its memory."""
    library = Library(db, store)
    _, (first, second) = await library.add(acme, [angle(10), angle(50)])
    assert await library.nearest(acme, angle(0)) == [first, second]
    arguments = [shared_database_url, str(tmp_path / "chroma"), acme, first, "80"]
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", WRITER, *arguments], check=True, timeout=120)
    assert await library.nearest(acme, angle(0)) == [second, first]


async def test_the_directory_outlives_its_process(db, store, acme, tmp_path):
    library = Library(db, store)
    _, chunk_ids = await library.add(acme, [angle(10), angle(50)])
    store._client.close()
    again = Library(db, ChromaStore.open(tmp_path / "chroma"))
    assert await again.nearest(acme, angle(0)) == chunk_ids


async def test_more_vectors_than_one_request_takes(db, store, acme, monkeypatch):
    monkeypatch.setattr("knowledge.stores.chroma.SLICE", 3)
    library = Library(db, store)
    _, chunk_ids = await library.add(acme, [angle(5 * number) for number in range(10)])
    async with db.transaction(acme) as connection:
        assert await store.missing(connection, acme, SPACE, chunk_ids) == set()
        assert await store.covers(connection, acme, SPACE)
        await store.drop(connection, acme, chunk_ids[:7])
        assert await store.missing(connection, acme, SPACE, chunk_ids) == set(chunk_ids[:7])
    assert await library.nearest(acme, angle(0)) == chunk_ids[7:]


async def test_writing_goes_on_while_the_directory_is_opened_anew(db, store, acme):
    """A search that finds another version closes what a writer has just used."""
    library = Library(db, store)
    source_id, _ = await library.add(acme, [angle(80)])

    async def search():
        for _ in range(10):
            assert len(await library.nearest(acme, angle(0), 20)) >= 1

    searching = asyncio.create_task(search())
    for number in range(1, 6):
        await library.revise(acme, source_id, [angle(80), *(angle(each) for each in range(number))])
    await searching
    assert len(await library.nearest(acme, angle(0), 20)) == 6
