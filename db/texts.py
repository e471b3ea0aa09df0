"""Text that PostgreSQL can hold: documents of others carry characters that it refuses, and no reader misses them."""

import re
from collections.abc import Iterable
from typing import Final

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"


def storable(text: str) -> str:
    """Return the text with NUL and lone surrogates as U+FFFD."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def storable_or_none(text: str | None) -> str | None:
    """Return the text as `storable` does, and None for None."""
    return None if text is None else storable(text)


def all_storable(texts: Iterable[str]) -> list[str]:
    """Return each text as `storable` does."""
    return [storable(text) for text in texts]
