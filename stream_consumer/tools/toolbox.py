"""Everything that tools need, opened once per process; makes the runtime of a turn from what the company defined."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from redis.asyncio import Redis

from core.addresses import EVERYWHERE
from core.errors import Unauthenticated
from core.pseudonyms import Pseudonyms
from core.security import Vault
from core.tools import unknown_tools
from db import companies, profile_facts, tools
from db.pool import Database
from db.tools import StoredTool
from graph.context import Knowledge
from graph.talk import Talk
from graph.tools.builtins import built_in_tools
from graph.tools.contracts import RemoteTool
from graph.tools.offers import may_be_offered
from graph.tools.runtime import ToolRuntime
from knowledge.citations import addresses_model
from knowledge.fetching.connections import Connections, Resolve, resolve
from stream_consumer.stores import available
from stream_consumer.tools.admission import CallAdmission
from stream_consumer.tools.call_log import CallStore
from stream_consumer.tools.http_tool import HttpTool
from stream_consumer.tools.mcp_catalogue import McpCatalogue
from stream_consumer.tools.mcp_session import McpAddress
from stream_consumer.tools.mcp_tools import McpTool

MAX_CONNECTIONS: Final = 256
"""More than all turns of a process use at a time: a company's slow tools must not keep another's waiting."""

MAX_TOLD: Final = 10_000
"""Versions of playbooks about which something was said; beyond these it is said again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Defined:
    """What is stored about a turn's tools, with secrets in the clear."""

    tools: tuple[tuple[StoredTool, str | None], ...] = field(repr=False)
    may_remember: bool


class Toolbox:
    """Open one per process (`Toolbox.open`): it holds connections and what MCP servers offer."""

    def __init__(self, db: Database, redis: Redis, vault: Vault, connections: Connections) -> None:
        self._db = db
        self._vault = vault
        self._connections = connections
        self._log = CallStore(db, vault)
        self._admission = CallAdmission(redis)
        self._servers = McpCatalogue(addresses_model)
        self._told: set[tuple[str, str]] = set()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, db: Database, redis: Redis, vault: Vault, *, allow_private: bool = False, resolve: Resolve = resolve
    ) -> "AsyncIterator[Toolbox]":
        """Open the connections of tools. `allow_private` lets them reach this network; for development."""
        connections = Connections(EVERYWHERE if allow_private else (), resolve, most=MAX_CONNECTIONS)
        toolbox = cls(db, redis, vault, connections)
        try:
            yield toolbox
        finally:
            await toolbox._servers.close()
            await connections.close()

    async def runtime(self, talk: Talk, pseudonyms: Pseudonyms, knowledge: Knowledge | None) -> ToolRuntime:
        """Return the runtime of a turn; an MCP server that is away costs its tools.

        Raises:
            Unavailable: the database is away.
        """
        defined = await self._defined(talk)
        return ToolRuntime(
            built_in=built_in_tools(knowledge=knowledge, may_remember=defined.may_remember),
            remote=await self._remote(talk.turn.company_id, defined),
            log=self._log,
            admission=self._admission,
            pseudonyms=pseudonyms,
            speaks=addresses_model,
        )

    async def _defined(self, talk: Talk) -> _Defined:
        company_id, user_id = talk.turn.company_id, talk.turn.user_id
        async with available(), self._db.transaction(company_id) as connection:
            known = await tools.valid(connection, company_id)
            stored = [one for one in known if one.enabled and may_be_offered(talk, one.definition)]
            common = await companies.webhook_secret(connection, company_id) if stored else None
            consent = await profile_facts.consent(connection, company_id, user_id)
        self._tell_unknown(talk, known)
        found = ((one, self._secret(one, common)) for one in stored)
        return _Defined(tuple(pair for pair in found if _is_usable(*pair)), consent.remembers is not False)

    def _tell_unknown(self, talk: Talk, known: Sequence[StoredTool]) -> None:
        """Say once in the log which tools a version of a playbook names that the company does not have."""
        version = (talk.turn.company_id, talk.playbook_version)
        unknown = unknown_tools(talk.playbook, [one.definition for one in known])
        if not unknown or version in self._told:
            return
        if len(self._told) >= MAX_TOLD:
            self._told.clear()
        self._told.add(version)
        names = {"playbook": talk.playbook_version, "tools": [name for _, name in unknown]}
        _log.warning("playbook.unknown_tools", extra={"company_id": talk.turn.company_id, **names})

    def _secret(self, stored: StoredTool, common: bytes | None) -> str | None:
        """Return a tool's secret; an HTTP tool without one is signed as the company's other webhooks are."""
        sealed = stored.secret or (common if stored.definition.kind == "http" else None)
        try:
            return self._vault.decrypt(sealed) if sealed else None
        except Unauthenticated:
            _log.error("the secret of a tool cannot be read with this SECRET_KEY", extra={"tool": stored.name})
            return None

    async def _remote(self, company_id: str, defined: _Defined) -> Sequence[RemoteTool]:
        found = await asyncio.gather(*(self._of(company_id, stored, secret) for stored, secret in defined.tools))
        return [tool for several in found for tool in several]

    async def _of(self, company_id: str, stored: StoredTool, secret: str | None) -> Sequence[RemoteTool]:
        definition = stored.definition
        if definition.kind == "http":
            return [HttpTool(definition, secret or "", self._connections)]
        address = McpAddress(str(definition.url), secret, self._connections, definition.timeout_seconds)
        listed = await self._servers.tools_of((company_id, stored.name, stored.version), definition, address)
        return [McpTool(one, definition, address) for one in listed]


def _is_usable(stored: StoredTool, secret: str | None) -> bool:
    """Tell whether a tool can be called: nothing goes out unsigned, or without the token that was set for it."""
    return secret is not None or (stored.definition.kind == "mcp" and stored.secret is None)
