"""Patterns of a company's own. RE2 runs them in time linear in the text, whatever the pattern."""

from functools import lru_cache
from typing import Any, Final, NamedTuple

import re2

_MAX_MEMORY: Final = 1 << 20
"""Bytes that one compiled pattern may take; a pattern of "{1000}{1000}" is refused."""


class CompiledPattern(NamedTuple):
    """A pattern ready to search with, and the name shown in place of what it finds."""

    name: str
    regex: Any


@lru_cache(maxsize=512)
def compile_pattern(name: str, pattern: str) -> CompiledPattern:
    """Compile a pattern once.

    Raises:
        ValueError: RE2 does not take it, or it matches the empty text and so stands for nothing.
    """
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        regex = re2.compile(pattern, options=options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unknown"
        raise ValueError(f"not a pattern: {reason.decode() if isinstance(reason, bytes) else reason}") from None
    if regex.search(""):
        raise ValueError("not a usable pattern: it matches the empty text")
    return CompiledPattern(name, regex)
