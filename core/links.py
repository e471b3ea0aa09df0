"""What in a text leads away from it: links, and domains that are named without a scheme. Pure.

A domain is told from other words with a full stop inside ("contacts.csv", "user.name") by how it ends: top-level
domains of countries, and the common ones that are neither names of fields nor of files.
"""

import re
from collections.abc import Iterator
from typing import Final

_SCHEMED: Final = r"\b(?:[a-z][a-z0-9+.\-]{1,20}://|www\.|javascript:|data:|mailto:)[^\s<>\"']{1,500}"
_COMMON: Final = (
    "com|net|org|info|biz|edu|gov|int|mobi|xyz|online|site|website|web|store|shop|app|dev|cloud|tech|"
    "space|live|click|top|vip|icu|help|support|page|blog|news|media|digital|network|services|agency|world|"
    "today|life|tools|host|press|win|bid|loan|cam|fun|cyou|buzz|monster|quest|ninja|finance|money|bank|"
    "zip|mov|example|invalid|onion"
)
_OF_FILES: Final = "md|py|rs|sh|js|ts|cs|pl|ps|gz|db|go|id|so|rb|kt|mk|vb"
"""Endings of files and fields that are also those of countries; they count only where a path follows."""
_LABELS: Final = r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.){1,8}"
_ENDING: Final = (
    rf"(?:{_COMMON}|xn--[a-z0-9\-]{{2,40}}|(?:{_OF_FILES})(?=/\w)|"
    rf"(?!(?:{_OF_FILES})\b)(?-i:[a-z]{{2}}))"
)
_DOMAIN: Final = (
    rf"(?<![\w@])(?<!\w\.){_LABELS}{_ENDING}(?![\w@\-]|\.[\w\-]{{1,63}}@)(?:[:/?#](?=[\w/%])[^\s<>\"'()]{{0,500}})?"
)
LINK: Final = re.compile(f"{_SCHEMED}|{_DOMAIN}", re.IGNORECASE)
"""A link with a scheme, or a domain with what follows it. Addresses of e-mail are none."""
_AFTER: Final = ".,;:!?)"


def links_in(text: str) -> Iterator[str]:
    """Yield the links of a text as `without_links` compares them: without the punctuation after them."""
    return (found[0].rstrip(_AFTER) for found in LINK.finditer(text))


def without_links(text: str, allowed: frozenset[str] = frozenset()) -> str:
    """Return a text without any link but those allowed."""
    return LINK.sub(lambda found: found[0] if found[0].rstrip(_AFTER) in allowed else "", text)
