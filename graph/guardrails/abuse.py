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
    r"(?:idiots?|morons?|imbeciles?|stupid|dumbass|bitch(?:es)?|bastards?|assholes?|arseholes?|cunts?|whores?|sluts?|"
    r"scum|motherf\w*|dickheads?|wankers?|twats?|pricks?)"
)
"""Words that insult without any other word; "trash" alone is a folder."""
_INSULTS: Final = (
    r"\b(?:f+u+c+k+|f\*+k?|fck|screw|damn|curse) (?:you|u|ya|off|yourself|your (?:mother|mom|family))\b",
    rf"\b(?:you|u|ya|you're|youre|ur|you are|y'all|you all)(?: are)?(?: (?:a|an|such|so|just|all|really|nothing but|"
    rf"the|very)){{0,4}}(?: {_OATH})? {_INSULT}\b"
    r"(?! (?:free|proof|question|mistake))",
    rf"^(?:hey |oi |listen )?(?:{_OATH} )?{_BARE}(?: (?:bot|robot|machine|ai|assistant))?\W*$",
    rf"\b(?:{_OATH}|{_INSULT}) (?:bot|robot|assistant)\b",
    r"\b(?:shut (?:the \w+ )?up|stfu|gtfo|go to hell|drop dead|eat shit|piss off|suck my|kiss my ass|kys|"
    r"kill (?:yourself|urself))\b",
    r"\b(?:send|show|give)(?: me)?(?: your| some)? (?:nudes?|naked pic\w*|boobs|tits)\b|\b(?:have sex|"
    r"sleep) with (?:me|you)\b",
    r"\bn[i1]gg(?:er|a)s?\b|\bf[a4]gg?[o0]ts?\b|\bk[i1]kes?\b|\bch[i1]nks?\b|\btr[a4]nn(?:y|ies)\b|\bp[a4]kis?\b|"
    r"\bsand ?nigger",
    r"(?:^|\s)(?:يا|انت|انتم|انتي|ايها) (?:\w+ )?(?:كلب|كلاب|حمار|حمير|غبي|اغبياء|غبيه|حيوان|حقير|قذر|وسخ|خنزير|تافه|"
    r"زباله|معفن|متخلف|واطي|سافل|منحط|عاهره|شرموط\w*|خول|لعين)(?!\w)",
    r"(?:كس ?(?:ام|اخت)\w*|ابن ال(?:كلب|حرام|شرموطه|قحبه|عاهره)|ولد ال(?:كلب|حرام|قحبه)|يلعن (?:ابو|ام|دين|شكل|"
    r"اهل)\w*|لعنه الله عليك|العن ابو\w*|تبا لك\w*|اخرس(?!\w)|انقلع|طز فيك\w*|كل خرا|خرا عليك\w*)",
)
_CHAIN: Final = (
    r"(?:(?:come|go|drive|walk|fly|get|show up|turn up|visit|bring|buy|take|grab|find|hunt|"
    r"wait)(?: [\w']+){0,7} (?:and|to) )?"
)
"""What somebody does on the way to it: "come to your office and"."""
_THREATS: Final = (
    r"\b(?:i|we)(?:'ll| will|'m going to|'re going to| am going to| are going to|'m gonna| wanna| want to|'d love to|"
    rf" am gonna| shall|'m| am|'re| are)? {_CHAIN}"
    r"(?:come and |find (?:you|out where you live) and |hunt you down|kill|murder|hurt|beat|shoot|stab|bomb|"
    r"burn down|destroy|rape|strangle)"
    r" (?:you|u|your (?:family|staff|team|office|people|boss|building|kids|children)|all of you|everyone (?:there|"
    r"of you|"
    r"at your|in your)|everybody (?:there|at your|in your)|y'all)\b(?! (?:all |guys )?(?:an?|the|some|over|my|our|"
    r"to it)\b)",
    r"\b(?:i'm|i am|im|we're|we are) coming (?:[\w']+ ){0,5}(?:to|and) (?:kill|murder|shoot|stab|bomb|rape|"
    r"hurt) (?:you|u|"
    r"your|everyone|everybody|all of you)\b",
    r"\bi know where you (?:live|work)\b|\bi(?:'ll| will) (?:find|hunt) (?:you|u)\b(?! (?:a|an|the|some)\b)|"
    r"\byou(?:'ll| will) (?:pay with your|die for this|be dead)\b",
    r"\b(?:going to|gonna|will|want to) (?:shoot up|blow up|bomb|set fire to|burn down) (?:your|the|this) (?:office|"
    r"building|company|place|school)\b",
    r"(?:ساقتل|راح اقتل|هقتل|بقتل|حقتل|سوف اقتل|اقتل|اذبح|ساذبح|هدبح|بذبح)(?:ك|كم|هم)(?!\w)|(?:سافجر|بفجر|"
    r"هفجر) (?:مكتب|مبني|شركت)\w*",
)
_INSULTED: Final = re.compile("|".join(f"(?:{pattern})" for pattern in _INSULTS))
_THREATENED: Final = re.compile("|".join(f"(?:{pattern})" for pattern in _THREATS))


def is_abuse(folded: str) -> bool:
    """Tell whether a folded text insults or harasses whoever reads it."""
    return _INSULTED.search(folded) is not None


def is_threat(folded: str) -> bool:
    """Tell whether a folded text threatens somebody with violence."""
    return _THREATENED.search(folded) is not None
