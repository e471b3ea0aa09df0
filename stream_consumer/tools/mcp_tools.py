"""Tools of MCP servers: which a server offers, made fit for a model, and what a call of one brings.

What a server says of its tools goes to the model as it is, so a description that gives it orders costs the tool. Names
become `{server}_{tool}` in the letters that playbooks and providers take.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.tools import ToolDefinition, check_parameters
from graph.talk import ToolSpec
from graph.tools.cleaning import clean, cleaned
from graph.tools.contracts import TOOL_FAILED, Content, Invocation, ToolFailed
from stream_consumer.tools.answers import data_of
from stream_consumer.tools.mcp_session import McpAddress, ask

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import CallToolResult, Tool

MAX_TOOLS: Final = 32
"""Tools of one server that are taken over."""
MAX_PAGES: Final = 5
_MAX_NAME: Final = 64
_MAX_DESCRIPTION: Final = 1000
_ODD: Final = re.compile(r"[^a-z0-9_]+")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A tool as a server lists it: its name there, and how a model gets to know it."""

    name: str
    spec: ToolSpec


@dataclass(frozen=True, slots=True)
class McpTool:
    """`graph.tools.contracts.RemoteTool`: one tool of a server."""

    listed: Listed
    definition: ToolDefinition
    address: McpAddress

    @property
    def spec(self) -> ToolSpec:
        """How a model gets to know it: by the server's own words."""
        return self.listed.spec

    async def call(self, invocation: Invocation) -> Content:
        """Call it in a session of its own; raises ToolFailed.

        Who asks goes along as the request's `_meta`, where no model writes.
        """
        about = {name: getattr(invocation, name) for name in ("company_id", "user_id", "conversation_id", "call_id")}

        async def work(session: "ClientSession") -> "CallToolResult":
            return await session.call_tool(self.listed.name, dict(invocation.arguments), meta=about)

        return content_of(await ask(self.address, work, key=invocation.key))


def content_of(result: "CallToolResult") -> Content:
    """Return what a result holds: its structured content, else its texts. Raises ToolFailed where it is an error.

    Many servers put JSON into a text, or a text of JSON into their structured content; that is data as well.
    """
    value = _value_of(result)
    if result.isError:
        raise ToolFailed(TOOL_FAILED, "the tool refused this call", value)
    return Content(value)


def _value_of(result: "CallToolResult") -> Any:
    match result.structuredContent:
        case None:
            parts = [data_of(text) for text in _texts(result)]
        case {"result": str(text)} as wrapped if len(wrapped) == 1:  # how a tool's text is wrapped
            parts = [data_of(text)]
        case _:
            return result.structuredContent
    if all(isinstance(part, str) for part in parts):
        return "\n".join(parts) or "the tool answered with nothing"
    return parts[0] if len(parts) == 1 else parts


def _texts(result: "CallToolResult") -> Iterator[str]:
    for block in result.content:
        resource = getattr(block, "resource", None)
        text = getattr(block, "text", None) or getattr(resource, "text", None)
        yield text if isinstance(text, str) else f"[{block.type} left out]"


async def list_tools(address: McpAddress, definition: ToolDefinition, speaks: Callable[[str], bool]) -> list[Listed]:
    """Ask a server for its tools and return those that can be used; raises ToolFailed."""

    async def work(session: "ClientSession") -> "list[Tool]":
        found: list[Tool] = []
        cursor = None
        for _ in range(MAX_PAGES):
            page = await session.list_tools(cursor)
            found += page.tools
            cursor = page.nextCursor
            if not cursor:
                break
        return found

    return usable(definition, await ask(address, work), speaks)


def usable(definition: ToolDefinition, tools: "Iterable[Tool]", speaks: Callable[[str], bool]) -> list[Listed]:
    """Return the tools that the company allows and a model can be told of, at most `MAX_TOOLS`."""
    allowed = definition.allowed_tools
    found: dict[str, Listed] = {}
    for tool in tools:
        if allowed is not None and tool.name not in allowed:
            continue
        name = _ODD.sub("_", f"{definition.name}_{tool.name}".lower())[:_MAX_NAME]
        fault = "two tools have this name" if name in found else _fault(tool, speaks)
        if fault:
            _log.warning("a tool of a server is left out", extra={"tool": name, "reason": fault})
        elif len(found) < MAX_TOOLS:
            description = clean(tool.description or tool.title or tool.name)[:_MAX_DESCRIPTION]
            found[name] = Listed(tool.name, ToolSpec(name, description, cleaned(tool.inputSchema)))
    return list(found.values())


def _fault(tool: "Tool", speaks: Callable[[str], bool]) -> str | None:
    """Return why a model must not be told of a tool, or None."""
    try:
        check_parameters(tool.inputSchema)
    except ValueError:
        return "its parameters are not usable"
    texts: Sequence[str] = [tool.description or "", tool.title or "", *_strings(tool.inputSchema)]
    return "its description speaks to the model" if any(map(speaks, texts)) else None


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, inner in value.items():
                yield name
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)
