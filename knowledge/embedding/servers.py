"""Builds the clients of servers: OpenAI, Azure, or a compatible one, which share the space of EMBEDDING_MODEL."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import openai
from pydantic import SecretStr

from core.settings import LlmSettings
from knowledge.embedding.chain import dimension_of, shortened_to
from knowledge.embedding.embedder import Space
from knowledge.embedding.server import READS_TOKENS, REQUEST_TOKENS, RETRIES, Server
from knowledge.embedding.texts import BatchPolicy
from knowledge.settings import EmbeddingSettings

_NO_KEY: Final = "none"
"""For servers that ask for none; the client insists on one."""


def build_server(name: str, settings: EmbeddingSettings, llm: LlmSettings) -> Server:
    """Return the provider of that name; nothing is sent. The settings have been looked at by `check_embedders`."""
    is_azure = name == "azure"
    return Server(
        name=name,
        model=(settings.azure_embedding_deployment if is_azure else None) or settings.embedding_model,
        space=Space(settings.embedding_model, dimension_of(settings)),
        client=_CLIENTS[name](settings, llm),
        policy=BatchPolicy(settings.embedding_batch, REQUEST_TOKENS, READS_TOKENS),
        patience=2 * settings.embedding_timeout_seconds,
        query_patience=settings.embedding_query_timeout_seconds,
        dimensions=shortened_to(settings),
    )


def _openai(settings: EmbeddingSettings, llm: LlmSettings) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=_key(llm.openai_api_key), base_url=llm.openai_base_url, **_patience(settings))


def _azure(settings: EmbeddingSettings, llm: LlmSettings) -> openai.AsyncOpenAI:
    return openai.AsyncAzureOpenAI(
        azure_endpoint=llm.azure_openai_endpoint or "",
        api_key=_key(llm.azure_openai_api_key),
        api_version=llm.azure_openai_api_version,
        **_patience(settings),
    )


def _compatible(settings: EmbeddingSettings, _: LlmSettings) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        api_key=_key(settings.embedding_api_key), base_url=settings.embedding_base_url, **_patience(settings)
    )


def _key(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else _NO_KEY


def _patience(settings: EmbeddingSettings) -> dict[str, Any]:
    return {"timeout": settings.embedding_timeout_seconds, "max_retries": RETRIES}


_CLIENTS: Final[Mapping[str, Callable[[EmbeddingSettings, LlmSettings], openai.AsyncOpenAI]]] = {
    "openai": _openai,
    "azure": _azure,
    "compatible": _compatible,
}
