"""The embedding provider goes down in the middle, comes back, or is another one from now on."""

from typing import Any

from pydantic import SecretStr

from core.settings import LlmSettings
from knowledge.embedding.embedder import Embedders
from knowledge.embedding.ledger import DatabaseSpend
from knowledge.embedding.wiring import build_embedders
from knowledge.ingesting.revision import Tools
from knowledge.ingesting.vectors import Vectors
from knowledge.ingestion import Ingestion
from stream_consumer.knowledge_sweeps import KnowledgeSweeps
from tests.knowledge.ingestion.conftest import Site, World, embedding_settings
from tests.llm_server import LlmServer, behaviours


def with_embedders(world: World, provider: LlmServer, **values: Any) -> Embedders:
    """Let the world embed by other settings from now on."""
    llm = LlmSettings(_env_file=None, openai_api_key=SecretStr("k"), openai_base_url=provider.base_url)  # type: ignore[call-arg]
    embedders = build_embedders(embedding_settings(provider, **values), llm, world.redis, DatabaseSpend(world.db))
    world.tools = Tools(world.tools.origin_of, world.tools.convert, Vectors(world.store, embedders))
    world.ingestion = Ingestion(world.db, world.tools, world.settings)
    return embedders


async def spaces(world: World) -> dict[str, int]:
    """How many vectors there are, by space."""
    counts: dict[str, int] = {}
    for _, space in await world.rows("knowledge_vectors_array", "chunk_id, space"):
        counts[space] = counts.get(space, 0) + 1
    return counts


async def test_a_provider_that_goes_down_is_waited_for_and_nothing_is_read_or_embedded_twice(
    world: World, site: Site, provider: LlmServer
) -> None:
    for number in range(3):
        site.page(f"/help/{number}", f"Article {number}", f"Body of article {number}, with some words to find.")
    source = await world.add(kind="sitemap", location=site.url("/sitemap.xml"))
    provider.default = behaviours.Behaviour("down", kind="status", status=500)

    [attempt] = await world.work()

    assert attempt.outcome == "waiting"
    assert attempt.again_in is not None
    waiting = await world.source(source)
    assert (waiting["status"], waiting["last_run"]["status"]) == ("ingesting", "waiting")
    assert waiting["last_run"]["error"] == "embedding_unavailable"
    assert waiting["last_run"]["resume_at"]
    assert (waiting["documents"], await world.texts()) == (0, [])
    assert len(site.reads()) == 3

    provider.default = behaviours.ok()
    with_embedders(world, provider)  # another process: its circuit breaker knows nothing of the outage
    run = waiting["last_run"]
    assert (await world.ingestion.run(world.company.company_id, run["run_id"])).outcome == "done"

    done = await world.source(source)
    assert (done["status"], done["documents"]) == ("ready", 3)
    assert site.reads() == []
    assert done["last_run"]["progress"]["embedded"] == done["chunks"]
    assert await spaces(world) == {"text-embedding-3-small:64": done["chunks"]}


async def test_what_is_published_serves_while_a_run_waits(world: World, site: Site, provider: LlmServer) -> None:
    site.page("/a", "Article", "The old words.")
    source = await world.add(kind="url", location=site.url("/a"))
    await world.work()
    provider.default = behaviours.Behaviour("down", kind="status", status=500)
    site.page("/a", "Article", "The new words.")
    again = await world.again(source)
    assert again["last_run"]["status"] == "waiting"
    assert " ".join(await world.texts()).count("The old words.") == 1
    provider.default = behaviours.ok()
    with_embedders(world, provider)
    await world.ingestion.run(world.company.company_id, again["last_run"]["run_id"])
    assert "The new words." in " ".join(await world.texts())
    assert "The old words." not in " ".join(await world.texts())


async def test_a_spent_budget_is_waited_for_and_says_so(world: World, site: Site, provider: LlmServer) -> None:
    with_embedders(world, provider, embedding_providers=("openai",), embedding_daily_budget_cents=0)
    site.page("/a", "Article", "Some words.")
    source = await world.add(kind="url", location=site.url("/a"))
    [attempt] = await world.work()
    assert attempt.outcome == "waiting"
    assert (await world.source(source))["last_run"]["error"] == "embedding_budget_exhausted"
    assert provider.requests == []


async def test_another_model_is_filled_in_the_background(world: World, site: Site, provider: LlmServer) -> None:
    for number in range(3):
        site.page(f"/help/{number}", f"Article {number}", f"Body of article {number}.")
    source = await world.add(kind="sitemap", location=site.url("/sitemap.xml"))
    await world.work()
    chunks = (await world.source(source))["chunks"]
    before = await world.rows("knowledge_chunks", "chunk_id, since, xmin::text")

    embedders = with_embedders(world, provider, embedding_dimension=32)
    sweeps = KnowledgeSweeps(world.db, world.redis, 1, world.store, embedders)
    provider.default = behaviours.Behaviour("down", kind="status", status=500)
    assert await sweeps.fill_spaces() == 1
    assert await spaces(world) == {"text-embedding-3-small:64": chunks}

    provider.default = behaviours.ok()
    fresh = KnowledgeSweeps(
        world.db, world.redis, 1, world.store, with_embedders(world, provider, embedding_dimension=32)
    )
    assert await fresh.fill_spaces() == 1
    assert await spaces(world) == {"text-embedding-3-small:64": chunks, "text-embedding-3-small:32": chunks}
    assert await world.rows("knowledge_chunks", "chunk_id, since, xmin::text") == before

    asked = len(provider.requests)
    assert await fresh.fill_spaces() == 0
    assert len(provider.requests) == asked


async def test_every_configured_space_is_filled(world: World, site: Site, provider: LlmServer) -> None:
    with_embedders(world, provider, embedding_providers=("compatible", "wordllama"))
    site.page("/a", "Article", "Some words to find.")
    source = await world.add(kind="url", location=site.url("/a"))
    await world.work()
    chunks = (await world.source(source))["chunks"]
    assert set((await spaces(world)).values()) == {chunks}
    assert len(await spaces(world)) == 2


async def test_a_standby_that_is_down_holds_nothing_up_and_is_filled_later(
    world: World, site: Site, provider: LlmServer
) -> None:
    chain = {"embedding_providers": ("wordllama", "compatible")}
    provider.default = behaviours.Behaviour("down", kind="status", status=500)
    with_embedders(world, provider, **chain)
    site.page("/a", "Article", "Some words to find.")
    source = await world.add(kind="url", location=site.url("/a"))
    await world.work()
    done = await world.source(source)
    assert done["status"] == "ready"
    assert len(await spaces(world)) == 1

    provider.default = behaviours.ok()
    sweeps = KnowledgeSweeps(world.db, world.redis, 1, world.store, with_embedders(world, provider, **chain))
    assert await sweeps.fill_spaces() == 1
    assert set((await spaces(world)).values()) == {done["chunks"]}
    assert len(await spaces(world)) == 2


async def test_the_rows_and_vectors_of_a_removed_source_are_purged(world: World, site: Site) -> None:
    site.page("/a", "Article", "Some words.")
    site.page("/b", "Other", "Other words.")
    gone = await world.add(kind="url", location=site.url("/a"))
    kept = await world.add(kind="url", location=site.url("/b"))
    await world.work()
    await world.client.delete(f"/api/v1/knowledge/sources/{gone['source_id']}")
    sweeps = KnowledgeSweeps(world.db, world.redis, 1, world.store, world.embedders)
    assert await sweeps.purge_removed() == 1
    for table in ("knowledge_sources", "knowledge_documents", "knowledge_chunks", "knowledge_runs"):
        assert {row[0] for row in await world.rows(table, "source_id, company_id")} == {kept["source_id"]}, table
    assert len(await world.rows("knowledge_vectors_array", "chunk_id, space")) == len(await world.texts())
    assert await sweeps.purge_removed() == 0


async def test_runs_left_behind_come_back_to_the_stream(world: World, site: Site) -> None:
    site.page("/a", "Article", "Some words.")
    source = await world.add(kind="url", location=site.url("/a"))
    await world.redis.flushall()
    sweeps = KnowledgeSweeps(world.db, world.redis, 1, world.store, world.embedders)
    assert await sweeps.requeue_runs() == 0  # it was queued just now
    await _age(world)
    assert await sweeps.requeue_runs() == 1
    assert await sweeps.requeue_runs() == 0
    await world.work()
    assert (await world.source(source))["status"] == "ready"


async def _age(world: World) -> None:
    async with world.db.transaction(world.company.company_id) as connection:
        await connection.execute("UPDATE knowledge_runs SET heartbeat_at = heartbeat_at - interval '2 minutes'")
