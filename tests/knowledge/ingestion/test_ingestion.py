"""What a person gets who adds sources, changes them, and reads them again."""

from tests.knowledge.ingestion.conftest import Site, World

GUIDE = "# Connect your CRM\n\nOpen **Settings**.\n\n## Find the key\n\nA live key begins with crm_live_.\n"


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


async def test_pages_of_a_sitemap(world: World, site: Site) -> None:
    for number in range(5):
        site.page(f"/help/{number}", f"Article {number}", f"Body of article {number}, with some words to find.")
    added = await world.add(kind="sitemap", location=site.url("/sitemap.xml"), title="Help")
    await world.work()
    source = await world.source(added)
    assert (source["status"], source["documents"]) == ("ready", 5), source
    documents = (await world.client.get(f"/api/v1/knowledge/sources/{added['source_id']}/documents")).json()["items"]
    assert {document["url"] for document in documents} == {site.url(f"/help/{number}") for number in range(5)}
    chunks = (await world.client.get(f"/api/v1/knowledge/documents/{documents[0]['document_id']}/chunks")).json()
    assert chunks["items"][0]["heading_path"][0] == documents[0]["title"]
