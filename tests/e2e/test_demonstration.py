"""The main job, told once from end to end: a user gets stuck, is helped, ignores it, and a person is called in."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_httpserver import HTTPServer
from standardwebhooks import Webhook

from tests.e2e.conftest import Launch, Product
from tests.llm_server import LlmServer

pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=40)]


@pytest.fixture
def llm() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


def until(condition: Callable[[], Any], what: str) -> Any:
    """Return the first true value of a condition; fails when there is none within half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.1)
    pytest.fail(f"waited too long for {what}")


def reach_crm_step(page: Page, product: Product) -> str:
    """Sign up and create a workspace; returns the user's id as the host knows it."""
    page.goto(product.ready["demo"])
    page.click("#continue-setup")
    page.fill("#signup-name", "Ada")
    page.fill("#signup-email", "ada@team.example")
    page.fill("#signup-password", "long enough")
    page.click("#signup-submit")
    page.fill("#workspace-name", "acme-sales")
    page.select_option("#workspace-size", "6-20")
    page.click("#workspace-submit")
    expect(page.locator("#crm-api-key")).to_be_visible()
    token = page.evaluate("fetch('/session/token').then(r => r.json()).then(b => b.token)")
    return str(read_claims(token)["sub"])


def read_claims(token: str) -> dict[str, Any]:
    import jwt

    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def fail_three_times(page: Page) -> None:
    for attempt in range(3):
        page.fill("#crm-api-key", f"not a key {attempt}")
        page.click("#connect-crm-submit")
        page.wait_for_timeout(1100)  # a person reads the error; three presses within a second would be a rage click


def escalate_to(product: Product, receiver: HTTPServer) -> None:
    receiver.expect_request("/alerts", method="POST").respond_with_data("", status=204)
    change = {"escalation": {"webhook_url": receiver.url_for("/alerts")}}
    product.request("POST", "/api/v1/config", json=change).raise_for_status()


def tell_the_story(page: Page, product: Product, receiver: HTTPServer) -> dict[str, Any]:
    escalate_to(product, receiver)
    user = reach_crm_step(page, product)

    fail_three_times(page)
    card = page.get_by_role("dialog")
    expect(card).to_be_visible(timeout=30_000)
    first = until(lambda: shown(product, user), "the first nudge to be acknowledged as shown")[0]
    assert first["nudge_type"] == "tooltip"
    assert first["content"]["target_element"] == "#crm-api-key"

    for round_number in range(2, 9):
        if product.get("/api/v1/escalations")["items"]:
            break
        page.wait_for_timeout(2100)
        fail_three_times(page)
        until(lambda n=round_number: len(turns(product, user)) >= n or escalations(product), "the next turn")
    (escalation,) = until(lambda: escalations(product), "the escalation")
    assert (escalation["user_id"], escalation["stuck_point"], escalation["status"]) == (user, "connect-crm", "open")

    until(lambda: receiver.log, "the webhook")
    check_alert(product, receiver, escalation)
    return check_timeline(product, user)


def shown(product: Product, user: str) -> list[dict[str, Any]]:
    nudges = product.get("/api/v1/nudges", user_id=user)["items"]
    return [nudge for nudge in nudges if nudge["status"] == "shown"]


def turns(product: Product, user: str) -> list[dict[str, Any]]:
    return [
        item for item in product.get(f"/api/v1/users/{user}/timeline", limit=200)["items"] if item["kind"] == "turn"
    ]


def escalations(product: Product) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = product.get("/api/v1/escalations")["items"]
    return items


def check_alert(product: Product, receiver: HTTPServer, escalation: dict[str, Any]) -> None:
    request = receiver.log[0][0]
    secret = product.get("/api/v1/webhook-secret")["secret"]
    Webhook(secret).verify(request.get_data(), dict(request.headers))
    text = request.get_data().decode()
    assert escalation["escalation_id"] in text
    assert "connect-crm" in text


def check_timeline(product: Product, user: str) -> dict[str, Any]:
    timeline = product.get(f"/api/v1/users/{user}/timeline", limit=200)
    kinds = {item["kind"] for item in timeline["items"]}
    assert {"event", "turn", "nudge", "escalation"} <= kinds
    outcomes = {item["outcome"] for item in timeline["items"] if item["kind"] == "turn"}
    assert "nudged" in outcomes
    assert "escalated" in outcomes
    text = json.dumps(timeline)
    assert "not a key" not in text, "what a user typed never leaves the page"
    assert "long enough" not in text
    return timeline


def test_with_the_rules(page: Page, start: Launch, httpserver: HTTPServer) -> None:
    product = start("--demo", ALLOW_PRIVATE_WEBHOOKS="true")
    tell_the_story(page, product, httpserver)
    assert product.stop() == 0
    assert not [line for line in product.log if "Traceback" in line]


def test_with_a_model_behind_the_protocol(page: Page, start: Launch, httpserver: HTTPServer, llm: LlmServer) -> None:
    product = start(
        "--demo",
        LLM_PROVIDER="openai",
        OPENAI_BASE_URL=llm.base_url,
        OPENAI_API_KEY="sk-test-0123456789abcdef0123",
        OPENAI_MODEL="gpt-4.1-mini",
        ALLOW_PRIVATE_WEBHOOKS="true",
    )
    tell_the_story(page, product, httpserver)
    assert llm.requests, "the model was asked"
    costs = product.get("/api/v1/analytics/costs")
    assert costs["items"], "what the model cost is kept"
    asked = json.dumps([request.body for request in llm.requests])
    assert "ada@team.example" not in asked
    assert "sk-test" not in "".join(product.log)
