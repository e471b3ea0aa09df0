"""What a user's message means for the turn, before anybody thinks about an answer. Pure; no model is asked."""

from dataclasses import replace
from typing import Final

from graph.handoff import understand
from graph.handoff.withdrawals import takes_back
from graph.memory.agreement import wishes_to_be_forgotten
from graph.onboarding.answers import pending_question
from graph.onboarding.choosing import choice_meant, choice_named
from graph.talk import Talk, Understanding

_NAMED: Final = 2
"""Words up to which a message that names a choice says nothing else."""


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
    return _with_rights(talk, replace(understood, takes_back=takes_back(talk)))


def _with_rights(talk: Talk, understood: Understanding) -> Understanding:
    """Return what was understood without the suspicion of an attack where users ask for what is theirs to ask: “forget
    what you know about me” reads like one, and is carried out by no model."""
    if not wishes_to_be_forgotten(talk.question):
        return understood
    return replace(understood, verdicts=tuple(one for one in understood.verdicts if one.rule != "injection"))


def is_choice(talk: Talk) -> bool:
    """Tell whether the message is one of the choices of the playbook's open question: “Customer support” is no wish for
    a person of support when that was asked for, “I want to talk to support” is."""
    question = pending_question(talk)
    if question is None:
        return False
    said = talk.question
    meant = choice_meant(question, said) or (choice_named(question, said) if len(said.split()) <= _NAMED else None)
    return meant is not None
