"""Cuts an answer that is still being written into whole sentences, each with the citation markers that follow it.

A sentence leaves as soon as the next one has begun: only then is it certain that “3.” was no “3.5”, that “p.m.” ended
it, and that no “[1]” follows. Pure: what is cut of a beginning is the same that is cut of the whole.
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
_GLUED: Final = re.compile(r"(?<=[.!?؟…])(?=\[\d)")
"""Where a marker follows a full stop without a blank, which would hide the end of the sentence."""


@dataclass(slots=True)
class SentenceBuffer:
    """Takes pieces of any length; gives whole sentences, whose texts together are all that was taken."""

    _text: str = field(default="", init=False)

    def feed(self, piece: str) -> list[str]:
        """Take a piece and return the sentences that are certain by now."""
        self._text = _GLUED.sub(" ", self._text + piece)
        *whole, self._text = _cut(self._text) or [""]
        if whole and _BEGUN_MARKER.match(self._text):
            self._text = whole.pop() + self._text
        while len(self._text) > MAX_SENTENCE:
            end = self._text.rfind(" ", 1, MAX_SENTENCE) + 1 or MAX_SENTENCE
            whole.append(self._text[:end])
            self._text = self._text[end:]
        return whole

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
