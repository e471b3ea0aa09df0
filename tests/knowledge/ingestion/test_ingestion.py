"""What a person gets who adds sources, changes them, and reads them again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from knowledge.ingesting.preparing import Rules
from knowledge.ingestion import Ingestion
from tests.knowledge.ingestion.conftest import SOURCES, Site, World
from tests.llm_server import LlmServer
from tests.stream_consumer.harness import eventually

FIXTURES = Path(__file__).parent.parent / "fixtures"
GUIDE = "# Connect your CRM\n\nOpen **Settings**.\n\n## Find the key\n\nA live key begins with crm_live_.\n"


async def help_centre(world: World, site: Site, count: int = 5) -> dict[str, Any]:
    """A sitemap of articles, read once."""
    for number in range(count):
        site.page(
            f"/help/{number}", f"Article {number}", f"Body of article {number}, with words.", f"More of {number}."
        )
    source = await world.add(kind="sitemap", location=site.url("/sitemap.xml"), title="Help")
    await world.work()
    site.reads()
    return await world.source(source)


async def everything(world: World) -> list[Any]:
    """All rows that an ingestion may write, with the system column that changes whenever a row is written."""
    return [
        await world.rows("knowledge_chunks", "chunk_id, since, until, text, xmin::text"),
        await world.rows("knowledge_vectors_array", "chunk_id, space, embedding::text, xmin::text"),
    ]


async def test_a_text_is_read_cut_embedded_and_live(world: World) -> None:
    added = await world.add(kind="text", title="CRM guide", text=GUIDE, tags=["crm", "setup"], language="en")
    assert (added["status"], added["documents"], added["chunks"]) == ("pending", 0, 0)
    assert added["last_run"]["status"] == "queued"

    [attempt] = await world.work()

    assert attempt.outcome == "done"
    source = await world.source(added)
    assert (source["status"], source["documents"]) == ("ready", 1)
    assert source["chunks"] == len(await world.texts()) >= 2
    run = source["last_run"]
    assert (run["status"], run["error"], run["problems"]) == ("done", None, [])
    assert run["progress"]["documents_total"] == run["progress"]["documents_done"] == 1
    assert run["progress"]["chunks_added"] == run["progress"]["embedded"] == source["chunks"]
    assert len(await world.rows("knowledge_vectors_array", "chunk_id, space")) == source["chunks"]


async def test_pages_of_a_sitemap_with_their_addresses_and_headings(world: World, site: Site) -> None:
    source = await help_centre(world, site)
    assert (source["status"], source["documents"]) == ("ready", 5), source
    documents = (await world.client.get(f"{SOURCES}/{source['source_id']}/documents")).json()["items"]
    assert {document["url"] for document in documents} == {site.url(f"/help/{number}") for number in range(5)}
    chunks = (await world.client.get(f"/api/v1/knowledge/documents/{documents[0]['document_id']}/chunks")).json()
    assert chunks["items"][0]["heading_path"][0] == documents[0]["title"]


@pytest.mark.parametrize("with_etags", [True, False])
async def test_an_unchanged_source_costs_no_row_and_no_vector(
    world: World, site: Site, provider: LlmServer, with_etags: bool
) -> None:
    site.with_etags = with_etags
    source = await help_centre(world, site)
    before, asked = await everything(world), len(provider.requests)

    again = await world.again(source)

    assert len(site.reads()) == 5
    assert again["last_run"]["progress"]["documents_unchanged"] == 5
    assert again["last_run"]["progress"]["chunks_kept"] == source["chunks"]
    assert again["last_run"]["progress"]["embedded"] == 0
    assert await everything(world) == before
    assert len(provider.requests) == asked


async def test_only_what_changed_is_written_and_embedded(world: World, site: Site) -> None:
    source = await help_centre(world, site)
    chunks, vectors = await everything(world)
    site.page("/help/2", "Article 2", "Body of article 2, with words.", "Quite another second part.")
    del site.pages["/help/4"]
    site.page("/help/9", "Article 9", "A new article.")

    again = await world.again(source)

    progress = again["last_run"]["progress"]
    assert (again["documents"], progress["documents_unchanged"], progress["embedded"]) == (
        5,
        3,
        progress["chunks_added"],
    )
    texts = " ".join(await world.texts())
    assert "Quite another second part." in texts
    assert "More of 2." not in texts
    assert "article 4" not in texts
    assert "A new article." in texts
    after, vectors_after = await everything(world)
    untouched = {row[0]: row for row in chunks} | {row[0]: row for row in after}
    assert [row for row in chunks if "article 2" in row[3] or "of 0" in row[3]] == [
        untouched[row[0]] for row in chunks if "article 2" in row[3] or "of 0" in row[3]
    ]
    # What went is gone, from both tables; what came is there once.
    assert {row[0] for row in after} == {row[0] for row in vectors_after}
    assert len(after) == again["chunks"]
    assert {row[0] for row in vectors_after} - {row[0] for row in vectors}


async def test_a_page_of_other_bytes_that_says_the_same_changes_nothing(world: World, site: Site) -> None:
    source = await help_centre(world, site, 2)
    before = await everything(world)
    for path, page in site.pages.items():
        site.pages[path] = page.replace("<body>", "<body><script>var token = 'fresh'</script>")
    again = await world.again(source)
    assert again["last_run"]["progress"]["documents_unchanged"] == 2
    assert await everything(world) == before


async def test_words_of_an_older_analysis_are_made_anew_without_reading_or_embedding(world: World, site: Site) -> None:
    site.pages["/help/ar"] = "<html><body><main><h1>الاشتراك</h1><p>كيف ألغي اشتراكي؟</p></main></body></html>"
    source = await help_centre(world, site, 2)
    untouched, words = "chunk_id, since, until, text", "chunk_id, search::text, lexemes"
    chunks, as_read = await world.rows("knowledge_chunks", untouched), await world.rows("knowledge_chunks", words)
    vectors = (await everything(world))[1]
    async with world.db.transaction(world.company.company_id) as connection:
        await connection.execute("UPDATE knowledge_chunks SET search = 'older:1'::tsvector, lexemes = 1")
        await connection.execute("UPDATE knowledge_sources SET settings = settings - 'analysis'")
    again = await world.again(source)
    assert await world.rows("knowledge_chunks", words) == as_read
    assert await world.rows("knowledge_chunks", untouched) == chunks
    assert (await everything(world))[1] == vectors
    progress = again["last_run"]["progress"]
    assert (progress["documents_unchanged"], progress["embedded"]) == (3, 0)
    # Published, since searches answer otherwise; and once only.
    before, revision = await everything(world), await world.rows("knowledge_sources", "source_id, revision")
    assert revision == [(source["source_id"], 2)]
    await world.again(source)
    assert await world.rows("knowledge_sources", "source_id, revision") == revision
    assert await everything(world) == before


async def test_new_rules_are_applied_although_the_server_says_that_nothing_changed(world: World, site: Site) -> None:
    source = await help_centre(world, site, 2)
    finer = world.settings.model_copy(update={"knowledge_chunk_size": 32, "knowledge_chunk_overlap": 0})
    assert Rules.of(finer, None).stamp() != Rules.of(world.settings, None).stamp()
    site.page("/help/0", "Article 0", " ".join(f"Sentence {n} has a good many words." for n in range(60)))
    await world.again(source)
    site.reads()
    world.ingestion = Ingestion(world.db, world.tools, finer)
    again = await world.again(source)
    assert len(site.reads()) == 2
    assert again["last_run"]["status"] == "done"
    assert again["last_run"]["progress"]["documents_unchanged"] <= 1
    site.reads()
    assert (await world.again(source))["last_run"]["progress"]["documents_unchanged"] == 2


async def test_a_bad_document_is_a_problem_and_not_the_end(world: World, site: Site) -> None:
    site.page("/good", "Good", "This can be read.")
    site.pages["/empty"] = "<html><body><script>render()</script></body></html>"
    site.page("/gone", "Gone", "x")
    site.page("/sick", "Sick", "x")
    site.status = {"/gone": 404, "/sick": 500}
    source = await world.add(kind="sitemap", location=site.url("/sitemap.xml"))
    await world.work()
    source = await world.source(source)
    assert (source["status"], source["documents"]) == ("ready", 1)
    problems = {problem["url"]: problem["code"] for problem in source["last_run"]["problems"]}
    assert problems == {
        site.url("/empty"): "no_text",
        site.url("/gone"): "not_found",
        site.url("/sick"): "bad_status",
    }
    assert source["last_run"]["progress"]["documents_failed"] == 3
    assert source["title"] == source["location"]


async def test_a_page_that_fails_once_keeps_its_last_good_version(world: World, site: Site) -> None:
    source = await help_centre(world, site)
    site.status = {"/help/1": 500}
    site.pages["/help/2"] = "<html><body><script>render()</script></body></html>"
    again = await world.again(source)
    assert (again["documents"], again["last_run"]["status"]) == (5, "done")
    assert {problem["code"] for problem in again["last_run"]["problems"]} == {"bad_status", "no_text"}
    site.status = {}
    site.page("/help/2", "Article 2", "Back again.")
    assert (await world.again(source))["last_run"]["problems"] == []


@pytest.mark.parametrize("how", ["down", "pages fail", "all gone"])
async def test_a_site_that_is_down_does_not_empty_its_knowledge(world: World, site: Site, how: str) -> None:
    source = await help_centre(world, site)
    if how == "down":
        site.is_down = True
    elif how == "pages fail":
        site.status = dict.fromkeys(site.pages, 500)
    else:
        site.status = dict.fromkeys(["/help/0", "/help/1", "/help/2"], 404)
    again = await world.again(source)
    assert again["last_run"]["status"] == "failed"
    assert again["last_run"]["error"] in {"bad_status", "nothing_read", "too_much_lost"}
    assert (again["status"], again["documents"], again["chunks"]) == ("failed", 5, source["chunks"])

    site.is_down, site.status = False, {}
    assert (await world.again(source))["status"] == "ready"


async def test_a_loss_that_is_meant_can_be_allowed(world: World, site: Site) -> None:
    source = await help_centre(world, site)
    for number in range(1, 5):
        del site.pages[f"/help/{number}"]
    refused = await world.again(source)
    assert refused["last_run"]["error"] == "too_much_lost"
    assert "4 of 5" in refused["last_run"]["detail"]
    allowed = await world.again(source, allow_loss=True)
    assert (allowed["documents"], allowed["last_run"]["status"]) == (1, "done")
    assert len(await world.rows("knowledge_documents", "document_id, since")) == 1


async def test_a_licence_that_forbids_it_takes_a_document_away(world: World, site: Site) -> None:
    source = await help_centre(world, site, 3)
    for number in range(3):
        page = site.pages[f"/help/{number}"]
        site.pages[f"/help/{number}"] = page.replace("</main>", "</main><footer>© Acme. Do not distribute.</footer>")
    again = await world.again(source)
    assert {problem["code"] for problem in again["last_run"]["problems"]} == {"licence_blocked"}
    assert "do not distribute" in again["last_run"]["problems"][0]["detail"].lower()
    assert (again["documents"], await world.texts()) == (0, [])


@pytest.mark.parametrize(
    ("name", "code"),
    [("encrypted.pdf", "encrypted_document"), ("encrypted.docx", "encrypted_document"), ("restricted.pdf", None)],
)
async def test_files(world: World, name: str, code: str | None) -> None:
    source = await world.upload(name, (FIXTURES / name).read_bytes(), title="A file", tags="a,b")
    await world.work()
    source = await world.source(source)
    assert (source["kind"], source["location"], source["tags"]) == ("file", name, ["a", "b"])
    assert source["last_run"]["error"] == code
    assert source["status"] == ("failed" if code else "ready")
    if code:
        assert [problem["url"] for problem in source["last_run"]["problems"]] == [name]


async def test_a_question_table_with_bad_rows_is_left_out_and_they_are_named(world: World) -> None:
    table = b"question,answer\nHow do I pay?,By card.\nWhy?,\n\n,Because.\n"
    source = await world.upload("faq.csv", table)
    await world.work()
    run = (await world.source(source))["last_run"]
    told = "2 rows make no question and answer: row 3 (answer missing), row 5 (question missing)."
    assert run["problems"] == [{"url": "faq.csv", "code": "bad_rows", "detail": told}]
    assert (run["error"], run["detail"]) == ("bad_rows", told)
    assert await world.texts() == []


async def test_a_request_while_one_is_queued_is_the_same_and_while_one_runs_is_queued_behind(
    world: World, site: Site
) -> None:
    source = await help_centre(world, site, 2)
    first, same = await world.ingest(source), await world.ingest(source)
    assert first["run_id"] == same["run_id"]

    running = asyncio.create_task(world.ingestion.run(world.company.company_id, first["run_id"]))
    await eventually(lambda: world.has_begun(first))
    behind = await world.ingest(source)
    assert (await running).outcome == "done"
    assert behind["run_id"] != first["run_id"]
    outcomes = [attempt.outcome for attempt in await world.work()]
    assert outcomes.count("done") == 1
    assert (await world.client.get(f"/api/v1/knowledge/runs/{behind['run_id']}")).json()["status"] == "done"


async def test_two_workers_do_not_read_one_source_at_the_same_time(world: World, site: Site) -> None:
    source = await help_centre(world, site, 3)
    run = await world.ingest(source)
    place = (world.company.company_id, run["run_id"])
    attempts = await asyncio.gather(*(world.ingestion.run(*place) for _ in range(4)))
    assert sorted(attempt.outcome for attempt in attempts if attempt.outcome in ("done", "failed")) == ["done"]
    assert {attempt.outcome for attempt in attempts} <= {"done", "busy", "over"}
    assert len(site.reads()) == 3


async def test_a_cancelled_run_changes_nothing_and_the_next_one_is_not_hindered(world: World, site: Site) -> None:
    source = await help_centre(world, site)
    site.page("/help/0", "Article 0", "Changed.")
    run = await world.ingest(source)
    cancel = f"/api/v1/knowledge/runs/{run['run_id']}/cancel"

    async def cancel_it() -> None:
        await eventually(lambda: world.has_begun(run))
        assert (await world.client.post(cancel)).json()["status"] == "cancelled"

    _, attempts = await asyncio.gather(cancel_it(), world.work())
    if attempts[0].outcome == "lost":  # else it had ended before
        assert "Changed." not in " ".join(await world.texts())
    assert (await world.client.post(cancel)).status_code == 409
    again = await world.again(source)
    assert again["last_run"]["status"] == "done"
    assert "Changed." in " ".join(await world.texts())
    assert len(await world.rows("knowledge_chunks", "chunk_id, since")) == again["chunks"]


async def test_a_deleted_source_is_gone_at_once_and_its_run_ends(world: World, site: Site) -> None:
    source = await help_centre(world, site, 2)
    await world.ingest(source)
    assert (await world.client.delete(f"{SOURCES}/{source['source_id']}")).status_code == 204
    assert await world.texts() == []
    assert [attempt.outcome for attempt in await world.work()] == ["over"]
    assert (await world.client.get(f"{SOURCES}/{source['source_id']}")).status_code == 404
    assert (await world.client.delete(f"{SOURCES}/{source['source_id']}")).status_code == 404


async def test_the_same_text_twice_in_a_document_is_two_chunks(world: World) -> None:
    text = "# T\n\n## Same\n\nSame words here.\n\n## Same\n\nSame words here.\n"
    source = await world.add(kind="text", title="T", text=text)
    await world.work()
    assert (await world.source(source))["chunks"] == len(await world.texts())
    assert (await world.texts()).count("Same words here.") == 2


async def test_a_sitemap_that_fails_in_part_takes_nothing_away(world: World, site: Site) -> None:
    for number in range(3):
        site.page(f"/help/{number}", f"Article {number}", f"Body of article {number}.")
    xmlns = "http://www.sitemaps.org/schemas/sitemap/0.9"
    first, second = site.url("/sitemap.xml"), site.url("/second.xml")
    site.pages["/index.xml"] = (
        f'<sitemapindex xmlns="{xmlns}"><sitemap><loc>{first}</loc></sitemap>'
        f"<sitemap><loc>{second}</loc></sitemap></sitemapindex>"
    )
    site.pages["/second.xml"] = f'<urlset xmlns="{xmlns}"><url><loc>{site.url("/extra")}</loc></url></urlset>'
    site.page("/extra", "Extra", "An extra page.")
    site.unlisted = {"/index.xml", "/second.xml", "/extra"}
    source = await world.add(kind="sitemap", location=site.url("/index.xml"))
    await world.work()
    assert (await world.source(source))["documents"] == 4

    site.status = {"/second.xml": 500}
    again = await world.again(source)
    assert (again["documents"], again["last_run"]["status"]) == (4, "done")
    assert [problem["url"] for problem in again["last_run"]["problems"]] == [second]
