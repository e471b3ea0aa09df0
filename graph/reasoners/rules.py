"""The rules reasoner: diagnoses from the signal alone and coaches from templates. Needs no key and no network.

`CONFIDENCE` holds priors, not measured rates. They put the signals in the order in which they speak for being stuck:
what a page or a user says outright stands above what is inferred from clicks, and that above what is inferred from
silence. With the default threshold of 0.6 each signal passes once its rule's own minimum is met; a company that raises
the threshold drops the weakest kinds first. Each event beyond the first adds `PER_EVENT`, up to `MAX_CONFIDENCE`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.baselines import page_path
from core.errors import ProviderFailed
from core.nudges import Diagnosis, NudgeContent
from core.redaction import mask
from core.turns import Evidence, Signal, SignalKind
from graph.alerts import tried
from graph.case import Case, was_refused
from graph.journal import Calls
from graph.languages import primary
from graph.memory.summary import Unsummarised
from graph.onboarding import rules as onboarding
from graph.onboarding.values import ConversationContext, Drafts, Questions, Verdicts
from graph.reasoner import AlertDraft, Reasoned
from graph.reasoners import talking
from graph.talk import Reply, Talk, TextSink, ToolSpec
from graph.wording import compose, language_of, template_version

NAME: Final = "rules"
VERSION: Final = "rules-2"

PER_EVENT: Final = 0.02
MAX_CONFIDENCE: Final = 0.95
MAX_EVIDENCE: Final = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """What a kind of signal says: a class to compare outcomes by, a reason in words, and how sure that is."""

    reason_class: str
    reason: str
    confidence: float


FINDINGS: Final[Mapping[SignalKind, Finding]] = {
    SignalKind.VALIDATION_LOOP: Finding(
        "validation", "The form at {place} refused the entries again and again; its format is probably unclear.", 0.85
    ),
    SignalKind.ERROR_CLICK: Finding(
        "product_error", "Clicks at {place} led to an error of the product; going on is not in the user's hands.", 0.82
    ),
    SignalKind.RAGE_CLICK: Finding(
        "unresponsive_control",
        "The user clicked the same control at {place} again and again; it does not do what it promises.",
        0.78,
    ),
    SignalKind.DEAD_CLICK: Finding(
        "dead_control", "Something at {place} looks as if one could click it, but nothing happens.", 0.72
    ),
    SignalKind.PAGE_LOOP: Finding(
        "lost", "The user goes round in circles at {place} and does not find the next step.", 0.70
    ),
    SignalKind.FORM_ABANDONMENT: Finding(
        "form_abandoned",
        "The user began the form at {place} and left it unsent; something in it is unclear or missing.",
        0.66,
    ),
    SignalKind.BASELINE_DEVIATION: Finding(
        "slow_step", "{place} takes this user longer than nine in ten who succeeded.", 0.65
    ),
    SignalKind.INACTIVITY: Finding(
        "paused", "The user stopped at {place} with the page open; the next action is probably unclear.", 0.62
    ),
    SignalKind.EXPLICIT_STUCK: Finding("asked_for_help", "The user asked for help at {place}.", 0.80),
}

EXPLICIT: Final[Mapping[str, Finding]] = {
    "help_click": FINDINGS[SignalKind.EXPLICIT_STUCK],
    "error_encountered": Finding("product_error", "The product reported an error to the user at {place}.", 0.80),
    "cancel_click": Finding("other", "The user cancelled at {place} before it was done.", 0.64),
    "back_click": Finding("lost", "The user went back from {place} before it was done.", 0.62),
}
"""Explicit signals differ by the event that made them; other events of the host's choice count as a call for help."""

REFUSED: Final = Finding(
    "validation", "The product refused what the user entered at {place}; one entry needs a change.", 0.82
)

OFF_PATH: Final = Finding("off_path", "The user left the path of those who succeeded, at {place}.", 0.65)


def find(signal: Signal) -> Finding:
    """Return what a signal says, by its kind and, where it matters, its last event or what was measured."""
    if signal.kind is SignalKind.EXPLICIT_STUCK:
        return EXPLICIT.get(signal.evidence[-1].event_type, FINDINGS[SignalKind.EXPLICIT_STUCK])
    if signal.kind is SignalKind.BASELINE_DEVIATION and "steps_off_path" in signal.measures:
        return OFF_PATH
    if was_refused(signal):
        return REFUSED
    return FINDINGS[signal.kind]


def diagnose_signal(case: Case) -> Diagnosis:
    """Return the diagnosis of a case from its signal alone; pure and repeatable."""
    finding, signal = find(case.signal), case.signal
    confidence = finding.confidence + PER_EVENT * (len(signal.evidence) - 1)
    return Diagnosis(
        stuck_point=signal.stuck_point,
        inferred_reason=finding.reason.format(place=place_of(case))[:600],
        evidence=evidence_sentences(signal),
        confidence_score=round(min(confidence, MAX_CONFIDENCE), 2),
        reason_class=finding.reason_class,
    )


def place_of(case: Case) -> str:
    """Return how to call the stuck point in a sentence: the step's title, else the page."""
    return f"“{case.step.title}”" if case.step else mask(case.signal.stuck_point)


def evidence_sentences(signal: Signal) -> list[str]:
    """Return the proof in words: events of one kind at one place together, then what was counted or timed."""
    counted = Counter(_where(item) for item in signal.evidence)
    sentences = [f"{count} × {where}" if count > 1 else where for where, count in counted.items()]
    sentences += [
        f"{name.replace('_', ' ')}: {mask(str(value))}" for name, value in signal.measures.items() if value is not None
    ]
    return [sentence[:200] for sentence in sentences[:MAX_EVIDENCE]]


def _where(item: Evidence) -> str:
    element = f" on {mask(item.target_element)}" if item.target_element else ""
    page = f" at {mask(page_path(item.page_url))}" if item.page_url else ""
    return f"{item.event_type}{element}{page}"


def word_alert(case: Case, diagnosis: Diagnosis) -> AlertDraft:
    """Return the words of an alert from the diagnosis and what was tried."""
    attempts = len(tried(case))
    nudges = "1 nudge" if attempts == 1 else f"{attempts} nudges"
    hint = f" What usually helps here: {case.step.hint}" if case.step and case.step.hint else ""
    return AlertDraft(
        headline=f"A user is stuck at {place_of(case)} and {nudges} did not help"[:120],
        why=diagnosis.inferred_reason,
        suggestion=f"Get in touch and go through this step with them.{hint}"[:400],
    )


class RulesReasoner:
    """A Reasoner that never fails and never pays."""

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:  # noqa: ARG002 - Protocol
        """Diagnose from the signal."""
        return Reasoned(diagnose_signal(case), NAME, VERSION)

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:  # noqa: ARG002
        """Compose from the templates."""
        version = template_version(primary(language_of(case)))
        return Reasoned(compose(case, diagnosis.reason_class), NAME, version, is_verbatim=True)

    async def draft_alert(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[AlertDraft]:  # noqa: ARG002
        """Word the alert from the diagnosis."""
        return Reasoned(word_alert(case, diagnosis), NAME, VERSION)

    async def converse(self, talk: Talk, tools: Sequence[ToolSpec], calls: Calls, sink: TextSink) -> Reasoned[Reply]:  # noqa: ARG002
        """Quote what the documents say, put the playbook's questions, or say that there is no answer."""
        return Reasoned(talking.converse(talk, tools), NAME, talking.VERSION, is_verbatim=True)

    async def summarise(self, older: Unsummarised, calls: Calls) -> Reasoned[str]:  # noqa: ARG002 - Protocol
        """Keep the first words of each message."""
        return Reasoned(older.by_rule(), NAME, VERSION)

    async def enhance_context(self, talk: Talk, calls: Calls) -> Reasoned[ConversationContext]:  # noqa: ARG002 - Protocol
        """Read the user's answers to the playbook's questions."""
        return Reasoned(onboarding.enhance_context(talk), NAME, onboarding.VERSION)

    async def generate_questions(self, talk: Talk, calls: Calls) -> Reasoned[Questions]:  # noqa: ARG002 - Protocol
        """Put the playbook's questions as they are."""
        return Reasoned(onboarding.generate_questions(talk), NAME, onboarding.VERSION)

    async def make_recommendations(self, talk: Talk, calls: Calls) -> Reasoned[Drafts]:  # noqa: ARG002 - Protocol
        """Recommend articles that the user's answers speak for."""
        return Reasoned(onboarding.make_recommendations(talk), NAME, onboarding.VERSION)

    async def validate_recommendations(self, talk: Talk, drafts: Drafts, calls: Calls) -> Reasoned[Verdicts]:  # noqa: ARG002
        """Judge each draft by the rules."""
        return Reasoned(onboarding.validate_recommendations(talk, drafts), NAME, onboarding.VERSION)

    async def translate(self, text: str, to: str, terms: Mapping[str, str], calls: Calls) -> Reasoned[str]:  # noqa: ARG002
        """Rules know their own words in each language, and no others."""
        raise ProviderFailed("rules do not translate")
