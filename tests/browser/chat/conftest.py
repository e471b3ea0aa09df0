"""A host page with the chat on it, and what tests ask of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.chat.standin import ChatStandIn
from tests.browser.sdk.watching import settle

SDK = Path(__file__).resolve().parents[3] / "sdk-js"


class Chat:
    """The chat on one page, by what a user sees of it."""

    def __init__(self, page: Page, standin: ChatStandIn) -> None:
        self.page = page
        self.standin = standin

    def goto(self, options: str = "{chat: true}", body: str = "<h1>Host</h1>", **more: Any) -> None:
        """Open the host's page."""
        self.page.goto(self.standin.host(body, init=options, **more))

    def start(self, options: str = "{chat: true}", **more: Any) -> None:
        """Open the host's page and the chat on it, connected."""
        self.goto(options, **more)
        self.open()
        self.connected()

    def connected(self) -> None:
        """Wait for the line."""
        settle(self.page, lambda: self.standin.sockets, "a connection")

    def greeted(self) -> None:
        """Wait until the page knows of the line: what the chat asked of the API before that it asks again, rightly."""
        self.connected()
        self.page.wait_for_function("Object.keys(localStorage).some((key) => key.endsWith(':cursor'))")

    def delivered(self) -> None:
        """Wait until the page knows that the gateway has all that it sent: what it does not know of is sent again."""
        self.page.wait_for_function("!Object.keys(localStorage).some((key) => key.includes(':o:'))")

    def answered(self) -> None:
        """Wait until the API has said whether this user has a chat: a page left before that asks again, rightly."""
        self.page.wait_for_function("Object.keys(localStorage).some((key) => key.endsWith(':chatcheck'))")

    def open(self) -> None:
        """Press the launcher."""
        self.launcher.click()
        self.panel.wait_for()

    def write(self, text: str) -> None:
        """Send a message."""
        self.box.fill(text)
        self.box.press("Enter")

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait until a condition holds."""
        settle(self.page, condition, what)

    @property
    def root(self) -> Locator:
        """All of the chat."""
        return self.page.locator("onboarding-agent-chat")

    @property
    def launcher(self) -> Locator:
        """The button that opens it."""
        return self.root.locator(".launcher")

    @property
    def panel(self) -> Locator:
        """The panel."""
        return self.root.locator(".panel")

    @property
    def log(self) -> Locator:
        """What was said."""
        return self.root.get_by_role("log")

    @property
    def box(self) -> Locator:
        """Where one writes."""
        return self.root.get_by_role("textbox")

    def lines(self) -> list[str]:
        """What stands in the bubbles, in order, without the greeting."""
        texts: list[str] = self.root.locator(".lines .said").all_inner_texts()
        return texts

    def says(self, text: str) -> None:
        """Wait for words in a bubble."""
        self.until(lambda: any(text in line for line in self.lines()), text)


@pytest.fixture
def standin(sdk_dist: Path) -> Iterator[ChatStandIn]:
    """API, gateway and the host's pages on free ports of this machine."""
    with ChatStandIn(sdk_dist) as running:
        yield running


@pytest.fixture
def chat(page: Page, standin: ChatStandIn) -> Iterator[Chat]:
    """A page whose errors fail the test."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    opened = Chat(page, standin)
    yield opened
    assert errors == []
    if opened.page.evaluate("typeof OnboardingAgent !== 'undefined'"):
        assert opened.page.evaluate("OnboardingAgent.getState()?.errors ?? 0") == 0
