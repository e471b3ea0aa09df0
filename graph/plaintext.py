"""Makes plain text of what a model or a document wrote: no tags, no Markdown, no links but those allowed. Pure."""

import re
from typing import Final

from core.links import LINK, without_links

_TAG: Final = re.compile(r"<[/!?]?[A-Za-z][^<>]{0,500}>")
_BRACKETED: Final = re.compile(r"<((?:https?://|www\.)[^<>\s]{1,500})>", re.IGNORECASE)
"""A link between angle brackets, which are no tag."""
_INLINE_TAG: Final = re.compile(
    r"</?(?:a|abbr|b|br|code|em|i|kbd|mark|p|q|s|small|span|strong|sub|sup|u)(?:\s[^<>]{0,500})?/?>", re.IGNORECASE
)
"""Tags that only dress the words between them."""
_MARKDOWN_LINK: Final = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\n]{0,500}\)")
_BARE_POINTER: Final = re.compile(
    r"!\[|\[\W{0,5}(?:click |see )?(?:here|there|this|this page|link|هنا|هذا)\W{0,5}\]\(", re.IGNORECASE
)
"""An image, or a link whose words say nothing without it."""
_EMPHASIS: Final = re.compile(r"(\*\*|__|`)(?=\S)(.{1,300}?)(?<=\S)\1")
_HEADING: Final = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_SPACES: Final = re.compile(r"[^\S\n]{2,}")


def plain_text(text: str, links: frozenset[str] | None = frozenset()) -> str:
    """Return a text without markup, and without any link but those given; None leaves all of them in."""
    bare = _unmarked(text, _TAG)
    return _SPACES.sub(" ", bare if links is None else without_links(bare, links)).strip()


def is_only_marked(text: str) -> bool:
    """Tell whether `plain_text` takes nothing but markup of a text: no link, no image, no word in angle brackets."""
    if _BARE_POINTER.search(_ESCAPED.sub(r"\1", text)):
        return False
    left = _unmarked(text, _INLINE_TAG)
    return not (_TAG.search(left) or LINK.search(left))


def _unmarked(text: str, tag: re.Pattern[str]) -> str:
    text = _MARKDOWN_LINK.sub(r"\1", _ESCAPED.sub(r"\1", text))  # first, since a link may hide behind escapes
    text = tag.sub("", _BRACKETED.sub(r"\1", text))
    return _HEADING.sub("", _EMPHASIS.sub(r"\2", text))
