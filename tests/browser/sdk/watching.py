"""What tests ask of a page with the SDK in it, and how they wait for it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.browser.sdk.standin import wait_until

_TEXTS = """() => {
    const root = document.querySelector('onboarding-agent')?.shadowRoot;
    return [...(root?.querySelectorAll('.oa *') ?? [])].map((element) => element.textContent).join('|');
}"""


def settle(page: Page, condition: Callable[[], object], what: str, seconds: float = 15.0) -> None:
    """Wait until a condition holds, and let the browser work on meanwhile."""
    wait_until(condition, what, seconds, pause=lambda: page.wait_for_timeout(25))


def flush(page: Page) -> None:
    """Make the SDK send what it has, as when the network comes back."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def count_ticks(page: Page) -> None:
    """Have the SDK's own five seconds pass in this page only when `tick` says so."""
    page.add_init_script("""{
        const every = setInterval;
        window.ticks = [];
        window.setInterval = (run, ms, ...rest) => (ms === 5000 ? ticks.push(run) : every(run, ms, ...rest));
    }""")


def tick(page: Page) -> None:
    """Let the five seconds pass after which the SDK sends what it has."""
    assert page.evaluate("ticks.map((run) => run()).length") == 1


def told(page: Page) -> bool:
    """Tell whether the page knows that the gateway has all that it sent; what it does not know of is sent again."""
    return bool(page.evaluate("!Object.keys(localStorage).some((key) => key.includes(':o:'))"))


def state(page: Page) -> dict[str, Any]:
    """Return what the SDK says of itself."""
    return page.evaluate("OnboardingAgent.getState()")


def shows(page: Page, text: str) -> bool:
    """Tell whether one of the SDK's surfaces shows this text."""
    return text in page.evaluate(_TEXTS)
