"""A company with tools of its own, a host that answers them over HTTP, and a conversation in which they are used."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from redis.asyncio import Redis

from core.ids import derive_id, new_id
from core.pseudonyms import Pseudonyms
from core.security import Vault, create_webhook_secret
from core.tools import ToolDefinition
from db import tool_calls, tools
from db.pool import Database
from graph.talk import Talk, ToolCall, ToolResult
from graph.tools.runtime import ToolRuntime
from local.installation import Company
from stream_consumer.tools.toolbox import Toolbox
from tests.db.conftest import begin_turns
from tests.graph.shelf import Shelf
from tests.graph.talks import make_talk

SECRET = create_webhook_secret()
CITY = {"type": "object", "properties": {"city": {"type": "string", "minLength": 1}}, "required": ["city"]}


class Desk:
    """A company's tools, and a user's turn that uses them."""

    def __init__(self, database: Database, company_id: str, vault: Vault, toolbox: Toolbox, talk: Talk) -> None:
        self.database = database
        self.company_id = company_id
        self.vault = vault
        self.toolbox = toolbox
        self.talk = talk
        self.pseudonyms = Pseudonyms()

    async def define(self, *, secret: str | None = SECRET, **fields: Any) -> ToolDefinition:
        """Define a tool, and have the playbook list it."""
        given = {"name": "lookup_record", "description": "Looks a record up", "parameters": CITY, **fields}
        definition = ToolDefinition.model_validate(given)
        sealed = self.vault.encrypt(secret) if secret else None
        async with self.database.transaction(self.company_id) as connection:
            await tools.save(
                connection, self.company_id, definition, secret=sealed, actor="key:test", now=datetime.now(UTC)
            )
        playbook = self.talk.playbook
        listed = tuple(dict.fromkeys((*playbook.tools, definition.name)))
        self.talk = replace(self.talk, playbook=playbook.model_copy(update={"tools": listed}))
        return definition

    async def runtime(self) -> ToolRuntime:
        await begin_turns(self.database, self.talk.turn.company_id, self.talk.turn.turn_id)
        return await self.toolbox.runtime(self.talk, self.pseudonyms, Shelf())

    async def run(self, *calls: ToolCall, number: int = 0) -> list[ToolResult]:
        return list(await (await self.runtime()).run(self.talk, calls, number))

    async def call(self, name: str = "lookup_record", number: int = 0, **arguments: Any) -> ToolResult:
        return (await self.run(asked(name, **(arguments or {"city": "Riyadh"})), number=number))[0]

    async def log(self) -> list[dict[str, Any]]:
        """The calls as people read them, oldest first."""
        async with self.database.transaction(self.company_id) as connection:
            page = await tool_calls.list_(connection, self.company_id)
        return sorted(page.items, key=lambda row: (row["created_at"], row["call_id"]))


def asked(name: str = "lookup_record", **arguments: Any) -> ToolCall:
    """What a model asks for."""
    return ToolCall("call_1", name, json.dumps(arguments))


def data_of(result: ToolResult) -> dict[str, Any]:
    """The block of data that a model reads of a result."""
    body = result.text.split("<data>\n", 1)[1].split("\n</data>", 1)[0]
    found: dict[str, Any] = json.loads(body)
    return found


def all_tools(talk: Talk) -> Talk:
    """The talk at a stage that leaves the choice of tools to the playbook."""
    stages = {name: stage.model_copy(update={"tools": None}) for name, stage in talk.playbook.stages.items()}
    return replace(talk, playbook=talk.playbook.model_copy(update={"stages": stages}))


@pytest.fixture
def vault(secret_key: str) -> Vault:
    return Vault(secret_key)


@pytest.fixture
def talk(company: Company) -> Talk:
    made = all_tools(make_talk("Where is my order?"))
    turn = made.turn.model_copy(
        update={"company_id": company.company_id, "turn_id": new_id(), "conversation_id": derive_id("c", "1")}
    )
    return replace(made, turn=turn)


Opener = Callable[..., Any]


@pytest.fixture
async def open_desk(database: Database, redis: Redis, company: Company, vault: Vault, talk: Talk) -> Opener:
    """Opens desks: each has a toolbox of its own, as another process would."""

    @asynccontextmanager
    async def opening(**options: Any) -> AsyncIterator[Desk]:
        async with Toolbox.open(database, redis, vault, **{"allow_private": True, **options}) as toolbox:
            yield Desk(database, company.company_id, vault, toolbox, talk)

    return opening


@pytest.fixture
async def desk(open_desk: Opener) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(open_desk())


@pytest.fixture(scope="session")
def _host() -> Iterator[HTTPServer]:
    with HTTPServer(threaded=True) as server:  # a slow answer hinders no other
        yield server


@pytest.fixture
def host(_host: HTTPServer) -> HTTPServer:
    """The company's server, which knows no address yet."""
    _host.clear()
    return _host
