"""Languages that users are spoken to in: which we have words for, what a text is written in, what a talk is held in."""

import re
from collections.abc import Sequence
from typing import Final

from core.language_detection import detect

SPOKEN: Final = ("en", "ar")
"""Languages that templates exist in."""

_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}")
_ARABIC_SCRIPT: Final = frozenset({"ar", "fa", "ur", "ps", "ckb", "sd", "ug"})
_ARABIC: Final = re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LATIN_SCRIPT: Final = frozenset(
    {"en", "fr", "de", "es", "pt", "it", "nl", "sv", "da", "no", "fi", "pl", "cs", "tr", "id"}
)
_NO_PROSE: Final = re.compile(r"https?://\S{1,500}|\S{1,64}@\S{1,200}|\[[A-Z][A-Z0-9_]*_\d+\]|`[^`]{0,500}`")
_FEW: Final = 2
"""Letters of the Arabic script from which on a text is written in it: "لا" is an answer."""
_SOME: Final = 10
"""Latin letters from which on a text in an Arabic conversation is more than a name or an "ok"."""
_ASKED: Final = (
    r"(?:answer|reply|respond|speak|talk|write|continue|explain|chat|switch|tell me|say (?:it|that)|help me|prefer|use|"
    r"antworten?|schreib\w*|responde\w*|r[ée]pond\w*)\b.{0,25}?"
)
_NOT_OF_PRODUCT: Final = (
    r"\b(?! (?:version|text|field|speak|teacher|template|translation|user|customer|page|team|name|label|letter|report))"
)
_WISH: Final = re.compile(
    rf"\b{_ASKED}\b(?:(?P<en>english|englisch|inglés|anglais)|(?P<ar>arabic|arabisch|árabe|arabe)){_NOT_OF_PRODUCT}"
    r"|\b(?:(?P<en_>english)|(?P<ar_>arabic)),? (?:please|pls|only)\b"
    r"|\bplease,? in (?:(?P<en__>english)|(?P<ar__>arabic))\b"
    r"|^\W*(?:in )?(?:(?P<en___>english)|(?P<ar___>arabic))\W*$"
    r"|(?P<ar____>(?:بال|باللغة ال|ب)(?:عربي|عربية|عربيه)(?!\w))"
    r"|(?P<en____>(?:بال|باللغة ال|ب)(?:انجليزي|إنجليزي|انكليزي|إنكليزي)[ةه]?(?!\w))"
)
"""A wish for an answer in a language, not a question whether the product has it."""


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
    Links, addresses, placeholders and code are in no language.
    """
    text = _NO_PROSE.sub(" ", text)
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


def wished_language(text: str) -> str | None:
    """Return the language that a text asks for ("in English please", «بالعربي»); None where it asks for none."""
    found = _WISH.search(text.casefold())
    return next((tag[:2] for tag, name in (found.groupdict() if found else {}).items() if name), None)


def follow_language(text: str, *, language: str | None, offered: Sequence[str]) -> str:
    """Return the language to answer in: the one wished for, else the one written in, else what the talk was in.

    `language` is that of the conversation so far, `offered` those that it may be held in. Short texts and names do not
    change the language; a text in another script does.
    """
    kept = language or next(iter(offered), "en")
    if (wish := wished_language(text)) and wish in offered:
        return wish
    prose = _NO_PROSE.sub(" ", text)
    arabic, latin = len(_ARABIC.findall(prose)), len(_LATIN.findall(prose))
    if arabic >= _FEW and arabic * 2 >= latin:
        return _of_arabic_script(prose, kept, offered)
    if primary(kept) in _ARABIC_SCRIPT and (latin < _SOME or len(prose.split()) < 3):
        return kept
    found = detect(prose)
    if found is None and primary(kept) not in _LATIN_SCRIPT and latin >= _SOME and "en" in offered:
        return "en"
    return found if found and found in offered and found != primary(kept) else kept


def _of_arabic_script(prose: str, kept: str, offered: Sequence[str]) -> str:
    if primary(kept) in _ARABIC_SCRIPT:
        return kept
    found = detect(prose) or "ar"
    return found if found in offered else kept
