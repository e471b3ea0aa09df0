"""A real MCP server in a process of its own: its tools taken over, called, bounded, and missed without harm."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from stream_consumer.tools import mcp_catalogue
from tests.graph.shelf import Shelf
from tests.stream_consumer.tools.conftest import Desk, Opener, data_of

ROOT = Path(__file__).parents[3]


@dataclass
class Server:
    process: "subprocess.Popen[str]"
    url: str
    log: Path

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("mcp") / "calls"
    arguments = [sys.executable, "-m", "tests.stream_consumer.tools.mcp_server", str(log)]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    port = process.stdout.readline().strip()
    yield Server(process, f"http://127.0.0.1:{port}/mcp", log)
    process.kill()
    process.wait()
    process.stdout.close()


async def offered(desk: Desk) -> list[str]:
    own = set(desk.talk.playbook.tools) | {"remember"}
    return [spec.name for spec in (await desk.runtime()).specs(desk.talk) if spec.name not in own]


async def shop(desk: Desk, server: Server, **fields: Any) -> None:
    await desk.define(
        name="shop", kind="mcp", url=server.url, secret="token-1", parameters={"type": "object"}, **fields
    )


async def test_its_tools_are_offered_but_for_those_that_speak_to_the_model(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    specs = {spec.name: spec for spec in (await desk.runtime()).specs(desk.talk)}
    assert await offered(desk) == [
        "shop_stock",
        "shop_article",
        "shop_order_status",
        "shop_broken",
        "shop_slow",
        "shop_flood",
    ]
    assert specs["shop_stock"].description == "Tells how many pieces of an article a shop has."
    assert specs["shop_stock"].parameters["required"] == ["sku"]


async def test_a_call_brings_a_result_and_says_who_asks(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    result = await desk.call("shop_stock", sku="A-17")
    assert data_of(result) == {"tool": "shop_stock", "result": {"sku": "A-17", "pieces": 7, "price": "129.50"}}
    assert {"7", "129.50"} <= set(result.figures)
    call = server.calls()[-1]
    assert call["arguments"] == {"sku": "A-17", "shop": 1}
    assert call["headers"]["authorization"] == "Bearer token-1"
    assert call["headers"]["idempotency-key"]
    assert call["meta"]["user_id"] == "u1"
    (row,) = await desk.log()
    assert (row["tool"], row["status"]) == ("shop_stock", "done")


async def test_json_in_a_text_is_data_that_sentences_may_rest_on(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    result = await desk.call("shop_article", sku="AB-1")
    assert data_of(result)["result"] == {"sku": "AB-1", "price": "129.50 SAR"}
    for sentence, holds in (("AB-1 costs 129.50 SAR.", True), ("AB-1 costs 150 SAR.", False)):
        assert bool(Shelf(passages=()).check(sentence, (), (), result.statements, context="").text) is holds


async def test_results_are_masked_and_marked(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    result = await desk.call("shop_order_status", order="7")
    assert result.code == "speaks_to_model"
    assert [row["code"] for row in await desk.log()] == ["speaks_to_model"]
    assert "@" not in result.text
    assert server.calls()[-1]["tool"] == "Order-Status"


async def test_arguments_are_held_to_the_servers_schema(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    before = len(server.calls())
    result = await desk.call("shop_stock", sku="A-17", shop="first")
    assert (result.code, len(server.calls())) == ("invalid_arguments", before)
    assert "shop: must be of type integer" in result.text


async def test_an_error_of_a_tool_is_told_as_data(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    result = await desk.call("shop_broken", x=1)
    assert (result.status, result.code) == ("failed", "tool_failed")
    assert "no such warehouse" in data_of(result)["said"]


async def test_a_slow_tool_costs_its_time(desk: Desk, server: Server) -> None:
    await shop(desk, server, timeout_seconds=0.5)
    result = await desk.call("shop_slow", x=1)
    assert (result.status, result.code) == ("failed", "timeout")


async def test_a_flood_ends_at_the_limit(desk: Desk, server: Server) -> None:
    await shop(desk, server, timeout_seconds=20)
    result = await desk.call("shop_flood", x=1)
    assert (result.status, result.code) == ("failed", "too_large")


async def test_only_allowed_tools_are_taken_over(desk: Desk, server: Server) -> None:
    await shop(desk, server, allowed_tools=["Order-Status"])
    assert await offered(desk) == ["shop_order_status"]
    assert (await desk.call("shop_stock", sku="A")).code == "unknown_tool"


async def test_a_playbook_may_list_single_tools(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    playbook = desk.talk.playbook.model_copy(update={"tools": ("shop_stock",)})
    desk.talk = replace(desk.talk, playbook=playbook)
    assert [spec.name for spec in (await desk.runtime()).specs(desk.talk)] == ["shop_stock"]


async def test_a_server_that_the_playbook_does_not_name_is_not_asked(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/mcp").respond_with_data("no", status=500)
    before = desk.talk
    await desk.define(name="odd", kind="mcp", url=host.url_for("/mcp"), parameters={"type": "object"})
    desk.talk = before
    assert await offered(desk) == []
    assert not host.log


async def test_a_server_that_is_away_costs_its_tools_and_nothing_else(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({"ok": True})
    await desk.define(url=host.url_for("/orders"))
    await desk.define(name="gone", kind="mcp", url="http://127.0.0.1:1025/mcp", parameters={"type": "object"})
    assert await offered(desk) == []
    assert (await desk.call()).status == "done"


async def test_a_server_inside_is_not_asked(open_desk: Opener, server: Server) -> None:
    before = len(server.calls())
    async with open_desk(allow_private=False) as desk:
        await shop(desk, server)
        assert await offered(desk) == []
    assert len(server.calls()) == before


ODD = [
    Response("<html>Log in</html>", content_type="text/html"),
    Response("", 302, {"Location": "http://169.254.169.254/"}),
    Response("", 307, {"Location": "http://127.0.0.1:1/"}),
    Response("no", 401),
    Response("{broken", content_type="application/json"),
    Response('{"jsonrpc": "2.0", "id": 0, "result": {}}', content_type="application/json"),
    Response("data: nonsense\n\n", content_type="text/event-stream"),
    Response(b"\x1f\x8b", content_type="application/json", headers={"Content-Encoding": "gzip"}),
]


async def test_a_server_that_answers_anything_costs_its_tools(
    desk: Desk, host: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_catalogue, "PATIENCE_SECONDS", 0.5)
    for number, response in enumerate(ODD):
        host.expect_request(f"/mcp/{number}").respond_with_response(response)
        url = host.url_for(f"/mcp/{number}")
        await desk.define(name="odd", kind="mcp", url=url, parameters={"type": "object"}, timeout_seconds=1)
        assert await offered(desk) == []


async def test_a_server_is_asked_once_for_many_turns(desk: Desk, server: Server, host: HTTPServer) -> None:
    host.expect_request("/mcp").respond_with_data("no", status=500)
    await desk.define(name="odd", kind="mcp", url=host.url_for("/mcp"), parameters={"type": "object"})
    await asyncio.gather(*(offered(desk) for _ in range(5)))
    assert await offered(desk) == []
    assert len(host.log) == 1


async def test_a_token_that_cannot_be_read_costs_the_tools(desk: Desk, server: Server) -> None:
    await shop(desk, server)
    async with desk.database.transaction(desk.company_id) as connection:
        await connection.execute("UPDATE tools SET secret = 'other'")
    assert await offered(desk) == []
