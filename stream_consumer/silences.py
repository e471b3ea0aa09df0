"""Whether the agent says anything in a turn of a conversation, decided before anything is read or paid for. Pure."""

from core.config import ConversationRules
from core.conversations import HandledBy
from core.voices import Voices
from db.conversation_turns import Begun
from graph.guardrails import inspect_message
from graph.onboarding.pleasantries import needs_no_answer
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
    return "needs_no_answer" if _was_only_polite(begun) else None


def _speaks_of_danger(begun: Begun, rules: ConversationRules) -> bool:
    said = "\n".join(message.text for message in begun.asked)
    return any(one.action == "hotline" for one in inspect_message(said, language=None, rules=rules))


def _was_only_polite(begun: Begun) -> bool:
    """Tell whether a turn takes up what was said to people, older than the turn, and that is thanks or the like alone;
    nobody waits for an answer to it."""
    if begun.request is not None or not begun.asked:
        return False
    begins = begun.turn.created_at
    return all(message.created_at < begins and needs_no_answer(message.text) for message in begun.asked)
