"""A provider that dies costs no vector: the next of the space takes over, and another space stands by."""

import pytest
from prometheus_client import CollectorRegistry

from knowledge.embedding.embedder import BUDGET_EXHAUSTED, REJECTED, UNAVAILABLE, EmbeddingUnavailable
from knowledge.embedding.failover import of_all
from knowledge.embedding.metrics import EmbeddingMetrics
from tests.knowledge.embedding.conftest import COMPANY, Build, MemorySpend, llm_at, same
from tests.llm_server import LlmServer, embedding, ok, rate_limited, slow, unauthorized

TEXTS = [f"text {number}" for number in range(6)]
BOTH = ("openai", "azure")
AWAY = rate_limited(retry_after=0.0001)  # past before the next call: while it lasts the provider is not asked


def counts(server: LlmServer) -> list[str]:
    return [text for request in server.requests for text in request.body["input"]]


async def test_a_provider_that_dies_midway_is_replaced(
    server: LlmServer, other_server: LlmServer, build: Build, spend: MemorySpend
) -> None:
    server.script(ok())
    server.default = AWAY
    embedders = build(llm_at(server, other_server), embedding_providers=BOTH, embedding_batch=2)
    assert same(await embedders.primary.embed(COMPANY, TEXTS), TEXTS)
    assert embedders.standbys == ()
    assert counts(other_server) == TEXTS[2:]
    assert [answered for *_, answered in spend.settled] == [True, False, True, False, True]
    assert [item.provider for item in spend.reserved] == ["openai", "openai", "azure", "openai", "azure"]


async def test_what_was_paid_before_a_failure_is_not_paid_again(server: LlmServer, build: Build) -> None:
    embedder = build(llm_at(server), embedding_batch=2).primary
    server.script(ok(), unauthorized())
    with pytest.raises(EmbeddingUnavailable):
        await embedder.embed(COMPANY, TEXTS)
    server.requests.clear()
    assert same(await embedder.embed(COMPANY, TEXTS), TEXTS)
    assert counts(server) == TEXTS[2:]


async def test_one_that_fails_again_and_again_is_left_alone(
    server: LlmServer, other_server: LlmServer, build: Build
) -> None:
    server.default = AWAY
    embedder = build(llm_at(server, other_server), embedding_providers=BOTH).primary
    for number in range(8):
        await embedder.embed(COMPANY, [f"text {number}"])
    assert len(server.requests) == 9  # three failures of three attempts each
    assert len(other_server.requests) == 8


async def test_a_wrong_key_leaves_no_provider_alone(server: LlmServer, build: Build) -> None:
    embedder = build(llm_at(server)).primary
    server.script(*[unauthorized()] * 5)
    for _ in range(5):
        with pytest.raises(EmbeddingUnavailable) as caught:
            await embedder.embed(COMPANY, TEXTS)
        assert caught.value.code == REJECTED
    assert same(await embedder.embed(COMPANY, TEXTS), TEXTS)


async def test_a_question_waits_less_than_a_passage(server: LlmServer, other_server: LlmServer, build: Build) -> None:
    server.default = slow(2)
    llm, values = llm_at(server, other_server), {"embedding_providers": BOTH, "embedding_query_timeout_seconds": 1}
    await build(llm, **values).primary.embed(COMPANY, ["a passage"])
    assert (len(server.requests), len(other_server.requests)) == (1, 0)
    assert same(await build(llm, **values).primary.embed(COMPANY, ["a question"], is_query=True), ["a question"])
    assert counts(other_server) == ["a question"]
    assert same(await build(llm, **values).primary.embed(COMPANY, ["a question"]), ["a question"])
    assert len(server.requests) == 2  # no difference to this model, so the same entry of the cache


async def test_nobody_left(server: LlmServer, other_server: LlmServer, build: Build) -> None:
    server.default = other_server.default = AWAY
    embedder = build(llm_at(server, other_server), embedding_providers=BOTH).primary
    for _ in range(3):
        with pytest.raises(EmbeddingUnavailable) as caught:
            await embedder.embed(COMPANY, TEXTS)
        assert caught.value.code == UNAVAILABLE
    asked = len(server.requests) + len(other_server.requests)
    with pytest.raises(EmbeddingUnavailable, match="openai failed and is left alone; azure") as caught:
        await embedder.embed(COMPANY, TEXTS)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 10
    assert len(server.requests) + len(other_server.requests) == asked


async def test_another_space_stands_by(server: LlmServer, build: Build) -> None:
    embedders = build(llm_at(server), embedding_providers=("openai", "wordllama"))
    [standby] = embedders.standbys
    assert [item.space.key for item in embedders.every] == ["text-embedding-3-small:1536", standby.space.key]
    assert embedders.of(standby.space.key) is standby
    assert embedders.of("forgotten:12") is None
    server.default = AWAY
    with pytest.raises(EmbeddingUnavailable):
        await embedders.primary.embed(COMPANY, TEXTS)
    assert len(await standby.embed(COMPANY, TEXTS)) == len(TEXTS)


def failure(code: str, retry_after: float | None = None) -> EmbeddingUnavailable:
    return EmbeddingUnavailable(code, code, retry_after=retry_after)


@pytest.mark.parametrize(
    ("failures", "code", "retry_after"),
    [
        ([failure(REJECTED)], REJECTED, None),
        ([failure(REJECTED), failure(BUDGET_EXHAUSTED, 600)], BUDGET_EXHAUSTED, 600),
        ([failure(BUDGET_EXHAUSTED, 600), failure(UNAVAILABLE, 9), failure(UNAVAILABLE, 3)], UNAVAILABLE, 3),
        ([failure(UNAVAILABLE), failure(UNAVAILABLE, 3)], UNAVAILABLE, 3),
    ],
)
def test_several_failures_are_told_by_the_most_hopeful(
    failures: list[EmbeddingUnavailable], code: str, retry_after: float | None
) -> None:
    told = of_all(failures)
    assert (told.code, told.retry_after) == (code, retry_after)
    assert told.detail == "; ".join(item.detail for item in failures)


async def test_it_tells_what_it_did(server: LlmServer, build: Build) -> None:
    registry = CollectorRegistry()
    embedder = build(llm_at(server), metrics=EmbeddingMetrics(registry)).primary
    await embedder.embed(COMPANY, ["a", "b", "a"])
    await embedder.embed(COMPANY, ["a"])
    server.script(embedding("fewer"))
    with pytest.raises(EmbeddingUnavailable):
        await embedder.embed(COMPANY, ["c"])

    def texts(source: str) -> float | None:
        labels = {"space": "text-embedding-3-small:1536", "source": source}
        return registry.get_sample_value("onboarding_embedding_texts_total", labels)

    def requests(result: str) -> float | None:
        labels = {"provider": "openai", "result": result}
        return registry.get_sample_value("onboarding_embedding_requests_total", labels)

    assert (texts("provider"), texts("repeated"), texts("cache")) == (3, 1, 1)
    assert (requests("answered"), requests("provider_garbled")) == (1, 1)
