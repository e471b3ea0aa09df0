"""`POST /api/v1/events` from outside: what it takes, what it refuses, and how exactly it says so."""

import asyncio
import gzip
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx2
import orjson
import pytest

from core.security import issue_user_token
from core.streams import EVENTS, shard_of
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.conftest import batch, event, stored

PATH = "/api/v1/events"


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the answer is this problem, complete, and return its document."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["code"] == code
    assert document["status"] == status
    assert document["trace_id"] == answer.headers["x-request-id"]
    return document


@pytest.fixture
def headers(company: Company) -> dict[str, str]:
    return {"X-API-Key": company.public_key}


async def test_stores_a_batch_before_it_answers(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    first, second = event(properties={"n": 1, "deep": {"list": [1.5, None, True]}}), event(target_element=None)

    answer = await client.post(PATH, json=batch(first, second), headers={**headers, "X-Request-Id": "trace-0123456789"})

    assert (answer.status_code, answer.json()) == (202, {"accepted": 2})
    one, two = await stored(services)
    assert (one.company_id, one.event_id, one.user_id) == (company.company_id, first["event_id"], "u1")
    assert one.properties == first["properties"]
    assert one.trace_id == "trace-0123456789" == answer.headers["x-request-id"]
    assert two.target_element is None
    assert two.event_id == second["event_id"]


async def test_unknown_members_are_ignored_and_names_are_stripped(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    answer = await client.post(PATH, json=batch(event(user_id="  u9 ", sdk="9.9"), sdk="x"), headers=headers)

    assert answer.status_code == 202
    assert (await stored(services))[0].user_id == "u9"


@pytest.mark.parametrize("key", ["", "pk_", "pk_unknown", "nonsense", "pk_" + "x" * 500, "sk_\xff"])
async def test_a_bad_key_is_401(client: httpx2.AsyncClient, services: Services, key: str) -> None:
    problem(await client.post(PATH, json=batch(), headers={"X-API-Key": key.encode("latin-1")}), 401, "unauthenticated")
    assert await stored(services) == []


async def test_a_missing_key_is_401(client: httpx2.AsyncClient) -> None:
    answer = await client.post(PATH, json=batch())
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"]


async def test_a_secret_key_may_send_too(client: httpx2.AsyncClient, company: Company) -> None:
    answer = await client.post(PATH, json=batch(), headers={"X-API-Key": company.secret_key})
    assert answer.status_code == 202


MALFORMED = {
    "empty": b"",
    "cut off": b'{"events": [',
    "not JSON": b"hello",
    "invalid UTF-8": b'{"events": [{"event_id": "\xff\xfe"}]}',
    "encoded surrogate": b'{"events": [{"event_id": "\xed\xa0\x80"}]}',
    "raw NUL": b'{"events": [{"event_id": "a\x00b"}]}',
    "deep": b'{"events": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep properties": b'{"events":[{"properties":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}]}",
    "cut in an escape": b'{"events": "\\ud8',
    "ends in a backslash": b'{"events": "\\u',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
async def test_what_is_not_json_is_422(client: httpx2.AsyncClient, headers: dict[str, str], body: bytes) -> None:
    problem(await client.post(PATH, content=body, headers=headers), 422, "invalid_json")


@pytest.mark.parametrize(
    "document", [[], 7, None, "x", {}, {"events": None}, {"events": {}}, {"events": []}, {"events": "x"}]
)
async def test_a_wrong_shape_is_422(client: httpx2.AsyncClient, headers: dict[str, str], document: object) -> None:
    answer = await client.post(PATH, content=orjson.dumps(document), headers=headers)
    problem(answer, 422, "invalid_request")


async def test_a_wrong_sent_at_is_422(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    refusal = problem(await client.post(PATH, json=batch(sent_at="yesterday"), headers=headers), 422, "invalid_request")
    assert refusal["errors"][0]["field"] == "sent_at"


BAD_EVENTS: dict[str, dict[str, Any]] = {
    "no id": event(event_id=None),
    "id with spaces": event(event_id="a b"),
    "id of 65": event(event_id="x" * 65),
    "id a number": event(event_id=7),
    "no user": event(user_id=None),
    "blank user": event(user_id="   "),
    "user of 129": event(user_id="x" * 129),
    "user a list": event(user_id=["u"]),
    "no session": event(session_id=None),
    "blank type": event(event_type="  "),
    "type of 129": event(event_type="x" * 129),
    "no timestamp": event(timestamp=None),
    "naive timestamp": event(timestamp="2026-01-01T00:00:00"),
    "not a time": event(timestamp="soon"),
    "time out of range": event(timestamp="2026-13-01T00:00:00Z"),
    "target of 513": event(target_element="x" * 513),
    "url of 2049": event(page_url="x" * 2049),
    "properties a list": event(properties=[]),
    "65 properties": event(properties={str(n): n for n in range(65)}),
    "properties too big": event(properties={"text": "x" * 9_000}),
    "huge integer": event(properties={"n": 2**70}),
    "server's own": event(event_type="nudge_sent"),
    "server's own merge": event(event_type="user_merged"),
}


@pytest.mark.parametrize("bad", BAD_EVENTS.values(), ids=BAD_EVENTS)
async def test_one_bad_event_refuses_the_batch_and_is_named(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str], bad: dict[str, Any]
) -> None:
    answer = await client.post(PATH, json=batch(event(), bad, event()), headers=headers)

    refusal = problem(answer, 422, "invalid_events")
    assert [(error["index"], error["code"]) for error in refusal["errors"]] == [(1, "invalid_event")]
    assert refusal["errors"][0]["detail"]
    assert await stored(services) == []


async def test_every_bad_index_is_named_once_and_no_value_is_repeated(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    bad = event(user_id=["jane@example.com"], timestamp="jane@example.com")
    events = [bad if index % 3 == 0 else event() for index in range(500)]

    answer = await client.post(PATH, json={"events": events}, headers=headers)

    refusal = problem(answer, 422, "invalid_events")
    assert [error["index"] for error in refusal["errors"]] == list(range(0, 500, 3))
    assert "jane" not in answer.text


async def test_what_is_left_after_dropping_the_named_ones_is_accepted(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    events = [event(), event(user_id=7), event(event_type="nudge_sent"), event(properties={"n": 2**70}), event()]
    while (answer := await client.post(PATH, json={"events": events}, headers=headers)).status_code == 422:
        bad = {error["index"] for error in answer.json()["errors"]}
        assert bad
        events = [item for index, item in enumerate(events) if index not in bad]
    assert answer.json() == {"accepted": 2}
    assert [item.event_id for item in await stored(services)] == [item["event_id"] for item in events]


async def test_500_events_are_taken_and_501_are_not(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    small = {"user_id": "u", "session_id": "s", "event_type": "click", "timestamp": "2026-01-01T00:00:00Z"}
    events = [{"event_id": str(n), **small} for n in range(501)]

    problem(await client.post(PATH, json={"events": events}, headers=headers), 422, "too_many_events")
    assert await stored(services) == []
    assert (await client.post(PATH, json={"events": events[:500]}, headers=headers)).json() == {"accepted": 500}
    assert [item.event_id for item in await stored(services)] == [str(n) for n in range(500)]


async def test_properties_of_exactly_8_kib_are_taken(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    whole = {"text": "x" * (8 * 1024 - len(orjson.dumps({"text": ""})))}
    assert (await client.post(PATH, json=batch(event(properties=whole)), headers=headers)).status_code == 202
    over = {"text": whole["text"] + "x"}
    problem(await client.post(PATH, json=batch(event(properties=over)), headers=headers), 422, "invalid_events")


ESCAPES = {
    r"nul \u0000 end": "nul \ufffd end",
    r"high \ud83d end": "high \ufffd end",
    r"low \ude00 end": "low \ufffd end",
    r"pair \ud83d\ude00 end": "pair \U0001f600 end",
    r"PAIR \uD83D\uDE00 end": "PAIR \U0001f600 end",
    r"high high \ud83d\ud83d\ude00": "high high \ufffd\U0001f600",
    r"low high \ude00\ud83d": "low high \ufffd\ufffd",
    r"backslash \\u0000 \\ud83d": r"backslash \u0000 \ud83d",
    r"quote \" \u0041": 'quote " A',
}


@pytest.mark.parametrize(("written", "kept"), ESCAPES.items())
async def test_what_no_store_can_hold_is_replaced(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str], written: str, kept: str
) -> None:
    body = orjson.dumps(batch(event(user_id="USER", properties={"KEY": "TEXT"}))).decode()
    body = body.replace("USER", written).replace("KEY", written).replace("TEXT", written)

    assert (await client.post(PATH, content=body.encode(), headers=headers)).status_code == 202

    (one,) = await stored(services)
    assert one.user_id == kept
    assert one.properties == {kept: kept}


async def test_a_clock_a_day_off_is_corrected_and_the_original_kept(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    now = datetime.now(UTC)
    for skew in (timedelta(days=1), timedelta(days=-1)):
        sent = event(timestamp=(now + skew - timedelta(seconds=10)).isoformat())
        await client.post(PATH, json=batch(sent, sent_at=(now + skew).isoformat()), headers=headers)

    for one, skew in zip(await stored(services), (timedelta(days=1), timedelta(days=-1)), strict=True):
        assert abs(one.occurred_at - (now + skew - timedelta(seconds=10))) < timedelta(milliseconds=2)
        assert timedelta(seconds=9) < datetime.now(UTC) - one.corrected_at < timedelta(seconds=20)


async def test_a_second_of_network_delay_is_no_skew(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    now = datetime.now(UTC)
    sent = event(timestamp=(now - timedelta(seconds=30)).isoformat())
    await client.post(PATH, json=batch(sent, sent_at=(now - timedelta(seconds=1)).isoformat()), headers=headers)
    (one,) = await stored(services)
    assert one.corrected_ms == one.occurred_ms


ABSURD = ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("timestamp", ABSURD)
@pytest.mark.parametrize("sent_at", [*ABSURD, None])
async def test_absurd_dates_are_kept_within_what_can_be_read(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str], timestamp: str, sent_at: str | None
) -> None:
    answer = await client.post(PATH, json=batch(event(timestamp=timestamp), sent_at=sent_at), headers=headers)

    assert answer.status_code == 202
    (one,) = await stored(services)
    assert abs(one.occurred_at.year - int(timestamp[:4])) <= 3
    assert one.corrected_at <= datetime.now(UTC)
    assert one.corrected_ms <= one.received_ms


async def test_nothing_happens_in_the_future(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    await client.post(PATH, json=batch(event(timestamp=ahead)), headers=headers)
    (one,) = await stored(services)
    assert one.corrected_ms == one.received_ms < one.occurred_ms


async def test_the_order_of_a_batch_tells_apart_what_the_clock_does_not(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    now = datetime.now(UTC)
    same, ahead = now - timedelta(minutes=1), now + timedelta(hours=1)
    moments = [same, same, same, ahead, ahead + timedelta(seconds=5)]
    sent = [event(event_id=f"e{9 - n}", timestamp=moment.isoformat()) for n, moment in enumerate(moments)]
    await client.post(PATH, json=batch(*sent), headers=headers)

    kept = sorted(await stored(services), key=lambda one: one.corrected_ms)
    assert [one.event_id for one in kept] == ["e9", "e8", "e7", "e6", "e5"]
    steps = [after.corrected_ms - before.corrected_ms for before, after in pairwise(kept)]
    assert steps[0] == steps[1] == steps[3] == 1
    assert kept[0].occurred_ms == kept[1].occurred_ms == kept[2].occurred_ms == kept[2].corrected_ms
    assert kept[-1].corrected_ms == kept[-1].received_ms


async def test_what_happened_earlier_stays_earlier_wherever_it_stands_in_the_batch(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    sent = [event(timestamp=(now - timedelta(seconds=n)).isoformat()) for n in range(3)]
    await client.post(PATH, json=batch(*sent), headers=headers)
    assert all(one.corrected_ms == one.occurred_ms for one in await stored(services))


@pytest.mark.parametrize("name", ["Checkout started", "order/placed", "inscripci\u00f3n", "x" * 128])
async def test_a_host_names_its_events_as_it_likes(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str], name: str
) -> None:
    answer = await client.post(PATH, json=batch(event(event_type=name)), headers=headers)
    assert answer.status_code == 202
    assert [one.event_type for one in await stored(services)] == [name]


async def test_ten_megabytes_are_refused_before_they_are_read(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    read = 0

    async def endless() -> Any:
        nonlocal read
        for _ in range(160):
            read += 65_536
            yield b" " * 65_536

    problem(await client.post(PATH, content=endless(), headers=headers), 413, "body_too_large")
    answer = await client.post(PATH, content=b" " * 10_000_000, headers=headers)
    problem(answer, 413, "body_too_large")


async def test_exactly_512_kib_are_read(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    body = orjson.dumps(batch())
    body += b" " * (512 * 1024 - len(body))
    assert (await client.post(PATH, content=body, headers=headers)).status_code == 202
    problem(await client.post(PATH, content=body + b" ", headers=headers), 413, "body_too_large")


@pytest.mark.parametrize("length", [b"ten", b"-1", b"1e3", b""])
async def test_a_senseless_content_length_is_422(
    client: httpx2.AsyncClient, headers: dict[str, str], length: bytes
) -> None:
    answer = await client.post(
        PATH, content=orjson.dumps(batch()), headers={**headers, "Content-Length": length.decode()}
    )
    problem(answer, 422, "invalid_request")


async def test_a_chunked_body_is_read(client: httpx2.AsyncClient, services: Services, headers: dict[str, str]) -> None:
    whole = orjson.dumps(batch())

    async def parts() -> Any:
        for start in range(0, len(whole), 7):
            yield whole[start : start + 7]

    assert (await client.post(PATH, content=parts(), headers=headers)).status_code == 202
    assert len(await stored(services)) == 1


async def test_compressed_and_foreign_bodies_are_415(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = await client.post(PATH, content=bomb, headers={**headers, "Content-Encoding": "gzip"})
    problem(answer, 415, "unsupported_media_type")
    answer = await client.post(PATH, content=b"a=1", headers={**headers, "Content-Type": "application/xml"})
    problem(answer, 415, "unsupported_media_type")


async def test_other_methods_are_405(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        problem(await client.request(method, PATH, headers=headers), 405, "method_not_allowed")


async def test_a_beacon_carries_its_key_in_the_body(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    content = orjson.dumps(batch(api_key=company.public_key))
    answer = await client.post(PATH, content=content, headers={"Content-Type": "text/plain;charset=UTF-8"})
    assert answer.status_code == 202
    assert (await stored(services))[0].company_id == company.company_id


async def test_a_beacon_is_refused_without_a_good_key_or_when_large(
    client: httpx2.AsyncClient, services: Services, company: Company
) -> None:
    text = {"Content-Type": "text/plain"}
    for content in (batch(), batch(api_key="pk_unknown"), batch(api_key=None)):
        problem(await client.post(PATH, content=orjson.dumps(content), headers=text), 401, "unauthenticated")
    large = orjson.dumps(batch(api_key=company.public_key)) + b" " * 65_536
    problem(await client.post(PATH, content=large, headers=text), 413, "body_too_large")
    assert await stored(services) == []


def user_token(company: Company, user_id: str, **life: Any) -> str:
    return issue_user_token(company.identity_secret, company.company_id, user_id, datetime.now(UTC), **life)[0]


async def test_a_user_token_must_fit_the_events(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    signed = {**headers, "X-User-Token": user_token(company, "u1")}
    assert (await client.post(PATH, json=batch(), headers=signed)).status_code == 202
    assert (await client.post(PATH, json=batch(), headers=signed)).status_code == 202

    answer = await client.post(PATH, json=batch(event(), event(user_id="u2"), event(user_id="u3")), headers=signed)

    refusal = problem(answer, 403, "user_mismatch")
    assert [error["index"] for error in refusal["errors"]] == [1, 2]
    assert len(await stored(services)) == 2


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_a_user_token_counts_wherever_it_is_sent(
    client: httpx2.AsyncClient, company: Company, headers: dict[str, str], scheme: str
) -> None:
    for user, status in (("u1", 202), ("u2", 403)):
        token = user_token(company, user)
        answer = await client.post(PATH, json=batch(), headers={**headers, "Authorization": f"{scheme} {token}"})
        assert answer.status_code == status
        assert (await client.post(PATH, json=batch(user_token=token), headers=headers)).status_code == status
    for nothing in ({"X-User-Token": ""}, {"Authorization": "Bearer "}, {"Authorization": "Basic dTp4"}):
        answer = await client.post(PATH, json=batch(user_token=""), headers={**headers, **nothing})
        assert answer.status_code == 202


async def test_a_beacons_user_token_must_fit_too(client: httpx2.AsyncClient, company: Company) -> None:
    text = {"Content-Type": "text/plain"}
    for user, status in (("u1", 202), ("u2", 403)):
        content = orjson.dumps(batch(api_key=company.public_key, user_token=user_token(company, user)))
        assert (await client.post(PATH, content=content, headers=text)).status_code == status


async def test_a_bad_user_token_is_refused(
    client: httpx2.AsyncClient, company: Company, other_company: Company, headers: dict[str, str]
) -> None:
    forged = issue_user_token("ids_" + "x" * 40, company.company_id, "u1", datetime.now(UTC))[0]
    expired = issue_user_token(
        company.identity_secret, company.company_id, "u1", datetime.now(UTC) - timedelta(hours=2)
    )[0]
    for token, status, code in (
        ("nonsense", 401, "unauthenticated"),
        (forged, 401, "unauthenticated"),
        (expired, 401, "token_expired"),
        (user_token(other_company, "u1"), 401, "unauthenticated"),
    ):
        answer = await client.post(PATH, json=batch(), headers={**headers, "X-User-Token": token})
        problem(answer, status, code)


async def test_origins_bind_public_keys_alone(
    client: httpx2.AsyncClient, services: Services, company: Company, headers: dict[str, str]
) -> None:
    secret = {"X-API-Key": company.secret_key}
    await client.post("/api/v1/config", json={"allowed_origins": ["https://app.example"]}, headers=secret)

    for origin, status in (("https://app.example", 202), (None, 202), ("https://evil.example", 403), ("null", 403)):
        sent = headers if origin is None else {**headers, "Origin": origin}
        answer = await client.post(PATH, json=batch(), headers=sent)
        assert answer.status_code == status, origin
        assert answer.headers["access-control-allow-origin"] == "*"
    problem(answer, 403, "origin_refused")
    answer = await client.post(PATH, json=batch(), headers={**secret, "Origin": "https://evil.example"})
    assert answer.status_code == 202


async def test_a_preflight_is_answered_for_any_origin(client: httpx2.AsyncClient) -> None:
    asked = {
        "Origin": "https://anywhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-api-key,x-user-token",
    }
    for path in (PATH, "/api/v1/config", "/nowhere"):
        answer = await client.options(path, headers=asked)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "X-API-Key" in answer.headers["access-control-allow-headers"]
        assert "POST" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "has spaces in", "sk_0123456789abcdef", "a\x7fbcdefgh", "jane@example.com"]
)
async def test_a_senseless_request_id_is_replaced(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str], given: str
) -> None:
    answer = await client.post(PATH, json=batch(), headers={**headers, "X-Request-Id": given})
    assert answer.status_code == 202
    assert (await stored(services))[0].trace_id == answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


async def test_many_requests_at_once_store_each_event_once_and_in_order(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    async def send(user: int) -> None:
        for step in range(5):
            events = [event(event_id=f"{user}-{step}-{n}", user_id=f"u{user}") for n in range(7)]
            answer = await client.post(PATH, json=batch(*events), headers=headers)
            assert answer.json() == {"accepted": 7}

    await asyncio.gather(*(send(user) for user in range(40)))

    entries = await stored(services)
    assert len(entries) == 40 * 5 * 7
    for user in range(40):
        of_user = [item.event_id for item in entries if item.user_id == f"u{user}"]
        assert of_user == [f"{user}-{step}-{n}" for step in range(5) for n in range(7)]


async def test_shards_keep_a_user_together(settings: Any, company: Company, headers: dict[str, str]) -> None:
    from dataclasses import replace

    from ingest_api.app import create_app
    from ingest_api.wiring import open_services

    sharded = replace(settings, store=settings.store.model_copy(update={"stream_shards": 4}))
    async with open_services(sharded) as services:
        transport = httpx2.ASGITransport(app=create_app(services))
        async with httpx2.AsyncClient(transport=transport, base_url="http://api.test") as client:
            events = [event(event_id=f"e{n}", user_id=f"u{n}") for n in range(40)]
            assert (await client.post(PATH, json=batch(*events), headers=headers)).json() == {"accepted": 40}
        names = [f"{EVENTS}:{{{n}}}" for n in range(4)]
        found = {item.user_id: name for name in names for item in await stored(services, name)}
    assert found == {f"u{n}": shard_of(EVENTS, 4, company.company_id, f"u{n}") for n in range(40)}
    assert len(set(found.values())) > 1


async def test_a_revoked_key_stops_working(
    client: httpx2.AsyncClient, company: Company, headers: dict[str, str]
) -> None:
    secret = {"X-API-Key": company.secret_key}
    made = (await client.post("/api/v1/api-keys", json={"kind": "public"}, headers=secret)).json()
    fresh = {"X-API-Key": made["key"]}
    assert (await client.post(PATH, json=batch(), headers=fresh)).status_code == 202

    assert (await client.delete(f"/api/v1/api-keys/{made['key_id']}", headers=secret)).status_code == 204

    async with asyncio.timeout(10):
        while (answer := await client.post(PATH, json=batch(), headers=fresh)).status_code == 202:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    problem(answer, 401, "unauthenticated")


async def test_a_flushed_script_cache_is_no_failure(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    assert (await client.post(PATH, json=batch(), headers=headers)).status_code == 202
    await services.redis.script_flush()
    assert (await client.post(PATH, json=batch(), headers=headers)).status_code == 202
    assert len(await stored(services)) == 2


async def test_a_full_redis_is_503_and_stores_nothing(
    client: httpx2.AsyncClient, services: Services, headers: dict[str, str]
) -> None:
    await services.redis.config_set("maxmemory", "1")
    try:
        answer = await client.post(PATH, json=batch(event(), event()), headers=headers)
    finally:
        await services.redis.config_set("maxmemory", "0")
    problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert await stored(services) == []
    assert (await client.post(PATH, json=batch(), headers=headers)).status_code == 202
