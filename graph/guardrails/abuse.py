"""Whether a message insults, threatens or harasses whoever reads it; anger at the product is no abuse.

Texts are folded (`graph.folding`).
"""

import re
from typing import Final

_OATH: Final = r"(?:f+u+c*k+\w*|f\*+\w*|fck\w*|fking|bloody|damn|goddamn|stupid|dumb)"
_INSULT: Final = (
    r"(?:idiots?|morons?|imbeciles?|retard(?:s|ed)?|stupid|dumb(?:ass)?|bitch(?:es)?|bastards?|assholes?|arseholes?|"
    r"cunts?|whores?|sluts?|scum|pieces? of (?:shit|crap|garbage|trash)|trash|pigs?|dogs?|cockroach(?:es)?|pathetic|"
    r"motherf\w*|dickheads?|wankers?|twats?|pricks?|losers?|braindead|brain-dead|subhumans?|worthless)"
)
_BARE: Final = (
    r"(?:idiots?|morons?|imbeciles?|stupid|dumbass|bitch(?:es)?|bastards?|assholes?|arseholes?|cunts?|whores?|"
    r"sluts?|scum|motherf\w*|dickheads?|wankers?|twats?|pricks?)"
)
"""Words that insult without any other word; "trash" alone is a folder."""
_INSULTS: Final = (
    r"\b(?:f+u+c+k+|f\*+k?|fck|screw|damn|curse) (?:you|u|ya|off|yourself|your (?:mother|mom|family))\b",
    r"\b(?:you|u|ya|you're|youre|ur|you are|y'all|you all)(?: are)?(?: (?:a|an|such|so|just|all|really|nothing but|"
    rf"the|very)){{0,4}}(?: {_OATH})? {_INSULT}\b(?! (?:free|proof|question|mistake))",
    rf"^(?:hey |oi |listen )?(?:{_OATH} )?{_BARE}(?: (?:bot|robot|machine|ai|assistant))?\W*$",
    rf"\b(?:{_OATH}|{_INSULT}) (?:bot|robot|assistant)\b",
    r"\b(?:shut (?:the \w+ )?up|stfu|gtfo|go to hell|drop dead|eat shit|piss off|suck my|kiss my ass|kys|kill "
    r"(?:yourself|urself))\b",
    r"\b(?:send|show|give)(?: me)?(?: your| some)? (?:nudes?|naked pic\w*|boobs|tits)\b|\b(?:have sex|sleep) with "
    r"(?:me|you)\b",
    r"\bn[i1]gg(?:er|a)s?\b|\bf[a4]gg?[o0]ts?\b|\bk[i1]kes?\b|\bch[i1]nks?\b|\btr[a4]nn(?:y|ies)\b|\bp[a4]kis?\b|"
    r"\bsand ?nigger",
    r"(?:^|\s)(?:يا|انت|انتم|انتي|ايها) (?:\w+ )?(?:كلب|كلاب|حمار|حمير|غبي|اغبياء|غبيه|حيوان|حقير|قذر|وسخ|خنزير|"
    r"تافه|زباله|معفن|متخلف|واطي|سافل|منحط|عاهره|شرموط\w*|خول|لعين)(?!\w)",
    r"(?:كس ?(?:ام|اخت)\w*|ابن ال(?:كلب|حرام|شرموطه|قحبه|عاهره)|ولد ال(?:كلب|حرام|قحبه)|يلعن (?:ابو|ام|دين|شكل|"
    r"اهل)\w*|لعنه الله عليك|العن ابو\w*|تبا لك\w*|اخرس(?!\w)|انقلع|طز فيك\w*|كل خرا|خرا عليك\w*)",
)
_CHAIN: Final = (
    r"(?:(?:come|go|drive|walk|fly|get|show up|turn up|visit|bring|buy|take|grab|find|hunt|wait)(?: [\w']+){0,7} "
    r"(?:and|to) )?"
)
"""What somebody does on the way to it: "come to your office and"."""
_WILL: Final = (
    r"\b(?:i|we)(?: (?:swear|promise)(?: to god)?(?: that)?(?: i| we)?)?(?:'ll| will|'m going to|'re going to| am "
    r"going to| are going to|'m gonna| wanna| want to|'d love to| am gonna| gonna| shall|'m| am|'re| are|m gonna)?"
)
_THEIR_PLACE: Final = r"(?:office|building|company|place|school|house|home|car|headquarters|hq|store|shop|family)"
_YOUR_BODY: Final = r"(?:throat|head|face|neck|skull|chest|heart|bones|legs|arms|teeth|brains?)"
_THREATS: Final = (
    rf"{_WILL} {_CHAIN}(?:come and |find (?:you|out where you live) and |hunt you down|kill|murder|hurt|beat|shoot|"
    r"stab|bomb|burn down|destroy|rape|strangle|punch|smash|torch|slaughter|blow up) (?:you|u|your (?:family|staff|"
    r"team|office|people|boss|building|kids|children|house|home)|all of you|everyone (?:there|of you|at your|in "
    r"your)|everybody (?:there|at your|in your)|y'all)\b(?! (?:all |guys )?(?:an?|the|some|over|my|our|to it|up on|"
    r"up in)\b)",
    rf"{_WILL} {_CHAIN}(?:burn|blow|torch|set|shoot|smash|tear) (?:all of )?(?:your|the|this) (?:\w+ "
    rf")?{_THEIR_PLACE} (?:down|up|on fire(?! tablet)|to the ground|to pieces|apart)\b",
    rf"{_WILL} {_CHAIN}(?:blow|burn|cut|beat|smash|tear) (?:you|u|you all|all of you) (?:up|alive|open|down|to "
    r"death|to pieces|apart)\b|\bput a bullet (?:in|through) (?:you|your)\b|\bmake you (?:bleed|suffer|beg for "
    r"your life)\b",
    rf"\b(?:slit|cut|break|smash|bash|punch|crush|snap|stab|rip)(?:ting|ing)? (?:\w+ )?your (?:\w+ )?{_YOUR_BODY}\b|"
    rf"\b(?:punch|hit|kick|stab|shoot) you in the {_YOUR_BODY}\b",
    r"\b(?:i'm|i am|im|we're|we are) coming (?:[\w']+ ){0,5}(?:to|and) (?:kill|murder|shoot|stab|bomb|rape|hurt) "
    r"(?:you|u|your|everyone|everybody|all of you)\b",
    r"\bi know where (?:you|your (?:\w+ )?(?:family|kids?|children|wife|husband|daughter|son|mother|parents)) "
    r"(?:all )?(?:live|work|go to school|sleep)\b|\bi(?:'ll| will) (?:find|hunt) (?:you|u)\b(?! (?:a|an|the|"
    r"some)\b)|\byou(?:'ll| will| are| 're|'re)(?: all)? (?:going to |gonna )?(?:pay with your (?:life|lives)|"
    r"die(?: for this)?(?=\W*$)|(?:be )?dead(?=\W*$| (?:if|unless|meat|man)\b))",
    r"\b(?:going to|gonna|will|want to) (?:shoot up|blow up|bomb|set fire to|burn down) (?:your|the|this) "
    rf"{_THEIR_PLACE}\b|\b(?:there is|there's|i (?:put|placed|planted|left|have)) a bomb (?:in|at|under|for) "
    r"(?:your|the|this)\b",
    r"\b(?:bring|bringing|take|taking|come|coming)(?: \w+)? (?:with )?(?:a|my|the) (?:gun|rifle|pistol|knife|"
    rf"machete|bomb) (?:in)?to your {_THEIR_PLACE}\b",
    r"(?:ساقتل|راح اقتل|رح اقتل|هقتل|بقتل|حقتل|سوف اقتل|لاقتلن?|اقتل|اذبح|ساذبح|هدبح|بذبح|ساطعن|ساضرب|هضرب|راح اضرب|"
    r"هموت|واموت|اموت)(?:ك|كم|هم)(?!\w)(?! مثلا)|(?:سافجر|بفجر|هفجر|راح افجر|رح افجر|سوف افجر) (?:ال)?(?:مكتب|مبني|"
    r"شركت|شركه|مقر)\w*|(?:ساحرق|هحرق|بحرق|راح احرق|رح احرق|سوف احرق) (?:بيوت|بيت|مكتب|مكاتب|شركت|منزل|مقر)\w*",
)
_INSULTED: Final = re.compile("|".join(f"(?:{pattern})" for pattern in _INSULTS))
_THREATENED: Final = re.compile("|".join(f"(?:{pattern})" for pattern in _THREATS))


def is_abuse(folded: str) -> bool:
    """Tell whether a folded text insults or harasses whoever reads it."""
    return _INSULTED.search(folded) is not None


def is_threat(folded: str) -> bool:
    """Tell whether a folded text threatens somebody with violence."""
    return _THREATENED.search(folded) is not None
