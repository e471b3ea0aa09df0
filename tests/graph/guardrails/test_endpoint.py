"""A provider's moderation endpoint, over HTTP: what it says counts, and when it says nothing the turn goes on."""

import json
import logging
import socket
from collections.abc import AsyncIterator

import httpx2
import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core.settings import LlmSettings
from graph.guardrails import EndpointModerator, moderator_for
from graph.talk import Verdict


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient() as opened:
        yield opened


@pytest.fixture
def moderator(client: httpx2.AsyncClient, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> EndpointModerator:
    monkeypatch.setenv("MODERATION_BASE_URL", httpserver.url_for("/v1/"))
    monkeypatch.setenv("MODERATION_API_KEY", "sk-moderation")
    monkeypatch.setenv("MODERATION_TIMEOUT_SECONDS", "0.2")
    made = moderator_for(LlmSettings(), client)
    assert made is not None
    return made


def answer(flagged: bool, **categories: bool) -> dict[str, object]:
    named = {name.replace("_", "-"): value for name, value in categories.items()}
    scores = {name: 0.9 if value else 0.1 for name, value in named.items()}
    return {"results": [{"flagged": flagged, "categories": named, "category_scores": scores}]}


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (answer(False, hate=False), None),
        (answer(True, hate=True), Verdict("moderation", "refuse", 0.9)),
        (answer(True, self_harm=True, hate=False), Verdict("self_harm", "hotline", 0.9)),
        ({"results": [{"flagged": True}]}, Verdict("moderation", "refuse", 1.0)),
    ],
)
async def test_its_verdict_is_taken(
    moderator: EndpointModerator, httpserver: HTTPServer, said: dict[str, object], verdict: Verdict | None
) -> None:
    seen: list[Request] = []

    def reply(request: Request) -> Response:
        seen.append(request)
        return Response(json.dumps(said), content_type="application/json")

    httpserver.expect_request("/v1/moderations", method="POST").respond_with_handler(reply)
    assert await moderator.moderate("a text") == verdict
    assert seen[0].get_json() == {"input": "a text", "model": "omni-moderation-latest"}
    assert seen[0].headers["Authorization"] == "Bearer sk-moderation"


@pytest.mark.parametrize("body", ["", "nonsense", "{}", '{"results": []}', '{"results": [{"flagged": "yes"}]}', "[1]"])
async def test_nonsense_is_no_verdict(moderator: EndpointModerator, httpserver: HTTPServer, body: str) -> None:
    httpserver.expect_request("/v1/moderations").respond_with_data(body)
    assert await moderator.moderate("a text") is None


@pytest.mark.parametrize("status", [301, 400, 401, 429, 500])
async def test_a_refusal_is_no_verdict_and_tells_no_text(
    moderator: EndpointModerator, httpserver: HTTPServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/v1/moderations").respond_with_data("no", status=status)
    with caplog.at_level(logging.DEBUG, logger="graph"):
        assert await moderator.moderate("a private text") is None
    assert "a private text" not in caplog.text
    assert "sk-moderation" not in caplog.text


async def test_an_endpoint_that_hangs_is_no_verdict(moderator: EndpointModerator, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/moderations").respond_with_handler(_slow)
    assert await moderator.moderate("a text") is None


async def test_an_endpoint_that_is_gone_is_no_verdict(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:  # bound, and nobody listens
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("MODERATION_BASE_URL", f"http://127.0.0.1:{unused.getsockname()[1]}/v1/")
        moderator = moderator_for(LlmSettings(), client)
        assert moderator is not None
        assert await moderator.moderate("a text") is None


def _slow(_: Request) -> Response:
    import time

    time.sleep(0.6)
    return Response("{}")


async def test_nobody_is_asked_unless_configured(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODERATION_BASE_URL", raising=False)
    assert moderator_for(LlmSettings(), client) is None
