"""What a user's message means for the turn, before anybody thinks about an answer. Pure; no model is asked."""

from dataclasses import replace

from graph.handoff import understand
from graph.talk import Talk, Understanding


def read_message(talk: Talk) -> Understanding:
    """Return what the messages mean that are to be answered; a button pressed is a wish put into no words."""
    if not talk.asked:
        return Understanding(language=talk.answer_language, intent="handoff", wants_person=talk.request == "human")
    understood = understand(
        talk.question,
        said=talk.messages,
        language=talk.language,
        spoken=talk.playbook.languages,
        rules=talk.config.conversations,
    )
    return replace(understood, wants_person=True) if talk.request == "human" else understood
