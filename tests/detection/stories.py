"""Short ways to tell what a user did, in seconds from a fixed start."""

import itertools
from typing import Any

from core.baselines import Baseline, BaselineStep
from core.config import DetectionRules
from core.events import AcceptedEvent
from core.turns import Signal
from detection.signals import detect
from detection.window import Window, fold

START_MS = 1_800_000_000_000
SITE = "https://app.example"
RULES = DetectionRules()
BASELINE = Baseline(
    name="first report",
    steps=(
        BaselineStep(key="signup", title="Sign up", url_pattern="/signup"),
        BaselineStep(
            key="connect",
            title="Connect",
            url_pattern="/connect",
            element="#connect",
            success_event="step_completed",
            p90_seconds=300,
        ),
        BaselineStep(key="import", title="Import", url_pattern="/projects/*/import", success_event="imported"),
        BaselineStep(key="report", title="Report", url_pattern="/report"),
    ),
)

_numbers = itertools.count()


def ms(seconds: float) -> int:
    return START_MS + round(seconds * 1000)


def event(
    kind: str,
    at: float,
    page: str | None = "/connect",
    target: str | None = None,
    event_id: str | None = None,
    received: float | None = None,
    session: str = "s1",
    **properties: Any,
) -> AcceptedEvent:
    """An event `at` seconds after the start; received then too, unless said otherwise."""
    return AcceptedEvent(
        company_id="c1",
        event_id=event_id or f"e{next(_numbers):06d}",
        user_id="u1",
        session_id=session,
        event_type=kind,
        target_element=target,
        page_url=None if page is None else SITE + page,
        occurred_ms=ms(at),
        corrected_ms=ms(at),
        received_ms=ms(at if received is None else received),
        properties=properties,
        trace_id="t1",
    )


def window_of(*events: AcceptedEvent) -> Window:
    return fold(Window(), events)


def live(
    events: list[AcceptedEvent],
    rules: DetectionRules = RULES,
    baseline: Baseline | None = BASELINE,
    size: int = 1,
    window: Window | None = None,
) -> list[Signal]:
    """The signals of a user whose events come in batches of `size`, each at the time of its last event."""
    window = Window() if window is None else window
    signals: list[Signal] = []
    for first in range(0, len(events), size):
        batch = events[first : first + size]
        fold(window, batch)
        signals += detect(window, batch, rules, baseline, max(event.received_ms for event in batch))
    return signals


def ids(signal: Signal) -> list[str]:
    return [evidence.event_id for evidence in signal.evidence]
