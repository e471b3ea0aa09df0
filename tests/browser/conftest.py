"""Chromium for tests: one per module, a fresh profile per test. Without Chromium they skip, but fail under CI=true."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk-js"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def _unavailable(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Path of the browser; `CHROMIUM` names another one."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        _unavailable("Chromium is not installed")
    assert path
    return path


@pytest.fixture(scope="session")
def sdk_dist() -> Path:
    """Folder of the built SDK; built anew when a source is newer."""
    built = SDK / "dist" / "onboarding-agent-sdk.js"
    newest = max(path.stat().st_mtime for path in (SDK / "src").rglob("*.ts"))
    if not built.exists() or built.stat().st_mtime < newest:
        if not (SDK / "node_modules").exists():
            _unavailable("the SDK is not built: run `npm ci && npm run build` in sdk-js")
        subprocess.run(["node", "build.mjs"], cwd=SDK, check=True)
    return built.parent


# A module's own scope, not the session's: Playwright's sync API keeps an event loop in this thread, and asyncio tests
# of other modules need theirs.
@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile."""
    fresh = browser.new_context()
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """The first tab of a fresh profile."""
    return context.new_page()
