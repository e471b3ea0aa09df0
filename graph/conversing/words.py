"""Fixed words of a turn: for what no reasoner is asked about, and for calling a person. Pure."""

from graph.handoff.withdrawals import asks_besides
from graph.languages import primary
from graph.memory.consent import fixed_answer
from graph.phrases import duration, ends_in, moment, phrase
from graph.talk import Answer, Talk, Verdict


def fixed_words(talk: Talk, reason: str) -> Answer | None:
    """Return the words for a message that goes to no reasoner: refused by a rule, a sign of danger, or about what may
    be remembered. None for all others, and for those that a person gets without a word before."""
    understanding = talk.understanding
    verdicts = understanding.verdicts if understanding else ()
    decided = next((verdict for verdict in verdicts if verdict.rule == reason), None)
    language = talk.answer_language
    if decided is None and understanding and understanding.takes_back and not asks_besides(talk.question):
        return Answer(phrase("person_withdrawn", language), language=language)
    if decided is None:
        return fixed_answer(talk)
    if decided.action == "hotline":
        return Answer(_hotline(talk, decided.rule), language=language, verdicts=verdicts)
    if decided.action == "refuse":
        return Answer(_refusal(talk, decided), language=language, verdicts=verdicts)
    return None


def handover_words(talk: Talk, *, after_failure: bool = False, after_hotline: bool = False) -> str:
    """Return what a user is told who gets a person: now, or by when; a promise counts the hours of the office.

    `after_failure`: the words say as well that there was no answer, instead of offering what is done already.
    `after_hotline`: somebody is in danger, who is told that a person reads along and not to wait for the office.
    """
    if after_hotline:
        return phrase("hotline_person", talk.answer_language)
    language, rules = talk.answer_language, talk.config.conversations.handoff
    called = "unanswerable_called" if after_failure else "person_called"
    if talk.person_available:
        return phrase(called, language, duration=duration(rules.reply_minutes, language))
    if talk.expected_by is None:
        return phrase("person_called_soon", language)
    zone = rules.office_hours[0].time_zone if rules.office_hours else "UTC"
    expected = moment(talk.expected_by, talk.now, zone, language)
    return phrase(f"{called}_offline", language, expected=expected)


def after_withdrawal(talk: Talk, text: str) -> str:
    """Return an answer's text, after a word on it where the user took back the wish for a person."""
    if talk.understanding is None or not talk.understanding.takes_back:
        return text
    return f"{phrase('person_withdrawn_first', talk.answer_language)}\n\n{text}".strip()


def offers_person(answer: Answer) -> bool:
    """Tell whether an answer says that there is none and offers a person."""
    return not answer.is_answered and ends_in(answer.text, "unanswerable", "clarify_person")


def _refusal(talk: Talk, verdict: Verdict) -> str:
    return phrase(f"refuse.{verdict.rule}", talk.answer_language, product=talk.config.tone.product_name)


def _hotline(talk: Talk, rule: str) -> str:
    """Return the company's own text for users in danger, for their language, else ours.

    Danger from others, or to them, is answered by the emergency number first: the company's text may name a line for
    other troubles.
    """
    own, language = talk.config.conversations.hotlines, talk.answer_language
    text = own.get(language) or own.get(primary(language))
    if rule in ("endangered", "threat_to_others"):
        return " ".join(filter(None, (phrase(f"hotline.{rule}", language), text)))
    return text or phrase("hotline", language)
