"""Conversations while the stores come and go: what was said is kept once, and whoever waits never blocks others."""

import concurrent.futures
import time
from typing import Any

import httpx2
import orjson
import psycopg
import redis as redis_sync

from core import streams
from core.streams import CONVERSATIONS, decode_conversation_turn
from local.installation import Company
from tests.conftest import RedisServer
from tests.ingest_api.conftest import Process, batch
from tests.ingest_api.test_conversation import PROCESS, START, TASK
from tests.ingest_api.test_faults import own_redis_process, refuse_connections

__all__ = ["own_redis_process"]


def connect(process: Process, company: Company) -> httpx2.Client:
    return httpx2.Client(base_url=process.url, headers={"X-API-Key": company.secret_key}, timeout=60)


def said(database_url: str) -> list[tuple[str, str]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT role, text FROM messages ORDER BY created_at, position").fetchall()


def queued(url: str) -> list[str]:
    with redis_sync.Redis.from_url(url) as client:
        return [decode_conversation_turn(fields[b"d"]).turn_id for _, fields in client.xrange(CONVERSATIONS)]


def say(client: httpx2.Client, named: str, text: str, **body: Any) -> httpx2.Response:
    return client.post(PROCESS.format(named), json={"user_input": text, **body})


def again(client: httpx2.Client, named: str, text: str, **body: Any) -> httpx2.Response:
    """Send as a client does: again, until it is accepted."""
    deadline = time.monotonic() + 30
    while (answer := say(client, named, text, **body)).status_code == 503:
        assert int(answer.headers["retry-after"]) >= 1
        assert time.monotonic() < deadline, "the API did not recover"
        time.sleep(0.1)
    return answer


def test_a_message_said_while_redis_is_away_is_kept_and_queued_when_it_is_sent_again(
    own_redis_process: Process, redis_server: RedisServer, company: Company, database_url: str
) -> None:
    with connect(own_redis_process, company) as client:
        begun = client.post(START, json={"user_id": "u1"}).json()["conversation_id"]
        redis_server.stop()
        refused = say(client, begun, "Hello", client_message_id="m1", mode="async")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert client.post(START, json={"user_id": "u2"}).status_code == 201
        redis_server.start()
        accepted = again(client, begun, "Hello", client_message_id="m1", mode="async")
    assert accepted.status_code == 202
    assert said(database_url) == [("user", "Hello")]
    assert set(queued(redis_server.url)) == {accepted.json()["task_id"]}


def test_whoever_waits_while_redis_goes_away_is_told_where_to_ask(
    own_redis_process: Process, redis_server: RedisServer, company: Company
) -> None:
    with connect(own_redis_process, company) as client, concurrent.futures.ThreadPoolExecutor(1) as pool:
        begun = client.post(START, json={"user_id": "u1"}).json()["conversation_id"]
        waiting = pool.submit(say, client, begun, "Hello")
        wait_for_somebody_waiting(redis_server.url)
        redis_server.stop()
        answer = waiting.result(30)
        assert answer.status_code == 202, answer.text
        assert client.get(TASK.format(answer.json()["task_id"])).json()["status"] == "queued"
        redis_server.start()


def wait_for_somebody_waiting(url: str) -> None:
    deadline = time.monotonic() + 20
    with redis_sync.Redis.from_url(url) as client:
        while not [one for one in client.client_list() if one["cmd"] == "blmove"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_without_postgresql_nothing_is_accepted_and_afterwards_all_goes_on(
    api_process: Process, company: Company, database_url: str
) -> None:
    with connect(api_process, company) as client:
        begun = client.post(START, json={"user_id": "u1"}).json()["conversation_id"]
        refuse_connections(database_url, refuse=True)
        try:
            refused = say(client, begun, "Hello", client_message_id="m1", mode="async")
            assert refused.status_code == 503, refused.text
        finally:
            refuse_connections(database_url, refuse=False)
        assert again(client, begun, "Hello", client_message_id="m1", mode="async").status_code == 202
    assert said(database_url) == [("user", "Hello")]


SECRETS = ("my-card-is-4111111111111111", "C" * 32)


def test_sixty_who_wait_hold_up_neither_events_nor_each_other(
    api_process: Process, company: Company, redis_url: str
) -> None:
    """More of them than the API has connections to Redis for everything else; and nothing of all this is logged."""
    with connect(api_process, company) as client, concurrent.futures.ThreadPoolExecutor(60) as pool:
        users = [f"u{number}" for number in range(60)]
        waiting = [pool.submit(say, client, "active", f"I am {user}", user_id=user, mode="sync") for user in users]
        deadline = time.monotonic() + 30
        while len(queued(redis_url)) < 60:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for _ in range(5):
            assert client.post("/api/v1/events", json=batch()).status_code == 202
        assert client.get("/readyz").status_code == 200
        with redis_sync.Redis.from_url(redis_url) as redis:
            for turn_id in queued(redis_url):
                redis.lpush(streams.turn_ended_key(turn_id), b"1")
        answers = [task.result(60) for task in waiting]
        say_secrets(client)
    assert {answer.status_code for answer in answers} == {202}  # the turns have not ended in the database
    assert len({answer.json()["task_id"] for answer in answers}) == 60
    api_process.stop()
    log = orjson.dumps(api_process.log()).decode()
    assert not [secret for secret in SECRETS if secret in log]


def say_secrets(client: httpx2.Client) -> None:
    """Tell the API what must not be logged, in every way in which it is told such things."""
    card, key = SECRETS
    client.post(START, json={"user_id": "s1", "context": {"note": card}, "customer_name": card})
    accepted = say(client, "active", card, user_id="s1", mode="async")
    assert accepted.status_code == 202
    path = f"/api/v1/conversations/{accepted.json()['conversation_id']}"
    assert client.post(f"{path}/messages", json={"text": card, "author": card}).status_code == 201
    assert client.get(f"{path}/transcript").status_code == 200
    tool = {"name": "t1", "description": "d", "url": "https://x.example", "secret": f"whsec_{key}"}
    assert client.post("/api/v1/tools", json=tool).status_code == 201
    assert client.post("/api/v1/tools", json={**tool, "kind": card}).status_code == 422
