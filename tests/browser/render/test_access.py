"""Usable by keyboard and screen reader, in both directions, dark, forced colours, with less motion (WCAG 2.2 AA)."""

from itertools import product
from typing import Any

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.render.conftest import SDK, Screen

FIELD = '<h1>Connect</h1><p><label>Key <input id="target"></label></p><p><button id="other">Other</button></p>'
ACTIONS = [{"label": "Show me", "kind": "link", "url": "/help"}, {"label": "Not now", "kind": "snooze"}]
SURFACES: dict[str, dict[str, Any]] = {
    "tooltip": {"actions": ACTIONS},
    "chat": {"nudge_type": "chat", "actions": [{"label": "Yes", "kind": "chat"}, {"label": "No", "kind": "dismiss"}]},
    "checklist": {
        "nudge_type": "checklist",
        "body": "Two steps are left:\n- Connect\n- [x] Import\n- Report",
        "actions": ACTIONS,
    },
}
FOCUSED = "() => (document.activeElement.shadowRoot ?? document).activeElement.className || document.activeElement.id"


def open_surface(screen: Screen, surface: str, start: dict[str, Any] | None = None) -> None:
    screen.open(FIELD, start=start)
    screen.show(**SURFACES[surface])
    screen.at("anchored" if surface == "tooltip" else "corner")


@pytest.mark.parametrize("surface", SURFACES)
def test_axe_finds_nothing(screen: Screen, surface: str) -> None:
    open_surface(screen, surface)
    screen.page.add_script_tag(path=SDK / "node_modules/axe-core/axe.min.js")
    audit = """async () => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const result = await axe.run({ include: [['onboarding-agent']] }, { runOnly: tags });
      const told = (rules) => rules.flatMap(
        (rule) => rule.nodes.map((node) => `${rule.id}: ${node.target} ${node.failureSummary}`));
      return { violations: told(result.violations), passes: result.passes.map((rule) => rule.id) };
    }"""
    result = screen.page.evaluate(audit)
    assert result["violations"] == []
    assert "aria-dialog-name" in result["passes"], "nothing was looked at"


# axe cannot read colours that are derived by CSS; the browser can: each is painted on a canvas and read back.
CONTRASTS = """(card) => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = (colour) => {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const colour = getComputedStyle(one).backgroundColor;
    return /^rgba.*, 0\\)$|\\/ 0\\)$|transparent/.test(colour) ? behind(one.parentElement) : colour;
  };
  const hasText = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const texts = [...card.querySelectorAll('*')].filter(hasText);
  return [...texts, ...card.querySelectorAll('textarea')].map((one) => {
    const [a, b] = [luminance(behind(one)), luminance(getComputedStyle(one).color)].sort((x, y) => y - x);
    return [one.className || one.localName, Math.round(100 * (a + 0.05) / (b + 0.05)) / 100];
  });
}"""


COLOURS: list[dict[str, str]] = [
    {},
    {"--oa-accent": "#ffd400"},
    {"--oa-accent": "#767676"},
    {"--oa-accent": "#e11d48"},
    {"--oa-accent": "#00a36c"},
    {"--oa-surface": "#10261c"},
    {"--oa-surface": "#fdf6e3"},
    {"--oa-surface": "#000", "--oa-accent": "#fff"},
]


@pytest.mark.parametrize("surface", SURFACES)
def test_text_contrast_is_enough_in_any_colours(screen: Screen, surface: str) -> None:
    screen.open(FIELD)
    for colours, scheme in product(COLOURS, ("light", "dark")):
        theme = {"scheme": scheme, "variables": colours}
        screen.again({"theme": theme})
        screen.show(**SURFACES[surface])
        screen.at("anchored" if surface == "tooltip" else "corner")
        found = screen.card.evaluate(CONTRASTS)
        assert len(found) >= 4
        assert [one for one in found if one[1] < 4.5] == [], theme


@pytest.mark.parametrize("surface", SURFACES)
def test_targets_are_large_enough(screen: Screen, surface: str) -> None:
    open_surface(screen, surface)
    sizes = screen.card.locator("button:visible, a:visible, label:visible, textarea:visible").evaluate_all(
        "(all) => all.map((one) => [one.outerHTML, one.offsetWidth, one.offsetHeight])"
    )
    assert sizes
    assert [one for one in sizes if min(one[1:]) < 24] == []


def test_is_announced_politely_and_named(screen: Screen) -> None:
    open_surface(screen, "tooltip")
    expect(screen.page.get_by_role("dialog", name="Where to find your key")).to_be_visible()
    expect(screen.page.locator("onboarding-agent [role=status]")).to_contain_text("create a key")
    expect(screen.card).not_to_have_attribute("aria-modal", "true")
    expect(screen.card).to_have_attribute("lang", "en")


@pytest.mark.parametrize("surface", SURFACES)
def test_never_takes_the_focus_from_someone_typing(screen: Screen, surface: str) -> None:
    screen.open(FIELD)
    screen.page.focus("#target")
    screen.page.keyboard.type("ab")
    screen.show(**SURFACES[surface])
    screen.at("anchored" if surface == "tooltip" else "corner")
    screen.page.keyboard.type("cd")
    assert screen.page.input_value("#target") == "abcd"
    assert screen.page.evaluate(FOCUSED) == "target"


def test_by_keyboard_alone_there_and_back(screen: Screen) -> None:
    open_surface(screen, "tooltip")
    screen.page.focus("#other")
    seen = []
    for _ in range(3):
        screen.page.keyboard.press("Tab")
        seen.append(screen.page.evaluate(FOCUSED))
    assert seen == ["close", "button quiet strong", "button plain"]
    outline = screen.page.evaluate("getComputedStyle(document.activeElement.shadowRoot.activeElement).outlineStyle")
    assert outline == "solid"
    screen.page.keyboard.press("Enter")
    screen.wait_for_report("snoozed")
    assert screen.page.evaluate(FOCUSED) == "other", "focus goes back to where it was"


def test_focus_is_not_trapped(screen: Screen) -> None:
    open_surface(screen, "checklist")
    screen.page.focus("#other")
    for _ in range(12):
        screen.page.keyboard.press("Tab")
        if screen.page.evaluate("document.activeElement.localName") != "onboarding-agent":
            return
    raise AssertionError("Tab never left the card")


def test_checklist_by_keyboard(screen: Screen) -> None:
    open_surface(screen, "checklist")
    expect(screen.card.get_by_text("1 of 3 done")).to_be_visible()
    screen.card.get_by_role("checkbox", name="Connect").focus()
    screen.page.keyboard.press("Space")
    expect(screen.card.get_by_text("2 of 3 done")).to_be_visible()
    expect(screen.card.get_by_role("progressbar")).to_have_attribute("value", "2")
    screen.wait_for_report("clicked")


def test_escape_dismisses_from_inside_and_from_the_page(screen: Screen) -> None:
    open_surface(screen, "checklist")
    screen.page.focus("#other")
    screen.page.keyboard.press("Escape")
    expect(screen.card).to_be_visible()
    screen.card.get_by_role("button", name="Close").focus()
    screen.page.keyboard.press("Escape")
    screen.wait_for_report("dismissed")
    screen.show("n2")
    screen.at("anchored")
    screen.page.focus("#other")
    screen.page.keyboard.press("Escape")
    screen.wait_for_report("dismissed", "n2")


def test_escape_belongs_to_the_field_being_edited_and_to_a_page_that_uses_it(screen: Screen) -> None:
    open_surface(screen, "tooltip")
    screen.wait_for_report("shown")
    screen.page.focus("#target")
    screen.page.keyboard.press("Escape")
    screen.page.evaluate(
        "document.addEventListener('keydown', (event) => event.preventDefault(), { capture: true, once: true })"
    )
    screen.page.focus("#other")
    screen.page.keyboard.press("Escape")
    expect(screen.card).to_be_visible()
    assert [one[1] for one in screen.reports()] == ["shown"]
    screen.page.keyboard.press("Escape")
    screen.wait_for_report("dismissed")


def test_long_text_scrolls_by_keyboard_and_keeps_its_buttons(screen: Screen) -> None:
    screen.page.set_viewport_size(ViewportSize(width=360, height=400))
    screen.open("<p>Page</p>")
    screen.show(target_element=None, body="Many words here. " * 60, actions=ACTIONS)
    card = screen.at("corner")
    box = screen.box(card)
    assert 0 <= box["top"] < box["bottom"] <= 400
    expect(card.locator(".main")).to_have_attribute("tabindex", "0")
    expect(card.get_by_role("button", name="Not now")).to_be_in_viewport(ratio=1)


def test_right_to_left(screen: Screen) -> None:
    screen.open(FIELD)
    screen.show(nudge_type="checklist", title="تقريرك الأول", body="- ربط\n- استيراد", language="ar", dir="rtl")
    card = screen.at("corner")
    box, close, title = (
        screen.box(card),
        screen.box(card.get_by_role("button", name="إغلاق")),
        screen.box(card.get_by_role("heading")),
    )
    assert box["left"] < 30
    assert close["right"] < title["left"]
    expect(card).to_have_css("direction", "rtl")
    expect(card.get_by_text("اكتمل 0 من 2")).to_be_visible()


def test_less_motion_means_none(screen: Screen) -> None:
    screen.page.emulate_media(reduced_motion="reduce")
    open_surface(screen, "tooltip")
    names = screen.page.locator(
        "onboarding-agent .card, onboarding-agent .ring, onboarding-agent .button"
    ).evaluate_all(
        "(all) => all.map((one) => [getComputedStyle(one).animationName, getComputedStyle(one).transitionDuration])"
    )
    assert len(names) == 5
    assert {tuple(one) for one in names if one[0] != "none"} == set()
    assert screen.page.evaluate("document.querySelector('onboarding-agent').shadowRoot.getAnimations().length") == 0


def test_dark_mode_by_system_and_by_choice(screen: Screen) -> None:
    def surface() -> str:
        colour: str = screen.card.evaluate("(card) => getComputedStyle(card).backgroundColor")
        return colour

    open_surface(screen, "tooltip")
    light = surface()
    screen.page.emulate_media(color_scheme="dark")
    expect(screen.card).not_to_have_css("background-color", light)
    dark = surface()
    screen.page.evaluate("renderer.setTheme({ scheme: 'light', variables: {} })")
    assert surface() == light
    screen.page.emulate_media(color_scheme="light")
    screen.page.wait_for_function("matchMedia('(prefers-color-scheme: light)').matches")
    screen.page.evaluate("renderer.setTheme({ scheme: 'dark', variables: {} })")
    assert surface() == dark
    screen.page.evaluate("renderer.setTheme({ scheme: 'auto', variables: {} })")
    assert surface() == light


def test_variables_from_the_page_and_from_the_host(screen: Screen) -> None:
    screen.open(f"<style>:root {{ --oa-surface: rgb(1, 2, 3); --oa-radius: 3px }}</style>{FIELD}")
    screen.show()
    card = screen.at("anchored")
    expect(card).to_have_css("background-color", "rgb(1, 2, 3)")
    expect(card).to_have_css("border-top-left-radius", "3px")
    screen.page.evaluate(
        "renderer.setTheme({ variables: { '--oa-surface': 'rgb(9, 9, 9)', 'display': 'none', '--other': '1' } })"
    )
    expect(card).to_have_css("background-color", "rgb(9, 9, 9)")
    assert screen.page.evaluate("document.querySelector('onboarding-agent').style.length") == 1


def test_forced_colours_keep_edges(screen: Screen) -> None:
    screen.page.emulate_media(forced_colors="active")
    open_surface(screen, "tooltip")
    for part in (screen.card, screen.card.get_by_role("link", name="Show me"), screen.ring):
        assert part.evaluate("(one) => getComputedStyle(one).borderTopWidth") != "0px"
