"""Whether a message is about a topic that the company keeps out of its conversations. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import snowballstemmer

from graph.folding import fold

_WORD: Final = re.compile(r"[^\W_]+")
_LEAST: Final = 3
_STOPWORDS: Final = frozenset(
    (
        *(
            "all",
            "and",
            "any",
            "anything",
            "are",
            "for",
            "from",
            "give",
            "giving",
            "how",
            "into",
            "its",
            "other",
            "that",
        ),
        *("the", "their", "this", "topics", "topic", "questions", "with", "your", "our"),
        *("عن", "في", "من", "الي", "علي", "كل", "مع", "موضوع", "اسيله"),
    )
)


def topic_of(text: str, topics: Iterable[str]) -> str | None:
    """Return the first of the topics whose words all occur in a text, in any form; None where none does."""
    named = tuple(topics)
    words = _stems(text) if named else frozenset()
    return next((topic for topic in named if (wanted := _stems(topic)) and wanted <= words), None)


@lru_cache(maxsize=128)
def _stems(text: str) -> frozenset[str]:
    words = [word for word in _WORD.findall(fold(text)) if word not in _STOPWORDS and len(word) >= _LEAST]
    return frozenset(map(_stem, words))


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    return str(_stemmer("english" if word.isascii() else "arabic").stemWord(word))


@lru_cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(language)
