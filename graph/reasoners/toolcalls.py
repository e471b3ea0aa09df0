"""Calls of tools that a model writes as text: in a code fence, in tags, or as bare JSON. Small models do. Pure.

Such a text is not for the user, so whatever might become one is held back until it is certain what it is. The same
goes for what some models think aloud between tags.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graph.talk import ToolCall

_OPENER: Final = re.compile(r"```|<\|?tool_call|<think>|(?:^|\n)\s*(?:\{\s*\"|\[\s*\{)")
_MAY_OPEN: Final = re.compile(r"(?:`{1,2}|<\|?[a-z_]{0,9}|(?:^|\n)\s*[{\[]?\s*)$")
_THOUGHT: Final = re.compile(r"<think>.*?(?:</think>\s*|$)", re.DOTALL)
_WRAPPING: Final = re.compile(r"```[a-zA-Z_]*|</?\|?tool_calls?\|?>")
_NAMES: Final = ("name", "tool", "function", "tool_name")
_ARGUMENTS: Final = ("arguments", "parameters", "args", "input")
MAX_CALLS: Final = 32


@dataclass(slots=True)
class HeldText:
    """Lets through what is certainly text for the user, and keeps the rest until the end."""

    _kept: str = field(default="", init=False)

    def feed(self, piece: str) -> str:
        """Take a piece; return what may be passed on by now."""
        text = self._kept + piece
        if "</think>" in text:
            text = _THOUGHT.sub("", text)
        opener = _OPENER.search(text) or _MAY_OPEN.search(text)
        end = opener.start() if opener else len(text)
        passed, self._kept = text[:end], text[end:]
        return passed

    def finish(self) -> str:
        """Return the rest, where it is a text after all; calls are found by `read_calls`."""
        rest, self._kept = _THOUGHT.sub("", self._kept), ""
        return "" if read_calls(rest) else rest


def read_calls(text: str) -> tuple[ToolCall, ...]:
    """Return the calls that a model's text holds; their ids are their places."""
    if not _OPENER.search(text):
        return ()
    plain = _WRAPPING.sub(" ", _THOUGHT.sub("", text))
    found = [call for value in _values(plain) for call in _calls(value)]
    return tuple(ToolCall(f"text-{n}", name, arguments) for n, (name, arguments) in enumerate(found[:MAX_CALLS]))


def _values(text: str) -> Iterator[Any]:
    """Yield each JSON value of a text that begins an object or a list."""
    decoder, position = json.JSONDecoder(), 0
    while found := re.compile(r"[{\[]").search(text, position):
        try:
            value, position = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            position = found.start() + 1
        else:
            yield value


def _calls(value: Any) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, Mapping):
            continue
        call = item["function"] if isinstance(item.get("function"), Mapping) else item
        name = next((call[key] for key in _NAMES if isinstance(call.get(key), str)), None)
        given = next((call[key] for key in _ARGUMENTS if key in call), None)
        if name and given is not None:
            yield name, given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
