import json
import logging
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError
from pytest_httpserver import HTTPServer
from starlette.testclient import TestClient
from werkzeug import Request, Response

import local.demo
from core.baselines import Baseline
from core.config import CompanyConfig
from local.demo.config import DemoConfig
from local.demo.headers import content_security_policy
from local.demo.journey import STEPS
from local.demo.server import MAX_BODY_BYTES, create_app
from local.demo.sessions import COOKIE, Sessions

from .test_journey import GOOD

TOKEN = {"token": "a.b.c", "expires_at": "2026-11-21T11:00:00Z"}


def complete(client: TestClient, *steps: str) -> None:
    client.get("/session")
    for step in steps:
        answer = client.post(f"/session/steps/{step}", json=GOOD[step])
        if answer.status_code == 503:
            answer = client.post(f"/session/steps/{step}", json=GOOD[step])
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["/", *(f"/{step}" for step in STEPS)])
def test_every_address_of_the_path_serves_the_page(client: TestClient, config: DemoConfig, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'src="{config.public_api_url}/sdk/onboarding-agent-sdk.js"' in answer.text
    assert 'data-public-key="pk_public"' in answer.text
    assert "sk_secret" not in answer.text


def test_the_policy_allows_nothing_inline_and_only_the_agents_origins(client: TestClient, config: DemoConfig) -> None:
    policy = client.get("/").headers["content-security-policy"]
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == f"'self' {config.public_api_url}"
    assert directives["style-src"] == "'self'"
    assert directives["connect-src"] == f"'self' {config.public_api_url} {config.ws_url}"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/session", "/nowhere"])
def test_the_headers_are_on_every_answer(client: TestClient, config: DemoConfig, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["content-security-policy"] == content_security_policy(config)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")


def test_the_page_holds_nothing_the_policy_would_block(client: TestClient) -> None:
    page = client.get("/").text
    assert "<style" not in page
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<script>" not in page


def test_the_name_of_the_product_is_escaped(config: DemoConfig) -> None:
    hostile = config.model_copy(update={"company": '"><script>alert(1)</script>'})
    with TestClient(create_app(hostile)) as client:
        assert "<script>alert" not in client.get("/").text


@pytest.mark.parametrize("origin", ["ftp://x", "http://x/path", "http://x; script-src *", "http://x\r\nA: b", "x", ""])
def test_an_origin_that_is_none_stops_the_start(config: DemoConfig, origin: str) -> None:
    with pytest.raises(ValidationError, match="public_api_url"):
        DemoConfig.model_validate({**config.model_dump(), "public_api_url": origin})


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"API_URL": "http://api", "PUBLIC_API_URL": "http://api", "WS_URL": "ws://ws", "PUBLIC_KEY": "pk"}
    for name, value in {**values, "SECRET_KEY": "sk_secret", "PORT": "8123"}.items():
        monkeypatch.setenv(f"DEMO_{name}", value)
    config = DemoConfig()
    assert config.port == 8123
    assert "sk_secret" not in repr(config)


def test_a_session_survives_a_reload(client: TestClient) -> None:
    complete(client, "signup", "workspace")
    state = client.get("/session").json()
    assert state["current"] == "connect-crm"
    assert state["saved"]["signup"] == {"name": "Ada", "email": "ada@team.example"}


def test_the_cookie_is_hidden_from_scripts_and_other_sites(client: TestClient) -> None:
    header = client.get("/").headers["set-cookie"].lower()
    assert "httponly" in header
    assert "samesite=lax" in header
    assert "set-cookie" not in client.get("/").headers


def test_the_cookie_is_secure_over_https(config: DemoConfig) -> None:
    with TestClient(create_app(config), base_url="https://demo.example") as client:
        assert "secure" in client.get("/").headers["set-cookie"].lower()


def test_sessions_are_apart(config: DemoConfig) -> None:
    app = create_app(config)
    with TestClient(app) as one, TestClient(app) as other:
        complete(one, "signup")
        assert other.get("/session").json()["current"] == "signup"
        assert one.get("/session").json()["user_id"] != other.get("/session").json()["user_id"]


def test_starting_over_makes_another_user(client: TestClient) -> None:
    complete(client, "signup")
    before = client.get("/session").json()
    old_cookie = client.cookies[COOKIE]
    after = client.post("/session/reset").json()
    assert after["current"] == "signup"
    assert after["user_id"] != before["user_id"]
    client.cookies.clear()
    client.cookies.set(COOKIE, old_cookie)
    assert client.get("/session/token").status_code == 401


def test_starting_over_without_a_session_opens_one(client: TestClient) -> None:
    assert client.post("/session/reset").json()["current"] == "signup"
    assert client.cookies[COOKIE]


def test_the_oldest_session_makes_room() -> None:
    sessions = Sessions(capacity=2)
    first, second = sessions.open()[0], sessions.open()[0]
    sessions.save(first, sessions._journeys[first])
    sessions.open()
    assert first in sessions._journeys
    assert second not in sessions._journeys


def test_the_flaky_import_says_when_to_come_back(client: TestClient) -> None:
    complete(client, "signup", "workspace", "connect-crm")
    first = client.post("/session/steps/import-contacts", json=GOOD["import-contacts"])
    assert (first.status_code, first.headers["retry-after"]) == (503, "2")
    assert "try again" in first.json()["message"]
    second = client.post("/session/steps/import-contacts", json=GOOD["import-contacts"])
    assert second.status_code == 200
    assert second.json()["report"]["contacts"] == 1


def test_a_refused_form_names_the_field(client: TestClient) -> None:
    complete(client, "signup", "workspace")
    answer = client.post("/session/steps/connect-crm", json={"api_key": "crm_test_" + "a" * 24})
    assert answer.status_code == 422
    assert "test key" in answer.json()["errors"]["api_key"]


def test_a_completion_is_told_once(client: TestClient) -> None:
    client.get("/")
    assert client.post("/session/steps/signup", json=GOOD["signup"]).json()["first_time"] is True
    assert client.post("/session/steps/signup", json=GOOD["signup"]).json()["first_time"] is False


def test_a_step_too_early_names_the_one_that_comes_first(client: TestClient) -> None:
    complete(client, "signup")
    answer = client.post("/session/steps/report", json={})
    assert (answer.status_code, answer.json()["current"]) == (409, "workspace")


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        ("signup", b"{", "application/json", 422),
        ("signup", b"[]", "application/json", 422),
        ("signup", b"\xff\xfe", "application/json", 422),
        ("signup", b"[" * 100_000, "application/json", 422),
        ("signup", b"", "application/json", 422),
        ("signup", b"name=Ada", "application/x-www-form-urlencoded", 415),
        ("signup", b"{}", "text/plain", 415),
        ("signup", b" " * (MAX_BODY_BYTES + 1), "application/json", 413),
        ("nowhere", b"{}", "application/json", 404),
    ],
)
def test_bad_requests(client: TestClient, path: str, body: bytes, content_type: str, status: int) -> None:
    client.get("/")
    answer = client.post(f"/session/steps/{path}", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status
    assert answer.json()["message"]
    assert client.get("/session").json()["saved"] == {}


def test_half_a_surrogate_pair_does_not_break_the_session(client: TestClient) -> None:
    client.get("/")
    body = json.dumps({**GOOD["signup"], "name": "\ud800 Ada \x00"})
    answer = client.post("/session/steps/signup", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert client.get("/session").json()["saved"]["signup"]["name"] == "? Ada \x00"


def test_a_step_without_a_session_is_refused(client: TestClient) -> None:
    assert client.post("/session/steps/signup", json=GOOD["signup"]).status_code == 401


def test_the_token_is_minted_for_the_sessions_user_with_the_secret_key(
    client: TestClient, httpserver: HTTPServer
) -> None:
    user_id = client.get("/session").json()["user_id"]
    httpserver.expect_oneshot_request(
        "/api/v1/user-tokens", method="POST", headers={"X-API-Key": "sk_secret"}, json={"user_id": user_id}
    ).respond_with_json(TOKEN)
    answer = client.get("/session/token")
    assert (answer.status_code, answer.json()) == (200, TOKEN)
    assert answer.headers["cache-control"] == "no-store"


def test_no_session_no_token(client: TestClient, httpserver: HTTPServer) -> None:
    assert client.get("/session/token").status_code == 401
    assert httpserver.log == []


@pytest.mark.parametrize(
    "response",
    [
        Response(status=401),
        Response(status=500, response="sk_secret leaked"),
        Response("not json", status=200),
        Response('{"token": ""}', status=200),
        Response(status=302, headers={"Location": "/elsewhere"}),
    ],
    ids=["refused", "broken", "nonsense", "incomplete", "elsewhere"],
)
def test_an_api_that_gives_no_token_is_told_calmly(
    client: TestClient, httpserver: HTTPServer, response: Response, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/api/v1/user-tokens").respond_with_response(response)
    client.get("/")
    with caplog.at_level(logging.DEBUG):
        answer = client.get("/session/token")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "sk_secret" not in answer.text + caplog.text


def test_a_slow_api_gives_no_token(config: DemoConfig, httpserver: HTTPServer) -> None:
    released = threading.Event()

    def stall(_request: Request) -> Response:
        released.wait(10)
        return Response(json.dumps(TOKEN))

    httpserver.expect_request("/api/v1/user-tokens").respond_with_handler(stall)
    with TestClient(create_app(config.model_copy(update={"token_timeout": 0.05}))) as client:
        client.get("/")
        assert client.get("/session/token").status_code == 503
        released.set()


def test_the_whole_product_works_while_the_api_is_away(config: DemoConfig, closed_origin: str) -> None:
    with TestClient(create_app(config.model_copy(update={"api_url": closed_origin}))) as client:
        assert client.get("/").status_code == 200
        assert client.get("/session/token").status_code == 503
        complete(client, *STEPS)
        assert client.get("/session").json()["current"] is None


def test_health(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_documents_fit_the_product() -> None:
    folder = Path(local.demo.__file__).parent
    baseline = Baseline.model_validate_json((folder / "baseline.json").read_bytes())
    page = (folder / "static/index.html").read_text()
    assert tuple(step.key for step in baseline.steps) == STEPS
    for step in baseline.steps:
        assert step.url_pattern == f"/{step.key}"
        assert f'id="{(step.element or "").removeprefix("#")}"' in page
    config = CompanyConfig.model_validate_json((folder / "config.json").read_bytes())
    assert config.restraint.min_gap_seconds == 2
