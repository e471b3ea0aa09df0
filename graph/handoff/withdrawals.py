"""Whether somebody who waits for a person takes the wish back, and what else their message says. Pure.

It is looked for in the queue alone, so short words count that mean something else elsewhere: “never mind”, “found it”.
"""

import re
from typing import Final

from graph.folding import Wordings, fold
from graph.guardrails import inspect_message
from graph.handoff.wishes import declines_person, wants_person
from graph.onboarding.pleasantries import pleasantry
from graph.talk import Talk

_HUMAN: Final = r"(?:person|human|agent|operator|colleague|representative|anyone|anybody|someone|somebody|one|support)"
_BOT: Final = r"(?:(?:the|a|this|your) )?(?:bot|chat ?bot|robot|assistant|ai|machine)"
_IT: Final = r"(?:it|that|this|the (?:answer|solution|problem|reason|article|page|setting|button)|a solution|an answer)"
_ENGLISH: Final = (
    r"\bnever ?mind\b|\bnvm\b|\bchanged my mind\b",
    r"(?<!i )(?<!you )(?<!to )(?<!t )\bforget (?:(?:about )?(?:it|that|this)|(?:about )?(?:the|my|a) (?:request|"
    rf"{_HUMAN}))\b",
    r"\b(?:cancel|withdraw|undo|drop) (?:(?:the|my|this|that) (?:request|wish|call|ticket|hand-?over|transfer|"
    r"person|human|agent|colleague)\b|(?:it|that)(?=\W*$))",
    rf"(?<!not )(?<!t )(?<!never )\b(?:found|solved|fixed|sorted|figured|got|understood)(?: out)? {_IT}(?: out)?(?: "
    r"(?:myself|now|already|working|by myself|on my own|thanks))*(?=\W*$)|\b(?:problem|issue|question) (?:is "
    r")?solved\b|\b(?:it )?works now\b",
    r"\b(?:let|have|prefer|rather (?:have|talk to|ask)|back to|return to|switch (?:me )?(?:back )?to|continue with|"
    rf"ask) {_BOT}(?! (?:settings?|page|builder))\b|\b{_BOT} (?:is (?:fine|ok|okay|enough)|can (?:answer|help|do "
    r"it))|\byou can answer\b|\b(?:want|need|give me) (?:you|the bot) back\b|\bi(?:'d| would) rather (?:talk to|"
    r"ask) you\b",
    r"\b(?:no longer|don't|do not|dont|needn't) (?:really )?(?:need|want|require|wait for)(?: (?:a|an|any|the|to|"
    rf"talk|speak|wait|for|with|real|live))* {_HUMAN}\b|\bno need (?:any ?more|now|to (?:wait|call|bother)|for "
    rf"(?:an? |the |any )?{_HUMAN})|^no need(?=\W*$)",
)
_ARABIC: Final = (
    r"غير(?:ت)? ?رايي|(?<!\w)خلاص(?!\w)|(?<!\w)(?:لا|ما ?في|ما ?له|مافيه|مفيش) (?:داعي|حاجه|لزوم)(?!\w)|"
    r"(?<!\w)(?:مو|مش) (?:لازم|ضروري)(?!\w)",
    r"(?<!\w)(?:انسي?|انسو)(?:ا)?(?:ه|ها)?(?: (?:ال)?(?:موضوع|امر|طلب))?(?=\W*$)|(?:الغ|الغي|الغوا|الغاء) "
    r"(?:ال)?(?:طلب|طلبي|تذكره)(?!\w)",
    r"(?<!\w)(?<!ما )(?<!لم )(?<!مو )(?:وجدت|لقيت|حليت|انحلت|عرفت)(?:ه|ها)?(?: (?:ال)?(?:حل|جواب|مشكله|اجابه|"
    r"طريقه))?(?=\W*$)",
    r"(?:خل|خلي|خلو|دع|دعوا|ارجع\w*|رجع\w*|اريد|ابي|ابغي|بدي|عايز) (?:الي |ل)?(?:ال|لل)(?:بوت|روبوت|مساعد|ي)(?: "
    r"الالي)?(?!\w)|(?<!\w)(?:لل|ال)(?:بوت|روبوت) (?:يكفي|يجاوب|يرد|كافي)",
    r"(?<!\w)(?:لا|ما|مو|مش|ماني|مب|لم اعد|ما عاد|ماعاد|معدتش)\s?(?:احتاج|محتاجه?|ابي|ابغي|ابغا|اريد|بدي|عايزه?|"
    r"عاوزه?|بحاجه)(?: (?:الي|ل|ان|اتكلم|مع|احد|حد))* (?:احد|حد|شخص|انسان|موظف|احدا|حدا)(?!\w)",
)
_TAKEN_BACK: Final = Wordings(_ENGLISH, _ARABIC)
_CLAUSE: Final = re.compile(r"[.!?؟…,،;؛\n]+(?=\s|$)|\s+(?:but|and|so|then|just)\s+|\s+(?:لكن|بس)\s+")
_LEAST_WORDS: Final = 2
"""Words from which on what is left of a message may be a question."""


def takes_back(talk: Talk) -> bool:
    """Tell whether the user, for whom a person was called, wants none any more.

    Not where danger called one, or was spoken of since: a person looks at that whatever the user says then.
    """
    if talk.called_for in (None, "safety") or wants_person(fold(talk.question)):
        return False
    return _says_so(talk.question) and not _is_grave(talk)


def asks_besides(text: str) -> bool:
    """Tell whether a message by which a wish is taken back says anything else that wants an answer."""
    rest = [clause for clause in _CLAUSE.split(text) if clause and not _says_so(clause) and pleasantry(clause) is None]
    return any(len(clause.split()) >= _LEAST_WORDS for clause in rest)


def _says_so(text: str) -> bool:
    folded = fold(text)
    return declines_person(folded) or _TAKEN_BACK.occur_in(folded)


def _is_grave(talk: Talk) -> bool:
    rules, said = talk.config.conversations, (*talk.messages, *talk.asked)
    verdicts = (verdict for one in said for verdict in inspect_message(one.text, language=None, rules=rules))
    return any(verdict.action == "hotline" for verdict in verdicts)
