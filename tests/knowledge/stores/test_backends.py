"""Choosing a backend, and what is said when it cannot work here."""

import sys
from pathlib import Path

import psycopg
import pytest

from core.errors import SettingsError
from db.pool import Database
from knowledge.settings import KnowledgeSettings
from knowledge.stores.backends import build_store
from knowledge.stores.chroma import ChromaStore
from knowledge.stores.pgvector import PgVectorStore
from knowledge.stores.postgres_array import PostgresArrayStore


def settings(backend, path=None):
    return KnowledgeSettings(onboarding_vector_backend=backend, chroma_path=path)


def test_each_name_has_its_store(tmp_path):
    assert isinstance(build_store(KnowledgeSettings()), PgVectorStore)
    assert isinstance(build_store(settings("pgvector")), PgVectorStore)
    assert isinstance(build_store(settings("postgres_array")), PostgresArrayStore)
    assert isinstance(build_store(settings("chroma", str(tmp_path))), ChromaStore)


@pytest.mark.parametrize("path", [None, ""])
def test_chroma_wants_a_directory(path):
    with pytest.raises(SettingsError, match="CHROMA_PATH: is required"):
        build_store(settings("chroma", path))


def test_chroma_wants_a_directory_that_can_be_one(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match=r"CHROMA_PATH: .* cannot be used"):
        build_store(settings("chroma", str(tmp_path / "file")))


def test_chroma_that_is_not_installed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "chromadb", None)
    monkeypatch.delitem(sys.modules, "knowledge.stores.chroma", raising=False)
    with pytest.raises(SettingsError, match=r"chroma is not installed; pip install 'onboarding-agent\[chroma\]'"):
        build_store(settings("chroma", str(tmp_path)))


@pytest.mark.parametrize(
    ("backend", "damage", "advice"),
    [
        ("pgvector", "DROP TABLE knowledge_vectors_pg", "run `onboarding-agent migrate`; or choose postgres_array"),
        ("pgvector", "DROP EXTENSION vector CASCADE; DROP TABLE knowledge_vectors_pg", "CREATE EXTENSION vector"),
        ("pgvector", "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'", "0.7.4 is too old"),
        ("postgres_array", "DROP TABLE knowledge_vectors_array", "run `onboarding-agent migrate`"),
    ],
    ids=["no table", "no extension", "old", "not migrated"],
)
async def test_a_database_that_lacks_something_is_told_apart(database_url, backend, damage, advice):
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(damage)
    db = await Database.open(database_url, pool_size=1, name="test")
    with pytest.raises(SettingsError, match="ONBOARDING_VECTOR_BACKEND") as caught:
        async with db.transaction() as connection:
            await build_store(settings(backend)).check(connection)
    await db.close()
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_directory_is_made(tmp_path):
    path = tmp_path / "deep" / "down"
    build_store(settings("chroma", str(path)))
    assert Path(path).is_dir()
