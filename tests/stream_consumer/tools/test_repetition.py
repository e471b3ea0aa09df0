"""Whatever ends a turn half-way, a tool is asked once: by the log where the call ended, by its key where none knows."""

import asyncio
import json
from dataclasses import replace

import pytest
from psycopg import sql
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core.errors import Unavailable
from core.ids import new_id
from core.pseudonyms import Pseudonyms
from core.security import Vault
from tests.stream_consumer.tools.conftest import Desk, asked, data_of


async def again(desk: Desk) -> Desk:
    """The same turn in another process, whose placeholders begin anew."""
    desk.pseudonyms = Pseudonyms()
    return desk


async def test_a_call_that_ended_is_not_made_again(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({"mail": "layla@shop.example", "status": "shipped"})
    await desk.define(url=host.url_for("/orders"))
    first = await desk.call()
    await again(desk)
    desk.pseudonyms.mask("somebody@else.example")  # takes the first placeholder
    second = await desk.call()
    assert len(host.log) == 1
    assert data_of(second)["result"]["status"] == "shipped"
    assert data_of(second)["result"]["mail"] != data_of(first)["result"]["mail"]
    assert desk.pseudonyms.unmask(data_of(second)["result"]["mail"]) == "layla@shop.example"
    assert len(await desk.log()) == 1


async def test_refusals_and_failures_are_found_again_too(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({"detail": "no such order"}, status=404)
    await desk.define(url=host.url_for("/orders"))
    first = await desk.call()
    await again(desk)
    second = await desk.call()
    assert (second.status, second.code, second.text) == (first.status, first.code, first.text)
    assert len(host.log) == 1


async def test_a_call_that_nobody_knows_the_end_of_is_made_under_the_same_key(desk: Desk, host: HTTPServer) -> None:
    keys: list[str] = []
    is_first = asyncio.Event()
    loop = asyncio.get_running_loop()

    def answer(request: Request) -> Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            loop.call_soon_threadsafe(is_first.set)
            raise ConnectionResetError
        return Response('{"done": true}', content_type="application/json")

    host.expect_request("/orders").respond_with_handler(answer)
    await desk.define(url=host.url_for("/orders"))
    task = asyncio.create_task(desk.call())
    await is_first.wait()
    task.cancel()  # the worker dies while the tool works
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row["status"] for row in await desk.log()] == ["started"]
    await again(desk)
    assert (await desk.call()).status == "done"
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert [row["status"] for row in await desk.log()] == ["done"]


async def test_a_failed_call_that_the_model_repeats_has_the_same_key(desk: Desk, host: HTTPServer) -> None:
    keys: list[str] = []

    def answer(request: Request) -> Response:
        keys.append(request.headers["Idempotency-Key"])
        return Response("{}", 503 if len(keys) == 1 else 200, content_type="application/json")

    host.expect_request("/orders").respond_with_handler(answer)
    await desk.define(url=host.url_for("/orders"))
    first = await desk.call(number=0)
    desk.talk = replace(desk.talk, results=(first,))
    second = await desk.call(number=1)
    assert (first.status, second.status) == ("failed", "done")
    assert len(set(keys)) == 1
    assert len(await desk.log()) == 2


async def test_a_call_that_brought_a_result_is_not_repeated_by_a_model_that_loops(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({})
    await desk.define(url=host.url_for("/orders"))
    first = await desk.call(number=0)
    desk.talk = replace(desk.talk, results=(first,))
    assert (await desk.call(number=1)).code == "repeated_call"
    twice = await desk.run(asked(city="Jeddah"), asked(city="Jeddah"), number=1)
    assert [result.code for result in twice] == [None, "repeated_call"]
    assert len(host.log) == 2


async def test_another_turn_asks_anew(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({})
    await desk.define(url=host.url_for("/orders"))
    await desk.call()
    desk.talk = replace(desk.talk, turn=desk.talk.turn.model_copy(update={"turn_id": new_id()}))
    await desk.call()
    assert len({request.headers["Idempotency-Key"] for request, _ in host.log}) == 2


async def test_with_another_secret_key_the_tool_is_asked_again_under_its_key(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({"n": 1})
    await desk.define(url=host.url_for("/orders"))
    await desk.call()
    async with desk.database.transaction(desk.company_id) as connection:
        other = Vault("another-secret-key-that-is-long-enough-01").encrypt("{}").decode()
        await connection.execute(
            "UPDATE tool_calls SET result = jsonb_set(result, '{sealed}', to_jsonb(%s::text))", (other,)
        )
    assert data_of(await desk.call())["result"] == {"n": 1}
    assert len({request.headers["Idempotency-Key"] for request, _ in host.log}) == 1


async def test_while_the_log_is_away_no_tool_is_asked(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({})
    await desk.define(url=host.url_for("/orders"))
    runtime = await desk.runtime()
    await desk.database.close()
    with pytest.raises(Unavailable):
        await runtime.run(desk.talk, [asked(city="a"), asked(city="b")], 0)
    assert not host.log


async def test_every_kind_of_end_is_logged_masked(desk: Desk, host: HTTPServer) -> None:
    host.expect_request("/orders").respond_with_json({"owner": "sam@acme.example"})
    await desk.define(url=host.url_for("/orders"))
    results = await desk.run(
        asked(city="sam@acme.example"),
        asked("no_such_tool", mail="sam@acme.example"),
        asked("create_ticket", subject="Order", summary="Write to sam@acme.example"),
        asked("advance_stage", stage="nowhere"),
    )
    rows = {row["tool"]: row for row in await desk.log()}
    assert [result.status for result in results] == ["done", "refused", "done", "refused"]
    assert {name: (row["status"], row["code"]) for name, row in rows.items()} == {
        "lookup_record": ("done", None),
        "no_such_tool": ("refused", "unknown_tool"),
        "create_ticket": ("done", None),
        "advance_stage": ("refused", results[3].code),
    }
    assert "sam@" not in json.dumps(list(rows.values()), default=str)
    async with desk.database.transaction(desk.company_id) as connection:
        kept = await (await connection.execute(sql.SQL("SELECT result::text FROM tool_calls"))).fetchall()
    assert "sam@" not in str(kept)
    assert results[2].effects[0].values["summary"] == "Write to sam@acme.example"
