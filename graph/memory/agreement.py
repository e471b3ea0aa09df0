"""What people say about being remembered: yes, no, and “forget what you know about me”. Pure.

A message counts only as a whole; the words stand in `wishes.yaml`, beside those of any yes and no.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

import yaml

from graph.onboarding.pleasantries import plainly, pleasantry
from graph.phrases import ends_in

ASK: Final = "remember_ask"
"""Key of the question whether facts may be kept."""
MAX_WISH: Final = 120
"""Characters beyond which a message is about something else as well."""


def asks_consent(text: str) -> bool:
    """Tell whether a text of the agent's ends in the question whether facts may be kept."""
    return ends_in(text, ASK)


def agrees(text: str) -> bool | None:
    """Return whether a whole message says yes or no to that question; None where it says neither."""
    if len(text) > MAX_WISH:
        return None
    kind, plain = pleasantry(text), plainly(text)
    if kind == "affirm" or _wishes()["agree"].fullmatch(plain):
        return True
    return False if kind == "deny" or _wishes()["refuse"].fullmatch(plain) else None


def wishes_to_be_forgotten(text: str) -> bool:
    """Tell whether a whole message asks for what is known of the user to be erased; questions about it do not."""
    return len(text) <= MAX_WISH and _wishes()["forget"].fullmatch(plainly(text)) is not None


@lru_cache(maxsize=1)
def _wishes() -> dict[str, re.Pattern[str]]:
    """Return the patterns of whole messages by what they wish."""
    source = Path(__file__).with_name("wishes.yaml").read_bytes()
    words: dict[str, list[str]] = yaml.load(source, Loader=yaml.BaseLoader)  # noqa: S506 - texts alone; “no” is a word
    polite, erase, known, about = (_any_of(words[name]) for name in ("polite", "erase", "known", "about"))
    forget = f"(?:{erase} {known}(?: {about})?|{_any_of(words['forget'])})"
    agree, refuse = _any_of(words["agree"]), _any_of(words["refuse"])
    bodies = {"agree": f"{agree}(?: {agree})*", "refuse": f"{refuse}(?: {refuse})*", "forget": forget}
    return {name: re.compile(rf"(?:{polite} )*{body}(?: {polite})*") for name, body in bodies.items()}


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})"
