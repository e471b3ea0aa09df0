"""Languages that nudges are written in: which we have words for, and whether a text is in the script of another."""

import re
from typing import Final

SPOKEN: Final = ("en", "ar")
"""Languages that templates exist in."""

_ARABIC_SCRIPT: Final = frozenset({"ar", "fa", "ur", "ps", "ckb", "sd", "ug"})
_ARABIC: Final = re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LATIN_SCRIPT: Final = frozenset(
    {"en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "id"}
)


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
