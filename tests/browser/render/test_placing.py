"""Where a nudge stands: at its target through everything a page can do to it, and politely in a corner otherwise."""

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.render.conftest import Screen, eventually
from tests.browser.sdk.watching import settle

BUTTON = '<button id="target" style="position:absolute;left:400px;top:{top}px;width:100px;height:40px">Connect</button>'


FROZEN = "performance.now = () => 1"
"""With a clock that stands still, no patience ever ends."""


def assert_at_target(screen: Screen, target: str = "#target") -> None:
    """The card comes to touch no pixel of the target, to stand within reach of it, and on the screen."""
    eventually(lambda: assert_beside(screen, target), screen.page)


def assert_beside(screen: Screen, target: str) -> None:
    card, there = screen.box(screen.card), screen.box(target)
    gaps = [
        card["top"] - there["bottom"],
        there["top"] - card["bottom"],
        card["left"] - there["right"],
        there["left"] - card["right"],
    ]
    assert 8 <= max(gaps) <= 20, gaps
    assert_on_screen(screen)


def assert_on_screen(screen: Screen) -> None:
    card, size = screen.box(screen.card), screen.page.viewport_size
    assert size
    assert 0 <= card["left"] < card["right"] <= size["width"]
    assert 0 <= card["top"] < card["bottom"] <= size["height"]


def assert_in_corner(screen: Screen) -> None:
    card, size = screen.box(screen.card), screen.page.viewport_size
    assert size
    assert 0 < size["width"] - card["right"] <= 24
    assert 0 < size["height"] - card["bottom"] <= 24


@pytest.mark.parametrize(("top", "side"), [(40, "bottom"), (300, "bottom"), (590, "top")])
def test_tooltip_stands_below_its_target_or_above_it(screen: Screen, top: int, side: str) -> None:
    screen.open(BUTTON.format(top=top))
    screen.show()
    expect(screen.at("anchored")).to_have_attribute("data-side", side)
    assert_at_target(screen)


@pytest.mark.parametrize("place", ["left:0;top:0", "right:0;top:0", "left:0;bottom:0", "right:0;bottom:0"])
@pytest.mark.parametrize("width", [360, 900])
def test_tooltip_stays_on_the_screen_in_every_corner(screen: Screen, place: str, width: int) -> None:
    screen.page.set_viewport_size(ViewportSize(width=width, height=640))
    screen.open(f'<button id="target" style="position:fixed;{place};width:48px;height:48px">?</button>')
    screen.show(body="Long words. " * 20)
    screen.at("anchored")
    assert_at_target(screen)


def test_without_room_at_its_target_the_card_is_docked_at_once(screen: Screen) -> None:
    screen.page.set_viewport_size(ViewportSize(width=360, height=300))
    screen.open('<textarea id="target" style="width:330px;height:230px"></textarea>')
    screen.page.evaluate(FROZEN)
    screen.show()
    screen.at("corner")
    assert_on_screen(screen)


def test_a_scroll_bar_takes_no_room_from_a_card_on_a_phone(screen: Screen) -> None:
    screen.page.set_viewport_size(ViewportSize(width=360, height=640))
    screen.open(BUTTON.format(top=40).replace("400px", "100px"))
    screen.page.add_style_tag(content="html { overflow-y: scroll } ::-webkit-scrollbar { width: 15px }")
    screen.show()
    screen.at("anchored")
    assert_at_target(screen)


FORM = """<form style="position:absolute;left:250px;top:200px;width:260px">
<label for="target" style="display:block">Key</label>
<input id="target" aria-describedby="hint" style="display:block;width:260px;height:36px">{error}
<p id="hint" style="margin:4px 0">{hint}</p><button style="display:block;height:36px">Connect</button></form>"""


@pytest.mark.parametrize(
    "error", ["", '<p role="alert" style="margin:4px 0">This is no key.</p>'], ids=["no error", "an error"]
)
def test_the_card_covers_neither_error_nor_hint_nor_buttons(screen: Screen, error: str) -> None:
    screen.open(FORM.format(error=error, hint="It begins with crm_."))
    screen.show()
    screen.at("anchored")
    card = screen.box(screen.card)
    for one in ["#hint", "form button", "form label", *(["[role=alert]"] if error else [])]:
        there = screen.box(one)
        apart = (
            card["right"] <= there["left"]
            or card["left"] >= there["right"]
            or card["bottom"] <= there["top"]
            or card["top"] >= there["bottom"]
        )
        assert apart, one


def test_an_error_that_comes_later_is_uncovered(screen: Screen) -> None:
    screen.open('<div style="height:230px"></div><input id="target" style="width:800px"><p id="late"></p>')
    screen.show()
    expect(screen.at("anchored")).to_have_attribute("data-side", "bottom")
    screen.page.evaluate("() => { late.role = 'alert'; late.textContent = 'That is no key. '.repeat(9); }")
    expect(screen.card).to_have_attribute("data-side", "top")
    assert_at_target(screen)


def test_arrow_points_at_the_target(screen: Screen) -> None:
    screen.open('<button id="target" style="position:fixed;left:20px;top:20px;width:60px;height:30px">?</button>')
    screen.show()
    screen.at("anchored")
    arrow, there = screen.box("onboarding-agent .arrow"), screen.box("#target")
    middle = (arrow["left"] + arrow["right"]) / 2
    assert there["left"] <= middle <= there["right"]


def test_ring_surrounds_the_target_and_lets_clicks_through(screen: Screen) -> None:
    screen.open(BUTTON.format(top=40))
    screen.page.evaluate(
        "document.querySelector('#target').addEventListener('click', () => { window.clicked = true; })"
    )
    screen.show()
    screen.at("anchored")
    ring, there = screen.box(screen.ring), screen.box("#target")
    assert ring["left"] < there["left"] < there["right"] < ring["right"]
    assert ring["top"] < there["top"]
    screen.page.click("#target")
    assert screen.page.evaluate("window.clicked")


def test_waits_for_an_element_that_comes_late(screen: Screen) -> None:
    screen.open("<p>Loading</p>")
    screen.show()
    screen.page.wait_for_timeout(700)
    expect(screen.card).to_have_css("visibility", "hidden")
    assert screen.reports() == []
    screen.page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button id=target>Late</button>')"
    )
    screen.at("anchored")
    assert_at_target(screen)
    screen.wait_for_report("shown")


@pytest.mark.parametrize("selector", ["#nowhere", "p[", "", "javascript:alert(1)", "a >>> b"])
def test_gives_up_politely_to_a_corner(screen: Screen, selector: str) -> None:
    screen.open("<p>Nothing here</p>")
    screen.show(target_element=selector)
    screen.leap(4_000)
    screen.at("corner")
    assert_in_corner(screen)
    expect(screen.ring).to_be_hidden()
    screen.wait_for_report("shown")


@pytest.mark.parametrize(
    ("leave", "come_back"),
    [
        ("window.gone = target; target.remove()", "document.querySelector('main').append(gone)"),
        ("target.style.display = 'none'", "document.querySelector('#target').style.display = ''"),
        ("target.style.visibility = 'hidden'", "document.querySelector('#target').style.visibility = ''"),
        ("target.parentElement.hidden = true", "document.querySelector('main').hidden = false"),
        (
            "target.style.width = target.style.padding = target.style.border = '0'",
            "document.querySelector('#target').style.width = '100px'",
        ),
    ],
)
def test_target_that_goes_is_waited_for_then_given_up_and_found_again(
    screen: Screen, leave: str, come_back: str
) -> None:
    screen.open(BUTTON.format(top=40))
    screen.show()
    screen.at("anchored")
    screen.page.evaluate("() => { const target = document.querySelector('#target'); " + leave + " }")
    screen.at("corner")
    assert_in_corner(screen)
    expect(screen.ring).to_be_hidden()
    screen.page.evaluate(come_back)
    screen.at("anchored")
    assert_at_target(screen)
    assert [one[1] for one in screen.reports()] == ["shown"]


def test_target_replaced_by_a_re_render_is_followed_without_leaving(screen: Screen) -> None:
    screen.open(BUTTON.format(top=40))
    screen.show()
    screen.at("anchored")
    screen.page.evaluate("""() => {
      const card = document.querySelector('onboarding-agent').shadowRoot.querySelector('.card');
      window.phases = [];
      const note = new MutationObserver(() => phases.push(card.dataset.phase));
      note.observe(card, { attributeFilter: ['data-phase'] });
      const target = document.querySelector('#target'), next = target.cloneNode(true);
      next.style.top = '200px';
      target.replaceWith(next);
    }""")
    assert_at_target(screen)
    assert "corner" not in screen.page.evaluate("phases")


def test_follows_the_page_and_an_inner_container_as_they_scroll(screen: Screen) -> None:
    inner = '<div style="height:400px"></div><button id="target">Here</button><div style="height:900px"></div>'
    screen.open(f'<div id="box" style="height:500px;overflow:auto">{inner}</div><div style="height:2000px"></div>')
    screen.show()
    screen.at("anchored")
    for scroll in ("document.querySelector('#box').scrollTop = 150", "window.scrollTo(0, 60)"):
        screen.page.evaluate(scroll)
        assert_at_target(screen)


def test_target_scrolled_out_of_its_container_is_given_up(screen: Screen) -> None:
    inner = '<button id="target">Here</button><div style="height:900px"></div>'
    screen.open(f'<div id="box" style="height:200px;overflow:auto">{inner}</div>')
    screen.show()
    screen.at("anchored")
    screen.page.evaluate("document.querySelector('#box').scrollTop = 400")
    screen.at("corner")
    screen.page.evaluate("document.querySelector('#box').scrollTop = 0")
    screen.at("anchored")
    assert_at_target(screen)


def test_follows_what_moves_without_any_event(screen: Screen) -> None:
    screen.open(BUTTON.format(top=40))
    screen.show()
    screen.at("anchored")
    screen.page.evaluate("document.querySelector('#target').style.left = '100px'")
    assert_at_target(screen)
    screen.page.set_viewport_size(ViewportSize(width=300, height=640))
    assert_at_target(screen)


def test_no_frame_is_asked_for_while_nothing_moves(screen: Screen) -> None:
    screen.open(BUTTON.format(top=40))
    screen.show()
    screen.at("anchored")
    screen.page.evaluate("""() => {
      window.frames_asked = 0;
      const ask = window.requestAnimationFrame.bind(window);
      window.requestAnimationFrame = (run) => { frames_asked++; return ask(run); };
    }""")

    def asked_within(ms: int) -> int:
        before = screen.page.evaluate("frames_asked")
        screen.page.wait_for_timeout(ms)
        return int(screen.page.evaluate("frames_asked")) - before

    settle(screen.page, lambda: not asked_within(300), "rest")
    assert asked_within(1000) == 0


def test_offers_the_way_to_a_target_out_of_sight(screen: Screen) -> None:
    screen.open('<div style="height:3000px"></div><button id="target">Far down</button>')
    screen.show()
    card = screen.at("corner")
    assert screen.page.evaluate("scrollY") == 0, "the page is never scrolled unasked"
    card.get_by_role("button", name="Take me there").click()
    screen.at("anchored")
    assert_at_target(screen)
    expect(card.get_by_role("button", name="Take me there")).to_be_hidden()


def test_never_covers_a_target_that_fills_the_screen(screen: Screen) -> None:
    screen.open('<div id="target" style="height:600px;background:#eee">Big</div>')
    screen.show()
    screen.at("corner")
    assert_on_screen(screen)
    expect(screen.ring).to_be_visible()


def test_finds_a_target_inside_open_shadow_roots(screen: Screen) -> None:
    screen.open('<x-app id="app"></x-app>')
    screen.page.evaluate("""() => {
      const outer = document.querySelector('#app').attachShadow({ mode: 'open' });
      outer.innerHTML = '<x-form></x-form>';
      outer.firstChild.attachShadow({ mode: 'open' }).innerHTML = '<button id="inner">Deep</button>';
    }""")
    screen.show(target_element="#app >>> x-form >>> #inner")
    screen.at("anchored")
    assert_at_target(screen, "#inner")


def test_of_several_matches_the_rendered_one_is_meant(screen: Screen) -> None:
    screen.open(
        '<button class="go" hidden>Phone</button><button class="go" id="seen" style="margin:40px">Desk</button>'
    )
    screen.show(target_element=".go")
    screen.at("anchored")
    assert_at_target(screen, "#seen")


def test_stands_above_everything_and_within_a_modal_dialog(screen: Screen) -> None:
    cover = '<div style="position:fixed;inset:0;z-index:2147483647;background:#fffc"></div>'
    screen.open(f'{BUTTON.format(top=40)}{cover}<dialog style="height:400px"><button id="inside">OK</button></dialog>')
    screen.show(actions=[{"label": "Later", "kind": "snooze"}])
    later = screen.at("anchored").get_by_role("button", name="Later")
    later.click(trial=True, timeout=2_000)
    later.click()
    screen.page.evaluate("document.querySelector('dialog').showModal()")
    screen.show("n2", target_element="#inside")
    screen.at("anchored").get_by_role("button", name="Close").click(timeout=2_000)
    screen.wait_for_report("dismissed", "n2")
