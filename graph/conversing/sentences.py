"""Cuts an answer that is still being written into whole sentences, each with the citation markers that follow it.

A sentence leaves as soon as it is finished: with its full stop and a blank, or with a marker and a full stop. Where
more may belong to it (“3.” may become “3.5”, “p.m.” may end it or not, a question may be followed by its choices) it
leaves when the next one has begun. Pure.
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from core.sentences import split_sentences

MAX_SENTENCE: Final = 1200
"""Characters after which a text without any end of a sentence is cut at a blank."""

_BRACKETS: Final = r"[^\S\n]*\([^()\n]{1,300}\)(?=\s|$)"
_MARKERS: Final = re.compile(rf"(?:{_BRACKETS})?\s*(?:\[\d{{1,2}}\]\s?)+|{_BRACKETS}")
"""What belongs to the sentence before it: markers, and what stands in brackets, such as the choices of a question."""
_BEGUN_MARKER: Final = re.compile(r"\s*(?:\[\d{1,2}\]\s*)*(?:\[\d{0,2}|\([^()\n]{0,300}\)?)$")
_FINISHED: Final = re.compile(r"(?:[.!…。][\"'”’»)\]]*\s+|\][.!…。]+)$")
"""How a text ends whose last sentence is finished, unless an abbreviation ends it."""
_ENDING: Final = re.compile(r"(?P<stop>[.!?؟…。][\"'”’»)]*)?(?P<marker>\s*\[\d{1,2}(?P<closed>\])?)?$")
"""How a text ends whose last sentence is finished but for a few letters."""
_LATE_MARKERS: Final = re.compile(r"^\s*(?:\[\d{1,2}\]\s?)+")
_PROBE: Final = "x"
"""A small letter: behind it an abbreviation such as “p.m.” does not end its sentence."""
_GLUED: Final = re.compile(r"(?<=[.!?؟…])(?=\[\d)")
"""Where a marker follows a full stop without a blank, which would hide the end of the sentence."""


@dataclass(slots=True)
class SentenceBuffer:
    """Takes pieces of any length; gives whole sentences, whose texts together are all that was taken."""

    _text: str = field(default="", init=False)
    _left_early: bool = field(default=False, init=False)

    def feed(self, piece: str) -> list[str]:
        """Take a piece and return the sentences that are finished by now."""
        self._text = _GLUED.sub(" ", self._text + piece)
        if self._left_early:  # markers that came after their sentence had left; the check finds its sources anyway
            self._text = _LATE_MARKERS.sub("", self._text)
        if finished := self._finished():
            self._text, self._left_early = "", True
            return finished
        *whole, self._text = _cut(self._text) or [""]
        if whole and _BEGUN_MARKER.match(self._text):
            self._text = whole.pop() + self._text
        self._left_early = self._left_early and not whole
        while len(self._text) > MAX_SENTENCE:
            end = self._text.rfind(" ", 1, MAX_SENTENCE) + 1 or MAX_SENTENCE
            whole.append(self._text[:end])
            self._text = self._text[end:]
        return whole

    def _finished(self) -> list[str]:
        """Return all sentences if nothing that follows can belong to the last of them."""
        if not _FINISHED.search(self._text):
            return []
        *whole, last = _cut(f"{self._text} {_PROBE}")
        if last.strip() != _PROBE or not whole:
            return []
        whole[-1] = whole[-1].removesuffix(" ")
        return whole

    def expected(self) -> str | None:
        """Return the sentence that the text is about to be, if a full stop or a marker shows its end; None otherwise.

        The rest of a begun marker and the full stop after it are guessed.
        """
        ending = _ENDING.search(self._text)
        if ending is None or not ending[0] or not self._text[: ending.start()].strip():
            return None
        rest = "" if ending["closed"] or not ending["marker"] else "]"
        return f"{self._text}{rest}{'' if ending['stop'] else '.'}".strip()

    def flush(self) -> list[str]:
        """Return what is left: the text has come to its end."""
        left, self._text = self._text, ""
        return _cut(left)


def _cut(text: str) -> list[str]:
    """Return a text in parts, each a sentence with the blanks and markers after it; nothing is lost."""
    starts = [0, *(_after_markers(text, piece.start) for piece in split_sentences(text)[1:]), len(text)]
    parts: list[str] = []
    for start, end in pairwise(starts):
        part = text[start:end]
        if parts and not any(letter.isalnum() for letter in part):
            parts[-1] += part
        elif part:
            parts.append(part)
    return parts


def _after_markers(text: str, start: int) -> int:
    markers = _MARKERS.match(text, start)
    return markers.end() if markers else start
