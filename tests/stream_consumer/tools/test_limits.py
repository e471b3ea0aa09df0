"""How often tools may be used: per turn, per tool and company, per user; counted for all processes."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from redis.asyncio import Redis

from core.errors import Unavailable
from core.redis import connect
from local.installation import Company
from stream_consumer.tools.admission import CallAdmission
from stream_consumer.tools.toolbox import Toolbox
from tests.conftest import RedisServer
from tests.stream_consumer.tools.conftest import Desk, Opener, asked


@pytest.fixture
async def orders(desk: Desk, host: HTTPServer) -> HTTPServer:
    host.expect_request("/orders").respond_with_json({})
    await desk.define(url=host.url_for("/orders"), calls_per_minute=3)
    return host


def of(desk: Desk, **turn: Any) -> None:
    desk.talk = replace(desk.talk, turn=desk.talk.turn.model_copy(update=turn))


async def test_a_tool_is_used_so_often_a_minute_by_all_users_together(
    desk: Desk, orders: HTTPServer, open_desk: Opener
) -> None:
    codes = []
    for number in range(3):
        of(desk, user_id=f"u{number}")
        codes.append((await desk.call(city=str(number))).code)
    async with open_desk() as other:  # another process, or this one after a restart
        other.talk = desk.talk
        codes.append((await other.call(city="one more")).code)
    assert codes == [None, None, None, "rate_limited"]
    assert len(orders.log) == 3


async def test_a_user_has_a_limit_over_all_tools(desk: Desk, host: HTTPServer, redis: Redis) -> None:
    host.expect_request("/orders").respond_with_json({})
    definition = await desk.define(url=host.url_for("/orders"), calls_per_minute=6000)
    admission = CallAdmission(redis)
    admitted = [await admission.admit(definition, desk.talk) for _ in range(31)]
    assert admitted == [True] * 30 + [False]
    assert (await desk.call()).code == "rate_limited"
    of(desk, user_id="u2")
    assert (await desk.call(city="Jeddah")).code is None


async def test_a_turn_has_so_many_calls_whatever_they_are(desk: Desk, orders: HTTPServer) -> None:
    limits = desk.talk.playbook.limits.model_copy(update={"tool_calls_per_turn": 3})
    desk.talk = replace(desk.talk, playbook=desk.talk.playbook.model_copy(update={"limits": limits}))
    first = await desk.run(asked("no_such"), asked(city="a"))
    desk.talk = replace(desk.talk, results=tuple(first))
    second = await desk.run(asked(city="b"), asked(city="c"), asked("request_human", reason="x"), number=1)
    assert [result.code for result in (*first, *second)] == [
        "unknown_tool",
        None,
        None,
        "too_many_calls",
        "too_many_calls",
    ]
    assert len(orders.log) == 2
    assert second[2].effects == ()


async def test_while_redis_is_away_nothing_is_called(
    desk: Desk, orders: HTTPServer, company: Company, redis_server: RedisServer
) -> None:
    client = connect(redis_server.url)
    async with Toolbox.open(desk.database, client, desk.vault, allow_private=True) as toolbox:
        desk.toolbox = toolbox
        runtime = await desk.runtime()
        redis_server.stop()
        with pytest.raises(Unavailable):
            await runtime.run(desk.talk, [asked(city="a")], 0)
        redis_server.start()
        (result,) = await runtime.run(desk.talk, [asked(city="a")], 0)
    await client.aclose()
    assert (result.status, len(orders.log)) == ("done", 1)
    assert [row["status"] for row in await desk.log()] == ["done"]


@pytest.mark.parametrize(
    ("changes", "definition"),
    [
        ({"is_anonymous": True}, {}),
        ({}, {"playbooks": ["sales"]}),
        ({}, {"roles": ["anonymous"]}),
    ],
)
async def test_a_tool_that_is_not_for_this_user_is_unknown(
    desk: Desk, host: HTTPServer, changes: dict[str, Any], definition: dict[str, Any]
) -> None:
    await desk.define(url=host.url_for("/orders"), **definition)
    desk.talk = replace(desk.talk, **changes)
    assert (await desk.call()).code == "unknown_tool"
    assert not host.log


async def test_a_tool_of_another_company_or_one_switched_off_is_unknown(
    desk: Desk, orders: HTTPServer, other_company: Company
) -> None:
    turn = desk.talk.turn
    of(desk, company_id=other_company.company_id)
    assert (await desk.call()).code == "unknown_tool"
    desk.talk = replace(desk.talk, turn=turn)
    async with desk.database.transaction(desk.company_id) as connection:
        await connection.execute("UPDATE tools SET enabled = false")
    assert (await desk.call()).code == "unknown_tool"
    assert not orders.log
