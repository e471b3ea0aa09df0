"""Fixed words of a turn: for what no reasoner is asked about, and for calling a person. Pure."""

import re
from collections.abc import Mapping
from typing import Final, Literal

from graph.handoff.withdrawals import asks_besides
from graph.languages import primary
from graph.memory.consent import fixed_answer
from graph.phrases import duration, ends_in, is_said, moment, phrase
from graph.talk import Answer, Talk, Verdict

Failure = Literal["unanswerable", "withheld", "excused"]
"""Why there is no answer: nothing was found, nothing that may be said, or there is no money or no model for one."""
_SAID: Final[Mapping[Failure, tuple[str, ...]]] = {
    "withheld": ("withheld",),
    "unanswerable": ("unanswerable", "clarify_person"),
    "excused": ("budget_exhausted", "provider_failed"),
}
"""The fixed words that an answer ends in which fails so."""
_CALLED: Final = {"unanswerable": "unanswerable_called", "withheld": "withheld_called"}
_SECRET: Final = re.compile(r"\[(?:CARD|SECRET|KEY|TOKEN)_\d+\]")
"""What stands for numbers of cards, passwords and keys (`core.pseudonyms`)."""


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
        return Answer(with_concern(talk, _refusal(talk, decided)), language=language, verdicts=verdicts)
    return None


def handover_words(talk: Talk, *, after_failure: Failure | None = None, after_hotline: bool = False) -> str:
    """Return what a user is told who gets a person: now, or by when; a promise counts the hours of the office.

    `after_failure`: the words say as well why there was no answer, instead of offering what is done already.
    `after_hotline`: somebody is in danger, who is told that a person reads along and not to wait for the office.
    """
    if after_hotline:
        return phrase("hotline_person", talk.answer_language)
    language, rules = talk.answer_language, talk.config.conversations.handoff
    called = _CALLED.get(after_failure or "", "person_called")
    if talk.person_available:
        return phrase(called, language, duration=duration(rules.reply_minutes, language))
    if talk.expected_by is None:
        return phrase("person_called_soon", language)
    zone = rules.office_hours[0].time_zone if rules.office_hours else "UTC"
    expected = moment(talk.expected_by, talk.now, zone, language)
    return phrase(f"{called}_offline", language, expected=expected)


def with_foreword(talk: Talk, text: str) -> str:
    """Return an answer's text, after a word on it where the user took back the wish for a person, or sent what nobody
    should send here: said once in a conversation. An empty text, by which a person is called, stays empty."""
    language, takes_back = talk.answer_language, talk.understanding is not None and talk.understanding.takes_back
    first = phrase("person_withdrawn_first", language) if takes_back else ""
    caution = phrase("keep_secrets", language) if _sends_secrets(talk) else ""
    return with_concern(talk, "\n\n".join(filter(None, (first, caution, text)))) if text else ""


def with_concern(talk: Talk, text: str) -> str:
    """Return a text after a gentle word and the hotline, where the user may need more than an answer: it cannot be told
    for sure, so nobody is called, and what they asked is answered as well."""
    verdicts = talk.understanding.verdicts if talk.understanding else ()
    if all(verdict.rule != "distress" for verdict in verdicts):
        return text
    line = _own_hotline(talk) or phrase("concern_line", talk.answer_language)
    return f"{phrase('concern', talk.answer_language, line=line)}\n\n{text}"


def _sends_secrets(talk: Talk) -> bool:
    """Tell whether there is a secret among what is to be answered, by its placeholder, and nothing was said of it."""
    was_said = any(is_said(said.text, "keep_secrets") for said in talk.messages)
    return _SECRET.search(talk.question) is not None and not was_said


def failure_of(answer: Answer) -> Failure | None:
    """Return why an answer says that there is none and offers a person; None for any other."""
    failures = (failure for failure, words in _SAID.items() if ends_in(answer.text, *words))
    return None if answer.is_answered else next(failures, None)


def _refusal(talk: Talk, verdict: Verdict) -> str:
    return phrase(f"refuse.{verdict.rule}", talk.answer_language, product=talk.config.tone.product_name)


def _hotline(talk: Talk, rule: str) -> str:
    """Return the company's own text for users in danger, for their language, else ours.

    Danger from others, or to them, is answered by the emergency number first: the company's text may name a line for
    other troubles.
    """
    text, language = _own_hotline(talk), talk.answer_language
    if rule in ("endangered", "threat_to_others"):
        return " ".join(filter(None, (phrase(f"hotline.{rule}", language), text)))
    return text or phrase("hotline", language)


def _own_hotline(talk: Talk) -> str | None:
    own, language = talk.config.conversations.hotlines, talk.answer_language
    return own.get(language) or own.get(primary(language))
