"""What a user says to the recommendations that they were just shown: which to go ahead with, or none. Pure.

It is kept with each draft (`db.recommendations.decide`); nothing is changed by it before a person approves.
"""

import re
from collections.abc import Mapping
from typing import Final

from core.conversations import Role
from core.recommendations import Decision
from graph.onboarding.answers import known, pending_question
from graph.onboarding.asked import last_words
from graph.onboarding.choosing import PLACES
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
_LOOKED_BACK: Final = 10
"""Messages among which recommendations are looked for that a number may mean."""
_ALL: Final = frozenset({"all", "both", "كل", "كلها", "كلاهما"})
_LAST: Final = frozenset({"last", "الاخير"})
_SHOWN: Final = re.compile(r"^([1-9])\. (.+?): ", re.MULTILINE)
"""A recommendation in the answer that shows it: its number and its title."""


def decision_of(talk: Talk) -> tuple[Decision, tuple[int, ...]] | None:
    """Return what the user decided of the recommendations in the agent's last words, and of which, by number; None
    where the last words show none, or the user says something else.

    A yes is to all of them, a no too. Those that the user does not name stay undecided. Of those that were shown a
    while ago, one is still picked by its number or title.
    """
    shown, said = last_words(talk), plainly(talk.question)
    if not ends_in(shown, "recommendations.ask"):
        return _picked_later(talk, said)
    titles, kind = _titles(shown), pleasantry(talk.question)
    if wants_none(talk.question) or kind == "deny":
        return "declined", tuple(titles)
    if kind == "affirm":
        return "accepted", tuple(titles)
    by_title = _named_by_title(titles, said)
    if by_title or not _CHOICE.fullmatch(said):
        return ("accepted", by_title) if by_title else None
    return "accepted", _numbers(_words(said), tuple(titles))


def picked(talk: Talk) -> tuple[str, str] | None:
    """Return title and first step of the one recommendation that the user picks, of which they want to know more; None
    where they pick none, or several."""
    decided = decision_of(talk)
    if decided is None or decided[0] == "declined" or len(decided[1]) != 1:
        return None
    start = f"{decided[1][0]}. "
    item = next((part for part in _last_shown(talk).split("\n\n") if part.startswith(start)), "")
    title, step = _SHOWN.match(item), item.partition("\n- ")[2]
    return (title[2], step.partition("\n")[0]) if title else None


def _picked_later(talk: Talk, said: str) -> tuple[Decision, tuple[int, ...]] | None:
    """Return what is picked by a number or a title of those shown some messages ago, where no question is open."""
    titles = _titles(_last_shown(talk))
    if not titles or pending_question(talk) is not None:
        return None
    words = _words(said)
    if by_title := _named_by_title(titles, said):
        return "accepted", by_title
    is_vague = not _CHOICE.fullmatch(said) or bool(_ALL & words)
    named = () if is_vague else _numbers(words - {"one", "واحد"}, tuple(titles))
    return ("accepted", named) if named else None


def _last_shown(talk: Talk) -> str:
    """Return the recommendations that were shown last, among the latest messages; empty where there are none."""
    spoken = [one.text for one in talk.messages[-_LOOKED_BACK:] if one.role is Role.ASSISTANT]
    return next((text for text in reversed(spoken) if ends_in(text, "recommendations.ask")), "")


def _titles(shown: str) -> dict[int, str]:
    return {int(number): plainly(title) for number, title in _SHOWN.findall(shown)}


def _named_by_title(titles: Mapping[int, str], said: str) -> tuple[int, ...]:
    return tuple(number for number, title in titles.items() if title and title == said)


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
    named |= {PLACES[word] for word in words & PLACES.keys()}
    named |= {shown[-1]} if shown and _LAST.intersection(words) else set()
    if not named and {"one", "واحد"}.intersection(words):
        named = {1}
    return tuple(number for number in shown if number in named)
