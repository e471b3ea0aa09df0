"""What a user's message means for the turn, before anybody thinks about an answer. Pure; no model is asked."""

from dataclasses import replace

from core.playbooks import kept
from graph.handoff import understand
from graph.handoff.withdrawals import takes_back
from graph.memory.agreement import wishes_to_be_forgotten
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
    return _with_rights(talk, replace(understood, takes_back=takes_back(talk)))


def _with_rights(talk: Talk, understood: Understanding) -> Understanding:
    """Return what was understood without the suspicion of an attack where users ask for what is theirs to ask: “forget
    what you know about me” reads like one, and is carried out by no model."""
    if not wishes_to_be_forgotten(talk.question):
        return understood
    return replace(understood, verdicts=tuple(one for one in understood.verdicts if one.rule != "injection"))


def is_choice(talk: Talk) -> bool:
    """Tell whether the message is one of the choices of the playbook's open question: “Sales” is no wish for a person
    of sales when that was asked for."""
    question = pending_question(talk)
    if question is None:
        return False
    return answer_to(question, talk.question) in set(map(kept, question.choices))
