"""Sentences that owe no citation, since they claim nothing: questions, greetings, offers of help, plain coaching."""

import re
from typing import Final, Literal

from core.sentences import without_mark
from knowledge.citations.lexicon import GENERIC_WORDS
from knowledge.citations.words import plain, read_sentence, stem

Kind = Literal["question", "greeting", "offer", "generic", "claim"]

SHORT_QUESTION: Final = 4
"""Content words up to which any sentence with a question mark is a question."""
_QUESTION: Final = re.compile(
    r"(?:and |so |or |but )?(?:what|how|why|where|when|who|which|is|are|was|do|does|did|can|could|would|will|shall|"
    r"should|have|has|need|want|still|any|stuck|having|may|هل|ما|ماذا|كيف|لماذا|متى|اين|أين|من|اي|أي)\b",
    re.IGNORECASE,
)
_SMUGGLED: Final = re.compile(
    r"\bdid you know\b|\bare you aware\b|\bhave you heard\b|هل (?:تعلم|كنت تعلم|تدري)", re.IGNORECASE
)
_GREETING: Final = re.compile(
    r"(?:(?:i'm|i am|we're|we are|i’m) (?:so |very |really |truly )?sorry|hi|hello|hey|welcome|"
    r"good (?:morning|afternoon|evening|day)|thanks?|thank you|great|sure|of course|no problem|no worries|"
    r"you're welcome|sorry|take your time|almost there|well done|good luck|congratulations|happy to help|"
    r"مرحبا|مرحبًا|أهلا|أهلًا|اهلا|السلام عليكم|شكرا|شكرًا|عفوا|عفوًا|بالتأكيد|طبعا|حسنا|على راحتك|بالتوفيق|نعتذر|آسف)\b",
    re.IGNORECASE,
)
_GREETING_WORDS: Final = 3
_OFFER: Final = re.compile(
    r"\b(?:let (?:me|us) know|i can help|we can help|i'm here|we're here|i am here|we are here|"
    r"happy to help|glad to help|"
    r"would you like|feel free|ask (?:me|us)|tell (?:me|us)|talk to (?:us|a person|a human|somebody|someone)|"
    r"connect you (?:with|to)|a (?:colleague|person|human) (?:can|will)|reach out to us|write to us)\b|"
    r"(?:أخبرنا|اخبرنا|أخبرني|تواصل معنا|اسألنا|اسالنا|يسعدنا|يمكننا مساعدتك|يمكنني مساعدتك|"
    r"نحن هنا|أنا هنا|لا تتردد|سنساعدك)",
    re.IGNORECASE,
)
_OFFER_WORDS: Final = 8


def kind_of(sentence: str) -> Kind:
    """Return what a sentence is; everything that says something about the product or the world is a claim.

    A question that tells something ("Did you know that …?") is a claim, and so is a greeting or an offer that goes on
    with a number or a name.
    """
    text = without_mark(sentence).strip()
    reading = read_sentence(text)
    if _is_question(text, len(reading.stems)):
        return "question"
    if reading.numbers or reading.names or reading.quoted:
        return "claim"
    if _GREETING.match(text) and len(reading.stems) <= _GREETING_WORDS:
        return "greeting"
    if _OFFER.search(text) and len(reading.stems) <= _OFFER_WORDS:
        return "offer"
    return "generic" if set(reading.stems) <= _generic() else "claim"


def _is_question(text: str, words: int) -> bool:
    if not text.rstrip("\"'”’»)").endswith(("?", "؟")) or _SMUGGLED.search(text):
        return False
    return words <= SHORT_QUESTION or _QUESTION.match(text.lstrip("\"'“«(")) is not None


_GENERIC: Final[set[str]] = set()


def _generic() -> set[str]:
    if not _GENERIC:
        _GENERIC.update(stem(plain(word)) for word in GENERIC_WORDS)
    return _GENERIC
