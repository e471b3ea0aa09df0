"""The alert by which a person is called into a conversation: what was asked, what was tried, why they are needed. Pure.

It leaves the product by e-mail or chat, so it is made of the masked texts; the person reads the rest in the inbox.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from core.conversations import Role
from graph.folding import fold
from graph.handoff.wishes import wants_person
from graph.onboarding.pleasantries import pleasantry
from graph.state import Alert
from graph.talk import Talk

MAX_TRIED: Final = 10
MAX_ASKED: Final = 3
"""Messages of the user, the latest ones, that the alert holds."""
_LENGTH: Final = 200
_SUMMARY: Final = 320
_CALL: Final = 9
"""Words of a message that calls a person and names no matter: “I want to talk to a real person”."""
_WHY: Final[Mapping[str, str]] = {
    "wish": "The user asked for a person.",
    "sentiment": "The user is upset.",
    "failures": "The agent had no answer several times in a row.",
    "tool": "The agent found that this needs a person.",
    "safety": "What the user writes may mean that they are in danger. Please look at it at once.",
}


def ticket_alert(talk: Talk, reason: str, summary: str, ticket_id: str) -> Alert:
    """Return the alert of a conversation's ticket; `reason` is one of those of `db.tickets.Ticket`."""
    title, asked = talk.playbook.title, asked_lately(talk)
    return Alert(
        escalation_id=ticket_id,
        kind="conversation",
        user_id=talk.turn.user_id,
        conversation_id=talk.turn.conversation_id,
        stuck_point=f"conversation:{talk.turn.conversation_id}",
        step_title=title[:120],
        signal=reason,
        headline=f"A user waits for a person ({title})"[:160],
        why=f"{_WHY.get(reason, _WHY['tool'])} {_wrote(summary, asked)}"[:600],
        evidence=[f"wrote: {text}"[:_LENGTH] for text in asked],
        suggestion="Take over the conversation in the inbox and answer there.",
        tried=[line[:_LENGTH] for line in talk.trace[-MAX_TRIED:]],
        confidence_score=1.0,
        link=_link(talk, ticket_id),
        created_at=talk.now,
    )


def asked_lately(talk: Talk) -> tuple[str, ...]:
    """Return what the user wrote last of some matter, masked, oldest first: no thanks, no yes, no mere call for a
    person."""
    said = [one.text for one in (*talk.messages, *talk.asked) if one.role is Role.USER]
    matters = [text for text in said if text.strip() and pleasantry(text) is None and not _only_calls(text)]
    return tuple(matters[-MAX_ASKED:])


def _only_calls(text: str) -> bool:
    return len(text.split()) <= _CALL and wants_person(fold(text))


def _wrote(summary: str, asked: Sequence[str]) -> str:
    """Return the sentences that say what the user wrote, and what they asked before that where it is something else."""
    before = next((text for text in reversed(asked) if text not in summary), "")
    last = f"They wrote: “{summary[:_SUMMARY]}”." if summary else ""
    earlier = f"{'Before that' if summary else 'Last'} they wrote: “{before[:_LENGTH]}”." if before else ""
    return " ".join(filter(None, (last, earlier))) or "They wrote nothing yet."


def _link(talk: Talk, ticket_id: str) -> str | None:
    template = talk.config.escalation.user_link_template
    if template is None:
        return None
    filled = template.replace("{user_id}", quote(talk.turn.user_id, safe=""))
    return filled.replace("{escalation_id}", quote(ticket_id, safe=""))
