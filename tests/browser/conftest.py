"""The built SDK, and a fresh profile of Chromium per test."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import require

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk-js"


@pytest.fixture(scope="session")
def sdk_dist() -> Path:
    """Folder of the built SDK; built anew when a source is newer."""
    built = SDK / "dist" / "onboarding-agent-sdk.js"
    newest = max(path.stat().st_mtime for path in (SDK / "src").rglob("*.ts"))
    if not built.exists() or built.stat().st_mtime < newest:
        if not (SDK / "node_modules").exists():
            require(False, "the built SDK (run `npm ci && npm run build` in sdk-js)")
        subprocess.run(["node", "build.mjs"], cwd=SDK, check=True)
    return built.parent


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
