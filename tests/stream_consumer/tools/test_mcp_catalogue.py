"""What is remembered of MCP servers, with the clock in the test's hand; and which of their tools are taken over."""

import asyncio
import json
from typing import Any

import pytest
from mcp.types import (
    AudioContent,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    TextContent,
    TextResourceContents,
    Tool,
)

from core.tools import ToolDefinition
from graph.talk import ToolSpec
from graph.tools.contracts import ToolFailed
from knowledge.fetching.connections import Connections
from stream_consumer.tools import mcp_catalogue
from stream_consumer.tools.mcp_catalogue import CLOSED_SECONDS, FRESH_SECONDS, McpCatalogue
from stream_consumer.tools.mcp_session import McpAddress
from stream_consumer.tools.mcp_tools import MAX_TOOLS, Listed, content_of, usable

ADDRESS = McpAddress("http://127.0.0.1:1/mcp", None, Connections(), 1)
OBJECT = {"type": "object"}


def definition(**fields: Any) -> ToolDefinition:
    given = {"name": "shop", "kind": "mcp", "description": "x", "url": "https://x.example", **fields}
    return ToolDefinition.model_validate(given)


class Servers:
    """Answers listings as a test says, and counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.asked = 0
        self.answer: Any = ["one"]
        self.gate: asyncio.Event | None = None
        monkeypatch.setattr(mcp_catalogue, "list_tools", self._list)
        self.catalogue = McpCatalogue(lambda text: False, lambda: self.now)

    async def _list(self, *_: Any) -> list[Listed]:
        self.asked += 1
        if self.gate:
            await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return [Listed(name, ToolSpec(name, "", {})) for name in self.answer]

    async def tools(self, name: str = "shop", version: int = 1) -> list[str]:
        found = await self.catalogue.tools_of(("company", name, version), definition(), ADDRESS)
        await asyncio.sleep(0)
        return [one.name for one in found]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    return Servers(monkeypatch)


async def test_a_list_holds_for_a_while_and_is_renewed_behind_the_back(servers: Servers) -> None:
    assert await servers.tools() == ["one"]
    servers.answer, servers.now = ["two"], FRESH_SECONDS - 1
    assert await servers.tools() == ["one"]
    servers.now = FRESH_SECONDS
    assert await servers.tools() == ["one"]
    await asyncio.sleep(0)
    assert (await servers.tools(), servers.asked) == (["two"], 2)


async def test_a_server_that_is_away_is_left_alone_for_a_while(servers: Servers) -> None:
    servers.answer = ToolFailed("unreachable", "")
    assert await servers.tools() == []
    servers.answer, servers.now = ["back"], CLOSED_SECONDS - 1
    assert (await servers.tools(), servers.asked) == ([], 1)
    servers.now = CLOSED_SECONDS
    assert await servers.tools() == []
    await asyncio.sleep(0)
    assert await servers.tools() == ["back"]


async def test_a_server_that_goes_away_later_costs_its_tools(servers: Servers) -> None:
    assert await servers.tools() == ["one"]
    servers.answer, servers.now = RuntimeError("odd"), FRESH_SECONDS
    await servers.tools()
    await asyncio.sleep(0)
    assert await servers.tools() == []


async def test_a_changed_definition_is_another_server(servers: Servers) -> None:
    await servers.tools(version=1)
    await servers.tools(version=2)
    assert servers.asked == 2


async def test_a_slow_server_is_not_waited_for_and_its_list_comes_for_the_next_turn(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_catalogue, "PATIENCE_SECONDS", 0.01)
    servers.gate = asyncio.Event()
    assert await asyncio.gather(*(servers.tools() for _ in range(3))) == [[], [], []]
    servers.gate.set()
    await asyncio.sleep(0.01)
    assert (await servers.tools(), servers.asked) == (["one"], 1)


async def test_what_is_under_way_ends_with_the_process(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_catalogue, "PATIENCE_SECONDS", 0.01)
    servers.gate = asyncio.Event()
    await servers.tools()
    await servers.catalogue.close()
    assert len(asyncio.all_tasks()) == 1


async def test_memory_is_bounded(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_catalogue, "MAX_SERVERS", 2)
    for name in ("a", "b", "a", "c"):
        await servers.tools(name)
    assert servers.asked == 3
    await servers.tools("a")
    assert servers.asked == 3
    await servers.tools("b")
    assert servers.asked == 4


def taken(*tools: Tool, **fields: Any) -> list[str]:
    return [one.spec.name for one in usable(definition(**fields), tools, lambda text: "obey" in text)]


def test_which_tools_are_taken_over() -> None:
    tools = [
        Tool(name="Look-Up.v2", inputSchema=OBJECT),
        Tool(name="look_up_v2", inputSchema=OBJECT),
        Tool(name="array", inputSchema={"type": "array"}),
        Tool(name="orders", inputSchema=OBJECT, description="obey"),
        Tool(name="hidden", inputSchema={**OBJECT, "properties": {"a": {"description": "obey"}}}),
        Tool(name="enum", inputSchema={**OBJECT, "properties": {"a": {"enum": ["obey"]}}}),
        Tool(name="n" * 99, inputSchema=OBJECT, description="d" * 5000 + "\x00"),
    ]
    assert taken(*tools) == ["shop_look_up_v2", ("shop_" + "n" * 99)[:64]]
    assert taken(*tools, allowed_tools=["look_up_v2"]) == ["shop_look_up_v2"]
    (long,) = usable(definition(), tools[6:], lambda text: False)
    assert len(long.spec.description) == 1000
    assert len(taken(*(Tool(name=f"t{n}", inputSchema=OBJECT) for n in range(100)))) == MAX_TOOLS


def result(*content: Any, **fields: Any) -> CallToolResult:
    return CallToolResult(content=list(content), **fields)


def text(value: str) -> TextContent:
    return TextContent(type="text", text=value)


TEXT = text("seven")
RECORD = {"sku": "AB-1", "price": "129.50 SAR"}
AS_TEXT = json.dumps(RECORD, indent=2)
DEEP = '{"a":' * 500 + "1" + "}" * 500
RESOURCE = EmbeddedResource(
    type="resource", resource=TextResourceContents.model_validate({"uri": "file:///a", "text": "of a file"})
)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (result(TEXT), "seven"),
        (result(TEXT, RESOURCE), "seven\nof a file"),
        (result(TEXT, structuredContent={"n": 7}), {"n": 7}),
        (result(ImageContent(type="image", data="AAAA", mimeType="image/png")), "[image left out]"),
        (result(AudioContent(type="audio", data="AAAA", mimeType="audio/wav")), "[audio left out]"),
        (result(), "the tool answered with nothing"),
        (result(text(AS_TEXT)), RECORD),
        (result(text(f"\n[{AS_TEXT}]")), [RECORD]),
        (result(text(AS_TEXT), text(AS_TEXT)), [RECORD, RECORD]),
        (result(TEXT, text(AS_TEXT)), ["seven", RECORD]),
        (result(text(AS_TEXT), structuredContent={"result": AS_TEXT}), RECORD),
        (result(TEXT, structuredContent={"result": AS_TEXT, "n": 7}), {"result": AS_TEXT, "n": 7}),
        (result(TEXT, structuredContent={}), {}),
        (result(text("7")), "7"),
        (result(text("[sold out]")), "[sold out]"),
        (result(text("{broken")), "{broken"),
        (result(text(DEEP)), DEEP),
    ],
)
def test_what_a_result_holds(given: CallToolResult, value: Any) -> None:
    assert content_of(given).value == value


def test_an_error_is_a_failure_with_what_the_tool_said() -> None:
    with pytest.raises(ToolFailed, match="tool_failed") as failed:
        content_of(result(TEXT, isError=True))
    assert failed.value.said == "seven"
    with pytest.raises(ToolFailed) as failed:
        content_of(result(text(AS_TEXT), isError=True))
    assert failed.value.said == RECORD
