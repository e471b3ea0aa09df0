"""Whether the writer means to hurt somebody else: a colleague, family, people at some place. Threats against us are
`abuse.is_threat`; what follows is the same.

By the words people use for it, in English and Arabic. It takes a will ("I am going to", "I want to", a plan, a deed),
an act of violence, and a person it is done to; processes, sessions and time are none. What is said of trifles ("if he
deletes the report again"), games, prices and messages is set aside, and so is what somebody does *not* want, or "could
kill for". What is left unclear counts. Texts are folded (`graph.folding`).
"""

import re
from typing import Final

from graph.folding import Wordings
from graph.guardrails.persons import GRAVE, HER, IN_EARNEST, KIN, TRIVIAL

_WILL: Final = (
    r"\b(?:i|we)(?:'ll| will| shall| might| may|(?:'m|m| am|'re| are|'d| would)?"
    r"(?: (?:really|just|so|seriously|actually|honestly|literally|still|now))? "
    r"(?:going to|gonna|about to|plan(?:ning)? to|intend to|ready to|wan(?:t to|na)|like to|love to|need to|have to|"
    r"decided to|swear i(?:'ll| will)|tempted to|(?:think(?:ing)? (?:about|of)|feel like|plan(?:ning)? on)))"
    r"(?: (?:really|just|so|actually|literally|fucking|(?:find|wait for|follow) (?:him|her|them) and|(?:go|come|drive)"
    r"(?: \w+){0,4} and|\w+ly)){0,2} "
)
_DEADLY: Final = (
    r"(?:kill|murder|stab|strangle|choke|poison|rape|behead|slaughter|kidnap|killing|murdering|stabbing|strangling|"
    r"choking|poisoning|raping|kidnapping)"
)
_HURTFUL: Final = (
    r"(?:hurt|harm|attack|assault|punch|slap|hit|torture|beat up|beat(?= .{1,30}\b(?:up|to death|badly|with an?)\b)|"
    r"hurting|harming|attacking|assaulting|punching|hitting|beating up)"
)
_KNOWN: Final = (
    rf"(?:my|our|his|her|their) (?:(?:old|former|own|little|older|younger|new|whole|entire|stupid|damn|fucking|lazy|"
    rf"useless|annoying) )?(?:{KIN}|boss|manager|supervisor|(?:co-?worker|colleague|classmate|neighbou?r|employee|"
    r"student|friend|brother|sister)s?|teacher|professor|ceo|cto|director|doctor|nurse|judge|client|customer)"
)
_ANYBODY: Final = (
    rf"(?:him|{HER}|someone|somebody|(?:everyone|everybody)(?! (?:there|of you|(?:at|in) your)\b)|people|"
    r"the (?:boss|manager|ceo|teacher|judge|kids|children)|(?:a|this|that) (?:man|woman|guy|girl|boy|kid|child|person|"
    r"cop|bastard|bitch|asshole)|(?:some|these|those|all) (?:people|men|women|kids|children|students|cops|jews|"
    r"muslims|christians|immigrants))"
)
_NO_PERSON: Final = (
    r"(?!'|(?:'s)? (?:process|session|account|connection|thread|job|task|record|tickets?|import|subscription|page|"
    r"script|container|app|server|window|tab|profile|view|dashboard|e-?mails?|call|request|feelings?|chances?|sales|"
    r"score|record|numbers|plan|portal|list|data)\b)"
)
"""What a person does not come before: the thing that is meant."""
_NO_GAME: Final = (
    r"(?! (?:with (?:kindness|love|laughter|this|these|my)\b|(?:\w+ ){0,3}in (?:the |this |a |our )?(?:game|match|"
    r"round|level|chess|minecraft|fortnite|sims|movie|story|novel)\b|at (?!home|night|work|school)))"
)
_NO_SHOT: Final = (
    r"(?! (?:an?|the|some|over|my|our|this|that|off|quick|back)\b|.*\b(?:photos?|videos?|camera|portraits?|film)\b)"
)
"""“Shoot him an e-mail”, “shoot people for the brochure, photos and video”."""
_PLACE: Final = (
    r"(?:my|our|his|her|their|an?|the) (?:\w+ )?(?:school|university|college|church|mosque|synagogue|temple|hospital|"
    r"airport|mall|house|home|office|workplace|building|company)"
)
_ENGLISH: Final = (
    rf"{_WILL}{_DEADLY} (?:{_KNOWN}|{_ANYBODY})\b{_NO_PERSON}{_NO_GAME}",
    rf"{_WILL}shoot(?:ing)? (?:{_KNOWN}|{_ANYBODY})\b{_NO_PERSON}{_NO_GAME}{_NO_SHOT}",
    rf"{_WILL}{_HURTFUL} (?:{_KNOWN}|{_ANYBODY})\b{_NO_PERSON}{IN_EARNEST}",
    rf"{_WILL}(?:bomb|blow up|shoot up|burn down|set fire to) {_PLACE}\b{_NO_PERSON}",
    rf"\bi (?:just |have )?(?:killed|murdered|stabbed|strangled|poisoned|raped) (?:{_KNOWN}|him|{HER})\b"
    rf"{_NO_PERSON}{_NO_GAME}",
    rf"\bhow (?:do|can|could|would|to|should)(?: i| one| you| we)? ?(?:kill|murder|poison|strangle) {_KNOWN}\b"
    rf"{_NO_PERSON}",
    rf"\bi want (?:{_KNOWN}|him|her) (?:dead|killed)\b",
    r"\bi(?:'m| am|'ll| will)?(?: going to| gonna)? (?:bring(?:ing)?|tak(?:e|ing)) (?:a|my|the) (?:gun|rifle|pistol|"
    r"knife|machete|bomb) (?:in)?to (?:work|school|class|church|(?:the|my) (?:office|school|university))\b",
)
_THEIRS: Final = (
    r"(?:(?:زميل|مدير|رييس|مشرف|صديق|جار|زوج|طليق|خطيب|حبيب|ابن|بنت|اخ|اخت|اب|ام|عم|خال|حما|والد|استاذ|معلم|مدرس|"
    r"موظف|طبيب)ت?(?:ي|نا|ه|ها|هم)|اخوي|اخويا|ابوي|ابويا|جوزي|مراتي|مرتي|زملايي|زملاءي|اولادي|عيالي|اطفالي|ابنايي|"
    r"اهلي|عايلتي|المدير|الناس|الجميع|الرييس|الموظفين|الطلاب|الاطفال|ناس|شخصا?(?: ما)?|احدا|احدهم|حد|"
    r"كل (?:الناس|زملايي|الموظفين))"
)
_MEANS: Final = (
    r"(?<!لا )(?<!لن )(?<!ما )(?<!مش )(?<!لم )(?<!مو )(?<!\w)(?:و|ف)?(?:سوف |س|راح |رح |ح|ه|ب|(?:بدي|ابي|ابغي|ابغا|"
    r"اريد|عايزه?|عاوزه?|ودي|نفسي|ناويه?|قررت|اود|افكر) (?:ان |اني |في |ب)?)"
)
_ARABIC: Final = (
    rf"{_MEANS}ا?(?:قتل|ذبح|طعن|خنق|سمم|غتصب|ضرب|وذي|ذي|عذب|حرق)(?: \w+)? {_THEIRS}(?!\w)",
    rf"{_MEANS}ا?(?:قتل|ذبح|طعن|خنق|غتصب)(?:ه|ها|هم)(?!\w)",
    rf"(?<!\w)(?:قتلت|طعنت|خنقت|ذبحت|سممت) {_THEIRS}(?!\w)",
    rf"(?<!\w)كيف (?:اقتل|اسمم|اخنق|اذبح) {_THEIRS}(?!\w)",
    r"(?:سافجر|هفجر|بفجر|سوف افجر|اريد ان افجر|اريد تفجير) (?:ال)?(?:مدرسه|جامعه|مسجد|كنيسه|مستشفي|مكتب|شركه|مبني)\w*",
)
_TRIFLE: Final = re.compile(
    rf"(?:\bkill(?:ing)?|\bmurder(?:ing)?|\bstrangl(?:e|ing)|\bpunch|\bhurt) (?:{_KNOWN}|{_ANYBODY})"
    rf"(?=,? (?:if|when|unless|because|for|over|about|once|since)\b[^.!?]*\b{TRIVIAL}\b)(?!.*\b{GRAVE}\b)"
    rf"|ا?(?:قتل|ذبح|خنق)(?:ه|ها|هم| {_THEIRS}) (?:اذا|ان|لو|لان)(?=[^.!؟]*(?:تقرير|فاتوره|موعد|اجتماع|ملف|تاخر|"
    r"بيانات|استيراد|تصدير|مشروع))"
)
_ANY: Final = Wordings(_ENGLISH, _ARABIC)


def threatens_others(folded: str) -> bool:
    """Tell whether the writer of a folded text means to do violence to somebody who is not us."""
    return _ANY.occur_in(_TRIFLE.sub(" ~ ", folded))
