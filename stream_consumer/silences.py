"""Whether the agent says anything in a turn of a conversation, decided before anything is read or paid for. Pure."""

from core.config import ConversationRules
from core.conversations import HandledBy
from core.voices import Voices
from db.conversation_turns import Begun
from graph.guardrails import inspect_message
from graph.state import TalkOutcome


def silence(begun: Begun, voices: Voices, rules: ConversationRules) -> TalkOutcome | None:
    """Return why the agent says nothing in this turn, as its outcome; None: it answers.

    Where the agent was switched off a sign of danger is answered yet, unless a person does.
    """
    if begun.conversation.is_over:
        return "conversation_ended"
    if begun.conversation.handled_by is HandledBy.HUMAN:
        return "left_to_person"
    if voices is not Voices.ALL and not _speaks_of_danger(begun, rules):
        return "left_to_person" if voices is Voices.PEOPLE else "conversations_unavailable"
    return None


def _speaks_of_danger(begun: Begun, rules: ConversationRules) -> bool:
    said = "\n".join(message.text for message in begun.asked)
    return any(one.action == "hotline" for one in inspect_message(said, language=None, rules=rules))
