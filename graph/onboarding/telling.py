"""What users tell of questions that were not just put: several at once, one that comes later, one put right. Pure.

A question is told by the words that the playbook has for it (`told_as`), or put right by a mark such as “I meant” with
one of its choices. Anything else is left to be an answer to the question that was put.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from core.playbooks import Playbook, Question
from graph.onboarding.choosing import MAX_WORDS, choice_meant, choice_named, is_own_answer
from graph.onboarding.pleasantries import names_number, plainly, wants_back, wordings

_ENDS: Final = re.compile(r"[.,;:!،؛]$")
_JOINS: Final = frozenset({"and", "but", "و"})
_DENIES: Final = frozenset({"not", "ليس", "وليس", "لست", "ولست", "لا", "مش", "مو"})
_LEADS_ON: Final = frozenset({"in", "at", "from", "with", "who", "في", "من", "مع"})
_ABOUT: Final = frozenset({"about", "around", "over", "nearly", "only", "just", "حوالي", "نحو"})
_MOST_OF_NUMBER: Final = 4
"""Words of an amount with what is counted: “about 5 people”."""
_VALUE: Final = "*"
_NO_NAMES: Final = frozenset(
    ["a", "an", "the", "my", "our", "your", "this", "that", "least", "most", "home", "work", "all", "once", "first",
     "last", "present", "هذه", "هذا", "البيت", "المنزل", "العمل", "شركتي", "شركتنا"]
)  # fmt: skip
"""Words behind an “at” that name nobody."""
Strength = Literal["plain", "weak", "strong"]
_MARKS: Final[Mapping[str, Strength]] = {"corrects": "strong", "rather": "weak"}


@dataclass(frozen=True, slots=True)
class Told:
    """An answer to a question; `by_name` where the user said what it is about."""

    question: Question
    value: str
    by_name: bool


@dataclass(frozen=True, slots=True)
class _Word:
    """A word as it was written and as it is compared. `ends` is whether a clause ends behind it."""

    raw: str
    plain: str
    ends: bool


@dataclass(frozen=True, slots=True)
class _Cue:
    """Words of the playbook that tell a question. `has_value`: its answer follows; `is_behind`: another precedes."""

    words: tuple[str, ...]
    question: Question
    has_value: bool
    is_behind: bool


def told_by_name(playbook: Playbook, text: str, behind: Sequence[Question] = ()) -> tuple[tuple[Told, ...], str]:
    """Return what a text tells in the playbook's own words for its questions, and what stands before the first of it.

    Words that are an answer by themselves (“retail”) count only beside one that is named. Of two to one question the
    later holds. `behind` are questions that may be answered in a few words behind the answer to the one that was put
    (“head of sales at Acme”).
    """
    words = _words(text)
    cues = list(_cues_in(_cues_of(playbook, behind if len(words) <= MAX_WORDS else ()), words))
    ends = [*(start for start, *_ in cues[1:]), len(words)]
    found: dict[str, Told] = {}
    for (start, size, question, has_value), end in zip(cues, ends, strict=False):
        said = _clause(words[start + size : end]) if has_value else words[start : start + size]
        if (value := _value(question, said)) is not None:
            found[question.name] = Told(question, value, has_value)
    if not any(one.by_name for one in found.values()):
        return (), text
    strength, before = _marked(words[: cues[0][0]])
    return tuple(found.values()), _raw(before) if strength == "plain" else ""


def put_right(text: str, pending: Question | None, answered: Sequence[Question]) -> Told | None:
    """Return the answer that a text puts right, of those that were given (`answered`, the latest first); None for a
    text without a mark of that, and for what rather answers the open question."""
    strength, rest = _marked(_words(text))
    if strength == "plain" or not rest:
        return None
    takes_amounts = strength == "strong" or pending is None or not pending.offers_nothing
    for question in (*((pending,) if pending else ()), *answered):
        if (choice := _whole_choice(question, rest)) is not None:
            return Told(question, choice, by_name=False)
        if takes_amounts and question.own_words == "number" and _is_amount(rest):
            return Told(question, _raw(rest), by_name=False)
    if strength == "strong" and answered and (value := _value(answered[0], rest)) is not None:
        return Told(answered[0], value, by_name=False)
    return None


def goes_back(text: str) -> bool:
    """Tell whether a whole message is a wish to answer the question before anew; or a mark with nothing behind it."""
    if wants_back(text):
        return True
    strength, rest = _marked(_words(text))
    return strength == "strong" and not rest


def _words(text: str) -> tuple[_Word, ...]:
    lines = " , ".join(text.splitlines()).split()
    found = ((raw, plainly(raw)) for raw in lines)
    kept: list[_Word] = []
    for raw, plain in found:
        if plain:
            kept.append(_Word(raw, plain, _ENDS.search(raw) is not None))
        elif kept:
            kept[-1] = _Word(kept[-1].raw, kept[-1].plain, ends=True)
    return tuple(kept)


def _raw(words: Sequence[_Word]) -> str:
    return " ".join(word.raw for word in words).strip(" .,;:!،؛")


def _clause(words: Sequence[_Word]) -> tuple[_Word, ...]:
    """Return the words up to the end of their clause, without what is denied, or left hanging, at its end."""
    taken: list[_Word] = []
    for word in words:
        if word.plain in _JOINS or (taken and word.plain in _DENIES):
            break
        taken.append(word)
        if word.ends:
            break
    while taken and taken[-1].plain in _LEADS_ON:
        taken.pop()
    return tuple(taken)


def _cues_in(cues: Sequence[_Cue], words: Sequence[_Word]) -> Iterator[tuple[int, int, Question, bool]]:
    """Yield where a playbook's words for its questions stand: place, length, question, whether a value follows."""
    place, plain = 0, [word.plain for word in words]
    while place < len(plain):
        found = next(
            (
                (one.words, one.question, one.has_value)
                for one in cues
                if _begins(plain, place, one.words) and (not one.is_behind or _may_follow(plain, place, one.words))
            ),
            None,
        )
        if found is None:
            place += 1
        else:
            cue, question, has_value = found
            yield place, len(cue), question, has_value
            place += len(cue)


def _begins(plain: Sequence[str], place: int, cue: tuple[str, ...]) -> bool:
    """Tell whether a cue stands at a place; an Arabic “and” may be written in one with its first word."""
    here = tuple(plain[place : place + len(cue)])
    return here == cue or (here[1:] == cue[1:] and here[:1] == (f"و{cue[0]}",))


def _may_follow(plain: Sequence[str], place: int, cue: tuple[str, ...]) -> bool:
    """Tell whether words stand between an answer and a name: “at Acme”, not “at a startup”, nor “at least”."""
    following = plain[place + len(cue) : place + len(cue) + 1]
    return place > 0 and not _NO_NAMES.issuperset(following)


def _cues_of(playbook: Playbook, behind: Sequence[Question]) -> tuple[_Cue, ...]:
    cues = [
        _Cue(_plain_cue(cue), question, cue.endswith(_VALUE), cue.startswith(_VALUE))
        for stage in playbook.stages.values()
        for question in stage.questions
        for cue in question.told_as
        if question in behind or not cue.startswith(_VALUE)
    ]
    return tuple(sorted(cues, key=lambda cue: -len(cue.words)))


@lru_cache(maxsize=512)
def _plain_cue(cue: str) -> tuple[str, ...]:
    return tuple(plainly(cue).split())


def _marked(words: Sequence[_Word]) -> tuple[Strength, tuple[_Word, ...]]:
    """Return how clearly a text puts something right, and its words without the marks and what it denies."""
    strength: Strength = "plain"
    kept: list[_Word] = []
    place, plain = 0, [word.plain for word in words]
    while place < len(words):
        size, mark = _mark_at(plain, place)
        if not size and _denies(words[place]):
            size, mark = len(_up_to_end(words[place:])), "weak"
        if size:
            strength = "strong" if "strong" in (mark, strength) else "weak"
        else:
            kept.append(words[place])
        place += size or 1
    return strength, tuple(kept)


def _denies(word: _Word) -> bool:
    return word.plain in _DENIES or (word.plain == "no" and word.ends)


def _up_to_end(words: Sequence[_Word]) -> Sequence[_Word]:
    """Return the words up to the end of the first clause."""
    return words[: next((place for place, word in enumerate(words, start=1) if word.ends), len(words))]


def _mark_at(plain: Sequence[str], place: int) -> tuple[int, Strength]:
    """Return how many words of a mark stand at a place, and how clear it is."""
    for kind, strength in _MARKS.items():
        if size := next((len(mark) for mark in wordings(kind) if _begins(plain, place, mark)), 0):
            return size, strength
    return 0, "plain"


def _value(question: Question, words: Sequence[_Word]) -> str | None:
    """Return what words say to a question that is named; None where they cannot be meant for it."""
    said = _raw(words)
    if not said:
        return None
    if (choice := choice_meant(question, said) or choice_named(question, said)) is not None:
        return choice
    if question.own_words == "number":
        return said if _is_amount(words) else None
    return said if len(words) <= MAX_WORDS and is_own_answer(question, said) else None


def _is_amount(words: Sequence[_Word]) -> bool:
    counted = [word.plain for word in words if word.plain not in _ABOUT]
    return 0 < len(counted) <= _MOST_OF_NUMBER and names_number(counted[0])


def _whole_choice(question: Question, words: Sequence[_Word]) -> str | None:
    """Return the choice that words are, but for such as “I am in”, and the Arabic article."""
    if (choice := choice_meant(question, _raw(words))) is not None:
        return choice
    fillers = {word for one in wordings("fillers") for word in one}
    telling = [word.plain for word in words if word.plain not in fillers]
    bare = (" ".join(telling), " ".join(word.removeprefix("ال") for word in telling))
    return next((choice for one in bare if one and (choice := choice_meant(question, one)) is not None), None)
