"""What a message is for when it is no question: a greeting, thanks, a yes or a no, a goodbye, a report of trouble.

Such messages are short and consist of known phrases alone, so they are taken apart into them. Texts are folded. Pure.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

Intent = Literal["greeting", "thanks", "goodbye", "affirm", "deny", "problem", "question"]


def _phrases(lines: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for phrase in lines.replace("\n", ",").split(",") if phrase.strip())


_FILLER: Final = _phrases(
    """there, all, team, everyone, dear, please, pls, so, very, much, a lot, again, guys, oh, well, then,
    my friend, for that, for this, for the help, for your help, now, today, really, يا, جدا, كثيرا,
    كتير, فيكم, بك, بكم, لكم, لك, الجميع, اخي, حبيبي, الان"""
)
_WHOLE: Final[Mapping[Intent, frozenset[tuple[str, ...]]]] = {
    "greeting": _phrases(
        """hi, hello, hey, hiya, howdy, yo, greetings, good morning, good afternoon, good evening, good day,
        how are you, how are you doing, salam, salaam, marhaba, مرحبا, اهلا, اهلا وسهلا, هلا, هاي, السلام
        عليكم, السلام عليكم ورحمه الله, السلام عليكم ورحمه الله وبركاته, سلام, صباح الخير, صباح النور, مساء
        الخير, مساء النور, كيف حالك, كيف الحال, ازيك"""
    ),
    "thanks": _phrases(
        """thank you, thanks, thank u, thx, ty, tysm, cheers, much appreciated, appreciate it, i appreciate it,
        great, perfect, awesome, excellent, that helps, that helped, that works, that worked, it works, it
        worked, you are great, you're great, you're awesome, شكرا, شكرا جزيلا, مشكور, مشكوره, الف شكر, يعطيك
        العافيه, يسلمو, تسلم, جزاك الله خيرا, ممتاز, رايع"""
    ),
    "goodbye": _phrases(
        """bye, bye bye, goodbye, good night, goodnight, see you, see ya, see you later, that's all, that is
        all, that's all for, have a nice day, have a good day, have a great day, مع السلامه, وداعا, الي
        اللقاء, باي, تصبح علي خير, في امان الله"""
    ),
    "affirm": _phrases(
        """yes, yeah, yep, yup, sure, ok, okay, correct, right, exactly, absolutely, of course, definitely, go
        ahead, do it, sounds good, agreed, alright, i do, i am, نعم, اي, ايوه, ايوا, اه, اجل, اكيد, طبعا,
        تمام, موافق, صحيح, حسنا, طيب, ماشي, اوكي, بالتاكيد"""
    ),
    "deny": _phrases(
        """no, nope, nah, not really, not yet, no thanks, no thank you, never mind, nevermind, wrong,
        incorrect, i don't, not now, لا, لا شكرا, كلا, مو الان, ليس الان, غير صحيح"""
    ),
}
_LONGEST: Final = 5
"""Words of the longest phrase."""
_MOST_WORDS: Final = 12
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_PROBLEM: Final = re.compile(
    r"(?:\b(?:not|cannot|cant|wont|doesnt|dont|isnt|never|stopped|no longer)|n't)(?: \w+){0,3} (?:work\w*|load\w*|"
    r"open\w*|"
    r"respond\w*|sav\w*|send\w*|connect\w*|show\w*|appear\w*|sync\w*|log ?in|sign in|upload\w*|download\w*|updat\w*)\b"
    r"|\b(?:nothing happens|does nothing|(?:is|it's|its|seems|got|gets|keeps?) (?:broken|stuck|failing|crashing|frozen|"
    r"down|missing|wrong)|failed|fails|crash(?:es|ed)|(?:an?|the|this|same) error|error (?:message|code|\d+)|bug|"
    r"missing|"
    r"disappeared)\b"
    r"|(?:لا|ما|مش|مو|لم) ?(?:يعمل|تعمل|يشتغل|تشتغل|شغال|يفتح|تفتح|يستجيب|يظهر|تظهر|يحفظ|يرسل|يتصل|يحمل)"
    r"|(?:عطل|معطل|خربان|بايظ|فشل|يفشل|خطا|مشكله|اختفي|توقف)"
)


def intent_of(folded: str) -> Intent:
    """Return what a folded text is for; a wish for a person is looked for apart (`graph.handoff.wishes`)."""
    words = _WORD.findall(folded)
    named = _taken_apart(words) if 0 < len(words) <= _MOST_WORDS else None
    return named or ("problem" if _PROBLEM.search(folded) else "question")


def _taken_apart(words: list[str]) -> Intent | None:
    """Return the kind of the last phrase of a row that consists of known phrases: "ok thanks" is thanks."""
    at, kind = 0, None
    while at < len(words):
        length, name = _phrase_at(words, at)
        if not length:
            return None
        at, kind = at + length, name or kind
    return kind


def _phrase_at(words: list[str], at: int) -> tuple[int, Intent | None]:
    """Return the length and the kind of the longest phrase that begins here; length 0 where none does."""
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        phrase = tuple(words[at : at + length])
        for intent, phrases in _WHOLE.items():
            if phrase in phrases:
                return length, intent
        if phrase in _FILLER:
            return length, None
    return 0, None
