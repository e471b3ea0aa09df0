"""What MCP servers offer, remembered per process: a turn does not wait for a server that has answered before.

A list is asked for anew after some minutes, behind the back of the turn that notices. A server that is away costs its
tools and a moment once; then it is left alone for a while.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.tools import ToolDefinition
from graph.tools.contracts import ToolFailed
from stream_consumer.tools.mcp_session import McpAddress
from stream_consumer.tools.mcp_tools import Listed, list_tools

FRESH_SECONDS: Final = 300.0
"""After this a list is asked for anew."""
CLOSED_SECONDS: Final = 30.0
"""How long a server that did not answer is left alone."""
PATIENCE_SECONDS: Final = 3.0
"""How long a turn waits for a server that nobody has asked before; the list may come for the next turn."""
LIST_SECONDS: Final = 15.0
"""Time of one listing."""
MAX_SERVERS: Final = 1000
"""Servers remembered at a time; the one not used for longest is forgotten first."""

Key = tuple[str, str, int]
"""Company, name of the definition, its version: a changed definition is another server."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    tools: tuple[Listed, ...]
    until: float


class McpCatalogue:
    """The lists of all servers that this process has met."""

    def __init__(self, speaks: Callable[[str], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._speaks = speaks
        self._clock = clock
        self._known: OrderedDict[Key, _Known] = OrderedDict()
        self._asking: dict[Key, asyncio.Task[None]] = {}

    async def tools_of(self, key: Key, definition: ToolDefinition, address: McpAddress) -> tuple[Listed, ...]:
        """Return what a server offers; nothing while it is away. Never raises, never waits long."""
        known = self._known.get(key)
        if known is None or self._clock() >= known.until:
            task = self._ask(key, definition, address)
            if known is None:
                await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
                known = self._known.get(key)
        if known is None:
            return ()
        if key in self._known:
            self._known.move_to_end(key)
        return known.tools

    async def close(self) -> None:
        """End the listings that are under way."""
        for task in (under_way := list(self._asking.values())):
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def _ask(self, key: Key, definition: ToolDefinition, address: McpAddress) -> asyncio.Task[None]:
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._list(key, definition, address))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return task

    async def _list(self, key: Key, definition: ToolDefinition, address: McpAddress) -> None:
        try:
            async with asyncio.timeout(LIST_SECONDS):
                found = tuple(await list_tools(address, definition, self._speaks))
            self._keep(key, _Known(found, self._clock() + FRESH_SECONDS))
        except Exception as error:  # a server may do anything; the turn goes on without its tools
            code = error.code if isinstance(error, ToolFailed) else type(error).__name__
            _log.warning("a server of tools does not answer", extra={"tool": definition.name, "code": code})
            self._keep(key, _Known((), self._clock() + CLOSED_SECONDS))

    def _keep(self, key: Key, known: _Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > MAX_SERVERS:
            self._known.popitem(last=False)
