"""Alerts to people: who is stuck, where, why, what was tried, and a link to them. Pure."""

from urllib.parse import quote

from core.baselines import page_path
from core.ids import escalation_id
from core.nudges import Diagnosis, Nudge
from core.redaction import mask
from graph.case import Case
from graph.reasoner import AlertDraft
from graph.state import Alert

MAX_TRIED = 10


def stuck_alert(case: Case, diagnosis: Diagnosis, draft: AlertDraft) -> Alert:
    """Return the alert that calls a person to a stuck user: the draft's words, our facts."""
    return _alert(case, diagnosis, draft)


def email_alert(case: Case, diagnosis: Diagnosis, nudge: Nudge) -> Alert:
    """Return the alert that asks a person to look over an e-mail draft and send it."""
    draft = AlertDraft(
        headline=f"An e-mail to a user stuck at {_place(case)} waits for you"[:120],
        why=diagnosis.inferred_reason,
        suggestion=f"{nudge.title}\n\n{nudge.body}"[:400],
    )
    alert = _alert(case, diagnosis, draft)
    return alert.model_copy(update={"kind": "email_draft", "suggestion": f"{nudge.title}\n\n{nudge.body}"})


def _alert(case: Case, diagnosis: Diagnosis, draft: AlertDraft) -> Alert:
    escalation = escalation_id(case.turn.turn_id)
    return Alert(
        escalation_id=escalation,
        user_id=case.user.user_id,
        stuck_point=case.signal.stuck_point,
        step_title=case.step.title if case.step else None,
        page_url=mask(page_path(case.signal.page_url))[:512] if case.signal.page_url else None,
        signal=case.signal.kind.value,
        headline=draft.headline,
        why=draft.why,
        suggestion=draft.suggestion,
        evidence=diagnosis.evidence,
        tried=tried(case),
        confidence_score=diagnosis.confidence_score,
        link=_link(case, escalation),
        created_at=case.now,
    )


def tried(case: Case) -> list[str]:
    """Return one line per earlier nudge at this place: form, title, and what became of it."""
    return [
        f"{nudge.nudge_type.value}: {nudge.title or 'untitled'} ({nudge.status.value})"[:200]
        for nudge in case.past_nudges[-MAX_TRIED:]
    ]


def _link(case: Case, escalation: str) -> str | None:
    template = case.config.escalation.user_link_template
    if template is None:
        return None
    filled = template.replace("{user_id}", quote(case.user.user_id, safe=""))
    return filled.replace("{escalation_id}", quote(escalation, safe=""))


def _place(case: Case) -> str:
    return f"“{case.step.title}”" if case.step else case.signal.stuck_point
