"""What people say to the agent that asks nothing of the product: a sum, the weather, a joke, a sigh, a word of noise.

It is looked at only where no answer was found: such words are left out of the count of failures by which a person is
called, since nobody wished for one. Pure.
"""

import re
from typing import Final

from graph.folding import fold
from graph.onboarding.pleasantries import complains

_SUM: Final = re.compile(
    r"(?:(?:what(?:'s| is)|whats|how much is|calculate|compute|solve|and|احسب|كم|ما|كم يساوي|ما ناتج) "
    r")*[\d\s+\-*/x×÷^=().,%]*\d[\d\s+\-*/x×÷^=().,%]*(?:equals?|يساوي)?[\s?؟!.=]*"
)
_OF_THE_WORLD: Final = re.compile(
    r"\bweather\b|\bwill it (?:rain|snow)\b|\b(?:tell me|know|another) (?:an? )?(?:\w+ )?(?:jokes?|stor(?:y|ies)|"
    r"riddles?|fun facts?)\b|\b(?:sing|write|compose)(?: me)? (?:an? |me )*(?:song|poem|essay|haiku)\b|"
    r"\bhoroscope\b|\b(?:football|soccer|basketball|world cup|super bowl)\b|\bwho (?:won|wins|is the (?:president|"
    r"king|queen|prime minister))\b|\b(?:capital|president|population) of\b|\bmeaning of life\b|\bwhat(?:'s| is)? "
    r"(?:the )?(?:time|day|date)(?: is it| is today)?(?: now| today)?\W*$|\b(?:recipe for|how (?:do i|to) (?:cook|"
    r"bake))\b|\bdo you (?:like|love|sleep|eat|dream|feel|hate)\b|\bhow old are you\b|\byour favou?rite\b|\bare you "
    r"(?:alive|happy|sad|hungry|married|single)\b|(?<!\w)(?:ال)?طقس(?!\w)|(?:كيف|شلون|ازي) (?:ال)?جو(?!\w)|"
    r"(?<!\w)نكته(?!\w)|كم الساعه|عاصمه|(?:رييس|ملك) (?:دوله|امريكا|مصر|فرنسا)|(?:ال)?مباراه|كره القدم|(?:غن|غني) "
    r"لي|قصيده|وصفه طبخ|معني الحياه|كم عمرك|هل تحب(?:ني|ين)?(?!\w)"
)
_SIGH: Final = re.compile(
    r"u+gh|a+r+gh|h+m+|m+h?m*|meh|omg|lol|(?:ha|he)+h?|blah|[aeo]h|u[hm]|er|well|so|wow|yikes|phew|sigh|test(?:ing)?|"
    r"اف|اوف|يوه|ه+|امم|اه|اوه|يا|الله|والله|تجربه"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def is_idle(text: str) -> bool:
    """Tell whether a text asks nothing of the product; a complaint never is idle, however short."""
    if complains(text):
        return False
    folded = fold(text)
    words = _WORD.findall(folded)
    if _SUM.fullmatch(folded) or _OF_THE_WORLD.search(folded) or all(map(_SIGH.fullmatch, words)):
        return True
    return len(words) < 2 and not any(mark in text for mark in "?؟")
