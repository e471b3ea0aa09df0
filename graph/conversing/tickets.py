"""The alert by which a person is called into a conversation: what was asked, what was tried, why they are needed. Pure.

It leaves the product by e-mail or chat, so it is made of the masked texts; the person reads the rest in the inbox.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from graph.state import Alert
from graph.talk import Talk

MAX_TRIED: Final = 10
_WHY: Final[Mapping[str, str]] = {
    "wish": "The user asked for a person.",
    "sentiment": "The user is upset.",
    "failures": "The agent had no answer several times in a row.",
    "tool": "The agent found that this needs a person.",
    "safety": "What the user writes may mean that they are in danger. Please look at it at once.",
}


def ticket_alert(talk: Talk, reason: str, summary: str, ticket_id: str) -> Alert:
    """Return the alert of a conversation's ticket; `reason` is one of those of `db.tickets.Ticket`."""
    title = talk.playbook.title
    return Alert(
        escalation_id=ticket_id,
        kind="conversation",
        user_id=talk.turn.user_id,
        conversation_id=talk.turn.conversation_id,
        stuck_point=f"conversation:{talk.turn.conversation_id}",
        step_title=title[:120],
        signal=reason,
        headline=f"A user waits for a person ({title})"[:160],
        why=f"{_WHY.get(reason, _WHY['tool'])} They wrote: {summary or 'nothing yet'}"[:600],
        suggestion="Take over the conversation in the inbox and answer there.",
        tried=[line[:200] for line in talk.trace[-MAX_TRIED:]],
        confidence_score=1.0,
        link=_link(talk, ticket_id),
        created_at=talk.now,
    )


def _link(talk: Talk, ticket_id: str) -> str | None:
    template = talk.config.escalation.user_link_template
    if template is None:
        return None
    filled = template.replace("{user_id}", quote(talk.turn.user_id, safe=""))
    return filled.replace("{escalation_id}", quote(ticket_id, safe=""))
