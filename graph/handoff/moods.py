"""How a message sounds: positive, neutral, negative or angry; and whether a user is stuck in the same question. Pure.

By phrases, in English and Arabic, since what is said in anger at software ("does nothing", "third time") has few words
that a general dictionary of feelings knows. Texts are folded.
"""

import re
from collections.abc import Sequence
from typing import Final

from graph.folding import fold
from graph.talk import Sentiment

_ANGRY: Final = re.compile(
    r"\b(?:f+u+c*k+\w*|f\*+\w*|wtf|bullshit|shit(?:ty)?|crap(?:py)?|goddamn|damn (?:thing|it|app|product|site|form|"
    r"button)|for god'?s sake|ffs)\b"
    r"|\b(?:ridiculous|outrageous|unacceptable|disgrace(?:ful)?|disgust(?:ed|ing)|appalling|infuriat\w+|furious|"
    r"livid|fuming|pissed|enraged|scam(?:mers?)?|rip ?-?off|joke of a|incompetent|pathetic|insane)\b"
    r"|\b(?:angry|mad) (?:at|with|about|now)\b|\bi(?:'m| am) (?:so |very |really |extremely |getting )?(?:angry|mad|"
    r"pissed|furious|sick of|fed up)\b"
    r"|\b(?:sick (?:and tired )?of|fed up|had enough|last straw|losing my (?:mind|patience)|lost (?:my )?patience|"
    r"driving me (?:crazy|insane|mad|nuts)|waste of (?:time|money|my time)|wasting my time|worst (?:\w+ )?(?:service|"
    r"product|app|software|support|experience|company|ever))\b"
    r"|\b(?:this is|what) a (?:total |complete |absolute |bad |sick )?(?:joke|scam|nightmare|mess|disaster)\b|"
    r"\b(?:are you (?:kidding|serious)|you must be (?:kidding|joking)|how many times)\b"
    r"|\b(?:lawyer|sue you|legal action|report you|chargeback|cancel(?:l?ing)? (?:my|our) (?:account|subscription|"
    r"plan) (?:now|today|immediately|if))\b"
    r"|(?:^|\s)(?:زفت|قرف|مقرف|نصابين|حراميه|مهزله|فضيحه|كارثه|غير مقبول|مستفز|سخيف|اسوا|طفح الكيل|(?:زهقت|"
    r"مليت|طهقت|طفشت|قرفت) من|"
    r"طهقت|طفشت|قرفت|كفايه بقي|حسبي الله|غاضب\w*|معصب\w*|عصبتوني|ساشتكي|بشتكي|محامي)"
)
_NEGATIVE: Final = re.compile(
    r"\b(?:does ?n'?t|do ?n'?t|did ?n'?t|is ?n'?t|is not|are ?n'?t|was ?n'?t|ca ?n'?t|cannot|can not|could ?n'?t|"
    r"wo ?n'?t|will not|still not|not|never|doesnt|dont|didnt|isnt|cant|wont) "
    r"(?:\w+ ){0,2}(?:work\w*|load\w*|open\w*|respond\w*|help\w*|sav\w*|send\w*|connect\w*|find|figure|understand|"
    r"log ?in|sign in|happen\w*|show\w*|get it|make sense|let me|clear|useful)\b"
    r"|\b(?:does|did|do|doing|happens?) (?:absolutely |literally )?nothing\b|\bnothing (?:happens|works|helps|helped|"
    r"worked|changes)\b|\bno (?:luck|use|idea|help|response|reaction)\b"
    r"|\b(?:fail(?:s|ed|ing|ure)?|broken|bug(?:gy|s)?|crash\w*|errors?|stuck|freez\w*|frozen|useless|hopeless|"
    r"terrible|horrible|awful|bad|annoy\w*|frustrat\w*|confus\w*|disappoint\w*|lost|struggling|impossible|"
    r"complicated|slow|wrong|problem|issue|trouble|hate|unhappy|upset|worried)\b"
    r"|\b(?:give|giving|gave) up\b|\b(?:again and again|over and over|(?:second|third|fourth|fifth|2nd|3rd|4th|5th|"
    r"tenth|hundredth|\d+th|10th) time|keeps? (?:failing|crashing|saying|happening|asking)|for (?:hours|days|"
    r"weeks))\b"
    r"|(?:لا|ما|مش|مو|لم|لن|غير|ماب|مايب|ماني) ?(?:\w+ )?(?:يعمل|تعمل|يشتغل|تشتغل|شغال\w*|يفتح|تفتح|يستجيب|يظهر|تظهر|"
    r"افهم|فاهم\w*|فهمت|قادر\w*|اقدر|استطيع|استطع|عارف\w*|اعرف|ينفع|نفع|مفيد\w*|يرد|يصل|وصل|واضح\w*)"
    r"|(?:مشكله|مشاكل|خطا|اخطا|عطل\w*|معطل\w*|فشل\w*|يفشل|خربان\w*|بايظ\w*|سيي?|سييه|بطي\w*|محبط\w*|محتار\w*|تايه\w*|"
    r"ضايع\w*|متضايق\w*|للاسف|استسلم\w*|ياست|تعبت|معقد\w*|صعب\w*|للمره (?:ال)?(?:ثانيه|ثالثه|رابعه|عاشره)|بلا فايده|"
    r"بدون فايده|ولا شي)"
)
_POSITIVE: Final = re.compile(
    r"\b(?:thanks?|thank you|thx|ty|great|awesome|perfect|excellent|amazing|wonderful|fantastic|love (?:it|this|"
    r"that)|brilliant|nice|cool|appreciate\w*|helpful|that works|it works|works now|working now|solved|fixed|worked|"
    r"good job|well done|happy|glad)\b"
    r"|(?:شكر\w*|ممتاز\w*|رايع\w*|جميل\w*|احسنت\w*|تمام|مشكور\w*|يعطيك العافيه|الله يعطيك|تسلم\w*|حلو\w*|اشتغل|"
    r"نجح\w*|انحلت|ضبط\w*|مبسوط\w*|سعيد\w*)"
)
_NEGATED: Final = re.compile(
    r"\b(?:no|not|without|without any|never|any|zero|fix(?:ed)?|solve[ds]?) (?:an? |any |the |my |more )?(?:errors?|"
    r"problems?|issues?|bugs?|trouble|bad|wrong|lost)\b|\bno (?:thanks?|thank you)\b|\bnot (?:so |very |that |"
    r"really )?(?:great|good|helpful|nice|cool|happy|perfect|working)\b"
    r"|\b(?:error|issue|bug|problem) (?:report|track\w*|log|message|code|page|type|handling|rate|budget)s?\b"
)
_SHOUT: Final = re.compile(r"[!؟?]{3,}")
_WORD: Final = re.compile(r"[^\W_]{2,}")
_LEAST_WORDS: Final = 3
_ALIKE: Final = 0.6
"""Share of words that two questions have in common before they count as the same question."""
_LEAST_CAPITALS: Final = 12


def sentiment_of(text: str) -> Sentiment:
    """Return how a text sounds. Shouting makes a complaint angry, never a question."""
    folded = fold(text)
    if _ANGRY.search(folded):
        return "angry"
    negated = [found[0] for found in _NEGATED.finditer(folded)]
    bare = _NEGATED.sub(" ", folded)
    is_negative = _NEGATIVE.search(bare) is not None or any(one.startswith("not ") for one in negated)
    if is_negative:
        return "angry" if _is_shouted(text) else "negative"
    return "positive" if _POSITIVE.search(bare) else "neutral"


def repeats(question: str, earlier: Sequence[str]) -> int:
    """Return how many of a user's earlier messages asked the same, by their words."""
    words = _words(question)
    if len(words) < _LEAST_WORDS:
        return 0
    return sum(len(words & other) >= _ALIKE * max(len(words), len(other)) for other in map(_words, earlier) if other)


def _is_shouted(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha() and letter.upper() != letter.lower()]
    capitals = sum(letter.isupper() for letter in letters)
    return bool(_SHOUT.search(text)) or (len(letters) >= _LEAST_CAPITALS and capitals > 0.8 * len(letters))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold(text)))
