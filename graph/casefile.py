"""The case as a model gets to read it: JSON, masked, bounded, and quoted so that it stays data.

Texts of pages and users (labels, messages, URLs, traits) may hold anything, instructions to the model among it. They go
into one block of JSON in the user's message, never into the system message, with angle brackets escaped so that no text
can close the block.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from core.baselines import BaselineStep, page_path
from core.events import AcceptedEvent, to_ms
from core.nudges import Diagnosis
from core.redaction import mask
from core.turns import SignalKind
from graph.case import Case

MAX_TEXT: Final = 120
MAX_TRAITS: Final = 8
MAX_ELEMENTS: Final = 12
LONG_NUMBER: Final = 10**8
TEXT_PROPERTIES: Final = ("text", "label", "message", "error", "field", "form", "step", "status")
"""Event properties that a model may read; whatever else a host sends along stays here."""
_NUMBER: Final = re.compile(r"\+?\d(?:[ \-().]?\d){7,}")
"""A number this long in a selector or path names a thing or a person, and says nothing to a model."""


MEANINGS: Final = {
    SignalKind.RAGE_CLICK: "clicked the same control again and again, fast",
    SignalKind.DEAD_CLICK: "clicked where nothing happens",
    SignalKind.ERROR_CLICK: "clicks that each led to an error",
    SignalKind.PAGE_LOOP: "opened the same pages again and again within seconds",
    SignalKind.FORM_ABANDONMENT: "changed a form, then left it or stopped, without sending it",
    SignalKind.VALIDATION_LOOP: "the same form was refused again and again",
    SignalKind.EXPLICIT_STUCK: "asked for help, cancelled, went back, or was shown an error",
    SignalKind.INACTIVITY: "no action for a long time with the page in sight",
    SignalKind.BASELINE_DEVIATION: "took longer than nine in ten who succeeded, or left their path",
}
"""What a signal says, in words: a model cannot know our names."""


def casefile(case: Case) -> dict[str, Any]:
    """Return what bears on the diagnosis, as JSON-able values."""
    return _without_empty(
        {
            "signal": {
                "kind": case.signal.kind.value,
                "meaning": MEANINGS[case.signal.kind],
                "element": masked_name(case.signal.target_element),
                "measures": {name[:40]: _plain(value) for name, value in list(case.signal.measures.items())[:8]},
                "proof": [
                    _seen(item.event_type, item.target_element, item.page_url) for item in case.signal.evidence[-6:]
                ],
            },
            "stuck_point": masked_name(case.signal.stuck_point),
            "step": _step(case.step),
            "events": [_event(event, to_ms(case.now)) for event in case.events],
            "user": {"anonymous": case.user.anonymous, "traits": _traits(case.user.traits)},
            "nudges_already_given_here": [
                {"form": nudge.nudge_type.value, "title": masked(nudge.title), "result": nudge.status.value}
                for nudge in case.past_nudges[-5:]
            ],
        }
    )


def coaching_file(case: Case, diagnosis: Diagnosis) -> dict[str, Any]:
    """Return what bears on the nudge: the case in short, the diagnosis, and what a nudge may use."""
    full = casefile(case)
    return _without_empty(
        {
            "language": case.language,
            "product": masked(case.config.tone.product_name),
            "voice": masked(case.config.tone.voice, 500),
            "diagnosis": {"reason": masked(diagnosis.inferred_reason, 600), "class": diagnosis.reason_class},
            "step": full.get("step"),
            "next_step": masked(case.next_step.title) if case.next_step else None,
            "elements": _elements(case),
            "links": sorted(case.help_links),
            "passages": [
                _without_empty({"n": number, "title": masked(excerpt.title), "text": excerpt.text})
                for number, excerpt in enumerate(case.excerpts, start=1)
            ],
            "nudges_already_given_here": full.get("nudges_already_given_here"),
            "said_in_chat": masked(case.user.said_lately, 600),
        }
    )


def alert_file(case: Case, diagnosis: Diagnosis) -> dict[str, Any]:
    """Return what bears on an alert: the case and its diagnosis."""
    reason = {
        "reason": masked(diagnosis.inferred_reason, 600),
        "evidence": [masked(item) for item in diagnosis.evidence],
    }
    return {"diagnosis": reason, **casefile(case)}


def quote(data: Mapping[str, Any]) -> str:
    """Return data as one block that no text inside can leave."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    body = body.replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<data>\n{body}\n</data>"


def _event(event: AcceptedEvent, now_ms: int) -> dict[str, Any]:
    said: dict[str, Any] = {key: _plain(event.properties[key]) for key in TEXT_PROPERTIES if key in event.properties}
    ago = max(0, (now_ms - event.corrected_ms) // 1000)
    return {"seconds_ago": ago, **_seen(event.event_type, event.target_element, event.page_url), **said}


def _seen(event_type: str, element: str | None, page_url: str | None) -> dict[str, Any]:
    page = page_path(page_url) if page_url else None
    return _without_empty({"type": masked(event_type), "element": masked_name(element), "page": masked_name(page)})


def _step(step: BaselineStep | None) -> dict[str, Any] | None:
    if step is None:
        return None
    times = {"p50_seconds": step.p50_seconds, "p90_seconds": step.p90_seconds}
    return _without_empty({"key": step.key, "title": masked(step.title), "hint": masked(step.hint, 400), **times})


def _elements(case: Case) -> list[str]:
    """Return elements a nudge may point to, as they are: a masked selector would find nothing."""
    best = [case.best_element] if case.best_element else []
    rest = sorted(case.seen_elements - set(best))
    return [element for element in (*best, *rest) if element == masked_name(element)][:MAX_ELEMENTS]


def _traits(traits: Mapping[str, Any]) -> dict[str, Any]:
    return {mask(str(key))[:40]: _plain(value) for key, value in list(traits.items())[:MAX_TRAITS]}


def _plain(value: Any) -> Any:
    """Return a number as it is, unless it is long enough to be a phone or a card; anything else as a text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int | float) and abs(value) < LONG_NUMBER):
        return value
    return "[number]" if isinstance(value, int | float) else masked(str(value))


def masked_name(text: str | None) -> str | None:
    """Return a selector or path without what may identify somebody; masked like a text, and stricter with numbers."""
    return None if text is None else _NUMBER.sub("[number]", masked(text) or "")


def masked(text: str | None, limit: int = MAX_TEXT) -> str | None:
    """Return a text masked before it is cut, so that no half of a secret remains."""
    if text is None:
        return None
    clean = mask(text[: limit * 8])
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value not in (None, [], {}, "")}
