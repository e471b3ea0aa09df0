"""Small talk, and what else people say in the same few words: greetings, thanks, “skip this”, “what can you do?”.

A message counts only as a whole: “hi, how do I import contacts?” is a question. The words stand in `small_talk.yaml`,
those of any conversation in `graph.handoff.intents`; whatever both miss is treated as a question or an answer, which
does no harm. Pure.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import yaml

from graph.folding import fold
from graph.handoff.intents import intent_of

Pleasantry = Literal[
    "greeting", "thanks", "goodbye", "affirm", "deny", "how_are_you", "who_are_you", "what_can_you_do",
    "why_do_you_ask", "noted"
]  # fmt: skip

MAX_LENGTH: Final = 80
"""Characters beyond which a message is about something."""

_OWN: Final[tuple[Pleasantry, ...]] = ("how_are_you", "who_are_you", "what_can_you_do", "why_do_you_ask", "noted")
_COMMON: Final[tuple[Pleasantry, ...]] = ("greeting", "thanks", "goodbye", "affirm", "deny")
_TO_SOMEBODY: Final = frozenset({"greeting", "thanks", "goodbye"})
_POLITE: Final = _TO_SOMEBODY | {"affirm", "deny", "noted"}
_SENTENCE: Final = re.compile(r"(?:[.!?؟…]\s|\n)\s*(?=\S)")
_COMMA: Final = re.compile(r"[,،;؛]\s*")
_NAME: Final = re.compile(r"[\s,،]+(?:يا\s+)?[^\W\d_]+[\s.!]*$")
_NO_WORD: Final = re.compile(r"[\W_]+")


def plainly(text: str) -> str:
    """Return a text as it is compared: folded (`graph.folding`), and without any marks."""
    return _NO_WORD.sub(" ", fold(text).replace("'", "")).strip()


def pleasantry(text: str) -> Pleasantry | None:
    """Return what kind of small talk a whole message is, or None; signs alone say as much as words."""
    if (shown := _sign(text)) in ("affirm", "thanks"):
        return "affirm" if shown == "affirm" else "thanks"
    if own := next((kind for kind in _OWN if _is(kind, text)), None):
        return own
    intent = intent_of(fold(text)) if len(text) <= MAX_LENGTH else "question"
    return next((kind for kind in _COMMON if kind == intent), None)


def needs_no_answer(text: str) -> bool:
    """Tell whether a message that was said to a person asks nothing of anybody: each part of it is thanks, a greeting,
    a yes or a no; with that person's name as well (“thanks, Sam”)."""
    if pleasantry(text) in _POLITE or pleasantry(_NAME.sub("", text)) in _TO_SOMEBODY:
        return True
    parts = _SENTENCE.split(text) if _SENTENCE.search(text) else _COMMA.split(text)
    return len(parts) > 1 and all(needs_no_answer(part) for part in parts if part.strip())


def passes_over(text: str) -> bool:
    """Tell whether a whole message is a wish not to answer a question."""
    return _is("skip", text) or pleasantry(text) == "deny"


def ends_questions(text: str) -> bool:
    """Tell whether a whole message is a wish to be asked nothing more."""
    return _is("stop", text)


def wants_back(text: str) -> bool:
    """Tell whether a whole message is a wish to go back to the question before."""
    return _is("back", text)


def wants_repetition(text: str) -> bool:
    """Tell whether a whole message is a wish to hear the agent's question once more."""
    return _is("repeat", text)


def wants_none(text: str) -> bool:
    """Tell whether a whole message says no to everything that was shown."""
    return _is("none_of_them", text)


def complains(text: str) -> bool:
    """Tell whether a whole message says that something is wrong, and nothing of what: “it still does not work”."""
    if len(text) > MAX_LENGTH or pleasantry(text) is not None:
        return False
    words, lexicon = plainly(text).split(), _word_sets()
    if not words:
        return _sign(text) == "unhappy"
    if not all(any(word in some for some in lexicon.values()) for word in words):
        return False
    fails = any(word in lexicon["denials"] for word in words) and any(word in lexicon["workings"] for word in words)
    return fails or any(word in lexicon["troubles"] for word in words)


def names_number(text: str) -> bool:
    """Tell whether a text names a number, in digits or in words."""
    return any(word.isdecimal() or word in _number_words() for word in plainly(text).split())


def asks_something(text: str) -> bool:
    """Tell whether a text is a question, or asks to be shown something: by its mark, or by how it begins."""
    return text.strip().endswith(("?", "؟")) or _first_words().match(plainly(text)) is not None


def asks_for_advice(text: str) -> bool:
    """Tell whether a user asks for recommendations outright."""
    return _advice().search(plainly(text)) is not None


def _is(kind: str, text: str) -> bool:
    return len(text) <= MAX_LENGTH and _whole(kind).fullmatch(plainly(text)) is not None


def _sign(text: str) -> str | None:
    """Return what a message of signs alone says: `affirm`, `thanks` or `unhappy`."""
    if len(text) > MAX_LENGTH or any(letter.isalnum() for letter in text):
        return None
    return next((kind for kind, signs in _signs().items() if any(sign in text for sign in signs)), None)


@lru_cache(maxsize=1)
def _signs() -> dict[str, list[str]]:
    return {kind: _source()[f"{kind}_signs"] for kind in ("unhappy", "affirm", "thanks")}


@lru_cache(maxsize=1)
def _word_sets() -> dict[str, frozenset[str]]:
    """Return the words of complaints that name nothing, by what they do in them."""
    return {kind: frozenset(_lexicon()[kind]) for kind in ("troubles", "workings", "denials", "vague")}


@lru_cache(maxsize=1)
def _number_words() -> frozenset[str]:
    return frozenset(_lexicon()["numbers"])


@lru_cache
def wordings(kind: str) -> tuple[tuple[str, ...], ...]:
    """Return the words of a kind as they are compared, the longest first."""
    return tuple(sorted((tuple(one.split()) for one in _lexicon()[kind]), key=len, reverse=True))


@lru_cache
def _whole(kind: str) -> re.Pattern[str]:
    words = _lexicon()
    before, after = _any_of(words["openers"]), _any_of(words["closers"])
    return re.compile(rf"(?:{before} )*{_any_of(words[kind])}(?: {after})*")


@lru_cache(maxsize=1)
def _first_words() -> re.Pattern[str]:
    words = _lexicon()
    begin = _any_of([*words["questions"], *words["requests"]])
    return re.compile(rf"(?:{_any_of([*words['openers'], 'just'])} )*{begin}\b")


@lru_cache(maxsize=1)
def _advice() -> re.Pattern[str]:
    return re.compile(rf"\b{_any_of(_lexicon()['advice'])}\b")


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, list[str]]:
    return {kind: [plainly(words) for words in some] for kind, some in _source().items()}


@lru_cache(maxsize=1)
def _source() -> dict[str, list[str]]:
    source = Path(__file__).with_name("small_talk.yaml").read_bytes()
    loaded: dict[str, list[str]] = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - texts alone; “no” is a word
    return loaded


def _any_of(words: Iterable[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first))})"
