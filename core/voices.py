"""Who may talk with a user while conversations are switched off, for all or for them: people who began to, go on.

The switches (`core.flags`) are about the agent. A user who talks to a person, or waits for one, is not cut off by them.
"""

from enum import StrEnum

from core.conversations import HandledBy
from core.errors import Forbidden


class ConversationsUnavailable(Forbidden):
    """The installation or the company holds no conversations, or not with this user yet."""

    code = "conversations_unavailable"
    title = "Conversations are not available to this user."


class Voices(StrEnum):
    """Who may say something in a conversation besides its user."""

    ALL = "all"
    PEOPLE = "people"
    """The agent is silent, but for a sign of danger."""
    NOBODY = "nobody"


def voices(*, is_on: bool, handled_by: HandledBy | None, has_ticket: bool) -> Voices:
    """Return who may talk with a user. Pure.

    Args:
        is_on: whether the agent may hold conversations with the user (`core.flags.Flags.may_converse`).
        handled_by: who answers in the conversation that goes on; None: there is none, or it is over.
        has_ticket: whether a person was called into it who is not done with it.
    """
    if is_on:
        return Voices.ALL
    is_peoples = handled_by in (HandledBy.HUMAN, HandledBy.QUEUE) or (handled_by is not None and has_ticket)
    return Voices.PEOPLE if is_peoples else Voices.NOBODY
