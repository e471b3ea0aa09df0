"""A source's next revision is staged beside the live one, and becomes live in one step, whole or not at all."""

import asyncio
from datetime import timedelta
from itertools import chain, pairwise

import pytest

from core.ids import derive_id, new_id
from db import knowledge_chunks, knowledge_documents, knowledge_runs, knowledge_sources, knowledge_uploads
from db.knowledge_chunks import NewChunk
from db.knowledge_documents import NewDocument

HOUR = timedelta(hours=1)


def chunk(source_id, page, text, language="en"):
    return NewChunk(
        derive_id("chunk", source_id, repr((page, text))),
        ("Help", page),
        text,
        2,
        language,
        b"hash",
        "'word':1",
        1,
    )


@pytest.fixture
def source_id():
    return new_id()


@pytest.fixture
async def desk(db, acme, now, source_id):
    """Whoever ingests a source of pages, each of which consists of some texts."""

    class Desk:
        revision = 1

        async def stage(self, page, *texts, revision=None, **changes):
            document = NewDocument(**{**self.document(page), **changes})
            chunks = [chunk(source_id, page, text) for text in texts]
            async with db.transaction(acme) as connection:
                return await knowledge_documents.stage(
                    connection, acme, source_id, revision or self.revision, document, chunks
                )

        async def keep(self, page, **said):
            async with db.transaction(acme) as connection:
                return await knowledge_documents.keep(
                    connection, acme, source_id, self.revision, self.id(page), now + HOUR, **said
                )

        async def publish(self, *pages):
            async with db.transaction(acme) as connection:
                ids = [self.id(page) for page in pages]
                ended = await knowledge_documents.end_others(connection, acme, source_id, self.revision, ids)
                assert await knowledge_sources.publish(connection, acme, source_id, self.revision, now)
            self.revision += 1
            return ended

        async def live(self):
            """Return the texts of each live page, in order, and what is found by the ids of all chunks."""
            async with db.transaction(acme) as connection:
                documents = await knowledge_documents.list_(connection, acme, source_id)
                texts = {
                    document.title: [
                        each.text for each in await knowledge_chunks.of_document(connection, acme, document.document_id)
                    ]
                    for document in documents
                }
                cursor = await connection.execute("SELECT chunk_id FROM knowledge_chunks")
                ids = [row[0] for row in await cursor.fetchall()]
                found = await knowledge_chunks.load(connection, acme, ids)
                size = await knowledge_sources.size(connection, acme, source_id)
            assert sorted(each.text for each in found.values()) == sorted(chain.from_iterable(texts.values()))
            assert (size.documents, size.chunks) == (len(texts), len(found))
            return texts

        async def tidy(self):
            """Delete what is dead; returns the number of chunks and of documents."""
            async with db.transaction(acme) as connection:
                dead = await knowledge_chunks.dead(connection, acme, source_id, 100)
                return (
                    await knowledge_chunks.delete_dead(connection, acme, dead),
                    await knowledge_documents.delete_dead(connection, acme, source_id),
                )

        async def rows(self):
            async with db.transaction(acme) as connection:
                cursor = await connection.execute("SELECT text, xmin::text FROM knowledge_chunks")
                return dict(await cursor.fetchall())

        def id(self, page):
            return derive_id("document", source_id, page)

        def document(self, page):
            return {"document_id": self.id(page), "title": page, "content_hash": b"h", "fetched_at": now, "url": page}

    async with db.transaction(acme) as connection:
        await knowledge_sources.create(
            connection, acme, source_id=source_id, kind="sitemap", title="Help", created_by="system", now=now
        )
    return Desk()


async def test_what_is_staged_shows_only_when_it_is_published(desk):
    staged = await desk.stage("a", "one", "two")
    assert (len(staged.added), staged.kept, staged.removed) == (2, 0, 0)
    assert await desk.live() == {}
    assert await desk.publish("a") == 0
    assert await desk.live() == {"a": ["one", "two"]}


async def test_a_changed_page_keeps_the_chunks_that_stayed(desk):
    await desk.stage("a", "one", "two", "three")
    await desk.publish("a")
    before = await desk.rows()
    staged = await desk.stage("a", "three", "one", "four")
    assert (len(staged.added), staged.kept, staged.removed) == (1, 2, 1)
    assert await desk.live() == {"a": ["one", "two", "three"]}
    await desk.publish("a")
    assert await desk.live() == {"a": ["three", "one", "four"]}
    after = await desk.rows()
    assert (after["one"], after["three"]) == (before["one"], before["three"]), "kept rows are not written again"
    assert await desk.tidy() == (1, 1)
    assert await desk.live() == {"a": ["three", "one", "four"]}


async def test_staging_twice_is_staging_once(desk):
    await desk.stage("a", "one")
    again = await desk.stage("a", "one")
    assert (again.added, again.kept, again.removed) == ((), 1, 0)
    await desk.publish("a")
    assert await desk.live() == {"a": ["one"]}


async def test_what_a_killed_run_staged_is_used_or_taken_back(desk):
    await desk.stage("a", "one", "two")
    await desk.stage("b", "other")
    await desk.publish("a", "b")
    await desk.stage("a", "one", "killed")
    await desk.stage("b", "gone soon")
    await desk.stage("c", "never again")
    staged = await desk.stage("a", "one", "two", "final")
    assert (len(staged.added), staged.kept, staged.removed) == (1, 2, 0)
    assert await desk.keep("b") == 1
    assert await desk.publish("a", "b") == 0
    assert await desk.live() == {"a": ["one", "two", "final"], "b": ["other"]}
    assert set(await desk.rows()) == {"one", "two", "final", "other"}


async def test_pages_that_are_gone_end(desk):
    await desk.stage("a", "one")
    await desk.stage("b", "two", "three")
    await desk.publish("a", "b")
    await desk.keep("a")
    assert await desk.live() == {"a": ["one"], "b": ["two", "three"]}
    assert await desk.publish("a") == 2
    assert await desk.live() == {"a": ["one"]}
    assert await desk.tidy() == (2, 1)


async def test_keeping_a_page_notes_what_its_server_said(db, acme, desk, now):
    assert await desk.keep("a") is None
    await desk.stage("a", "one", etag="old", modified="monday")
    await desk.publish("a")
    assert await desk.keep("a", etag="new") == 1
    async with db.transaction(acme) as connection:
        document = await knowledge_documents.live(connection, acme, desk.id("a"))
    assert (document.etag, document.modified, document.fetched_at) == ("new", "monday", now + HOUR)


async def test_a_chunk_that_comes_back_lives_again(desk):
    await desk.stage("a", "one", "two")
    await desk.publish("a")
    await desk.stage("a", "two")
    await desk.publish("a")
    staged = await desk.stage("a", "one", "two")
    assert (staged.added, staged.kept) == ((), 2)
    assert await desk.live() == {"a": ["two"]}
    await desk.publish("a")
    assert await desk.live() == {"a": ["one", "two"]}
    assert await desk.tidy() == (0, 2)


async def test_only_the_next_revision_can_be_published(db, acme, desk, source_id, now):
    async with db.transaction(acme) as connection:
        for revision, published in ((2, False), (0, False), (1, True), (1, False), (3, False)):
            assert await knowledge_sources.publish(connection, acme, source_id, revision, now) is published
        assert not await knowledge_sources.publish(connection, acme, new_id(), 1, now)


async def test_a_removed_source_is_hidden_at_once_and_deleted_later(db, acme, rival, desk, source_id, now):
    await desk.stage("a", "one", "two")
    await desk.publish("a")
    async with db.transaction(rival) as connection:
        assert not await knowledge_sources.remove(connection, rival, source_id, now)
        assert not await knowledge_sources.remove(connection, acme, source_id, now)
    async with db.transaction(acme) as connection:
        assert not await knowledge_sources.delete(connection, acme, source_id)
        assert await knowledge_sources.remove(connection, acme, source_id, now)
        assert not await knowledge_sources.remove(connection, acme, source_id, now)
        assert await knowledge_sources.get(connection, acme, source_id) is None
        assert (await knowledge_sources.list_(connection, acme)).items == []
        assert await knowledge_documents.list_(connection, acme, source_id) == []
        assert not await knowledge_sources.publish(connection, acme, source_id, 2, now)
        assert not await knowledge_sources.delete(connection, acme, source_id), "it still has chunks"
    async with db.system() as connection:
        key = knowledge_sources.SourceKey(acme, source_id)
        assert await knowledge_sources.removed(connection, 10) == [key]
    assert await desk.tidy() == (2, 1)
    async with db.transaction(acme) as connection:
        assert await knowledge_sources.delete(connection, acme, source_id)
    async with db.system() as connection:
        assert await knowledge_sources.removed(connection, 10) == []


async def test_live_chunks_are_not_deleted_by_mistake(db, acme, desk, source_id):
    await desk.stage("a", "one", "two")
    await desk.publish("a")
    await desk.stage("a", "two")
    async with db.transaction(acme) as connection:
        assert await knowledge_chunks.dead(connection, acme, source_id, 10) == []
        ids = [chunk(source_id, "a", text).chunk_id for text in ("one", "two")]
        assert await knowledge_chunks.delete_dead(connection, acme, ids) == 0
    assert await desk.live() == {"a": ["one", "two"]}


async def test_what_is_to_be_embedded_is_read_in_slices(db, acme, desk, source_id):
    await desk.stage("a", *(f"text {number}" for number in range(5)))
    await desk.publish("a")
    await desk.stage("a", "text 3", "new")
    seen, after = [], None
    async with db.transaction(acme) as connection:
        while slice_ := await knowledge_chunks.at_revision(connection, acme, source_id, 2, after=after, limit=1):
            seen += [each.text for each in slice_]
            after = slice_[-1].chunk_id
        assert len(await knowledge_chunks.at_revision(connection, acme, source_id, 1)) == 5
        assert set(await knowledge_documents.staged(connection, acme, source_id, 2)) == {desk.id("a")}
    assert sorted(seen) == ["new", "text 3"]


async def test_what_postgresql_cannot_hold_is_replaced(db, acme, desk, source_id, now):
    await desk.stage("a\0b", "nul \0 and \ud800 surrogate", attribution="© \udfff", licence="\0")
    await desk.publish("a\0b")
    assert await desk.live() == {"a\ufffdb": ["nul \ufffd and \ufffd surrogate"]}
    async with db.transaction(acme) as connection:
        await knowledge_sources.update(connection, acme, source_id, now, title="\0", tags=["a\0", "b"])
        await knowledge_uploads.save(
            connection, acme, source_id, name="\ud800.md", media_type=None, content=b"\0\xff", now=now
        )
        source = await knowledge_sources.get(connection, acme, source_id)
        upload = await knowledge_uploads.load(connection, acme, source_id)
    assert (source.title, source.tags) == ("\ufffd", ["a\ufffd", "b"])
    assert (upload.name, upload.content) == ("\ufffd.md", b"\0\xff")


async def test_an_upload_replaces_the_one_before(db, acme, rival, desk, source_id, now):
    upload = {"name": "a.md", "media_type": "text/markdown", "now": now}
    async with db.transaction(acme) as connection:
        assert await knowledge_uploads.load(connection, acme, source_id) is None
        for content in (b"old", b"new"):
            await knowledge_uploads.save(connection, acme, source_id, content=content, **upload)
        found = await knowledge_uploads.load(connection, acme, source_id)
    assert (found.content, found.media_type, len(found.content_hash)) == (b"new", "text/markdown", 32)
    async with db.transaction(rival) as connection:
        assert await knowledge_uploads.load(connection, acme, source_id) is None


async def test_the_stamp_changes_with_all_that_a_search_may_show(db, acme, rival, desk, source_id, now):
    async def stamp(company_id=acme):
        async with db.transaction(company_id) as connection:
            return await knowledge_sources.stamp(connection, company_id)

    stamps = [await stamp()]
    await desk.stage("a", "one")
    assert await stamp() == stamps[0], "nothing of it is live"
    await desk.publish("a")
    stamps.append(await stamp())
    for change in ({"tags": ["x"]}, {"tags": ["x", "y"]}, {"title": "New"}, {"language": "ar"}, {"language": ""}):
        async with db.transaction(acme) as connection:
            assert await knowledge_sources.update(connection, acme, source_id, now, **change)
        stamps.append(await stamp())
    async with db.transaction(acme) as connection:
        await knowledge_sources.set_status(connection, acme, source_id, "failed", now)
    assert await stamp() == stamps[-1], "how the last run went changes no answer"
    async with db.transaction(acme) as connection:
        await knowledge_sources.remove(connection, acme, source_id, now)
    assert await stamp() == stamps[0] == await stamp(rival)
    assert all(one != other for one, other in pairwise(stamps))


async def test_sources_are_listed_newest_first_and_by_tag(db, acme, now):
    ids = [new_id() for _ in range(3)]
    async with db.transaction(acme) as connection:
        for number, each in enumerate(ids):
            tags, at = ["even"] if number % 2 == 0 else [], now + number * HOUR
            values = {"kind": "url", "title": "T", "location": f"https://x.test/{number}", "created_by": "system"}
            assert await knowledge_sources.create(connection, acme, source_id=each, tags=tags, now=at, **values)
        assert not await knowledge_sources.create(connection, acme, source_id=each, tags=tags, now=at, **values)
        first = await knowledge_sources.list_(connection, acme, limit=2)
        rest = await knowledge_sources.list_(connection, acme, limit=2, cursor=first.next_cursor)
        even = await knowledge_sources.list_(connection, acme, tag="even")
        assert await knowledge_sources.find(connection, acme, "url", "https://x.test/1") == ids[1]
        assert await knowledge_sources.find(connection, acme, "sitemap", "https://x.test/1") is None
    assert [row["source_id"] for row in (*first.items, *rest.items)] == ids[::-1]
    assert [row["source_id"] for row in even.items] == [ids[2], ids[0]]


async def test_a_worker_that_lost_its_run_holds_nothing(db, acme, desk, source_id, now):
    run_id = new_id()
    async with db.transaction(acme) as connection:
        assert await knowledge_runs.queue(connection, acme, run_id=run_id, source_id=source_id, trace_id="t", now=now)
        first = await knowledge_runs.claim(connection, acme, run_id, now, stale_before=now - HOUR)
        assert await knowledge_runs.claim(connection, acme, run_id, now, stale_before=now - HOUR) is None
        assert await knowledge_runs.hold(connection, acme, run_id, first.attempt)
        second = await knowledge_runs.claim(connection, acme, run_id, now + HOUR, stale_before=now + HOUR / 2)
        assert (first.revision, second.revision, second.attempt) == (1, 1, 2)
        assert not await knowledge_runs.hold(connection, acme, run_id, first.attempt)
        assert not await knowledge_runs.beat(connection, acme, run_id, first.attempt, now, progress={"documents": 1})
        assert not await knowledge_runs.finish(connection, acme, run_id, first.attempt, "done", now)
        assert await knowledge_runs.beat(connection, acme, run_id, second.attempt, now, progress={"documents": 2})
        assert await knowledge_sources.publish(connection, acme, source_id, second.revision, now)
        third = await knowledge_runs.claim(connection, acme, run_id, now + HOUR, stale_before=now + HOUR / 2)
        assert (third.revision, third.progress) == (1, {"documents": 2}), "published already: tidying up is left"
        assert await knowledge_runs.finish(connection, acme, run_id, third.attempt, "done", now)
        assert not await knowledge_runs.cancel(connection, acme, run_id, now)
        assert not await knowledge_runs.hold(connection, acme, run_id, third.attempt)


async def test_a_takeover_waits_for_the_transaction_that_holds_the_run(db, acme, desk, source_id, now):
    """What the old worker does in that transaction is whole before the new one begins."""
    run_id, order = new_id(), []
    async with db.transaction(acme) as connection:
        await knowledge_runs.queue(connection, acme, run_id=run_id, source_id=source_id, trace_id="t", now=now)
        run = await knowledge_runs.claim(connection, acme, run_id, now, stale_before=now)

    async def take_over():
        async with db.transaction(acme) as connection:
            await knowledge_runs.claim(connection, acme, run_id, now + HOUR, stale_before=now + HOUR)
            order.append("taken over")

    async with db.transaction(acme) as connection:
        assert await knowledge_runs.hold(connection, acme, run_id, run.attempt)
        other = asyncio.create_task(take_over())
        await _until_blocked(connection)
        assert await knowledge_sources.publish(connection, acme, source_id, 1, now)
        order.append("published")
    await other
    assert order == ["published", "taken over"]


async def _until_blocked(connection):
    """Wait until another connection waits for this one; a transaction sees activity as it was until it looks anew."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))"
    while (await (await connection.execute(waiting)).fetchone())[0] == 0:
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        await asyncio.sleep(0.01)
