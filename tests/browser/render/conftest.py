"""Small host pages with the renderer on them, served over HTTP so that their security policy is a real header."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize

SDK = Path(__file__).resolve().parents[3] / "sdk-js"
ENTRY = Path(__file__).with_name("entry.ts")

HARNESS = """
window.reports = []; window.talked = []; window.actions = []; window.violations = [];
window.forgiven = 0;
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
window.start = (options = {}) => {
  const talks = options.talks === false ? {} : { onChat: (nudge) => talked.push(nudge.nudge_id) };
  window.renderer = Rendering.createRenderer({
    ...talks, ...options, onAction: (action, nudge) => actions.push([nudge.nudge_id, action.kind]) });
};
window.show = (nudge) => renderer.show(nudge, (status, action) => {
  reports.push([nudge.nudge_id, status, action?.label ?? null]);
});
"""

SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Host</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main>%s</main><script src="/renderer.js"></script><script src="/harness.js"></script></body></html>"""


def nudge(nudge_id: str = "n1", **changes: Any) -> dict[str, Any]:
    """A nudge as the socket brings it: a tooltip at `#target` unless changed."""
    usual = {
        "nudge_id": nudge_id,
        "nudge_type": "tooltip",
        "target_element": "#target",
        "title": "Where to find your key",
        "body": "Open Settings in your CRM and create a key.",
        "actions": [],
        "language": "en",
        "dir": "ltr",
        "stuck_point": f"stuck-at-{nudge_id}",
        "expires_at": "2100-01-01T00:00:00Z",
    }
    return usual | changes


def eventually(check: Callable[[], None], page: Page, seconds: float = 6) -> None:
    """Repeats an assertion until it holds: what follows layout does so some frames later."""
    for _ in range(int(seconds * 20)):
        try:
            check()
        except AssertionError:
            page.wait_for_timeout(50)
        else:
            return
    check()


@dataclass
class Site:
    """Serves pages by path; `headers` go with every page."""

    port: int
    pages: dict[str, tuple[str, str]]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Screen:
    """A page with a renderer, as a person and a program see it."""

    page: Page
    site: Site

    def open(self, body: str, *, start: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> None:
        self.site.pages["/"] = ("text/html; charset=utf-8", SHELL % body)
        self.site.headers = headers or {}
        self.page.goto(self.site.origin + "/")
        self.page.evaluate(f"start({json.dumps(start or {})})")

    def again(self, start: dict[str, Any] | None = None) -> None:
        """Begins anew on the page that is open, as if nothing had been shown."""
        self.page.evaluate(f"renderer.destroy(); reports.length = 0; start({json.dumps(start or {})})")

    def leap(self, ms: int) -> None:
        """Moves the page's steady clock on, by which patience is measured."""
        self.page.evaluate(
            "(ms) => { const now = performance.now.bind(performance); performance.now = () => now() + ms }", ms
        )

    def hurry(self, ms: int) -> None:
        """Lets waits of so many milliseconds pass in a tenth; `hurried` counts them."""
        self.page.evaluate(
            """(long) => {
          const wait = setTimeout;
          window.hurried = 0;
          window.setTimeout = (run, ms) => wait(run, ms === long && ++hurried ? ms / 10 : ms);
        }""",
            ms,
        )

    def show(self, nudge_id: str = "n1", **changes: Any) -> None:
        self.page.evaluate("(nudge) => show(nudge)", nudge(nudge_id, **changes))

    @property
    def card(self) -> Locator:
        return self.page.locator("onboarding-agent .card")

    @property
    def ring(self) -> Locator:
        return self.page.locator("onboarding-agent .ring")

    def at(self, phase: str) -> Locator:
        """The card once it stands there: "anchored" or "corner"."""
        found = self.page.locator(f"onboarding-agent .card[data-phase={phase}]")
        found.wait_for(timeout=8_000)
        self.settle()
        return found

    def settle(self) -> None:
        """Waits until the card's entry is over; the ring's slow glow moves nothing."""
        self.page.evaluate(
            """async () => {
              const root = document.querySelector('onboarding-agent').shadowRoot;
              await Promise.all(root.querySelector('.card').getAnimations().map((one) => one.finished.catch(() => {})));
              for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
            }"""
        )

    def reports(self) -> list[list[str | None]]:
        found: list[list[str | None]] = self.page.evaluate("reports")
        return found

    def wait_for_report(self, status: str, nudge_id: str = "n1") -> None:
        told = "([id, status]) => reports.some((one) => one[0] === id && one[1] === status)"
        self.page.wait_for_function(told, arg=[nudge_id, status], timeout=8_000)

    def box(self, locator: Locator | str) -> dict[str, float]:
        found = (self.page.locator(locator) if isinstance(locator, str) else locator).bounding_box()
        assert found
        return {
            "left": found["x"],
            "top": found["y"],
            "right": found["x"] + found["width"],
            "bottom": found["y"] + found["height"],
        }

    def failures(self) -> int:
        """Errors that were kept from the page, less those that a test brought about."""
        found: int = self.page.evaluate("Rendering.errorCount() - forgiven")
        return found


@pytest.fixture(scope="session")
def renderer_bundle(sdk_dist: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The renderer alone, built like the SDK; `sdk_dist` has made sure that the tools are there."""
    target = tmp_path_factory.mktemp("renderer") / "renderer.js"
    flags = [
        "--bundle",
        "--minify",
        "--target=es2022",
        "--format=iife",
        "--global-name=Rendering",
        f"--outfile={target}",
    ]
    subprocess.run(["node_modules/.bin/esbuild", str(ENTRY), *flags, "--log-level=warning"], cwd=SDK, check=True)
    return target.read_bytes()


@pytest.fixture(scope="module")
def site(renderer_bundle: bytes) -> Iterator[Site]:
    """A web server on a free port; what it serves at / is up to each test."""
    pages = {"/harness.js": ("text/javascript", HARNESS), "/renderer.js": ("text/javascript", renderer_bundle.decode())}
    served = Site(0, pages)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, text = pages.get(self.path, ("text/html", "<!doctype html><title>Elsewhere</title>"))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served.port = server.server_port
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def screen(page: Page, site: Site) -> Iterator[Screen]:
    """A page of 900 by 640; whatever a test does, the renderer must not have thrown."""
    page.set_viewport_size(ViewportSize(width=900, height=640))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    opened = Screen(page, site)
    yield opened
    if page.url.startswith(site.origin) and page.evaluate("typeof Rendering !== 'undefined'"):
        assert opened.failures() == 0
    assert errors == []
