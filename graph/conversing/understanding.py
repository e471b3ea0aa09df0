"""What a user's message means for the turn, before anybody thinks about an answer. Pure; no model is asked."""

from dataclasses import replace

from core.playbooks import FALLBACK_LANGUAGE, in_language
from graph.handoff import understand
from graph.onboarding.answers import answer_to, pending_question
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
    if talk.request == "human":
        return replace(understood, wants_person=True)
    if understood.wants_person and is_choice(talk):
        return replace(understood, wants_person=False, intent="question")
    return understood


def is_choice(talk: Talk) -> bool:
    """Tell whether the message is one of the choices of the playbook's open question: “Sales” is no wish for a person
    of sales when that was asked for."""
    question = pending_question(talk)
    if question is None:
        return False
    return answer_to(question, talk.question) in {in_language(choice, FALLBACK_LANGUAGE) for choice in question.choices}
