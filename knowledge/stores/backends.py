"""Choosing the backend that ONBOARDING_VECTOR_BACKEND names."""

from pathlib import Path

from core.errors import SettingsError
from knowledge.settings import KnowledgeSettings
from knowledge.stores.pgvector import PgVectorStore
from knowledge.stores.postgres_array import PostgresArrayStore
from knowledge.stores.protocol import VectorStore


def build_store(settings: KnowledgeSettings) -> VectorStore:
    """Return the store; `check` it before it is used.

    Raises SettingsError when the backend is not installed, or lacks a setting.
    """
    match settings.onboarding_vector_backend:
        case "postgres_array":
            return PostgresArrayStore()
        case "chroma":
            return _chroma(settings.chroma_path)
        case _:
            return PgVectorStore()


def _chroma(path: str | None) -> VectorStore:
    if not path:
        raise SettingsError("CHROMA_PATH: is required by the backend 'chroma' of ONBOARDING_VECTOR_BACKEND")
    try:
        from knowledge.stores.chroma import ChromaStore
    except ImportError:
        raise SettingsError(
            "ONBOARDING_VECTOR_BACKEND: chroma is not installed; pip install 'onboarding-agent[chroma]'"
        ) from None
    return ChromaStore.open(Path(path))
