"""What a user says to the recommendations that they were just shown: which to go ahead with, or none. Pure.

It is kept with each draft (`db.recommendations.decide`); nothing is changed by it before a person approves.
"""

import re
from typing import Final

from core.recommendations import Decision
from graph.onboarding.answers import known, last_words
from graph.onboarding.flow import RECOMMENDED
from graph.onboarding.pleasantries import plainly, pleasantry, wants_none
from graph.phrases import ends_in
from graph.talk import Effect, Talk

_CHOICE: Final = re.compile(
    r"(?=.*(?:[1-9]|all|both|first|second|third|fourth|last|one|الاول|الثاني|الثالث|الرابع|الاخير|كل|كلها|كلاهما|واحد))"
    r"(?:(?:yes|please|the|number|option|of|them|and|with|go|ahead|[1-9]|all|both|first|second|third|fourth|last|one|نعم|"
    r"رقم|الخيار|الاول|الثاني|الثالث|الرابع|الاخير|كل|كلها|كلاهما|واحد|و) ?)+"
)
"""A choice among a few, such as “1 and 3” or “the first one, please”."""
_ORDINALS: Final = (
    ("first", "الاول"), ("second", "الثاني"), ("third", "الثالث"), ("fourth", "الرابع"),
)  # fmt: skip
_ALL: Final = frozenset({"all", "both", "كل", "كلها", "كلاهما"})
_LAST: Final = frozenset({"last", "الاخير"})
_SHOWN: Final = re.compile(r"^([1-9])\. (.+?): ", re.MULTILINE)
"""A recommendation in the answer that shows it: its number and its title."""


def decision_of(talk: Talk) -> tuple[Decision, tuple[int, ...]] | None:
    """Return what the user decided of the recommendations in the agent's last words, and of which, by number; None
    where the last words show none, or the user says something else.

    A yes is to all of them, a no too. Those that the user does not name stay undecided.
    """
    shown = last_words(talk)
    if not ends_in(shown, "recommendations.ask"):
        return None
    titles = {int(number): plainly(title) for number, title in _SHOWN.findall(shown)}
    said, kind = plainly(talk.question), pleasantry(talk.question)
    if wants_none(talk.question) or kind == "deny":
        return "declined", tuple(titles)
    if kind == "affirm":
        return "accepted", tuple(titles)
    by_title = tuple(number for number, title in titles.items() if title and title == said)
    if by_title or not _CHOICE.fullmatch(said):
        return ("accepted", by_title) if by_title else None
    return "accepted", _numbers(_words(said), tuple(titles))


def decided_effects(talk: Talk) -> tuple[Effect, ...]:
    """Return what keeps the user's decision with the drafts that it is about."""
    decided, made_in = decision_of(talk), known(talk).get(RECOMMENDED)
    if decided is None or made_in is None or not decided[1]:
        return ()
    numbers = ",".join(map(str, decided[1]))
    return (Effect("decide", {"turn": made_in, "decision": decided[0], "numbers": numbers}),)


def _words(said: str) -> frozenset[str]:
    """Return the words of a choice; an Arabic “and” is written in one with the word behind it."""
    return frozenset(form for word in said.split() for form in (word, word.removeprefix("و")))


def _numbers(words: frozenset[str], shown: tuple[int, ...]) -> tuple[int, ...]:
    """Return the numbers that are named, of those that were shown."""
    if _ALL.intersection(words):
        return shown
    named = {int(word) for word in words if word.isdecimal()}
    named |= {place for place, names in enumerate(_ORDINALS, start=1) if set(names).intersection(words)}
    named |= {shown[-1]} if shown and _LAST.intersection(words) else set()
    if not named and {"one", "واحد"}.intersection(words):
        named = {1}
    return tuple(number for number in shown if number in named)
