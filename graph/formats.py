"""Which form a nudge takes: at the element, as a list of steps, or as a message. Pure, tested by tables."""

import re
from typing import Final

from core.nudges import NudgeType
from core.turns import SignalKind
from graph.case import Case

_SLOW: Final = frozenset({SignalKind.BASELINE_DEVIATION, SignalKind.INACTIVITY, SignalKind.FORM_ABANDONMENT})
_SENTENCE: Final = re.compile(r"(?<=[.!?؟])\s+(?=\S)")
MAX_ITEMS: Final = 6
_FIELD_EVENTS: Final = frozenset({"change", "submit_failed"})


def hint_items(case: Case) -> list[str]:
    """Return the sentences of the step's hint: the steps of a checklist."""
    hint = case.step.hint if case.step and case.step.hint else ""
    return [sentence.strip() for sentence in _SENTENCE.split(hint) if sentence.strip()][:MAX_ITEMS]


def choose_type(case: Case, *, items: int) -> NudgeType:
    """Return the form of the next nudge; `items` is the number of steps that a checklist would have.

    First comes what fits the signal: a list where somebody is slow on a step of several fields, else the element, else
    a message. A later nudge takes a form that this user has not seen at this place yet, then begins anew.
    """
    forms = _preferred(case, items)
    used = {nudge.nudge_type for nudge in case.past_nudges}
    fresh = [form for form in forms if form not in used]
    return fresh[0] if fresh else forms[case.tries % len(forms)]


def _preferred(case: Case, items: int) -> list[NudgeType]:
    forms = [NudgeType.TOOLTIP, NudgeType.CHAT, NudgeType.CHECKLIST]
    if case.signal.kind in _SLOW and has_several_fields(case):
        forms = [NudgeType.CHECKLIST, NudgeType.TOOLTIP, NudgeType.CHAT]
    possible = {NudgeType.CHAT: True, NudgeType.TOOLTIP: bool(case.best_element), NudgeType.CHECKLIST: items > 1}
    return [form for form in forms if possible[form]]


def has_several_fields(case: Case) -> bool:
    """Tell whether the user worked on more than one field of the page on which they are stuck."""
    fields = {event.target_element for event in case.events if event.event_type in _FIELD_EVENTS}
    fields |= {item.target_element for item in case.signal.evidence if item.event_type in _FIELD_EVENTS}
    return len(fields - {None}) > 1 or case.signal.kind is SignalKind.BASELINE_DEVIATION
