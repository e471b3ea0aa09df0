"""Summaries by rule: the first words of what was said, one line each. Pure, so there is always one.

What the user came for (the first line) stays; of the rest the newest lines do. Numbers, names and markers are kept as
they are: what a rule cannot understand it must not change.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.conversations import Role
from core.sentences import split_sentences
from graph.languages import primary
from graph.onboarding.pleasantries import pleasantry
from graph.talk import Said

MAX_SUMMARY: Final = 1500
"""Characters of a whole summary."""
MAX_LINE: Final = 180
"""Characters of what one message leaves in it."""

_SPEAKERS: Final[Mapping[str, Mapping[Role, str]]] = {
    "en": {Role.USER: "User", Role.ASSISTANT: "Agent", Role.AGENT: "Person", Role.SYSTEM: "Note"},
    "ar": {Role.USER: "المستخدم", Role.ASSISTANT: "المساعد", Role.AGENT: "موظف", Role.SYSTEM: "ملاحظة"},
}
_MARKER: Final = re.compile(r"\s*\[\d{1,2}\](?!\()")
_GAP: Final = "…"
"""A line of its own where lines were left out."""


@dataclass(frozen=True, slots=True)
class Unsummarised:
    """What is to be summarised: messages in order, after what `previous` says already. All of it masked."""

    messages: tuple[Said, ...]
    previous: str
    language: str

    def by_rule(self) -> str:
        """Return the summary that needs no model."""
        return summarise_by_rule(self.messages, self.previous, self.language)


def summarise_by_rule(messages: Sequence[Said], previous: str, language: str | None) -> str:
    """Return the summary of what was summarised before and these messages; at most MAX_SUMMARY characters."""
    speakers = _SPEAKERS.get(primary(language or "en"), _SPEAKERS["en"])
    new = [f"{speakers[said.role]}: {words}" for said in messages if (words := _first_words(said))]
    return "\n".join(_newest([*_lines(previous), *new]))


def one_line(summary: str, limit: int = MAX_LINE) -> str:
    """Return a summary as one line: how it began, and how it ended where both fit not in whole."""
    flat = " ".join(summary.split())
    if len(flat) <= limit:
        return flat
    half = (limit - 3) // 2
    return f"{flat[:half].rstrip()} {_GAP} {flat[-half:].lstrip()}"


def _first_words(said: Said) -> str:
    """Return what a message leaves: of the agent its first sentence, of others as much as fits; small talk nothing."""
    text = _MARKER.sub("", said.text)
    if said.role is Role.USER and pleasantry(text) is not None:
        return ""
    sentences = split_sentences(text)
    chosen = sentences[0].text if sentences and said.role is Role.ASSISTANT else text
    return _cut(" ".join(chosen.split()), MAX_LINE)


def _lines(previous: str) -> Iterator[str]:
    """Yield the lines of an earlier summary; one that a model wrote as prose counts by sentences."""
    for line in previous.splitlines():
        if len(line) <= MAX_LINE * 2:
            yield line
        else:
            yield from (_cut(sentence.text, MAX_LINE * 2) for sentence in split_sentences(line))


def _newest(lines: Iterable[str]) -> list[str]:
    """Return the first line and as many of the last as fit, with a sign where some are missing."""
    given = [line for line in lines if line]
    kept = [line for line in given if line != _GAP]
    if not kept:
        return []
    first, *rest = kept
    room = MAX_SUMMARY - len(first) - len(_GAP) - 2
    taken: list[str] = []
    for line in reversed(rest):
        room -= len(line) + 1
        if room < 0:
            break
        taken.insert(0, line)
    is_whole = len(taken) == len(rest) and _GAP not in given
    return [first, *taken] if is_whole else [first, _GAP, *taken]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
