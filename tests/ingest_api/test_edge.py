"""The edge around every route: faults that nobody foresaw tell nothing, and clients that leave disturb nothing."""

import logging
from typing import Any

import httpx2
import orjson
import pytest
from redis.exceptions import ConnectionError

from core.errors import ProductError
from db import api_keys, companies
from ingest_api import problems, user_tokens
from ingest_api.exchange import Exchange
from ingest_api.middleware import Edge
from ingest_api.passwords import Passwords
from ingest_api.wiring import Services
from local.installation import Company
from tests.ingest_api.conftest import batch, stored
from tests.ingest_api.test_access import furnish
from tests.ingest_api.test_events import PATH, problem

SECRET_TEXT = "internal detail with a table name"


async def explode(*_: Any, **__: Any) -> Any:
    raise RuntimeError(SECRET_TEXT)


async def test_a_fault_on_a_route_is_a_blank_500_and_a_full_log_line(
    client: httpx2.AsyncClient,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(api_keys, "list_", explode)
    answer = await client.get("/api/v1/api-keys", headers={"X-API-Key": company.secret_key})
    problem(answer, 500, "internal_error")
    assert SECRET_TEXT not in answer.text
    (record,) = [record for record in caplog.records if record.message == "request.failed"]
    assert record.exc_info is not None
    assert SECRET_TEXT in str(record.exc_info[1])


async def test_a_fault_on_the_fast_path_is_one_too(
    client: httpx2.AsyncClient, services: Services, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(services.appender), "append", explode)
    answer = await client.post(PATH, json=batch(), headers={"X-API-Key": company.public_key})
    problem(answer, 500, "internal_error")
    assert SECRET_TEXT not in answer.text


async def drive(app: Any, messages: list[dict[str, Any]], headers: dict[str, str], path: str = PATH) -> list[Any]:
    """Run one request message by message; returns what was sent."""
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
        "http_version": "1.1", "scheme": "http", "root_path": "", "client": ("127.0.0.1", 1), "server": ("test", 80),
    }  # fmt: skip
    sent: list[Any] = []
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def test_a_client_that_leaves_halfway_stores_nothing(app: Edge, services: Services, company: Company) -> None:
    body = orjson.dumps(batch())
    half = {"type": "http.request", "body": body[:20], "more_body": True}
    for messages in ([], [half]):
        assert await drive(app, messages, {"X-API-Key": company.public_key}) == []
    assert await stored(services) == []
    assert 'status="499"' in services.telemetry.render().decode()


async def test_an_answer_that_breaks_off_is_cut_not_mended(services: Services) -> None:
    async def breaks_off(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(SECRET_TEXT)

    edge = Edge(breaks_off, telemetry=services.telemetry, access_log=services.access_log)
    with pytest.raises(RuntimeError):
        await drive(edge, [], {}, "/elsewhere")


async def test_what_is_not_http_passes_through(services: Services) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    edge = Edge(app, telemetry=services.telemetry, access_log=services.access_log)
    await edge({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


def test_an_unknown_code_is_a_500() -> None:
    class Strange(ProductError):
        code = "strange"

    assert problems.render(Strange(), "t").status == 500


def test_a_foreseen_error_is_not_logged_as_a_fault(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    exchange = Exchange("t", 0.0)
    assert problems.answer(ProductError(), exchange).status == 500
    assert caplog.records == []
    assert problems.answer(ConnectionError("redis://:password@host"), exchange).status == 503
    assert [record.message for record in caplog.records] == ["request.hindered"]
    assert "password" not in caplog.text


async def test_a_resend_without_redis_is_left_to_the_sweep(
    client: httpx2.AsyncClient, services: Services, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = await furnish(services, company)

    async def away(*_: Any, **__: Any) -> Any:
        raise ConnectionError("away")

    monkeypatch.setattr(services.redis, "xadd", away)
    path = f"/api/v1/notifications/{victim.notification_id}/resend"
    answer = await client.post(path, headers={"X-API-Key": company.secret_key})
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")


async def test_a_company_without_a_webhook_secret_has_none(
    client: httpx2.AsyncClient, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(*_: Any) -> None:
        return None

    monkeypatch.setattr(companies, "webhook_secret", none)
    problem(await client.get("/api/v1/webhook-secret", headers={"X-API-Key": company.secret_key}), 404, "not_found")


async def test_a_hash_that_is_none_fits_no_password() -> None:
    assert not await Passwords().verify("x", "not a hash")


async def test_checked_tokens_are_bounded(
    client: httpx2.AsyncClient, services: Services, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_tokens, "MAX_CACHED", 2)
    secret = {"X-API-Key": company.secret_key}
    for n in range(4):
        made = (await client.post("/api/v1/user-tokens", json={"user_id": f"u{n}"}, headers=secret)).json()
        answer = await client.post(PATH, json=batch(), headers={**secret, "X-User-Token": made["token"]})
        assert answer.status_code == (202 if n == 1 else 403)
    assert len(services.tokens._checked) == 2
