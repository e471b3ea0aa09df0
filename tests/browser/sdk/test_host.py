"""The page that the SDK lives in: it must not notice, whatever it forbids and however it behaves."""

import json

import pytest
from playwright.sync_api import Page

from tests.browser.sdk.standin import StandIn, nudge
from tests.browser.sdk.watching import flush, settle, shows

BUTTON = "<button id='b' onclick='this.title = Math.random()'>B</button>"


def use(standin: StandIn, page: Page) -> list[str]:
    """Click, see the click arrive and a nudge appear; return what the page's console and error handler said."""
    page.click("#b")
    flush(page)
    settle(page, lambda: standin.of("click"), "the click")
    settle(page, lambda: standin.sockets, "the connection")
    standin.push(nudge("n1"))
    settle(page, lambda: shows(page, "About n1"), "the nudge")
    settle(page, lambda: standin.frames, "the acknowledgement")
    return page.evaluate("window.troubles ?? []")


WATCH = """
window.troubles = [];
addEventListener('error', e => troubles.push('error ' + e.message));
addEventListener('unhandledrejection', e => troubles.push('rejection ' + e.reason));
document.addEventListener('securitypolicyviolation', e => troubles.push('csp ' + e.violatedDirective));
"""


def test_a_strict_policy_is_kept(standin: StandIn, page: Page) -> None:
    policy = (
        f"default-src 'none'; script-src 'self' {standin.api}; connect-src {standin.api} {standin.ws}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    page.add_init_script(WATCH)
    page.goto(standin.host("<button id='b'>B</button>", headers={"Content-Security-Policy": policy}))
    assert use(standin, page) == []


FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"
STORAGES = {
    "forbidden": "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('') }})",
    "absent": "Object.defineProperty(window, 'localStorage', {value: undefined})",
    "full": FULL,
    "full later": f"setTimeout(() => {{ {FULL} }}, 0)",
    "without channels": "delete window.BroadcastChannel",
    "without locks": "Object.defineProperty(navigator, 'locks', {value: undefined})",
    "with refused locks": "navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError'))",
}


@pytest.mark.parametrize("kind", STORAGES)
def test_it_works_where_the_browser_gives_less(standin: StandIn, page: Page, kind: str) -> None:
    page.add_init_script(WATCH + STORAGES[kind])
    page.goto(standin.host(BUTTON))
    assert use(standin, page) == []
    settle(page, lambda: page.evaluate("OnboardingAgent.getState().queued") == 0, "an empty queue")


def test_storage_that_others_filled_is_no_loss(standin: StandIn, page: Page) -> None:
    page.goto(standin.host(BUTTON, init=None))
    page.evaluate("""() => {
        for (let size = 1 << 20; size; ) {
            try { localStorage.setItem('host' + Math.random(), 'x'.repeat(size)) } catch { size >>= 1 }
        }
    }""")
    page.evaluate(f"OnboardingAgent.init({standin.options})")
    page.evaluate("for (let i = 0; i < 30; i++) OnboardingAgent.track('kept', {text: 'x'.repeat(500)})")
    settle(page, lambda: len(standin.of("kept")) == 30, "the events")


def test_a_page_that_throws_is_captured_and_left_alone(standin: StandIn, page: Page) -> None:
    wild = """
    <script src="/wild.js"></script>
    <button id="b">B</button><div id="bare" onclick="null()">x</div>
    """
    script = """
    for (const type of ['click', 'submit', 'change', 'input', 'visibilitychange']) {
      document.addEventListener(type, () => { throw new Error('host ' + type) }, true);
    }
    addEventListener('click', (event) => event.stopImmediatePropagation());
    """
    standin.pages["/wild.js"] = (script, {"Content-Type": "text/javascript"})
    page.add_init_script(WATCH)
    page.goto(standin.host(wild))
    troubles = use(standin, page)
    assert troubles == ["error Uncaught Error: host click"]


def test_unhandled_rejections_of_the_page_stay_what_they_are(standin: StandIn, page: Page) -> None:
    page.add_init_script(WATCH)
    buttons = """
    <button id="unhandled" onclick="fetch('http://127.0.0.1:9/')">1</button>
    <button id="handled" onclick="fetch('http://127.0.0.1:9/').catch(() => this.title = 'caught')">2</button>
    <button id="aborted" onclick="
      const control = new AbortController();
      fetch('/host/200', {method: 'POST', signal: control.signal}).catch(() => this.title = 'gone');
      control.abort()">3</button>
    <button id="xhr" onclick="
      const request = new XMLHttpRequest();
      request.open('POST', '/host/503');
      request.onload = () => this.title = request.status;
      request.send('')">4</button>
    """
    page.goto(standin.host(buttons))
    page.click("#unhandled")
    settle(page, lambda: page.evaluate("troubles.length"), "the rejection")
    for name, title in (("handled", "caught"), ("aborted", "gone"), ("xhr", "503")):
        page.click(f"#{name}")
        page.wait_for_function(f"document.querySelector('#{name}').title == '{title}'")
    flush(page)
    settle(page, lambda: len(standin.of("error_click")) >= 3, "the signals")
    assert page.evaluate("troubles") == ["rejection TypeError: Failed to fetch"]
    signals = {event["target_element"]: event["properties"] for event in standin.of("error_click")}
    assert {name: signals[name].get("status") for name in signals} == {"#unhandled": 0, "#handled": 0, "#xhr": 503}


def test_without_crossorigin_requests_are_left_alone(standin: StandIn, page: Page) -> None:
    page.add_init_script(WATCH)
    page.goto(standin.host("""<button id="b" onclick="fetch('http://127.0.0.1:9/')">1</button>""", tag=""))
    assert "native code" in page.evaluate("String(fetch) + String(XMLHttpRequest.prototype.send)")
    assert use(standin, page) == ["rejection TypeError: Failed to fetch"]
    settle(page, lambda: standin.of("error_click"), "the signal")
    assert standin.of("error_click")[0]["properties"]["error"] == "rejection"


def test_shutdown_gives_the_page_back(standin: StandIn, page: Page) -> None:
    wrapped = "[fetch, XMLHttpRequest.prototype.send, history.pushState, history.replaceState]"
    names = wrapped + ".map((method) => String(method).includes('[native code]'))"
    page.goto(standin.host(BUTTON))
    assert page.evaluate(names) == [False] * 4
    settle(page, lambda: standin.sockets, "the connection")
    page.evaluate("OnboardingAgent.shutdown()")
    assert page.evaluate(names) == [True] * 4
    settle(page, lambda: not standin.sockets, "the end of the connection")
    count = len(standin.posts())
    page.click("#b")
    page.evaluate("OnboardingAgent.track('late')")
    page.wait_for_timeout(300)
    assert page.evaluate("OnboardingAgent.getState()") is None
    assert len(standin.posts()) <= count + 1
    assert page.evaluate("document.querySelector('onboarding-agent')") is None


def test_no_call_throws_whatever_it_is_given(standin: StandIn, page: Page) -> None:
    page.add_init_script(WATCH)
    page.goto(standin.host(BUTTON))
    nonsense = [
        "undefined",
        "null",
        "0",
        "''",
        "[]",
        "{}",
        "Symbol('x')",
        "() => { throw 1 }",
        "new Proxy({}, {get() { throw 1 }})",
    ]
    calls = [
        f"try {{ OnboardingAgent.{name}({value}) }} catch (e) {{ troubles.push('{name}' + e) }}"
        for name in ("init", "track", "identify", "setTheme", "getState")
        for value in nonsense
    ]
    page.evaluate("() => {" + ";".join(calls) + "}")
    rest = ["reset", "optOut", "optIn", "shutdown", "shutdown", "optIn"]
    page.evaluate("names => { for (const name of names) OnboardingAgent[name]() }", rest)
    page.evaluate("() => { const {track} = OnboardingAgent; track('loose') }")
    page.wait_for_timeout(200)
    assert page.evaluate("troubles") == []


def test_our_own_surfaces_and_requests_are_not_the_pages(standin: StandIn, page: Page) -> None:
    page.goto(standin.host("<button id='b'>Dead</button>"))
    settle(page, lambda: standin.sockets, "the connection")
    standin.push(nudge("n1", actions=[{"label": "Later", "kind": "dismiss", "url": None}]))
    settle(page, lambda: shows(page, "About n1"), "the nudge")
    page.click("#b")
    page.locator("onboarding-agent button", has_text="Later").click()
    page.wait_for_timeout(2700)
    flush(page)
    settle(page, lambda: len(standin.frames) == 2, "the acknowledgements")
    assert [event["target_element"] for event in standin.of("click")] == ["#b"]
    assert json.dumps(standin.of("error_click")) == "[]"
