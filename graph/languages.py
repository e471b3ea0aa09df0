"""Languages that nudges are written in: which we have words for, and whether a text is in the script of another."""

import re
from typing import Final

SPOKEN: Final = ("en", "ar")
"""Languages that templates exist in."""

_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_ARABIC_SCRIPT: Final = frozenset({"ar", "fa", "ur", "ps", "ckb", "sd", "ug"})
_ARABIC: Final = re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LATIN_SCRIPT: Final = frozenset(
    {"en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "id"}
)


def known_tag(tag: str | None) -> str | None:
    """Return a language tag as nudges carry it ("ar-EG" of "AR_EG"), or None for what is none: hosts send anything."""
    if not tag:
        return None
    first, *rest = tag.strip().replace("_", "-").split("-")
    normal = "-".join([first.lower(), *rest])
    return normal if _TAG.fullmatch(normal) else None


def primary(tag: str) -> str:
    """Return the language of a BCP 47 tag without region or script: "ar" of "ar-EG"."""
    return tag.split("-")[0].lower()


def is_written_in(text: str, tag: str) -> bool:
    """Tell whether a text can be in that language, by its script; true where we cannot know.

    Names of products and controls stay in Latin letters in an Arabic sentence, so a third of Arabic letters will do.
    """
    arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
    if arabic + latin == 0:
        return True
    share = arabic / (arabic + latin)
    if primary(tag) in _ARABIC_SCRIPT:
        return share >= 1 / 3
    return share <= 1 / 3 if primary(tag) in _LATIN_SCRIPT else True


def spoken(*tags: str | None) -> str:
    """Return the first of these tags that templates exist for, else English."""
    return next((tag for tag in tags if tag and primary(tag) in SPOKEN), "en")
