"""`DELETE /api/v1/users/{user_id}`: a receipt, and nothing left of the user in PostgreSQL or Redis."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from redis.asyncio import Redis

from core import streams
from core.conversations import ConversationTurn
from core.events import AcceptedEvent
from core.ids import is_uuid, new_id
from core.outbox import Outbox
from db import users, wishes
from db.users import Seen
from ingest_api.wiring import Services
from local.installation import Company
from tests.conftest import RedisServer
from tests.ingest_api.conftest import add_person
from tests.ingest_api.test_events import problem

USER = "eve@example.com/a b"
PATH = "/api/v1/users/eve%40example.com%2Fa%20b"


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.secret_key}


async def known(services: Services, company_id: str, user_id: str) -> None:
    """Have seen a user, in PostgreSQL and in Redis."""
    now = datetime.now(UTC)
    async with services.database.transaction(company_id) as connection:
        await users.touch(connection, [Seen(company_id, user_id, "s1", now)])
        await wishes.set_wishes(connection, company_id, user_id, now, do_not_disturb=True)
    redis, address = services.redis, (company_id, user_id)
    await redis.hset(streams.session_key(*address), mapping={"v": "1", "d": "window"})
    await redis.hset(streams.connections_key(*address), "c1", "g1|99999999999999")
    await redis.hset(streams.acks_key(*address), "n:shown", "1")
    await redis.set(streams.stop_key(*address), "turn")
    await redis.zadd(streams.idle_deadlines_key(0), {f"{company_id}:{user_id}": 1})
    await Outbox(redis).publish(*address, {"type": "message", "text": f"Hello {user_id}"}, key="m1")
    for stream, payload in letters(company_id, user_id):
        await redis.xadd(streams.dead_letters(stream), {b"d": payload, b"reason": b"x"})


def letters(company_id: str, user_id: str) -> list[tuple[str, bytes]]:
    event = AcceptedEvent(company_id, "e1", user_id, "s1", "click", None, None, 1, 1, 1, {}, "t")
    turn = ConversationTurn(
        turn_id=new_id(),
        company_id=company_id,
        user_id=user_id,
        conversation_id=new_id(),
        created_at=datetime.now(UTC),
        trace_id="t",
    )
    return [
        (streams.EVENTS, streams.encode_event(event)),
        (streams.EVENTS, b"not one of ours"),
        (streams.CONVERSATIONS, streams.encode_conversation_turn(turn)),
    ]


async def dump(redis: Redis) -> str:
    """Return every key of Redis with all it holds, as one text."""
    return " ".join([f"{key!r} {await content(redis, key)}" async for key in redis.scan_iter()])


async def content(redis: Redis, key: Any) -> str:
    kind = (await redis.type(key)).decode()
    if kind == "zset":
        return str(await redis.zrange(key, 0, -1))
    if kind == "hash":
        return str(await redis.hgetall(key))
    return str(await redis.get(key) if kind == "string" else await redis.xrange(key) if kind == "stream" else kind)


async def test_a_user_is_erased_with_a_receipt(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    for user in (USER, "keeper"):
        await known(services, company.company_id, user)
    answer = await client.delete(PATH, headers=headers)
    assert answer.status_code == 200
    receipt = answer.json()
    assert is_uuid(receipt["receipt_id"])
    assert receipt["rows"] == {"users": 1, "sessions": 1}
    assert "eve@" not in answer.text
    left = await dump(services.redis)
    # The gateway that holds a socket has the frame already, and is told to close; its stream goes after two minutes.
    assert "erased" in await content(services.redis, streams.deliveries_key("g1"))
    assert "eve@example.com" not in left.replace(await content(services.redis, streams.deliveries_key("g1")), "")
    assert left.count("keeper") >= 7
    assert "not one of ours" in left
    story = await client.get(f"{PATH}/timeline", headers=headers)
    assert story.json()["items"] == []
    kept = await client.get("/api/v1/users/keeper/timeline", headers=headers)
    assert kept.status_code == 200


async def test_the_audit_log_knows_the_erasure_and_not_the_user(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    await client.patch(PATH, json={"consent": False}, headers=headers)
    receipt = (await client.delete(PATH, headers=headers)).json()
    entries = (await client.get("/api/v1/audit-log", headers=headers)).json()["items"]
    assert [(entry["action"], entry["subject"]) for entry in entries[:2]] == [
        ("user.erased", f"erased:{receipt['receipt_id']}"),
        ("user.wishes_changed", f"erased:{receipt['receipt_id']}"),
    ]
    assert entries[0]["detail"] == {"rows": {"users": 1, "audit_log": 1}}


async def test_erasing_again_is_no_error_and_a_repeated_request_gets_its_receipt(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    await known(services, company.company_id, USER)
    keyed = {**headers, "Idempotency-Key": "once"}
    first = await client.delete(PATH, headers=keyed)
    assert (await client.delete(PATH, headers=keyed)).json() == first.json()
    again = await client.delete(PATH, headers=headers)
    assert again.json()["rows"] == {}
    assert again.json()["receipt_id"] != first.json()["receipt_id"]


async def test_other_companies_and_other_callers_erase_nobody(
    client: httpx2.AsyncClient, services: Services, company: Company, other_company: Company, headers: dict[str, str]
) -> None:
    await known(services, company.company_id, USER)
    theirs = await client.delete(PATH, headers={"X-API-Key": other_company.secret_key})
    assert theirs.json()["rows"] == {}
    problem(await client.delete(PATH, headers={"X-API-Key": company.public_key}), 403, "forbidden")
    problem(await client.delete(PATH), 401, "unauthenticated")
    for role, status in (("editor", 403), ("agent", 403), ("viewer", 403), ("admin", 200)):
        _, token = await add_person(services, company.company_id, role)
        answer = await client.delete(PATH, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, role
    assert answer.json()["rows"] == {"users": 1, "sessions": 1}


@pytest.mark.parametrize("path", ["/api/v1/users/%00", f"/api/v1/users/{'x' * 129}"])
async def test_ids_that_no_user_has(client: httpx2.AsyncClient, headers: dict[str, str], path: str) -> None:
    problem(await client.delete(path, headers=headers), 422, "invalid_request")


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """A Redis of the test's own where it asks for one."""
    if "redis_server" in request.fixturenames:
        return str(request.getfixturevalue("redis_server").url)
    return str(request.getfixturevalue("_empty_redis"))


@pytest.fixture
def _empty_redis(_session_redis: RedisServer) -> str:
    import redis as redis_sync

    with redis_sync.Redis.from_url(_session_redis.url) as client:
        client.flushall()
    return _session_redis.url


async def test_while_redis_is_away_the_erasure_is_to_be_asked_for_again(
    client: httpx2.AsyncClient,
    services: Services,
    company: Company,
    headers: dict[str, str],
    redis_server: RedisServer,
) -> None:
    await known(services, company.company_id, USER)
    redis_server.stop()
    keyed = {**headers, "Idempotency-Key": "once"}
    problem(await client.delete(PATH, headers=keyed), 503, "unavailable")
    redis_server.start()
    answer = await client.delete(PATH, headers=keyed)
    assert answer.json()["rows"] == {"users": 1, "sessions": 1}
    assert await services.redis.exists(streams.session_key(company.company_id, USER)) == 0
