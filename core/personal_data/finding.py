"""Finds all kinds in one text and settles where they meet, so that nothing is named twice and nothing is left over."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from core.personal_data.configured import CompiledPattern
from core.personal_data.credentials import find_credentials
from core.personal_data.identifiers import find_identifiers
from core.personal_data.networks import find_networks
from core.personal_data.phones import find_phones
from core.personal_data.plainness import make_plain

_EMAIL: Final = re.compile(
    r"(?<![\w.%+\-])[\w%+\-](?:[\w.%+\-]|['’](?=\w)){0,63}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){0,8}\.[^\W\d_][\w\-]{1,62}"
)
_Found = tuple[int, int, str]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A place in a text, `text[start:end]`, and the kind of what stands there, such as "EMAIL"."""

    start: int
    end: int
    kind: str


def find(text: str, patterns: Sequence[CompiledPattern] = ()) -> list[Span]:
    """Return where a text holds personal data or secrets, in order, without overlaps.

    Kinds: EMAIL, PHONE, CARD, IBAN, IP, SSN, ID (documents and accounts), KEY, TOKEN, SECRET (passwords), and the
    names of `patterns`. Reads other scripts' digits, full-width letters, and through invisible characters.
    """
    plain = make_plain(text)
    secrets = _merge(list(find_credentials(plain.text)))
    rest = _without(plain.text, secrets)
    found = _merge([*secrets, *_configured(rest, patterns), *_shaped(rest)])
    return [Span(*plain.original(start, end), kind) for start, end, kind in found]


def _shaped(text: str) -> Iterator[_Found]:
    """Yield what is told by its shape, the most certain kinds first."""
    if "@" in text:
        yield from ((*found.span(), "EMAIL") for found in _EMAIL.finditer(text))
    if any(map(str.isdigit, text)):
        yield from chain(find_identifiers(text), find_networks(text), find_phones(text))


def _configured(text: str, patterns: Sequence[CompiledPattern]) -> Iterator[_Found]:
    for pattern in patterns:
        yield from (
            (*found.span(), pattern.name) for found in pattern.regex.finditer(text) if found.end() > found.start()
        )


def _without(text: str, found: Sequence[_Found]) -> str:
    """Return the text with what was found blanked out: a password before an "@" is no address of e-mail."""
    parts: list[str] = []
    at = 0
    for start, end, _ in found:
        parts += (text[at:start], "\x00" * (end - start))
        at = end
    return "".join(parts) + text[at:]


def _merge(found: list[_Found]) -> list[_Found]:
    """Return what was found without overlaps: two that overlap become one, of the kind that was found first."""
    merged: list[tuple[int, int, str, int]] = []
    for start, end, kind, rank in sorted((start, end, kind, rank) for rank, (start, end, kind) in enumerate(found)):
        if merged and start < merged[-1][1]:
            before = merged.pop()
            name, best = (before[2], before[3]) if before[3] <= rank else (kind, rank)
            merged.append((before[0], max(end, before[1]), name, best))
        else:
            merged.append((start, end, kind, rank))
    return [(start, end, kind) for start, end, kind, _ in merged]
