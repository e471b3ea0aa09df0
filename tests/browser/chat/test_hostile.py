"""Words from afar, pages that forbid, servers that fail: nothing runs, nothing leaks, nothing reaches the host."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat.conftest import Chat
from tests.browser.chat.standin import ChatStandIn

WATCH = """
window.troubles = [];
addEventListener('error', e => troubles.push('error ' + e.message));
addEventListener('unhandledrejection', e => troubles.push('rejection ' + e.reason));
document.addEventListener('securitypolicyviolation', e => troubles.push('csp ' + e.violatedDirective + e.blockedURI));
"""
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><style>*{display:none}</style>&lt;b&gt;'
TRUSTED = "require-trusted-types-for 'script'; trusted-types 'none'"


def talk(chat: Chat, standin: ChatStandIn) -> None:
    """Open the chat by the launcher, send, be answered."""
    chat.open()
    chat.connected()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.say("Hi **there**")
    chat.says("Hi there")


@pytest.mark.parametrize("nonce", [False, True])
def test_a_strict_policy_is_kept(chat: Chat, standin: ChatStandIn, nonce: bool) -> None:
    scripts = "'nonce-abc' 'strict-dynamic'" if nonce else f"'self' {standin.api}"
    connect = f"connect-src {standin.api} {standin.ws}"
    policy = f"default-src 'none'; script-src {scripts}; {connect}; {TRUSTED}"
    chat.page.add_init_script(WATCH)
    standin.nonce = "abc" if nonce else ""
    chat.goto(headers={"Content-Security-Policy": policy})
    talk(chat, standin)
    assert chat.page.evaluate("troubles") == []
    expect(chat.panel).to_have_css("display", "flex")


def test_a_policy_that_forbids_the_chat_costs_only_the_chat(chat: Chat, standin: ChatStandIn) -> None:
    warnings: list[str] = []
    chat.page.on("console", lambda message: warnings.append(message.text))
    standin.without_script = True
    chat.page.add_init_script(
        "window.troubles = []; addEventListener('unhandledrejection', e => troubles.push(e.reason))"
    )
    chat.goto(body="<button id='b'>B</button>")
    chat.until(lambda: any("no chat" in text for text in warnings), "a word about it")
    chat.page.evaluate("OnboardingAgent.openChat(); OnboardingAgent.mountChat(document.body)")
    chat.page.click("#b")
    chat.page.evaluate("window.dispatchEvent(new Event('online'))")
    chat.until(lambda: standin.of("click"), "the click")
    assert chat.page.evaluate("troubles") == []
    expect(chat.root).to_have_count(0)


@pytest.mark.parametrize("role", ["user", "assistant", "agent", "system"])
def test_markup_is_only_text(chat: Chat, standin: ChatStandIn, role: str) -> None:
    standin.begin()
    standin.store(role, MARKUP, author=MARKUP, citations=[{"title": MARKUP, "url": MARKUP, "attribution": MARKUP}])
    standin.suggestions = [MARKUP]
    chat.start(f"{{chat: {{title: {json.dumps(MARKUP)}, greeting: {json.dumps(MARKUP)}}}}}".replace("</", "<\\/"))
    chat.says("<img")
    standin.say(MARKUP, role=role, author=MARKUP)
    standin.hand("human", agent=MARKUP, ticket_id=MARKUP)
    expect(chat.root.locator(".handling")).to_contain_text("<img")
    assert chat.root.locator("img, script, style, b").count() == 0
    assert not chat.page.evaluate("window.hacked")


EVIL_URLS = [
    "javascript:window.hacked=1",
    " JaVaScRiPt:window.hacked=1",
    "java\nscript:window.hacked=1",
    "data:text/html,<script>1</script>",
    "vbscript:1",
    "file:///etc/passwd",
    "https://bank.example@evil.example/",
    None,
]


def test_links_that_could_run_code_are_no_links(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    standin.begin()
    for number, url in enumerate(EVIL_URLS):
        source = {"title": f"Source {number}.", "url": url, "marker": 1}
        standin.say(f"[Go]({url or ''}) or {url or ''} [1]", citations=[source])
    for number in range(len(EVIL_URLS)):
        expect(chat.root.locator(".sources", has_text=f"Source {number}.")).to_be_visible()
    assert sum("Go" in line for line in chat.lines()) == len(EVIL_URLS)
    hrefs = chat.root.locator("a").evaluate_all("all => all.map(a => a.href)")
    # Whatever remains of such an address as plain words may be linked only as what it is: a page of the web.
    assert all(href.startswith(("https://evil", "https://bank.example/")) for href in hrefs), hrefs
    assert not chat.page.evaluate("window.hacked")


def test_links_open_beside_the_product_unless_they_are_its_own(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    standin.begin()
    standin.say("[Inside](/help) and https://elsewhere.example/a_b(c).")
    chat.says("Inside")
    inside, outside = (chat.root.locator("a").nth(index) for index in (0, 1))
    assert inside.get_attribute("target") is None
    assert outside.get_attribute("href") == "https://elsewhere.example/a_b(c"
    assert outside.get_attribute("target") == "_blank"


def test_overrides_of_direction_stay_within_their_message(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("\u202eevil\u202e")
    chat.until(lambda: standin.stored, "the message")
    standin.say("\u202egnp.exe [1]", citations=[{"title": "\u202etitle", "url": "/help", "marker": 1}])
    standin.say("Plain words")
    chat.says("Plain words")
    expect(chat.root.locator(".line", has_text="Plain words").locator("p").first).to_have_css("direction", "ltr")
    assert chat.root.locator(".sources bdi").count() == 1


def test_garbage_from_the_gateway_is_ignored(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto()
    chat.open()
    chat.connected()
    standin.begin()
    broken = [
        {"type": "message"},
        {"type": "message.delta", "conversation_id": "c1"},
        {"type": "message.accepted"},
        {"type": "typing"},
        {"type": "handoff", "conversation_id": "c1", "handled_by": "nobody"},
        {"type": "ended"},
        {"type": "error"},
        {"type": "unheard.of"},
    ]
    for frame in broken:
        for socket in list(standin.sockets):
            socket.send(json.dumps(frame))
    standin.say("All is well")
    chat.says("All is well")
    chat.write("Good")
    chat.until(lambda: standin.stored[-1]["text"] == "Good", "the message")


def test_the_pages_style_sheets_do_not_reach_in(chat: Chat, standin: ChatStandIn) -> None:
    wild = """<style>
    * { display: none !important; color: red !important; position: static !important; font-size: 50px !important }
    html, body { display: block !important }
    onboarding-agent-chat { opacity: 0 !important; transform: scale(.1) !important; z-index: -1 !important }
    </style>"""
    chat.goto(body=wild)
    expect(chat.launcher).to_be_visible()
    talk(chat, standin)
    assert chat.panel.evaluate("panel => getComputedStyle(panel).fontSize") == "15px"
    assert chat.root.evaluate("host => getComputedStyle(host).opacity") == "1"
    box = chat.panel.bounding_box()
    assert box
    assert box["width"] == 384


def test_what_happens_in_the_chat_is_not_the_pages_business(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto()
    chat.page.evaluate("""() => {
      window.overheard = [];
      const types = 'keydown keyup keypress input change click pointerdown mousedown focusin submit';
      for (const type of types.split(' ')) document.addEventListener(type, () => overheard.push(type));
    }""")
    talk(chat, standin)
    chat.root.get_by_role("button", name="This helped").click()
    assert chat.page.evaluate("overheard") == []
    chat.page.evaluate("OnboardingAgent.track('last')")
    chat.page.evaluate("window.dispatchEvent(new Event('online'))")
    chat.until(lambda: standin.of("last"), "all that was captured")
    assert not standin.of("click", "change", "submit")
    assert "Hello" not in json.dumps(standin.accepted)


def test_a_page_that_removes_the_chat_gets_it_back(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto()
    talk(chat, standin)
    chat.page.evaluate("document.querySelector('onboarding-agent-chat').remove()")
    standin.say("Still here")
    expect(chat.panel).to_be_visible()
    chat.says("Still here")


STORAGES = {
    "forbidden": "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('') }});"
    "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('') }})",
    "full": "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }",
    "without locks": "Object.defineProperty(navigator, 'locks', {value: undefined})",
}


@pytest.mark.parametrize("kind", STORAGES)
def test_it_works_where_the_browser_gives_less(page: Page, standin: ChatStandIn, kind: str) -> None:
    page.add_init_script(WATCH + STORAGES[kind])
    chat = Chat(page, standin)
    chat.goto()
    talk(chat, standin)
    assert page.evaluate("troubles") == []


def test_a_host_that_throws_in_what_it_is_told_is_left_alone(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto("{chat: {onUnread() { throw new Error('host') }}}")
    chat.launcher.wait_for()
    chat.connected()
    standin.begin()
    standin.say("One", role="agent")
    expect(chat.root.locator(".badge")).to_have_text("1")
    chat.open()
    chat.says("One")
    chat.page.evaluate("OnboardingAgent.shutdown()")
