"""Whether somebody is in danger from others: told that they will be killed, beaten, raped, held, threatened with it.

By the words people use for it, in English and Arabic. Who does it decides much: a husband or "he" who "will kill me" is
believed, a meeting is not, and neither is a boss, nor anybody "if the report is late". Games, prices and messages are
set aside as well ("beats me at chess", "hit me up"). What is left unclear counts. Texts are folded (`graph.folding`).
"""

import re
from typing import Final

from graph.folding import Wordings
from graph.guardrails.persons import GRAVE, HER, IN_EARNEST, KIN, TRIVIAL, WEAPON, WORK

_THEY: Final = (
    rf"(?:he|she|they|someone|somebody|(?:a|the|this|some|that) (?:man|men|guy|guys|woman|stranger|person|people)|"
    rf"(?:my|her|his|our) (?:\w+ )?{KIN})"
)
_ANYONE: Final = rf"(?:{_THEY}|(?:my|our|the) {WORK})"
_VICTIM: Final = rf"(?:me|us|him|them|{HER}|everyone|everybody|(?:my|her|his|our) (?:\w+ )?{KIN})"
_VIOLENCE: Final = r"(?:kill|murder|stab|shoot|strangle|choke|rape|hurt|beat|attack|hit|assault|kidnap|burn|poison)"
_WILL: Final = (
    r"(?:'s|'re| is| are| was| were)? ?(?:going to|gonna|about to|trying to|tries to|tried to|planning to|"
    r"threatening to|threatens to|threatened to|will|'ll|would|might|may|wants to|want to|wanted to|wanna|"
    r"keeps trying to|(?:says?|said|swore|told me)(?: that)? (?:he|she|they)(?:'ll| will| would|'d|'s going to|"
    r" is going to))"
)
_ARM: Final = r"(?:guns?|kni(?:fe|ves)|pistol|rifle|shotgun|weapons?|blade|machete|axe)"
_HAS_BEEN: Final = (
    r"(?:'s|'re| is| are| was| were| has| have| keeps?| kept)?(?: been)?(?: still| always| "
    r"constantly)?"
)
"""“He is”, “they have been”."""
_ENGLISH: Final = (
    rf"\b{_THEY}{_WILL} (?:\w+ )?{_VIOLENCE} {_VICTIM}\b{IN_EARNEST}",
    rf"\b(?:{_THEY}|my {WORK}) (?:just |always |often |sometimes |still |keeps? |regularly |\w+ and )?(?:is |"
    rf"has been |has |was )?"
    rf"(?:beats|beat|beating|beaten|hits|hit|hitting|punch(?:es|ed|ing)|kick(?:s|ed|ing)|slap(?:s|ped|ping)|"
    rf"chok(?:es|ed|ing)|strangl(?:es|ed|ing)|stab(?:s|bed|bing)|shot|attack(?:s|ed|ing)|assault(?:s|ed|ing)|"
    rf"tortur(?:es|ed|ing)|abus(?:es|ed|ing)|rap(?:es|ed|ing)|hurt(?:s|ing)|molest(?:s|ed|ing)|kidnap(?:s|ped|ping))"
    rf" (?:me|my (?:\w+ )?{KIN})\b{IN_EARNEST}",
    rf"\b(?:my (?:\w+ )?{KIN}) (?:beats|beat|hits|hit|is beating|is hitting) (?:us|her|him)\b{IN_EARNEST}",
    rf"\bthreat(?:en|ens|ened|ening)(?: me| us)? (?:to|that (?:he|she|they)(?:'ll| will| would)) (?:\w+ )?{_VIOLENCE}"
    rf" {_VICTIM}\b{IN_EARNEST}",
    rf"\bthreat(?:en|ens|ened|ening) (?:me|us|my \w+) with (?:an? |his |her |their )?(?:{WEAPON}|death|murder|rape|"
    r"violence)\b|\bthreat(?:en|ens|ened|ening) my life\b",
    r"\b(?:got|get|gets|getting|received?|receiving|sends? (?:me|us)|sending (?:me|us)|sent (?:me|us)) (?:\w+ )?death "
    r"threats?\b",
    rf"\b(?:{_THEY}) (?:has|have|got|is holding|came with|is coming with) an? (?:gun|knife|pistol|machete|weapon)\b",
    r"\b(?:i'm|im|i am|we're|we are|my (?:kids?|child|children|life|family|daughter|son)(?: is| are)) "
    r"(?:\w+ )?in (?:\w+ )?danger\b(?! of (?:los|miss|fall|be?ing (?:late|cut)|exceed|runn))",
    r"\b(?:i'm|im|i am|we are|i was|i've been|i have been|i got|i keep) (?:being |getting )?(?:beaten(?! (?:at|by \d|"
    r"to|"
    r"on|in)\b)|raped|kidnapped|stalked|sexually assaulted|stabbed|strangled|held (?:hostage|captive|"
    r"against my will))\b",
    r"\b(?:fear|afraid|scared|terrified|fearing)(?: for)? my(?: own)? life\b|\bnot safe (?:at home|with (?:him|her|"
    r"my))",
    r"\b(?:someone|somebody|a man|he|she|they)(?:'s| is|'re| are) (?:breaking|trying to break|trying to get) into my "
    r"(?:house|home|flat|apartment|room)\b",
    r"\b(?:there's|there is|has|have|had|got|holds?|held|holding|puts?|putting|points?|pointed|pointing|with)(?: "
    rf"\w+)? {_ARM} (?:to|at|against|on|in) (?:me|us|my (?:\w+ )?(?:head|throat|neck|face|chest|back|stomach|"
    rf"{KIN}))\b",
    rf"\b{_THEY}(?:'s|'re| is| are| was| keeps?| waits?| stands?)(?: [\w']+){{0,6}} with (?:an? |his |her |their "
    rf")?{_ARM}\b",
    rf"\b{_THEY}{_HAS_BEEN} (?:stalking|hunting|chasing) (?:me|us)\b",
    rf"\b{_THEY} (?:broke|has broken|have broken|forced (?:his|her|their) way) in(?:to)? (?:my|our) (?:house|home|"
    r"flat|apartment|room|car)\b",
    rf"\b{_THEY}{_HAS_BEEN} (?:holding|held|keeping|kept|locked|locking|tied|tying) (?:me|us|my (?:\w+ )?{KIN}) "
    r"(?:up\b|hostage|captive|prisoner|against|(?:up |in )?(?:the|a|my|his|her|their|our) (?:house|home|room|"
    r"basement|car|flat|apartment|closet|bathroom|cellar|garage))",
    rf"\b{_THEY} (?:won't|will not|doesn't|does not|never) let (?:me|us) (?:leave|out|go)(?=\W*$| (?:the|my|our|his|"
    r"her) (?:house|home|flat|room|apartment)\b)|\b(?:break|broke|breaking|kick|kicking|smash|smashing) (?:my|our|"
    r"the|down my) (?:front )?door(?: down| in)\b",
    r"\b(?:i|my \w+)\b.{0,30}\bvictim of (?:domestic (?:violence|abuse)|rape|sexual (?:violence|abuse|assault)|"
    r"violence)",
)
_THEIRS: Final = (
    r"(?:زوجي|زوجتي|جوزي|مراتي|طليقي|طليقتي|ابي|ابوي|ابويا|والدي|والدتي|امي|اخي|اخوي|اخويا|اختي|ابني|خطيبي|حبيبي|"
    r"صديقي|جاري|"
    r"عمي|خالي|حماي|حماتي|اهلي|عايلتي|شخص|شخص ما|احدهم|احد|حد|واحد|رجل|راجل|ناس|هو|هي|هم)"
)
_SOON: Final = r"(?:س|ح|ه|راح |رح |سوف |بده |بدو |ناوي |عايز |عاوز |يبغي |يبي |يريد ان |تريد ان |يحاول ان |حاول ان )"
_KILLS: Final = rf"(?:و|ف)?(?:{_SOON}|بان |ان |ب|عم )?(?:ي|ت)(?:قتل|ذبح|طعن|خنق|غتصب|ءذي|وذي)(?:ون|و)?(?:ني|نا)(?!\w)"
_FOLLOWS: Final = r"(?:ب|عم |كي)?(?:ي|ت)(?:لا?حق|تبع|طارد|راقب|ترصد)(?:ون|و)?(?:ني|نا)"
_ARABIC: Final = (
    rf"(?<!\w){_THEIRS} (?:\w+ ){{0,3}}?{_KILLS}(?! من ال)",
    rf"(?<!\w){_KILLS} (?:\w+ )?{_THEIRS}(?!\w)",
    rf"(?:^|(?<!\w)(?:انه|انها|انهم|بانه|اخاف|خايف|خايفه|اخشي|النجده|ساعدوني|ساعدني|لانه) ?(?:من )?(?:ان |انه )?)\W*"
    rf"{_SOON}(?:ي|ت)(?:قتل|ذبح|طعن|خنق|غتصب)(?:ون|و)?(?:ني|نا)(?!\w)(?! (?:من )?(?:ال)?(?:مدير|رييس|عميل|زبون|ملل|"
    rf"انتظار|اجتماع|"
    r"عمل|ضحك|تعب))",
    r"(?<!\w)(?:و|ب|عم |كان |كل يوم |دايما )?(?:ي|ت)(?:ضرب|عنف|عذب|غتصب)(?:ون|و)?(?:ني|نا)(?!\w)(?! (?:في|ب)(?:ال)? ?"
    r"(?:شطرنج|لعبه|سعر|اسعار))",
    rf"(?<!\w){_THEIRS} (?:\w+ )?(?:ضرب|عنف|عذب|اغتصب|طعن|خنق)(?:ت|و)?ني(?!\w)|(?<!\w)(?:ضرب|عنف|عذب|اغتصب|طعن|"
    rf"خنق)(?:ت|و)?ني "
    rf"{_THEIRS}(?!\w)",
    r"(?:يهدد|تهدد|هدد|مهدد)\w*(?: \w+)? (?:بالقتل|بالذبح|بقتل(?:ي|نا)|بالضرب|بالسلاح|بسكين|بالاغتصاب|بالايذاء)|"
    r"(?:تهديد|"
    r"تهديدات) بالقتل",
    r"(?<!\w)(?:يريد|تريد|يريدون|يحاول|تحاول|حاول|ناوي|يبغي|بده|عايز|عاوز) قتل(?:ي|نا)(?!\w)",
    r"(?:حياتي|حياتنا|عايلتي|اولادي|اطفالي) (?:في|ب) ?خطر|(?:^|\s)(?:انا|اني|نحن|احنا) (?:في|ب) ?خطر(?!\w)",
    r"(?<!\w)(?:ا|ت|ن)?تعرض(?:ت|نا)? ل(?:ل)?(?:ضرب|عنف|اغتصاب|تعذيب|خطف|طعن|اعتداء)(?!\w)",
    rf"(?<!\w)(?:{_THEIRS} )?(?:معه|معاه|معها|يحمل|عنده) (?:سكين|سلاح|مسدس)",
    r"(?:سكين\w*|سلاح\w*|مسدس\w*)(?: \w+)? (?:علي|ع|ب|في|ل) ?(?:راسي|رقبتي|ظهري|وجهي|بطني|صدري)(?!\w)",
    rf"(?<!\w)(?:{_THEIRS}|حدا) (?:(?:حا?بس|خا?طف)(?:ت|و)?(?:ني|نا)|(?:قافل|قفل|مسكر|سكر) علي)(?!\w)",
)
_IDIOM: Final = re.compile(
    r"\b(?:not (?:like|as if|that)|nobody|no ?one|as if|like|isn't|is not|without|never)\b(?: [\w']+){0,4}? (?:an? )?"
    r"(?:gun|knife) (?:to|at|against) (?:my|our|your|anyone's) head"
    r"|"
    rf"\b{_ANYONE}(?:'s|'re| is| are)? ?(?:going to|gonna|will|'ll|would|might|may|wants to|is about to|about to) "
    rf"(?:\w+ )?(?:kill|murder|strangle|shoot) (?:me|us|him|her)(?= (?:if|when|unless|because|for|over|about|once|"
    rf"since)"
    rf"\b[^.!?]*\b{TRIVIAL}\b)(?!.*\b{GRAVE}\b)"
    r"|قتل(?:ني|نا) (?:\w+ )?(?:اذا|ان|لو|لان)(?=[^.!؟]*(?:تقرير|فاتوره|موعد|اجتماع|ملف|تاخر|بيانات|استيراد|تصدير|"
    r"مشروع))"
)
"""Anybody may "kill" for a trifle; with a grave word beside it, it is none."""
_ANY: Final = Wordings(_ENGLISH, _ARABIC)
_FOLLOWED: Final = Wordings(
    (
        rf"\b{_THEY}{_HAS_BEEN} (?:follow(?:ing|s|ed)|watching|tracking|(?:coming|came) after|waiting for) (?:me|"
        r"us)\b(?! (?:on|in) (?:twitter|instagram|facebook|tiktok|linkedin|here|the app)\b)",
    ),
    (rf"(?<!\w){_FOLLOWS}(?!\w)", rf"(?<!\w)(?:{_THEIRS}|حدا) (?:ماشي|جاي|يمشي|بيمشي) وراي\w*"),
)
_AFRAID: Final = Wordings(
    (
        r"\b(?:afraid|scared|terrified|frightened|help me|police|street|home|in the dark|at night|outside my|"
        r"not safe|unsafe)\b",
    ),
    ("خايف|خوف|خفت|اخاف|مرعوب|ساعدو|الحقو|النجده|الشارع|البيت|الشرطه|الليل",),
)
"""What tells somebody who is followed in the street from somebody with followers."""


def speaks_of_peril(folded: str) -> bool:
    """Tell whether somebody is in danger from others, by what a folded text says."""
    earnest = _IDIOM.sub(" ~ ", folded)
    return _ANY.occur_in(earnest) or (_FOLLOWED.occur_in(earnest) and _AFRAID.occur_in(earnest))
