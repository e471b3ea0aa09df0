"""Which of a question's choices a text is, and whether words of the user's own are an answer to it. Pure.

A choice is known by its words in any language, by what the playbook calls it as well (`also`), by its number, and by a
plain yes or no. What else counts as an answer the playbook says (`accepts`).
"""

import re
from collections.abc import Iterator
from typing import Final

from core.playbooks import Question, kept
from graph.onboarding.pleasantries import names_number, plainly, pleasantry
from graph.questions import telling_words

MAX_WORDS: Final = 8
"""Words of an answer in the user's own words to a question that offers choices."""
_NEGATES: Final = frozenset(
    [
        "not", "no", "never", "neither", "nor", "without", "isnt", "dont", "doesnt", "didnt", "wasnt", "wont", "cant",
        "cannot", "ليس", "لست", "ليست", "غير", "لا", "لم", "مش", "مو", "بدون",
    ]
)  # fmt: skip
_ENDING: Final = 2
"""Letters by which forms of a word may differ at their end."""
_ORDINALS: Final = (
    ("first", "الاول", "الاولي"),
    ("second", "الثاني", "الثانيه"),
    ("third", "الثالث", "الثالثه"),
    ("fourth", "الرابع", "الرابعه"),
    ("fifth", "الخامس", "الخامسه"),
    ("sixth", "السادس", "السادسه"),
)
PLACES: Final = {name: place for place, names in enumerate(_ORDINALS, start=1) for name in names}
"""Words for a place in a list, with the place from 1."""
_NUMBERED: Final = re.compile(
    r"(?P<named>(?:(?:the|option|number|choice|answer|رقم|الخيار|خيار|الرقم) )*)(?P<place>\d{1,2}|"
    rf"{'|'.join(PLACES)})(?: (?:one|option|choice))?"
)


def choice_meant(question: Question, text: str) -> str | None:
    """Return the choice that a text is as a whole, as it is kept; None for any other text."""
    plain = plainly(text)
    if found := next((name for name, words in _wordings(question) if plain in words), None):
        return found
    kind = pleasantry(text)
    if kind in ("affirm", "deny"):
        meant = [kept(choice) for choice in question.choices if any(pleasantry(one) == kind for one in choice.values())]
        return meant[0] if len(meant) == 1 else None
    return _by_number(question, plain)


def choice_named(question: Question, text: str) -> str | None:
    """Return the one choice that a short text names among other words (“I am the founder”); None where none, or several
    are, or it is denied. Of a question that takes its choices alone, the words that tell them apart are enough."""
    words = plainly(text).split()
    found = {name for name, wordings in _wordings(question) for one in wordings if _stands_in(one.split(), words)}
    if not found and question.own_words == "choices":
        return choice_told_apart(question, text)
    return found.pop() if len(found) == 1 and len(words) <= MAX_WORDS else None


def choice_told_apart(question: Question, text: str) -> str | None:
    """Return the one choice whose telling words are all in a short text, or which has all that the text has: “the item
    is broken” for “It is broken”. What is denied in the one is denied in the other."""
    words = plainly(text).split()
    said, denies = _telling(words), _denies(words)
    told = [(name, _telling(one.split()), _denies(one.split())) for name, some in _wordings(question) for one in some]
    found = {
        (name, is_denied)
        for name, own, is_denied in told
        if said and own and (_all_in(own, said) or _all_in(said, own))
        if not any(other != name and _all_in(own, theirs) for other, theirs, _ in told)
    }
    name, is_denied = found.pop() if len(found) == 1 and len(words) <= MAX_WORDS else (None, denies)
    return name if is_denied == denies else None


def is_own_answer(question: Question, text: str) -> bool:
    """Tell whether a text that is none of the choices is an answer all the same."""
    if question.own_words == "number":
        return names_number(text) and len(text.split()) <= MAX_WORDS
    if question.own_words == "text":
        return True
    says_word = question.offers_nothing or any(letter.isalpha() for letter in text)
    return question.own_words == "words" and says_word and len(text.split()) <= MAX_WORDS


def _wordings(question: Question) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield each choice as it is kept, with all words for it."""
    for choice in question.choices:
        name = kept(choice)
        yield name, frozenset(plainly(one) for one in (*choice.values(), *question.also.get(name, ())))


def _denies(words: list[str]) -> bool:
    return not _NEGATES.isdisjoint(words)


def _telling(words: list[str]) -> frozenset[str]:
    return telling_words(" ".join(word for word in words if word not in _NEGATES))


def _all_in(some: frozenset[str], others: frozenset[str]) -> bool:
    return all(any(_are_forms(one, other) for other in others) for one in some)


def _are_forms(one: str, other: str) -> bool:
    """Tell whether two words are forms of one, by how they begin."""
    short, long = sorted((one.removeprefix("ال"), other.removeprefix("ال")), key=len)
    return long.startswith(short) and len(long) - len(short) <= min(_ENDING, len(short) - 1)


def _by_number(question: Question, plain: str) -> str | None:
    found = _NUMBERED.fullmatch(plain)
    if found is None:
        return None
    has_digits = any(letter.isdigit() for choice in question.choices for letter in "".join(choice.values()))
    if found["place"].isdecimal() and has_digits and not found["named"]:
        return None  # “2” may be meant as an amount
    place = int(found["place"]) if found["place"].isdecimal() else PLACES[found["place"]]
    return kept(question.choices[place - 1]) if 1 <= place <= len(question.choices) else None


def _stands_in(wording: list[str], words: list[str]) -> bool:
    """Tell whether a wording stands in a row of words, of which the others deny nothing."""
    size = len(wording)
    starts = [start for start in range(len(words) - size + 1) if words[start : start + size] == wording]
    return any(not _NEGATES & {*words[:start], *words[start + size :]} for start in starts)
