"""Databases and checkpointers for tests of the graph."""

import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.conninfo import make_conninfo

from graph.build import TurnGraph, build_graph
from graph.checkpoints import open_saver, setup
from tests.conftest import as_url
from tests.llm_server import LlmServer


@pytest.fixture
def bare_database_url(postgres_url: str) -> Iterator[str]:
    """URL of a fresh database with the application's role and nothing else."""
    name = f"graph_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'onboarding_app'").fetchone()
        if not known:
            connection.execute("CREATE ROLE onboarding_app NOLOGIN NOBYPASSRLS")
        connection.execute(f'CREATE DATABASE "{name}"')
        yield as_url(make_conninfo(postgres_url, dbname=name))
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
async def saver(bare_database_url: str) -> AsyncIterator[AsyncPostgresSaver]:
    await setup(bare_database_url)
    async with open_saver(bare_database_url) as saver:
        yield saver


@pytest.fixture
def app(saver: AsyncPostgresSaver) -> TurnGraph:
    return build_graph(saver)


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server
