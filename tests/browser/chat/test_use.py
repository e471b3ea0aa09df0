"""Usable by keyboard and screen reader, in both directions, dark, with less motion, on small screens (WCAG 2.2 AA)."""

from itertools import product
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, ViewportSize, expect

from tests.browser.chat.conftest import SDK, Chat
from tests.browser.chat.standin import ChatStandIn

CITATIONS = [{"title": "Connect", "url": "/help/connect", "marker": 1, "attribution": "CC BY"}]
AUDIT = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const result = await axe.run({ include: [['onboarding-agent-chat']] }, { runOnly: tags });
  const told = result.violations.flatMap(
    (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
  return { violations: told, passes: result.passes.map((rule) => rule.id) };
}"""
# axe cannot read colours that are derived by CSS; the browser can: each is painted on a canvas and read back.
CONTRASTS = """(panel) => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const colours = [];
    for (let at = one; at && at.localName !== 'html'; at = at.parentElement)
      colours.unshift(getComputedStyle(at).backgroundColor);
    return colours;
  };
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const texts = [...panel.querySelectorAll('*')].filter((one) => one.checkVisibility() && hasText(one));
  return texts.map((one) => {
    const ground = behind(one);
    const [a, b] = [luminance(ground), luminance([...ground, getComputedStyle(one).color])].sort((x, y) => y - x);
    return [one.className || one.localName, Math.round(100 * (a + 0.05) / (b + 0.05)) / 100];
  });
}"""


def fill(chat: Chat, standin: ChatStandIn) -> None:
    """Say one of everything: an answer with a source, a person, a note, what failed, what is being written."""
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.say("Press **Connect** [1]:\n\n1. one\n2. `two`\n\n```\ncode\n```\n[More](/help)", citations=CITATIONS)
    standin.say("Sara has joined", role="system")
    standin.say("Hi there", role="agent", author="Sara")
    standin.error = {"code": "too_many_messages"}
    chat.write("Too fast")
    chat.root.locator(".trouble").wait_for()
    standin.hand("queue", expected_by="2099-01-05T10:00:00Z")
    standin.stream("Being written. ")
    chat.says("Being written.")


@pytest.mark.parametrize("options", ["{chat: true}", "{chat: true, locale: 'ar'}"])
def test_axe_finds_nothing(chat: Chat, standin: ChatStandIn, options: str) -> None:
    standin.suggestions = ["One?", "Two?"]
    chat.goto(options, body="<main><h1>Host</h1></main>")
    chat.launcher.wait_for()
    chat.page.add_script_tag(path=SDK / "node_modules/axe-core/axe.min.js")
    closed = chat.page.evaluate(AUDIT)
    chat.open()
    chat.connected()
    empty = chat.page.evaluate(AUDIT)
    fill(chat, standin)
    full = chat.page.evaluate(AUDIT)
    assert closed["violations"] + empty["violations"] + full["violations"] == []
    assert "aria-dialog-name" in full["passes"], "nothing was looked at"


COLOURS: list[dict[str, str]] = [
    {},
    {"--oa-accent": "#ffd400"},
    {"--oa-accent": "#767676"},
    {"--oa-surface": "#10261c"},
]


def test_text_contrast_is_enough_in_any_colours(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    fill(chat, standin)
    grounds = set()
    for colours, scheme in product(COLOURS, ("light", "dark")):
        theme = {"scheme": scheme, "variables": {"--oa-accent": "", "--oa-surface": ""} | colours}
        chat.page.evaluate("theme => OnboardingAgent.setTheme(theme)", theme)
        grounds.add(chat.panel.evaluate("panel => getComputedStyle(panel).backgroundColor"))
        found = chat.panel.evaluate(CONTRASTS)
        assert len(found) > 15
        # The words of what failed are red on any surface: that of the host must leave them readable itself.
        own = [one for one in found if "--oa-surface" not in colours or "trouble" not in one[0]]
        assert [one for one in own if one[1] < 4.5] == [], theme
    assert len(grounds) == 3, "light, dark, and the host's own"


def test_targets_are_large_enough(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    fill(chat, standin)
    sizes = chat.panel.locator("button:visible, .sources a:visible, textarea:visible").evaluate_all(
        "(all) => all.map((one) => [one.outerHTML, one.offsetWidth, one.offsetHeight])"
    )
    assert len(sizes) > 7
    assert [one for one in sizes if min(one[1:]) < 24] == []


def test_by_keyboard_alone_there_and_back(chat: Chat, standin: ChatStandIn) -> None:
    standin.begin()
    standin.store("assistant", "Welcome back")
    standin.store("user", "Thanks")
    chat.goto(body="<button id='first'>First</button>")
    chat.launcher.wait_for()
    chat.page.focus("#first")
    chat.page.keyboard.press("Tab")
    expect(chat.launcher).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(chat.box).to_be_focused()
    dialog = chat.root.get_by_role("dialog", name="Assistant")
    expect(dialog).to_be_visible()
    expect(dialog).not_to_have_attribute("aria-modal", "true")
    chat.says("Welcome back")
    seen = []
    for _ in range(12):
        chat.page.keyboard.press("Shift+Tab")
        focus = "() => document.activeElement.shadowRoot?.activeElement?.className ?? document.activeElement.id"
        seen.append(chat.page.evaluate(focus))
        if seen[-1] == "first":
            break
    assert seen == ["stop", "thumb down", "thumb up", "log", "close", "first"], "the focus is not trapped"
    chat.box.focus()
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()


def test_the_focus_stays_where_something_was_pressed(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    standin.say("Hi")
    up = chat.root.get_by_role("button", name="This helped")
    up.focus()
    chat.page.keyboard.press("Enter")
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(up).to_be_focused()
    standin.error = {"code": "anything"}
    chat.write("Again")
    retry = chat.root.get_by_role("button", name="Try again")
    retry.focus()
    chat.page.keyboard.press("Enter")
    chat.until(lambda: len(standin.stored) == 3, "the message")
    expect(chat.log).to_be_focused()


def test_escape_of_an_input_method_closes_nothing(chat: Chat) -> None:
    chat.start()
    chat.box.evaluate(
        "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true, isComposing: true}))"
    )
    expect(chat.panel).to_be_visible()


def test_what_comes_is_announced_sentence_by_sentence_and_once(chat: Chat, standin: ChatStandIn) -> None:
    chat.start()
    live = chat.root.locator(".sr[aria-live=polite]")
    expect(chat.log).to_have_attribute("aria-live", "polite")
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    answer = standin.stream("Press **Connect**. ", "Then wait")
    chat.says("Then wait")
    standin.stream(" a moment. ", message_id=answer, begin=2)
    chat.says("a moment.")
    standin.say("Press **Connect**. Then wait a moment. Done", message_id=answer)
    chat.says("Done")
    said = ["Assistant is writing…", "Press Connect.", "Then wait a moment.", "Done"]
    chat.until(lambda: live.locator("p").all_inner_texts() == said, f"{said}")
    # The answer itself stands in the log, and is not read a second time from there.
    assert chat.root.locator(".line.theirs", has_text="Done").get_attribute("aria-live") == "off"
    assert chat.root.locator(".line.mine").get_attribute("aria-live") == "off"
    standin.say("Not streamed", role="agent")
    chat.says("Not streamed")
    assert chat.root.locator(".line.theirs", has_text="Not streamed").get_attribute("aria-live") is None


def test_unread_messages_are_announced_while_the_chat_is_closed(chat: Chat, standin: ChatStandIn) -> None:
    chat.goto()
    chat.launcher.wait_for()
    chat.connected()
    standin.begin()
    standin.say("Can I **help**?", role="agent", author="Sara")
    expect(chat.root.locator(".sr[aria-live=polite]")).to_have_text("unread messages: 1. Sara: Can I help?")
    expect(chat.root.locator(".badge")).to_have_text("1")
    wave = chat.root.locator(".peek").get_by_role("button", name="Close chat")
    wave.click()
    expect(chat.root.locator(".peek")).to_be_hidden()
    expect(chat.launcher).to_be_focused()
    expect(chat.root.locator(".badge")).to_be_visible()


def test_right_to_left_in_arabic(chat: Chat, standin: ChatStandIn) -> None:
    chat.start("{chat: true, locale: 'ar-EG'}")
    standin.begin()
    chat.write("مرحبا")
    chat.until(lambda: standin.stored, "the message")
    standin.say("1. افتح `Settings`\n2. اضغط Connect")
    standin.say("In English all the same.")
    chat.says("In English")
    directions: Any = chat.log.evaluate(
        "log => [...log.querySelectorAll('.lines p, .lines ol')].map((one) => getComputedStyle(one).direction)"
    )
    assert directions == ["rtl", "rtl", "ltr"]
    panel, mine = chat.panel.bounding_box(), chat.root.locator(".mine .said").bounding_box()
    assert panel
    assert mine
    assert panel["x"] < 40, "at the end of the reading direction"
    assert mine["x"] < panel["x"] + 40
    chat.root.get_by_role("button", name="التحدث إلى شخص").click()
    standin.hand("queue", expected_by="2099-01-05T10:00:00Z", ticket_id="0193a7c2")
    expect(chat.root.locator(".handling")).to_contain_text("سيجيبك أحد الموظفين")
    latin = chat.root.evaluate("""host => [...host.shadowRoot.querySelectorAll('button, .box, h2, .strip, .by, .sr p')]
      .flatMap(one => [one.ariaLabel, one.title, one.placeholder, one.children.length ? '' : one.textContent])
      .filter(text => /[a-z]{3}/i.test(text ?? ''))""")
    assert latin == []


def test_a_phone_is_filled_and_nothing_is_cut_off(chat: Chat, standin: ChatStandIn) -> None:
    chat.page.set_viewport_size(ViewportSize(width=360, height=640))
    chat.start()
    fill(chat, standin)
    box = chat.panel.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 640}
    assert chat.panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    assert chat.log.evaluate("log => log.scrollWidth <= log.clientWidth")
    expect(chat.box).to_be_in_viewport(ratio=1)
    assert chat.box.evaluate("box => parseFloat(getComputedStyle(box).fontSize) >= 16"), "no zoom on focus"


def test_less_motion_means_none(chat: Chat, standin: ChatStandIn) -> None:
    chat.page.emulate_media(reduced_motion="reduce")
    chat.start()
    chat.write("Hello")
    expect(chat.root.locator(".dots")).to_be_visible()
    assert chat.root.evaluate("host => host.shadowRoot.getAnimations().length") == 0


def test_dark_mode_by_system_and_by_choice(chat: Chat) -> None:
    def surface() -> str:
        return str(chat.panel.evaluate("panel => getComputedStyle(panel).backgroundColor"))

    chat.start()
    light = surface()
    chat.page.emulate_media(color_scheme="dark")
    chat.until(lambda: surface() != light, "the dark scheme")
    chat.page.evaluate("OnboardingAgent.setTheme({scheme: 'light'})")
    chat.until(lambda: surface() == light, "the light scheme")
    chat.page.evaluate("OnboardingAgent.setTheme({variables: {'--oa-surface': 'rgb(1, 2, 3)', '--oa-radius': '0px'}})")
    chat.until(lambda: surface() == "rgb(1, 2, 3)", "the host's colour")
    chat.page.reload()
    chat.panel.wait_for()
    chat.until(lambda: surface() not in (light, "rgb(1, 2, 3)"), "the system's scheme again")


def test_a_theme_that_was_set_before_the_chat_was_loaded_holds(chat: Chat) -> None:
    chat.goto("{theme: {variables: {'--oa-surface': 'rgb(9, 9, 9)'}}}")
    chat.page.evaluate(
        "OnboardingAgent.setTheme({variables: {'--oa-accent': 'rgb(7, 7, 7)'}}); OnboardingAgent.openChat()"
    )
    expect(chat.panel).to_have_css("background-color", "rgb(9, 9, 9)")
    expect(chat.root.locator(".mark")).to_have_css("background-color", "rgb(7, 7, 7)")


def test_a_page_that_names_its_language_as_no_standard_does(chat: Chat, standin: ChatStandIn) -> None:
    chat.start("(document.documentElement.lang = 'en_US', {chat: true})")
    chat.write("Hello")
    chat.until(lambda: standin.stored, "the message")
    chat.says("Hello")


def test_who_reads_further_up_is_not_moved(chat: Chat, standin: ChatStandIn) -> None:
    standin.begin()
    for number in range(30):
        standin.store("assistant", f"number {number}.")
    chat.start()
    chat.says("number 29.")
    chat.log.evaluate("log => { log.scrollTop = 100 }")
    latest = chat.root.get_by_role("button", name="Newest messages")
    expect(latest).to_be_visible()
    standin.say("The newest")
    chat.says("The newest")
    assert chat.log.evaluate("log => log.scrollTop") == 100
    latest.click()
    expect(latest).to_be_hidden()
    expect(chat.root.locator(".line", has_text="The newest")).to_be_in_viewport()


def test_times_are_told_in_the_language_of_the_page(chat: Chat, standin: ChatStandIn, context: BrowserContext) -> None:
    standin.begin()
    standin.store("assistant", "Afternoon", created_at="2026-01-05T15:04:00Z")
    standin.store("assistant", "Next day", created_at="2026-01-06T09:00:00Z")
    chat.start("{chat: true, locale: 'de'}")
    chat.says("Next day")
    assert chat.root.locator(".when").all_inner_texts() == ["Montag, 5. Januar", "Dienstag, 6. Januar"]
