"""Tools of companies and the log of their calls."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.errors import Conflict, NotFound
from core.ids import derive_id, new_id
from core.tools import MAX_SCHEMA_BYTES, ToolDefinition
from db import audit, tool_calls, tools, users
from db.pool import Connection, Database
from db.tool_calls import Call
from db.tools import StoredTool


def definition(name: str = "lookup_record", **fields: Any) -> ToolDefinition:
    return ToolDefinition.model_validate(
        {"name": name, "description": "Looks up", "url": "https://shop.example/orders", **fields}
    )


async def save(
    connection: Connection, company: str, now: datetime, name: str = "lookup_record", **given: Any
) -> StoredTool:
    fields = {"secret": b"sealed", "actor": "key:k", "now": now, **given}
    return await tools.save(connection, company, fields.pop("definition", definition(name)), **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "search_knowledge"}, "built-in"),
        ({"name": "Bad-Name"}, "name"),
        ({"url": "ftp://shop.example"}, "url"),
        ({"url": "https://user:pass@shop.example"}, "user name"),
        ({"parameters": {"type": "array"}}, "of type object"),
        ({"parameters": {"type": "object", "properties": 7}}, "not a JSON Schema"),
        ({"parameters": {"type": "object", "description": "x" * MAX_SCHEMA_BYTES}}, "bytes"),
        ({"timeout_seconds": 31}, "timeout_seconds"),
        ({"max_result_bytes": 10}, "max_result_bytes"),
        ({"calls_per_minute": 0}, "calls_per_minute"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_a_definition_that_cannot_work_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        definition(**fields)


def test_a_schema_that_nests_too_deeply_is_refused() -> None:
    schema: dict[str, Any] = {"type": "object"}
    inner = schema
    for _ in range(1200):
        inner["not"] = {}
        inner = inner["not"]
    with pytest.raises(ValueError, match=r"nest|recursion"):
        definition(parameters=schema)


async def test_a_tool_is_kept_with_versions(db: Database, acme: str, rival: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        first = await save(connection, acme, now)
        later = now + timedelta(minutes=1)
        changed = definition(description="Finds orders")
        second = await save(connection, acme, later, definition=changed, secret=None, expected_version=1)
        assert (first.version, second.version, second.secret) == (1, 2, b"sealed")
        assert second.definition.description == "Finds orders"
        assert await tools.get(connection, acme, "lookup_record") == second
        with pytest.raises(Conflict, match="version 2"):
            await save(connection, acme, now, expected_version=1)
        with pytest.raises(Conflict, match="version 2"):
            await save(connection, acme, now, expected_version=0)
        with pytest.raises(Conflict, match="version 0"):
            await save(connection, acme, now, name="other", expected_version=3)
    async with db.transaction(rival) as connection:
        assert await tools.list_(connection, rival) == []
        assert await tools.get(connection, acme, "lookup_record") is None
        with pytest.raises(NotFound):
            await save(connection, acme, now)


async def test_what_is_switched_off_is_listed_and_not_used(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await save(connection, acme, now)
        await save(connection, acme, now, name="a_first", enabled=False)
        assert [tool.name for tool in await tools.list_(connection, acme)] == ["a_first", "lookup_record"]
        assert [tool.name for tool in await tools.valid(connection, acme) if tool.enabled] == ["lookup_record"]


async def test_a_tool_that_is_not_valid_any_more_costs_no_turn(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await save(connection, acme, now)
        await save(connection, acme, now, name="other")
        await connection.execute("UPDATE tools SET definition = '{}' WHERE name = 'other'")
        assert [tool.name for tool in await tools.valid(connection, acme) if tool.enabled] == ["lookup_record"]


async def test_changes_are_audited_without_the_secret(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await save(connection, acme, now, trace_id="t")
        assert await tools.delete(connection, acme, "lookup_record", actor="key:k", trace_id="t")
        assert not await tools.delete(connection, acme, "lookup_record", actor="key:k")
        entries = [row for row in (await audit.list_(connection, acme)).items if row["action"].startswith("tool.")]
    assert [(row["action"], row["subject"]) for row in entries] == [
        ("tool.deleted", "lookup_record"),
        ("tool.saved", "lookup_record"),
    ]
    assert "sealed" not in str(entries)


async def test_there_is_an_end_to_the_number_of_tools(
    db: Database, acme: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "MAX_TOOLS", 2)
    async with db.transaction(acme) as connection:
        await save(connection, acme, now, name="one")
        await save(connection, acme, now, name="two")
        with pytest.raises(Conflict, match="at most 2"):
            await save(connection, acme, now, name="three")
        assert (await save(connection, acme, now, name="two")).version == 2


def call(**changes: Any) -> Call:
    return Call(
        **{
            "call_id": new_id(),
            "turn_id": derive_id("turn", "1"),
            "conversation_id": derive_id("conversation", "1"),
            "user_id": "u1",
            "tool": "lookup_record",
            "arguments": {"city": "[CITY_1]"},
            **changes,
        }
    )


async def end(connection: Connection, company: str, one: Call, now: datetime, **changes: Any) -> None:
    given = {"status": "done", "code": None, "result": {"text": "x", "sealed": "y"}, "latency_ms": 12, **changes}
    await tool_calls.finish(connection, company, one, now=now, **given)


async def test_a_call_is_begun_once_and_ends_once(db: Database, acme: str, now: datetime) -> None:
    one = call()
    async with db.transaction(acme) as connection:
        assert await tool_calls.begin(connection, acme, one, now) is None
        found = await tool_calls.begin(connection, acme, one, now)
        assert found
        assert (found.status, found.result) == ("started", None)
        await end(connection, acme, one, now)
        await end(connection, acme, one, now, status="failed", code="timeout")
        found = await tool_calls.begin(connection, acme, one, now)
        assert found == tool_calls.Outcome("done", None, {"text": "x", "sealed": "y"})


async def test_the_log_is_read_in_pages_without_what_is_sealed(
    db: Database, acme: str, rival: str, now: datetime
) -> None:
    async with db.transaction(acme) as connection:
        for number in range(3):
            one = call(tool=f"tool_{number % 2}")
            await end(connection, acme, one, now + timedelta(seconds=number))
        page = await tool_calls.list_(connection, acme, limit=2)
        rest = await tool_calls.list_(connection, acme, cursor=page.next_cursor, limit=2)
        named = await tool_calls.list_(connection, acme, tool="tool_1", conversation_id=one.conversation_id)
        other = await tool_calls.list_(connection, acme, conversation_id=new_id())
    assert [row["tool"] for row in (*page.items, *rest.items)] == ["tool_0", "tool_1", "tool_0"]
    assert rest.next_cursor is None
    assert (len(named.items), other.items) == (1, [])
    assert page.items[0]["result"] == {"text": "x"}
    async with db.transaction(rival) as connection:
        assert (await tool_calls.list_(connection, acme)).items == []


async def test_calls_of_a_visitor_become_those_of_the_user(db: Database, acme: str, now: datetime) -> None:
    async with db.transaction(acme) as connection:
        await tool_calls.begin(connection, acme, call(user_id="anon_1"), now)
        assert await users.merge(connection, acme, "anon_1", "u1", now)
        assert [row["user_id"] for row in (await tool_calls.list_(connection, acme)).items] == ["u1"]
