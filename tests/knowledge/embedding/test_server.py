"""Whatever a server does, the vectors are right or the call fails with a code; driven over HTTP."""

import logging

import numpy as np
import pytest

from knowledge.embedding.embedder import REJECTED, UNAVAILABLE, EmbeddingUnavailable
from knowledge.embedding.server import READS_TOKENS
from knowledge.embedding.texts import approximate_tokens
from tests.knowledge.embedding.conftest import COMPANY, Build, expected, llm_at, same
from tests.llm_server import (
    Behaviour,
    LlmServer,
    disconnecting,
    embedding,
    failing,
    html_page,
    rate_limited,
    raw,
    slow,
    unauthorized,
)

TEXTS = ["Connect your bank", "Invite a colleague", "Export to CSV"]


@pytest.mark.parametrize("kind", ["sound", "shuffled", "unnumbered"])
async def test_each_text_gets_its_own_vector(kind: str, server: LlmServer, build: Build) -> None:
    server.script(embedding(kind))  # type: ignore[arg-type]
    vectors = await build(llm_at(server)).primary.embed(COMPANY, TEXTS)
    assert same(vectors, TEXTS)
    assert all(vector.dtype == np.float32 and abs(float(vector @ vector) - 1) < 1e-5 for vector in vectors)


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (embedding("fewer"), UNAVAILABLE),
        (embedding("more"), UNAVAILABLE),
        (embedding("repeated_index"), UNAVAILABLE),
        (embedding("not_a_number"), UNAVAILABLE),
        (embedding("zero"), UNAVAILABLE),
        (embedding("words"), UNAVAILABLE),
        (embedding("base64"), UNAVAILABLE),
        (embedding("no_data"), UNAVAILABLE),
        (embedding("wrong_dimension"), REJECTED),
        (html_page(), UNAVAILABLE),
        (raw('{"data": [1, 2, 3]}'), UNAVAILABLE),
        (raw("[]"), UNAVAILABLE),
        (raw(""), UNAVAILABLE),
        (unauthorized(), REJECTED),
        (failing(404), REJECTED),
        (failing(400), REJECTED),
    ],
    ids=lambda value: f"{value.name}-{value.vectors}-{value.status}" if isinstance(value, Behaviour) else value,
)
async def test_an_answer_of_no_use_is_refused_and_not_kept(
    behaviour: Behaviour, code: str, server: LlmServer, build: Build
) -> None:
    embedder = build(llm_at(server)).primary
    server.script(behaviour)
    with pytest.raises(EmbeddingUnavailable) as caught:
        await embedder.embed(COMPANY, TEXTS)
    assert caught.value.code == code
    assert caught.value.is_outage == (code == UNAVAILABLE)
    assert same(await embedder.embed(COMPANY, TEXTS), TEXTS)


@pytest.mark.parametrize("first", [disconnecting(), rate_limited(retry_after=0.01), failing(503)])
async def test_a_passing_failure_is_tried_again(first: Behaviour, server: LlmServer, build: Build) -> None:
    server.script(first)
    assert same(await build(llm_at(server)).primary.embed(COMPANY, TEXTS), TEXTS)
    assert len(server.requests) == 2


async def test_a_lasting_failure_says_when_to_come_back(server: LlmServer, build: Build) -> None:
    server.default = rate_limited(retry_after=0.02)
    with pytest.raises(EmbeddingUnavailable) as caught:
        await build(llm_at(server)).primary.embed(COMPANY, TEXTS)
    assert (caught.value.code, caught.value.retry_after) == (UNAVAILABLE, 0.02)
    assert len(server.requests) == 3


async def test_a_slow_server_is_given_up(server: LlmServer, build: Build) -> None:
    server.default = slow(30)
    with pytest.raises(EmbeddingUnavailable, match="openai did not answer in time") as caught:
        await build(llm_at(server), embedding_timeout_seconds=0.2).primary.embed(COMPANY, TEXTS)
    assert caught.value.is_outage


async def test_a_server_that_is_not_there(build: Build) -> None:
    with LlmServer() as gone:
        llm = llm_at(gone)
    with pytest.raises(EmbeddingUnavailable) as caught:
        await build(llm).primary.embed(COMPANY, TEXTS)
    assert caught.value.is_outage


async def test_azure_is_asked_at_its_deployment(server: LlmServer, build: Build) -> None:
    embedders = build(llm_at(azure=server), embedding_providers=("azure",), azure_embedding_deployment="emb-eu")
    assert same(await embedders.primary.embed(COMPANY, TEXTS), TEXTS)
    request = server.requests[0]
    assert request.path.startswith("/openai/deployments/emb-eu/embeddings?api-version=")
    assert {key.lower(): value for key, value in request.headers.items()}["api-key"] == "azure-secret"
    assert embedders.primary.space.key == "text-embedding-3-small:1536"


async def test_a_compatible_server_needs_no_key_and_its_own_dimension(server: LlmServer, build: Build) -> None:
    embedder = build(
        llm_at(),
        embedding_providers=("compatible",),
        embedding_base_url=server.base_url,
        embedding_model="nomic-embed-text:v1.5",
        embedding_dimension=1536,
    ).primary
    assert same(await embedder.embed(COMPANY, TEXTS), TEXTS)
    assert "dimensions" not in server.requests[0].body
    assert embedder.space.key == "nomic-embed-text:v1.5:1536"


async def test_shorter_vectors_are_asked_for(server: LlmServer, build: Build) -> None:
    [vector] = await build(llm_at(server), embedding_dimension=256).primary.embed(COMPANY, ["Export"])
    assert server.requests[0].body["dimensions"] == 256
    assert np.allclose(vector, expected("Export", 256))


async def test_a_long_text_is_cut_before_it_is_sent(server: LlmServer, build: Build) -> None:
    await build(llm_at(server)).primary.embed(COMPANY, ["Refunds take long. " * 20_000])
    [sent] = server.requests[0].body["input"]
    assert sent.startswith("Refunds take long. Refunds")
    assert 0.7 * READS_TOKENS < approximate_tokens(sent) <= READS_TOKENS


async def test_texts_go_in_batches_by_count_and_size(server: LlmServer, build: Build) -> None:
    embedder = build(llm_at(server)).primary
    texts = [f"text {number}" for number in range(150)]
    assert same(await embedder.embed(COMPANY, texts), texts)
    assert [len(request.body["input"]) for request in server.requests] == [64, 64, 22]
    server.requests.clear()
    await embedder.embed(COMPANY, [f"{number} " + "long words " * 4000 for number in range(40)])
    assert [len(request.body["input"]) for request in server.requests] == [24, 16]


async def test_neither_keys_nor_texts_are_logged_or_repeated(
    server: LlmServer, build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    server.default = failing(400)
    with caplog.at_level(logging.INFO), pytest.raises(EmbeddingUnavailable) as caught:
        await build(llm_at(server)).primary.embed(COMPANY, ["my phone is 555-0199"])
    told = caplog.text + str(caught.value) + "".join(str(vars(record)) for record in caplog.records)
    assert "openai answered 400" in told
    assert "555-0199" not in told
    assert "sk-very-secret" not in told


async def test_nothing_is_asked_for_nothing(server: LlmServer, build: Build) -> None:
    embedder = build(llm_at(server)).primary
    assert await embedder.embed(COMPANY, []) == []
    with pytest.raises(ValueError, match="empty"):
        await embedder.embed(COMPANY, ["sound", " "])
    assert server.requests == []
