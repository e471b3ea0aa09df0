"""Pages that nobody here wrote: the 130 tasks of the PyPI package `miniwob`, driven with the SDK on and off.

Three things are asked of each page: no error that is not there without the SDK, which only a page with errors need be
driven for; every click, change and submit of the script captured exactly once; and a selector that finds the element
again. The last is checked within the dispatch of the event, right after the SDK has seen it and before the page reacts,
since many of these pages rebuild themselves at once.
"""

import importlib.util
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.sdk.standin import StandIn

STEPS = 6
DRIVER = (Path(__file__).parent / "driver.js").read_text()


def miniwob_html() -> Path | None:
    """Return the folder of the pages; only its files are needed, so the package is not imported."""
    found = importlib.util.find_spec("miniwob")
    return Path(found.origin).parent / "html" if found and found.origin else None


HTML = miniwob_html()
NAMES = sorted(path.stem for path in (HTML / "miniwob").glob("*.html")) if HTML else []
pytestmark = [pytest.mark.browser, pytest.mark.slow(seconds=0.6)]


TOTAL: Counter[str] = Counter()


@dataclass
class Tally:
    """What was seen on one page."""

    errors: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    captured: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def site(sdk_dist: Path) -> Iterator[StandIn]:
    """The pages, each twice: as they are, and below /with/ with the SDK in their head."""
    assert HTML
    with StandIn(sdk_dist) as running:
        running.down = True
        script = f'<script crossorigin src="{running.api}/sdk/onboarding-agent-sdk.js"></script>'
        start = script + f"<script>OnboardingAgent.init({running.options})</script>"

        def read(path: str) -> bytes | None:
            file = HTML / path.removeprefix("/with").lstrip("/")
            if not file.is_file():
                return None
            content = file.read_bytes()
            if path.startswith("/with") and file.suffix == ".html":
                content = content.replace(b"<head>", b"<head>" + start.encode(), 1)
            return content

        running.files = read
        yield running


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab of a fresh profile."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def drive(page: Page, url: str) -> Tally:
    """Do the same few things to a page as a user would, and return what happened."""
    tally = Tally()
    page.on("pageerror", lambda error: tally.errors.update([str(error)]))
    page.goto(url)
    page.evaluate(DRIVER)
    for step in range(STEPS):
        aim: dict[str, Any] | None = page.evaluate("step => driver.aim(step)", step)
        if not aim:
            break
        act(page, aim)
        report: dict[str, Any] = page.evaluate("driver.report()")
        tally.captured.update(report["captured"])
        tally.faults += [f"{aim['what']}: {fault}" for fault in report["faults"]]
    return tally


def act(page: Page, aim: dict[str, Any]) -> None:
    """Click where the driver aims; type or choose where that is what one does there."""
    page.mouse.click(aim["x"], aim["y"])
    if aim["do"] == "type":
        page.keyboard.type(aim["text"])
        page.keyboard.press("Enter" if aim["form"] else "Tab")
    elif aim["do"] == "choose":
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")


@pytest.mark.skipif(not NAMES, reason="miniwob is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_page(site: StandIn, tab: Page, name: str) -> None:
    watched = drive(tab, f"{site.site}/with/miniwob/{name}.html")
    TOTAL.update(watched.captured, pages=1)
    assert not watched.faults
    assert tab.evaluate("OnboardingAgent.getState().errors") == 0
    if watched.errors:
        plain = drive(tab.context.new_page(), f"{site.site}/miniwob/{name}.html")
        assert not set(watched.errors) - set(plain.errors)


@pytest.mark.skipif(not NAMES, reason="miniwob is not installed")
def test_the_pages_were_really_driven(capsys: pytest.CaptureFixture[str]) -> None:
    """Comes last; judges only a process that has driven them all.

    None of the pages lets a submit happen: one has a form, and stops it at the button. Submits are proved elsewhere.
    """
    assert len(NAMES) == 130
    with capsys.disabled():
        print(f" captured {dict(TOTAL)}", end="")
    if TOTAL["pages"] == len(NAMES):
        assert TOTAL["click"] > 700
        assert TOTAL["change"] > 100
