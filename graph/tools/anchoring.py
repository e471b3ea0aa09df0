"""Whether a sentence in one script says what a result in another says, as far as signs that both share can tell. Pure.

A tool answers in the words of its maker, mostly English ones; an Arabic answer has none of them. What both have are
figures, codes and names in Latin letters. A sentence that holds some of these, all of them of one record, may be said;
one without any, or with one that the record lacks, may not.
"""

import re
from collections.abc import Iterable
from typing import Final

from graph.guardrails.figures import figures_given, figures_in, unproven
from graph.languages import is_written_in

_LATIN: Final = "en"
"""For every language in that script."""
_ASIDE: Final = re.compile(r"\([^()]*\)")
_SIGN: Final = re.compile(r"\[[A-Z][A-Z0-9_]*_\d+\]|[A-Za-z][A-Za-z0-9]*(?:[-_.][A-Za-z0-9]+)*")
"""A placeholder, a code such as A-17, or a word in Latin letters."""


def is_anchored(sentence: str, statements: Iterable[str], language: str) -> bool:
    """Tell whether all figures and Latin signs of a sentence stand in one statement of another script, at least one."""
    figures, signs = figures_in(sentence), _signs(sentence)
    if is_written_in(sentence, _LATIN):  # its words are no names
        signs = frozenset(sign for sign in signs if any(letter.isdigit() for letter in sign))
    if not (figures or signs) or not is_written_in(sentence, language):
        return False
    return any(
        not unproven(figures, figures_given((line,))) and signs <= _signs(line)
        for line in statements
        if not is_written_in(_ASIDE.sub("", line), language)
    )


def _signs(text: str) -> frozenset[str]:
    return frozenset(sign.casefold() for sign in _SIGN.findall(text))
