"""What kind of question is put, by its words: how to do something, what a term means, and what it is about. Pure."""

import re
from typing import Final

from graph.onboarding.pleasantries import plainly

_ASKS_HOW: Final = re.compile(
    r"\bhow\b|\bsteps?\b|\bset ?up\b|\bwhere(?:s\b| (?:do|can|is|are)\b)|\bi (?:want|need) to\b|"
    r"كيف|خطوات|طريقه|اين|اريد ان",
)
_ASKS_AMOUNT: Final = re.compile(r"\bhow (?:much|many|long|often|big|old|soon|far)\b")
_ASKS_MEANING: Final = re.compile(
    r"(?:(?:and|so|but|ok|please|hi|hello) )*(?:what(?: is|s) an? (?P<named>.+)|"
    r"what do(?:es)? (?:an? |the )?(?P<used>.+) mean|(?:define|what is the meaning of|what is meant by|"
    r"ما معني|ماذا يعني|ماذا تعني|ما المقصود ب) ?(?:an? |the )?(?P<wanted>.+))"
)
_LONGEST_TERM: Final = 4
_SMALL_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "have",
        "how",
        "hows",
        "i",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "need",
        "not",
        "of",
        "on",
        "or",
        "our",
        "please",
        "should",
        "the",
        "their",
        "there",
        "this",
        "to",
        "us",
        "want",
        "was",
        "we",
        "what",
        "whats",
        "when",
        "where",
        "wheres",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "كيف",
        "ما",
        "ماذا",
        "هل",
        "من",
        "في",
        "علي",
        "الي",
        "عن",
        "ان",
        "انا",
        "لي",
        "مع",
        "هذا",
        "هذه",
        "هي",
        "هو",
        "هناك",
        "اين",
        "متي",
        "لماذا",
        "اريد",
        "يمكنني",
    ]
)


def asks_how(question: str) -> bool:
    """Tell whether a question is how to do something, rather than how much of it there is."""
    plain = plainly(question)
    return bool(_ASKS_HOW.search(plain)) and not _ASKS_AMOUNT.search(plain)


def term_of(question: str) -> tuple[str, ...]:
    """Return the words that a question asks the meaning of (“what is an API key?”); none for any other question."""
    found = _ASKS_MEANING.fullmatch(plainly(question))
    term = found[found.lastgroup or 0] if found else ""
    return tuple(term.split()) if telling_words(term) and len(term.split()) <= _LONGEST_TERM else ()


def telling_words(text: str) -> frozenset[str]:
    """Return the words of a text that say what it is about."""
    words = (word for word in plainly(text).split() if word not in _SMALL_WORDS)
    return frozenset(word for word in words if any(letter.isalpha() for letter in word))
