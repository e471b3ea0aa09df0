"""What the SDK captures of a page, in a real browser."""

from playwright.sync_api import Page

from tests.browser.sdk.standin import StandIn
from tests.browser.sdk.watching import flush, settle

FORM = """
<form id="signup" onsubmit="event.preventDefault()">
  <label>Name <input name="name" required></label>
  <input name="email" type="email" required value="">
  <input name="password" type="password">
  <label for="terms">I agree</label><input id="terms" type="checkbox">
  <button id="send"><span>Send it</span></button>
</form>
<a href="#/route" data-testid="away">Away</a>
<div data-oa-ignore><button id="hidden">Not yours</button></div>
<button id="help" data-oa-event="help_click">Call jo@team.example or +41 79 123 45 67</button>
"""


def test_a_click_tells_its_control_and_label(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(FORM))
    page.click("#send span")
    page.click("#help")
    page.click("#hidden")
    flush(page)
    settle(page, lambda: standin.of("help_click"), "the events")
    first, second = standin.of("click")
    assert (first["target_element"], first["properties"]) == ("#send", {"tag": "button", "text": "Send it"})
    assert second["properties"]["text"] == "Call *** or ***"
    (told,) = standin.of("help_click")
    assert told["properties"]["evidence"] == [second["event_id"]]
    assert first["user_id"] == "u1"
    assert first["page_url"] == standin.site + "/"


def test_typing_is_one_change_and_never_a_value(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(FORM))
    page.type("[name=name]", "Grace Hopper")
    page.type("[name=password]", "hunter2 secret")
    page.fill("[name=email]", "grace@navy.example")
    page.click("text=I agree")
    page.click("#send")
    flush(page)
    settle(page, lambda: standin.of("submit"), "the submit")
    changes = [event["properties"]["field"] for event in standin.of("change")]
    assert changes == ["name", "password", "email", "terms"]
    assert [event["target_element"] for event in standin.of("click") if event["properties"]["tag"] == "input"].count(
        "#terms"
    ) == 1
    assert standin.of("submit")[0]["properties"]["form"] == "#signup"
    assert standin.of("change")[0]["properties"]["form"] == "#signup"
    everything = b"".join(request.body for request in standin.posts())
    assert not any(secret in everything for secret in (b"Grace", b"hunter2", b"navy.example"))
    assert "empty" not in standin.of("change")[1]["properties"]


def test_a_pause_and_leaving_the_field_are_one_change(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(FORM))
    page.type("[name=name]", "Grace")
    settle(page, lambda: flush(page) or standin.of("change"), "the change, told at the pause")
    page.focus("[name=email]")
    page.evaluate("OnboardingAgent.track('last')")
    flush(page)
    settle(page, lambda: standin.of("last"), "all that was captured")
    assert len(standin.of("change")) == 1


def test_a_refused_submit_is_one_event(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(FORM))
    page.click("#send")
    page.click("#send")
    page.evaluate("new Promise(r => setTimeout(r, 1100)).then(() => document.forms[0].checkValidity())")
    flush(page)
    settle(page, lambda: len(standin.of("submit_failed")) >= 2, "the failures")
    failed = standin.of("submit_failed")
    assert len(failed) == 2
    assert not standin.of("submit")
    assert failed[0]["properties"] == {
        "form": "#signup",
        "count": 2,
        "fields": [{"field": "name", "reason": "valueMissing"}, {"field": "email", "reason": "valueMissing"}],
    }


def test_routes_of_a_single_page_are_page_views(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(FORM) + "?token=secret#access_token=secret")
    page.evaluate("history.pushState({}, '', '/step-2?email=jo@team.example')")
    page.evaluate("history.replaceState({scroll: 5}, '', '/step-2?email=jo@team.example')")
    page.evaluate("new Promise((done) => { addEventListener('popstate', done, {once: true}); history.back() })")
    page.click("[data-testid=away]")
    page.wait_for_function("location.hash == '#/route'")
    page.evaluate("location.hash = '#/other?x=1'")
    flush(page)
    settle(page, lambda: len(standin.of("page_view")) >= 5, "the views")
    views = [event["page_url"].removeprefix(standin.site) for event in standin.of("page_view")]
    assert views == ["/", "/step-2", "/", "/#/route", "/#/other"]


def click_quickly(page: Page, selector: str, times: int) -> None:
    """Click as quickly as somebody in a rage does, however slow the machine: nothing is looked up in between."""
    box = page.locator(selector).bounding_box()
    assert box
    for _ in range(times):
        page.mouse.click(box["x"] + 5, box["y"] + 5)


def test_rage_dead_and_error_clicks_carry_their_evidence(standin: StandIn, page: Page) -> None:
    buttons = """
    <button id="dead">Nothing</button>
    <button id="throws" onclick="setTimeout(() => { throw new TypeError('jo@team.example') })">Throws</button>
    <button id="fails" onclick="fetch('/host/500', {method: 'POST'}).then(r => { document.title = r.status })"
      >Fails</button>
    <button id="works" onclick="document.title = Math.random()">Works</button>
    <button id="opens" onpointerdown="document.title = 'menu'">Opens when pressed</button>
    <button id="next" onclick="document.title = Math.random()">Next</button>
    """
    page.goto(standin.host(buttons))
    page.click("#throws")
    settle(page, lambda: standin.of("error_click"), "the first error")
    page.click("#fails")
    page.wait_for_function("document.title == '500'")
    page.click("#works")
    page.click("#opens")
    click_quickly(page, "#next", 3)
    click_quickly(page, "#dead", 4)
    # Of all these clicks it comes last, and is waited for longest: whatever else there is to tell was told before.
    settle(page, lambda: standin.of("dead_click"), "the signal that nothing answered")
    clicks = {event["event_id"]: event["target_element"] for event in standin.of("click")}
    (rage,) = standin.of("rage_click")
    (dead,) = standin.of("dead_click")
    thrown, failed = standin.of("error_click")
    assert [clicks[each] for each in rage["properties"]["evidence"]] == ["#dead"] * 3
    assert rage["properties"]["count"] == 3
    assert dead["target_element"] == "#dead"
    assert dead["properties"]["count"] == 4
    assert (thrown["properties"]["error"], thrown["properties"]["name"]) == ("uncaught", "TypeError")
    assert (failed["properties"]["error"], failed["properties"]["status"]) == ("request", 500)
    assert failed["target_element"] == "#fails"
    assert clicks[failed["properties"]["evidence"][0]] == "#fails"
    assert b"jo@team" not in b"".join(request.body for request in standin.posts())


def test_shadow_roots_are_looked_into(standin: StandIn, page: Page) -> None:
    page.goto(standin.host("<my-app id='app'></my-app>"))
    page.evaluate(
        "document.querySelector('#app').attachShadow({mode: 'open'}).innerHTML = '<button name=go>Go</button>'"
    )
    page.click("button")
    flush(page)
    settle(page, lambda: standin.of("click"), "the click")
    assert standin.of("click")[0]["target_element"] == '#app >>> button[name="go"]'
