"""Makes plain text of what a model or a document wrote: no tags, no Markdown, no links but those allowed. Pure."""

import re
from typing import Final

_TAG: Final = re.compile(r"<[/!?]?[A-Za-z][^<>]{0,500}>")
_MARKDOWN_LINK: Final = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\n]{0,500}\)")
_EMPHASIS: Final = re.compile(r"(\*\*|__|`)(?=\S)(.{1,300}?)(?<=\S)\1")
_HEADING: Final = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_LINK: Final = re.compile(
    r"\b(?:[a-z][a-z0-9+.\-]{1,20}://|www\.|javascript:|data:|mailto:)[^\s<>\"']{1,500}", re.IGNORECASE
)
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPACES: Final = re.compile(r"[^\S\n]{2,}")


def plain_text(text: str, links: frozenset[str] = frozenset()) -> str:
    """Return a text without markup, and without any link but those given."""
    text = _MARKDOWN_LINK.sub(r"\1", _ESCAPED.sub(r"\1", text))  # first, since a link may hide behind escapes
    text = _HEADING.sub("", _EMPHASIS.sub(r"\2", _TAG.sub("", text)))
    text = _LINK.sub(lambda found: found[0] if found[0].rstrip(".,;:!?)") in links else "", text)
    return _SPACES.sub(" ", text).strip()
