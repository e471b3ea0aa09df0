"""Pages that break things: hostile styles, a strict policy, markup in texts, scripts that tidy up, nosy listeners."""

import pytest
from playwright.sync_api import expect

from tests.browser.render.conftest import Screen

FIELD = '<input id="target" style="position:fixed;left:300px;top:100px;width:200px;height:32px" aria-label="Key">'

HOSTILE_STYLES = [
    "* { display: none !important } html, body, main, #target { display: block !important }",
    "div, section, span, button { width: 3px !important; height: 3px !important; float: left !important }",
    "* { all: unset !important } #target { display: block !important; width: 200px !important; height: 2em }",
    "html { font-size: 4px; line-height: 0; letter-spacing: 30px; text-transform: uppercase; cursor: none }",
    "* { opacity: 0 !important; visibility: hidden !important; transform: scale(0) !important; clip-path: inset(50%) }"
    " html, body, main, #target { opacity: 1 !important; visibility: visible !important; transform: none !important;"
    " clip-path: none !important }",
    "onboarding-agent, [popover], [data-oa-ignore] { display: none !important; pointer-events: none !important;"
    " inset: -9999px !important; z-index: -1 !important; filter: blur(9px) !important; zoom: 0.1 !important }",
    "*::before, *::after { content: 'X' !important; display: block !important; position: fixed !important;"
    " inset: 0 !important; background: red !important }",
    "html { overflow: hidden } body { transform: translateX(0); filter: saturate(1); contain: strict; height: 640px }",
    "* { animation: spin 1s infinite !important; transition: all 9s !important }"
    " @keyframes spin { to { rotate: 360deg } } #target, main, body, html { animation: none !important }",
]

SAME_LOOK = """() => {
  const root = document.querySelector('onboarding-agent').shadowRoot;
  return ['.card', '.title', '.text', '.close', '.button'].map((one) => {
    const element = root.querySelector(one), style = getComputedStyle(element);
    return [one, element.offsetWidth, element.offsetHeight, style.color, style.backgroundColor, style.fontSize,
      style.fontFamily, style.letterSpacing, style.textTransform, style.visibility, style.opacity, style.pointerEvents];
  });
}"""

ACTIONS = [{"label": "Not now", "kind": "snooze"}]


@pytest.mark.parametrize("styles", HOSTILE_STYLES)
def test_page_styles_change_nothing(screen: Screen, styles: str) -> None:
    screen.open(FIELD)
    screen.show(actions=ACTIONS)
    screen.at("anchored")
    plain = screen.page.evaluate(SAME_LOOK)
    screen.open(f"<style>{styles}</style>{FIELD}")
    screen.show(actions=ACTIONS)
    screen.at("anchored")
    assert screen.page.evaluate(SAME_LOOK) == plain
    screen.wait_for_report("shown")
    if "::before" not in styles:  # Playwright takes the page's cover for what would get the click; it would not
        screen.card.get_by_role("button", name="Not now").click(timeout=3_000)
        screen.wait_for_report("snoozed")


def test_strict_policy_is_not_violated(screen: Screen) -> None:
    policy = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
    screen.open(
        FIELD.replace(' style="position:fixed;left:300px;top:100px;width:200px;height:32px"', ""),
        headers={"Content-Security-Policy": policy},
    )
    screen.show(actions=ACTIONS)
    expect(screen.at("anchored")).to_have_css("position", "fixed")
    screen.card.get_by_role("button", name="Close").click()
    screen.wait_for_report("dismissed")
    screen.show("n2", nudge_type="checklist", body="- One\n- Two")
    screen.at("corner").get_by_role("checkbox", name="One").check()
    screen.page.evaluate("renderer.setTheme({ scheme: 'dark', variables: { '--oa-accent': '#0a0' } })")
    screen.card.get_by_role("button", name="Close").click()
    screen.show("n3", nudge_type="chat")
    screen.at("corner").get_by_role("button", name="Reply").click()
    assert screen.page.evaluate("talked") == ["n3"]
    assert screen.page.evaluate("violations") == []


MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><style>*{display:none}</style>&lt;b&gt;'


def test_markup_in_texts_is_only_text(screen: Screen) -> None:
    screen.open(FIELD)
    for kind in ("tooltip", "chat", "checklist"):
        screen.again()
        screen.show(
            nudge_type=kind,
            title=MARKUP,
            body=f"{MARKUP}\n- {MARKUP}",
            actions=[{"label": MARKUP, "kind": "dismiss"}],
            language=f'en"{MARKUP}',
        )
        card = screen.at("anchored" if kind == "tooltip" else "corner")
        assert card.locator("img, script, style, b").count() == 0, kind
        expect(card.get_by_role("heading")).to_have_text(MARKUP)
        assert not screen.page.evaluate("window.hacked"), kind


EVIL_URLS = [
    "javascript:window.hacked=1",
    " JaVaScRiPt:window.hacked=1",
    "java\nscript:window.hacked=1",
    "\x01javascript:window.hacked=1",
    "data:text/html,<script>1</script>",
    "vbscript:1",
    "blob:https://a/b",
    "file:///etc/passwd",
    "https://bank.example@evil.example/",
    "https://",
    "",
    None,
]


def test_links_that_could_run_code_are_left_out(screen: Screen) -> None:
    screen.open(FIELD)
    for url in EVIL_URLS:
        screen.again()
        screen.show(actions=[{"label": "Go", "kind": "link", "url": url}, {"label": "Stay", "kind": "dismiss"}])
        card = screen.at("anchored")
        expect(card.get_by_role("button", name="Stay")).to_be_visible()
        assert card.get_by_role("link").count() == 0, url


def test_links_stay_in_the_product_or_open_beside_it(screen: Screen) -> None:
    screen.open(FIELD)
    urls = ["/help?a=1#b", "https://docs.example/x", "mailto:help@example.com"]
    screen.show(actions=[{"label": url, "kind": "link", "url": url} for url in urls])
    links = screen.at("anchored").get_by_role("link")
    found = links.evaluate_all("(all) => all.map((one) => [one.href, one.target])")
    assert found == [
        [f"{screen.site.origin}/help?a=1#b", ""],
        ["https://docs.example/x", "_blank"],
        ["mailto:help@example.com", ""],
    ]


def test_link_is_followed_and_told(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show(actions=[{"label": "Show me", "kind": "link", "url": "#here"}])
    screen.at("anchored").get_by_role("link", name="Show me").click()
    screen.page.wait_for_url("**/#here")
    assert screen.reports()[-1] == ["n1", "clicked", "Show me"]
    assert screen.page.evaluate("actions") == [["n1", "link"]]


def test_a_page_that_removes_what_it_does_not_know(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show()
    screen.at("anchored")
    screen.page.evaluate("document.querySelector('onboarding-agent').remove()")
    expect(screen.card).to_have_attribute("data-phase", "anchored", timeout=5_000)
    screen.page.evaluate("document.body.replaceChildren()")
    screen.at("corner").get_by_role("button", name="Close").click()
    screen.wait_for_report("dismissed")


def test_what_happens_on_a_card_is_not_the_pages_business(screen: Screen) -> None:
    screen.open(FIELD)
    screen.page.evaluate("""() => {
      window.overheard = [];
      const types = 'keydown keyup keypress input change click pointerdown mousedown focusin submit';
      for (const type of types.split(' '))
        document.addEventListener(type, (event) => overheard.push(type));
    }""")
    screen.show(nudge_type="checklist", body="- One\n- Two")
    card = screen.at("corner")
    card.get_by_role("checkbox", name="One").click()
    card.get_by_role("checkbox", name="Two").press("Space")
    card.get_by_role("button", name="Close").press("j")
    assert screen.page.evaluate("overheard") == []
