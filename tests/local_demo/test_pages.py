"""The demo's pages in a real browser, with a small stand-in for the SDK that notes what it is told."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_httpserver import HTTPServer

from local.demo.config import DemoConfig

LIVE_KEY = "crm_live_" + "0123456789abcdef01234567"
NOTING_SDK = """
window.noted = [];
document.addEventListener("invalid", (event) => noted.push(["invalid", event.target.id]), true);
window.OnboardingAgent = {
  init({ apiKey, apiUrl, wsUrl, userToken }) {
    noted.push(["init", apiKey, apiUrl, wsUrl]);
    this.userToken = userToken;
  },
  track(name, properties) { noted.push([name, properties?.step ?? null]); },
};
"""
THROWING_SDK = (
    "window.OnboardingAgent = { init() { throw new Error('broken'); }, track() { throw new Error('broken'); } };"
)

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    yield page
    context.close()
    assert faults == []


def serve_sdk(httpserver: HTTPServer, script: str = NOTING_SDK) -> None:
    httpserver.expect_request("/sdk/onboarding-agent-sdk.js").respond_with_data(
        script, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
    )


def noted(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = page.evaluate("window.noted")
    return found


def reach_crm_step(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    page.click("#continue-setup")
    page.fill("#signup-name", "Ada")
    page.fill("#signup-email", "ada@team.example")
    page.fill("#signup-password", "long enough")
    page.click("#signup-submit")
    page.fill("#workspace-name", "acme-sales")
    page.select_option("#workspace-size", "6-20")
    page.click("#workspace-submit")
    expect(page.locator("#crm-api-key")).to_be_visible()


def reach_report(page: Page) -> None:
    page.fill("#crm-api-key", LIVE_KEY)
    page.click("#connect-crm-submit")
    page.click("#use-sample-contacts")
    page.click("#import-contacts-submit")
    expect(page.get_by_text("The import service did not answer")).to_be_visible()
    page.click("#import-contacts-submit")
    page.fill("#invite-email-1", "cleo@team.example")
    page.click("#invite-team-submit")
    expect(page.locator("#report-chart li")).to_have_count(4)


def test_the_whole_path_is_tracked_once(page: Page, demo_url: str, httpserver: HTTPServer, config: DemoConfig) -> None:
    serve_sdk(httpserver)
    reach_crm_step(page, demo_url)
    expect(page.locator("#agent-state")).to_have_text("Agent: watching")
    reach_report(page)
    expect(page.locator("#figure-contacts")).to_have_text("18")
    page.wait_for_function("noted.some(([name]) => name === 'onboarding_completed')")
    steps = ["signup", "workspace", "connect-crm", "import-contacts", "invite-team", "report"]
    assert noted(page) == [
        ["init", "pk_public", config.public_api_url, config.ws_url],
        *(["step_completed", step] for step in steps),
        ["onboarding_completed", None],
    ]
    page.reload()
    expect(page.locator("#report-chart li")).to_have_count(4)
    expect(page.locator("#agent-state")).to_have_text("Agent: watching")
    assert [entry[0] for entry in noted(page)] == ["init"]


def test_the_sdk_gets_a_token_from_the_demos_server(page: Page, demo_url: str, httpserver: HTTPServer) -> None:
    serve_sdk(httpserver)
    httpserver.expect_request("/api/v1/user-tokens").respond_with_json({"token": "a.b.c", "expires_at": "soon"})
    page.goto(demo_url)
    expect(page.locator("#agent-state")).to_have_text("Agent: watching")
    assert page.evaluate("OnboardingAgent.userToken()") == "a.b.c"
    asked = httpserver.log[-1][0]
    expect(page.locator("#visitor-id")).to_have_text(asked.json["user_id"])


def test_the_crm_step_fails_natively_and_on_the_server(page: Page, demo_url: str, httpserver: HTTPServer) -> None:
    serve_sdk(httpserver)
    reach_crm_step(page, demo_url)
    posts: list[int] = []
    page.on("response", lambda response: posts.append(response.status) if "/steps/" in response.url else None)
    field, error = page.locator("#crm-api-key"), page.locator("#crm-api-key-error")
    page.click("#connect-crm-submit")
    expect(error).to_have_text("Please fill this in.")
    field.fill("nonsense")
    expect(error).to_have_count(0)
    page.click("#connect-crm-submit")
    expect(error).to_contain_text("not an API key")
    expect(field).to_be_focused()
    assert posts == []
    field.fill("crm_test_" + "a" * 24)
    for _ in range(2):
        with page.expect_response("**/session/steps/connect-crm") as refused:
            page.click("#connect-crm-submit")
        assert refused.value.status == 422
        expect(error).to_contain_text("test key")
        expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_attribute("aria-describedby", "crm-api-key-error")
    page.wait_for_function("noted.filter(([name, id]) => name === 'invalid' && id === 'crm-api-key').length === 4")


def test_help_opens_below_the_form(page: Page, demo_url: str) -> None:
    reach_crm_step(page, demo_url)
    link = page.locator("[data-oa-event=help_click]")
    expect(page.locator("#crm-help")).to_be_hidden()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#crm-help")).to_be_visible()
    expect(link).to_have_attribute("aria-expanded", "true")
    page.fill("#crm-api-key", page.locator("#crm-sample-key").inner_text())
    page.click("#connect-crm-submit")
    expect(page.locator("#contacts-text")).to_be_visible()


def test_the_dead_button_changes_nothing(page: Page, demo_url: str) -> None:
    reach_crm_step(page, demo_url)
    page.evaluate(
        "window.changes = 0; new MutationObserver((list) => { changes += list.length; })"
        ".observe(document, {subtree: true, childList: true, attributes: true, characterData: true})"
    )
    before = page.url
    page.click("#test-connection")
    page.click("#connect-crm-submit")
    page.wait_for_function("changes > 0")
    assert page.url == before
    page.evaluate("changes = 0")
    page.click("#test-connection")
    assert page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(changes))))") == 0


def test_back_forward_and_steps_too_early(page: Page, demo_url: str) -> None:
    reach_crm_step(page, demo_url)
    page.click("[data-oa-event=back_click]")
    expect(page.locator("#workspace-name")).to_have_value("acme-sales")
    page.go_back()
    expect(page.locator("#crm-api-key")).to_be_visible()
    page.go_forward()
    page.get_by_role("link", name="Next step").click()
    expect(page.locator("#crm-api-key")).to_be_visible()
    page.click("[data-oa-event=cancel_click]")
    expect(page.locator("#continue-setup")).to_have_text("Continue: connect your CRM")
    page.goto(f"{demo_url}/report")
    expect(page).to_have_url(f"{demo_url}/connect-crm")


def test_a_file_fills_the_rows_and_a_bad_row_is_named(page: Page, demo_url: str) -> None:
    reach_crm_step(page, demo_url)
    page.fill("#crm-api-key", LIVE_KEY)
    page.click("#connect-crm-submit")
    rows = b"name,email\nAda,ada@one.example\nBo,nowhere\n"
    page.set_input_files("#contacts-file", {"name": "c.csv", "mimeType": "text/csv", "buffer": rows})
    expect(page.locator("#contacts-text")).to_have_value(rows.decode())
    page.click("#import-contacts-submit")
    expect(page.locator("#contacts-text-error")).to_contain_text("Line 3")
    too_large = {"name": "c.csv", "mimeType": "text/csv", "buffer": b"x" * 201 * 1024}
    page.set_input_files("#contacts-file", too_large)
    expect(page.locator("#contacts-file-error")).to_contain_text("larger than 200 KB")


@pytest.mark.parametrize("sdk", [None, "", THROWING_SDK], ids=["missing", "empty", "throwing"])
def test_without_the_agent_everything_works(page: Page, demo_url: str, httpserver: HTTPServer, sdk: str | None) -> None:
    if sdk is not None:
        serve_sdk(httpserver, sdk)
    reach_crm_step(page, demo_url)
    expect(page.locator("#agent-state")).to_contain_text("not reachable")
    reach_report(page)


def test_the_demos_own_outage_is_shown_and_passes(page: Page, demo_url: str) -> None:
    reach_crm_step(page, demo_url)
    page.route("**/session/steps/*", lambda route: route.abort())
    page.fill("#crm-api-key", LIVE_KEY)
    page.click("#connect-crm-submit")
    expect(page.get_by_role("alert")).to_have_text("The server did not answer. Please try again in a moment.")
    page.unroute("**/session/steps/*")
    page.click("#connect-crm-submit")
    expect(page.locator("#contacts-text")).to_be_visible()


def test_the_hint_panel_stays_as_it_was_left_and_out_of_the_agents_sight(page: Page, demo_url: str) -> None:
    page.goto(demo_url)
    expect(page.locator("#lab-body")).to_be_visible()
    expect(page.locator("#lab")).to_have_attribute("data-oa-ignore", "")
    page.click("#lab-toggle")
    page.reload()
    expect(page.locator("#lab-body")).to_be_hidden()


def test_nothing_is_wider_than_a_phone(browser: Browser, demo_url: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    fits = "document.documentElement.scrollWidth <= innerWidth"
    reach_crm_step(page, demo_url)
    page.click("#crm-help-link")
    assert page.evaluate(fits)
    reach_report(page)
    assert page.evaluate(fits)
    page.click(".brand")
    page.click("#lab-toggle")
    assert page.evaluate(fits)
    context.close()
