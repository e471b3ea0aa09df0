"""Whether a message speaks of suicide, an overdose or hurting oneself: the writer, or somebody the writer fears for.

By the words people use for it, in English and Arabic. Idioms ("this form is killing me") and talk about the subject
("a suicide prevention feature") are set aside first. A missed message weighs more than a hotline shown needlessly, so
what is left unclear counts. Texts are folded (`graph.folding`).
"""

import re
from typing import Final

from graph.folding import Wordings

_SELF: Final = r"(?:my ?self|me self|himself|herself|themselves|themself)"
_HARM: Final = r"(?:kill|hurt|harm|hang|drown|stab|poison|starv|injur\w*|punish|unalive)"
_MEDICINE: Final = (
    r"(?:pills?|tablets?|capsules?|meds|medications?|medicines?|pain ?killers?|paracetamol|acetaminophen|tylenol|"
    r"aspirin|"
    r"ibuprofen|xanax|valium|anti-?depressants|opioids|insulin|drugs)"
)
_TREATS: Final = (
    r"(?:\w+ )?(?:coffees?|caffeine|espressos?|tea|sugar|chocolates?|cand(?:y|ies)|cakes?|cookies|pizzas?|food|"
    r"meetings?|e-?mails?|work|spreadsheets?|news|series|tutorials?|documentation|docs|features|notifications|charts|"
    r"dashboards)\b"
    r"(?! (?:pills?|tablets?))"
)
"""What one takes too much of without harm."""
_ENGLISH: Final = (
    r"\b(?:i|i've|ive|i'll|he|she|my \w+)\b(?: \w+){0,3} (?:took|taken|taking|swallowed|ate|eaten|(?:to|gonna|will|"
    r"just) (?:take|swallow)) "
    r"(?:way |far )?(?:too (?:many|much)|so many|a lot of|lots of|all(?: of)?|an? (?:whole |entire |full )?(?:bottle|"
    r"box|"
    r"pack|packet|handful|bunch|load) of|an overdose of|every|the whole|\d{2,}|dozens of)(?: (?:of )?(?:my|the|these|"
    r"those|"
    rf"his|her|our|\w+)){{0,3}} {_MEDICINE}\b",
    r"\b(?:i|i've|ive|he|she|my \w+)\b(?: \w+){0,2} (?:drank|drunk|swallowed|took|taken) (?:some |the |a lot of |"
    r"rat )?(?:bleach|poison|antifreeze|pesticide|drain cleaner)\b",
    rf"\bhow many (?:\w+ ){{0,2}}{_MEDICINE}\b.{{0,40}}\b(?:die|kill|overdose|end it|lethal|fatal)\b",
    rf"\b{_HARM}(?:ing|e|ed)? {_SELF}\b",
    r"\b(?:cut|cutting|shoot|shooting|burn|burning) my ?self\b(?! (?:an?|some|the|out|off|short|loose|from|"
    r"in the foot)\b)",
    r"\b(?:started|been|back to|began) cutting again\b(?=\W*$|[.,;!])",
    r"\btonight (?:is|will be) my last (?:night|one)\b(?! (?:at|in|of|with|as|before))",
    r"\b(?:wrote|writing|written)\b.{0,20}\b(?:letters?|notes?)\b.{0,40}\bsay (?:good ?bye|farewell)\b"
    r"(?! to (?!my\b|every|all\b|you\b|them\b))",
    r"\bkms\b(?! key)",
    r"\b(?:want|wanna|wants|going|gonna|ready|like|rather|wish|hope|try|trying|plan|planning|decided|need)\b"
    r"(?: to| i (?:could|would|can|might))?(?: just)? (?:to )?die\b(?! (?:of|from|laughing|for)\b)"
    r"(?! than (?!to\b|live|living|go on|stay|exist|continue|be\b|wake))",
    r"\bwish(?:ed|es)? (?:that )?i (?:was|were|am) (?:dead|never born|not (?:here|alive))|\bwish i (?:had never been|"
    r"wasn't|weren't) (?:born|alive|here)",
    r"\b(?:i'd|i would|i'm|i am|they'd|everyone(?:'s| is| would be)|world (?:is|"
    r"would be)) (?:all )?(?:be )?better (?:off )?(?:dead|without me)",
    r"\b(?:don't|do not|dont|doesn't|no longer|didn't|never) (?:really )?(?:want|wanna|wants|wish) (?:to )?"
    r"(?:live|be alive|exist|wake up|be here anymore|keep living|go on living)\b"
    r"(?! (?:in|on|to|at) (?:(?:the|your|my|a|our|this) (?!world|body|life|earth|planet|hell|pain|nightmare|"
    r"skin|dark|lie|misery)|\d|alerts|e-?mails|notifications|dubai))",
    r"\b(?:end|ending|take|taking|ended) (?:my|his|her|their)(?: own)? life\b",
    r"\b(?:want|wanna|going|gonna|time|ready|just)\b(?: to)? end it all\b",
    r"\b(?:can't|cannot|can not|cant) (?:go on|do this anymore|take (?:it|life|this life) anymore)(?! (?:with|"
    r"using)\b)(?=.*\b(?:li[fv]e|living|alone|die|pain|worth)\b)",
    r"\b(?:no|any|have no|without a?) (?:reason|point|will|purpose) (?:to|in|of|for) (?:live|living|life|being alive|"
    r"existing)\b",
    r"\bnothing (?:left )?to live for\b|\blife (?:is|isn't|is not|has)(?: not)? (?:worth living|worthless|no meaning)",
    r"\bjump(?:ing)? (?:off|from|in front of) (?:a |the |my |of )?(?:\w+ )?(?:bridge|building|roof|balcony|cliff|"
    r"train|window)\b",
    r"\bslit(?:ting)? my (?:wrists?|throat)\b|\bcut(?:ting)? my wrists?\b",
    rf"\b(?:i|i'm|im|going to|want to|gonna|i've|he|she)\b.{{0,30}}\b(?:overdos(?:e|ed|ing)(?!\w| on {_TREATS})|"
    r"swallow(?:ed)? (?:all|every|the) .{0,15}pills\b)",
    r"\b(?:i|i'm|im|i've|ive|my (?:friend|son|daughter|brother|sister|wife|husband|child|mother|father|mom|dad|"
    r"colleague)|he|she)\b"
    r".{0,60}\b(?:suicidal|(?:commit(?:ting|ted)?|attempt(?:ing|ed)?|think(?:ing)? (?:about|of)|thoughts? of|"
    r"consider(?:ing)?|contemplat\w+|plan(?:ning)?) suicide|self[ -]?harm(?:ing|ed|s)?)\b",
    r"^(?:suicide|suicidal|i am suicidal|suicidal thoughts|self[ -]?harm)\W*$",
    r"\bsuicid(?:e|al) (?:thoughts?|note)\b(?=.*\b(?:i|my|me)\b)|\b(?:my|having|have|had|writ\w+ (?:a|"
    r"my)) suicid(?:e|al) (?:thoughts?|note|ideation)\b",
)
_ARABIC: Final = (
    r"(?<!\w)(?:اخذت|تناولت|بلعت|ابتلعت|شربت|اكلت|خذيت|خدت|اخدت)(?: \w+){0,3} (?:(?:كل|جميع|علبه|شريط|كميه|عدد|كثير|"
    r"الكثير|كتير)\w* (?:\w+ ){0,2}(?:ال)?(?:حبوب|اقراص|ادويه|دواء|منوم\w*|مهدي\w*)|(?:ال)?(?:حبوب|اقراص|ادويه) "
    r"(?:\w+ )?(?:كثير|كتير)\w*)|(?:اخذت|تناولت|بلعت|شربت)(?: \w+)? (?:كل (?:ال)?(?:حبوب|اقراص|ادويه)\w*|"
    r"(?:الكثير من|كثيرا من|عددا كبيرا من|علبه|شريط) (?:ال)?(?:حبوب|اقراص|ادويه|دواء)|(?:حبوب|حبوبا|اقراصا) (?:كثير|"
    r"كتير)\w*|جرعه (?:زايده|مفرطه|كبيره)|(?:ال)?سم(?!\w)|مبيد)",
    r"(?:ان|ا|س|سا|هـ?|ح|با|ب|ي|ت|ن)?نتحر(?!\w)|(?:ال|با?ل?|ا)?انتحار(?:ي)?(?!\w)",
    r"(?:اقتل|قتل|بقتل|هقتل|ساقتل|اموت|هموت|اذي|اوذي|ااذي|اذيت|ايذاء|باذي|اجرح|جرحت|بجرح|اشنق|شنق|احرق|اعور|"
    r"اقطع) (?:نفسي|حالي|روحي|عروقي|شراييني)",
    r"(?:انهي|انهاء|اخلص من|التخلص من|انه|نهي) (?:حياتي|عمري|هالحياه|هذه الحياه|الحياه)",
    r"(?:لا|ما|مش|مو|ماني|مابي|مابغي|مابدي|لم اعد)\s?(?:اريد|ابي|ابغي|ابغا|عايز|عاوز|عايزه|بدي|حابب|ارغب|اود)? ?(?:ب|"
    r"في|ان )?(?:العيش|اعيش(?! (?:في (?!ه|الدنيا|العالم)|هنا|هناك|مع))|الحياه|احيا|اكمل حياتي)(?!\w)",
    r"(?:اريد|ابي|ابغي|ابغا|عايز|عاوز|عايزه|نفسي|بدي|اتمني|اتمنا|اود|حابب|ودي|ليتني|ياريتني|يا ريتني|ساموت) (?:ان |"
    r"اني )?(?:اموت|الموت|موت|مت|ميت|ميته)(?! (?:من الضحك|ضحك|عليه|فيه|فيك|في))",
    r"(?:اتمني|اتمنا|ليتني|يا ?ليتني|ياريتني) (?:لو )?(?:اني )?(?:لم|ما) (?:اولد|انولدت|ولدت|اخلق|خلقت)(?!\w)",
    r"(?:كرهت|مليت من|تعبت من|زهقت من|قرفت من) (?:حياتي|الحياه|العيش|عيشتي)(?! في (?:المدينه|القريه))",
    r"حياتي (?:مالها|ما لها|ليس لها|بلا|بدون|ملهاش) (?:معني|قيمه|لازمه)|لا (?:معني|قيمه|سبب) (?:ل)?(?:حياتي|للحياه|"
    r"لاعيش)",
)
_IDIOM: Final = re.compile(
    r"\b(?:kill|hurt)(?:ing)? (?:myself )?(?:laughing|with laughter)\b|\b(?:kill|hang|shoot) (?:myself )?(?:for|"
    r"over) a (?:coffee|drink)\b"
    r"|\bsuicid\w* (?:prevention|awareness|hotline|risk|support|watch|squad|policy|detection|screening|content|"
    r"resources?|rates?|statistics|research|training)\b"
    r"|\bself[ -]?harm (?:prevention|policy|detection|content|filter|reports?|categor\w+|classifier|moderation|"
    r"keywords?|resources?|support)\b"
    r"|\b(?:prevent(?:s|ing|ion of)?|detect(?:s|ing|ion of)?|block(?:s|ing)?|filter(?:s|ing)?|moderat\w+|report(?:s|"
    r"ing)?|flag(?:s|ging)?|against|stop)"
    r"(?: \w+){0,2} (?:suicid\w*|self[ -]?harm)(?! note)"
    r"|(?:منع|الوقايه من|للوقايه من|مكافحه|خط|كشف|محتوي|ميزه|تقليل|تقييم(?: \w+)?|نموذج(?: \w+)?|"
    r"توعيه(?: \w+)?) (?:ال)?(?:انتحار)\w*"
    r"|(?<!\w)(?:ال|في ال)?(?:روايه|فيلم|لعبه|اغنيه|كتاب|قصه|مقال|لعبتنا|روايتي)(?: \w+){0,2} (?:ال)?انتحار|"
    r"(?<!\w)انتحار (?:تجاري|سياسي|مهني|وظيفي|مالي)"
    r"|\b(?:process|thread|job|task|container|pod|script|server|query|worker|bot|session|app|"
    r"service)s?\b(?: \w+){0,3} kill(?:s|ing|ed)? (?:itself|themselves)"
)
_ANY: Final = Wordings(_ENGLISH, _ARABIC)


def speaks_of_self_harm(folded: str) -> bool:
    """Tell whether somebody is in danger from themselves, by what a folded text says."""
    return _ANY.occur_in(_IDIOM.sub(" ", folded))
