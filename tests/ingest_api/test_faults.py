"""The API as a real process, while its stores come and go: nothing lost, nothing doubled, nothing told."""

import concurrent.futures
import contextlib
import socket
import time
import urllib.parse
from collections.abc import Iterator

import httpx2
import orjson
import psycopg
import pytest
import redis as redis_sync

from core.streams import EVENTS, decode_event
from local.installation import Company
from tests.conftest import RedisServer
from tests.ingest_api.conftest import Process, batch, event

PATH = "/api/v1/events"


@pytest.fixture
def own_redis_process(environment: dict[str, str], redis_server: RedisServer) -> Iterator[Process]:
    """The API over a Redis of this test alone."""
    process = Process({**environment, "REDIS_URL": redis_server.url})
    yield process
    process.stop()


def in_stream(url: str) -> list[str]:
    with redis_sync.Redis.from_url(url) as client:
        return [decode_event(fields[b"d"]).event_id for _, fields in client.xrange(EVENTS)]


def send(client: httpx2.Client, key: str, *ids: str) -> httpx2.Response:
    return client.post(PATH, json=batch(*(event(event_id=name) for name in ids)), headers={"X-API-Key": key})


def eventually(client: httpx2.Client, key: str, *ids: str) -> httpx2.Response:
    """Send as the SDK does: again, until there is a 2xx."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = send(client, key, *ids)
        if answer.status_code == 202:
            return answer
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) >= 1
        time.sleep(0.1)
    raise AssertionError("the API did not recover")


def test_a_redis_outage_is_503_and_afterwards_nothing_is_lost(
    own_redis_process: Process, redis_server: RedisServer, company: Company
) -> None:
    with httpx2.Client(base_url=own_redis_process.url) as client:
        assert send(client, company.public_key, "before").status_code == 202
        redis_server.stop()
        for _ in range(3):
            refused = send(client, company.public_key, "during")
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert int(refused.headers["retry-after"]) >= 1
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["redis"]) == (503, "unavailable")
        assert client.get("/healthz").status_code == 200
        redis_server.start()
        eventually(client, company.public_key, "during")
        assert client.get("/readyz").status_code == 200
    assert in_stream(redis_server.url) == ["before", "during"]


def test_a_redis_killed_under_load_loses_no_accepted_event(
    own_redis_process: Process, redis_server: RedisServer, company: Company
) -> None:
    """Accepted events are in the append-only file before the 202, so a kill at any moment keeps them."""

    def sender(number: int) -> list[str]:
        accepted = []
        with httpx2.Client(base_url=own_redis_process.url, timeout=30) as client:
            for step in range(40):
                ids = [f"{number}-{step}-{n}" for n in range(5)]
                eventually(client, company.public_key, *ids)
                accepted += ids
        return accepted

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        running = [pool.submit(sender, number) for number in range(6)]
        for _ in range(2):
            time.sleep(0.3)
            redis_server.stop()
            time.sleep(0.2)
            redis_server.start()
        accepted = {name for task in running for name in task.result()}
    found = in_stream(redis_server.url)
    assert set(found) == accepted
    assert len(accepted) == 6 * 40 * 5


def refuse_connections(database_url: str, *, refuse: bool) -> None:
    """Take one database away, as an outage of the server would; other tests keep theirs."""
    name = urllib.parse.urlsplit(database_url).path.lstrip("/")
    admin = database_url.replace(f"/{name}", "/postgres", 1)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS {not refuse}')
        if refuse:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def test_without_postgresql_known_keys_go_on(
    api_process: Process, company: Company, other_company: Company, environment: dict[str, str]
) -> None:
    with httpx2.Client(base_url=api_process.url, timeout=30) as client:
        assert send(client, company.public_key, "before").status_code == 202
        refuse_connections(environment["DATABASE_URL"], refuse=True)
        try:
            time.sleep(2.1)  # past the time for which a key counts as fresh
            for n in range(5):
                assert send(client, company.public_key, f"during-{n}").status_code == 202
            assert client.get("/readyz").json()["checks"] == {"redis": "ok", "postgresql": "unavailable"}
            unknown_here = send(client, other_company.public_key, "unknown")
            assert (unknown_here.status_code, unknown_here.json()["code"]) == (503, "unavailable")
            config = client.get("/api/v1/config", headers={"X-API-Key": company.secret_key})
            assert (config.status_code, config.json()["code"]) == (503, "unavailable")
            assert "retry-after" in config.headers
        finally:
            refuse_connections(environment["DATABASE_URL"], refuse=False)
        eventually(client, other_company.public_key, "after")
    assert in_stream(environment["REDIS_URL"]) == ["before", *(f"during-{n}" for n in range(5)), "after"]


def test_secrets_and_personal_data_reach_no_log(
    api_process: Process, company: Company, environment: dict[str, str]
) -> None:
    told = {
        "secrets": [company.public_key, company.secret_key, company.identity_secret, company.admin_password],
        "personal": ["jane@example.com", "jane-user", "4111111111111111"],
    }
    with httpx2.Client(base_url=api_process.url) as client:
        secret = {"X-API-Key": company.secret_key}
        login = {"username": company.admin_email, "password": company.admin_password}
        tokens = client.post("/api/v1/auth/token", data=login).json()
        told["secrets"] += [tokens["access_token"], tokens["refresh_token"]]
        client.post("/api/v1/auth/token", data={**login, "password": "hunter2-hunter2"})
        told["secrets"] += [client.get("/api/v1/webhook-secret", headers=secret).json()["secret"], "hunter2-hunter2"]
        token = client.post("/api/v1/user-tokens", json={"user_id": "jane-user"}, headers=secret).json()["token"]
        told["secrets"].append(token)
        personal = event(user_id="jane-user", properties={"mail": "jane@example.com", "card": "4111111111111111"})
        for user_token in (token, "broken" + token):
            headers = {**secret, "X-User-Token": user_token, "X-Request-Id": "trace-for-this-test"}
            client.post(PATH, json=batch(personal), headers=headers)
        client.post(PATH, json=batch({**personal, "timestamp": "jane@example.com"}), headers=secret)
        client.post(PATH, json=batch(personal), headers={"X-API-Key": "sk_" + "f" * 32})
        client.get("/api/v1/users/jane-user/timeline", headers=secret)
        client.get("/api/v1/nudges?user_id=jane-user", headers={"X-API-Key": company.public_key})
        refuse_connections(environment["DATABASE_URL"], refuse=True)
        time.sleep(2.1)
        client.get("/api/v1/users/jane-user/timeline", headers=secret, timeout=30)
        refuse_connections(environment["DATABASE_URL"], refuse=False)
        metrics = client.get("/metrics").text
    code, written = api_process.stop()
    assert (code, written) == (0, "")
    text = "".join(api_process.lines) + metrics
    for kind, values in told.items():
        assert [value for value in values if value in text] == [], kind
    requests = [line for line in api_process.log() if line["event"] == "request"]
    assert {line["status"] for line in requests} >= {200, 201, 202, 401, 403, 422, 503}
    traced = [line for line in requests if line["trace_id"] == "trace-for-this-test"]
    assert [(line["status"], line.get("events")) for line in traced] == [(202, 1), (401, None)]


def test_a_stop_answers_what_is_under_way_first(environment: dict[str, str], company: Company) -> None:
    process = Process(environment)
    host, port = process.url.removeprefix("http://").split(":")
    body = orjson.dumps(batch(event(event_id="slow")))
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: {company.public_key}\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(head.encode())
        assert slow.recv(65536).startswith(b"HTTP/1.1 100")  # the request is under way: its body is waited for
        process.process.terminate()
        wait_until_refused(host, int(port))
        slow.sendall(body)
        answer = slow.recv(65536)
    assert answer.startswith(b"HTTP/1.1 202")
    assert process.stop() == (0, "")
    assert in_stream(environment["REDIS_URL"]) == ["slow"]


def wait_until_refused(host: str, port: int) -> None:
    """Wait until nobody listens there any more."""
    deadline = time.monotonic() + 30
    with contextlib.suppress(ConnectionRefusedError):
        while time.monotonic() < deadline:
            socket.create_connection((host, port)).close()
            time.sleep(0.05)
        raise AssertionError("the API still listens")


def test_a_length_that_lies_stores_nothing(api_process: Process, company: Company, environment: dict[str, str]) -> None:
    host, port = api_process.url.removeprefix("http://").split(":")
    body = orjson.dumps(batch())
    for length, sent in ((len(body) + 50, body), (10, body)):
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-API-Key: {company.public_key}\r\nContent-Length: {length}\r\n\r\n"
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + sent)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
    with httpx2.Client(base_url=api_process.url) as client:
        assert client.get("/healthz").status_code == 200
    assert in_stream(environment["REDIS_URL"]) == []


def test_several_workers_serve_one_port_and_count_together(environment: dict[str, str], company: Company) -> None:
    process = Process({**environment, "API_WORKERS": "2"})
    try:
        for n in range(20):
            with httpx2.Client(base_url=process.url) as client:
                eventually(client, company.public_key, f"e{n}")
        with httpx2.Client(base_url=process.url) as client:
            assert "oa_events_accepted_total 20.0" in client.get("/metrics").text
    finally:
        code, written = process.stop()
    assert (code, written) == (0, "")
    assert len(in_stream(environment["REDIS_URL"])) == 20


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SECRET_KEY", "short"), ("API_WORKERS", "many"), ("DATABASE_URL", "nonsense"), ("REDIS_URL", "nonsense")],
)
def test_a_wrong_setting_stops_the_start_and_is_named(environment: dict[str, str], variable: str, value: str) -> None:
    with pytest.raises(RuntimeError, match=variable):
        Process({**environment, variable: value})


def test_an_unreachable_database_stops_the_start(environment: dict[str, str]) -> None:
    url = "postgresql://user:very-secret-password@127.0.0.1:1/none"
    with pytest.raises(RuntimeError) as refused:
        Process({**environment, "DATABASE_URL": url})
    assert "very-secret-password" not in str(refused.value)
