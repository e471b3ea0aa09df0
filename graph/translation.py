"""Translations: by a model, checked, and paid for once. A text that cannot be translated faithfully is not translated.

What must not change (numbers, links, addresses, placeholders, markers of citations) is compared before and after, and
the company's glossary is held to. A translation that fails is asked for once more with its mistakes named; after that
there is none, and whoever asked goes on with the original.
"""

import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from core.errors import BudgetExhausted, ProviderFailed
from core.links import links_in
from core.personal_data import find
from graph.folding import fold
from graph.journal import Calls
from graph.languages import is_written_in, primary
from graph.reasoner import Reasoner
from graph.talk_context import Translations

MAX_SOURCE: Final = 1000
"""Characters of a text that is translated; a longer one is not."""
MAX_TERMS: Final = 40
"""Terms of the glossary that a model is told: those that the text holds."""
_BRACKETED: Final = re.compile(r"\[[A-Z]+(?:_[A-Z]+)*_\d+\]|\[\d{1,2}\]|\[[a-z]+\]")
"""Placeholders of masked data, markers of citations, and masks."""
_CODE: Final = re.compile(r"`[^`\n]+`")
_NUMBER: Final = re.compile(r"\d+(?:[.,:٫٬]\d+)*")
_DIGITS: Final = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,")

_log = logging.getLogger(__name__)


async def translate(
    text: str, to: str, *, glossary: Mapping[str, str], reasoner: Reasoner, calls: Calls, cache: Translations
) -> str | None:
    """Return a text in another language (a BCP 47 tag); None where no faithful translation is to be had.

    Texts are masked; the kept translation holds the same placeholders.

    Raises:
        Unavailable: the store of translations is away.
    """
    if not text.strip() or len(text) > MAX_SOURCE:
        return text if not text.strip() else None
    terms = terms_in(text, glossary)
    key = translation_key(text, to, terms)
    if (kept := await cache.find(key)) is not None:
        return kept
    try:
        made = (await reasoner.translate(text, primary(to), terms, calls)).value
    except (ProviderFailed, BudgetExhausted) as error:
        _log.info("not translated", extra={"code": error.code, "language": primary(to)})
        return None
    await cache.keep(key, primary(to), made)
    return made


def mistakes_of(source: str, translation: str, to: str, terms: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with a translation, in words for the model. Pure."""
    before, after = _fixed_parts(source), _fixed_parts(translation)
    for part in (before - after).elements():
        yield f"{part} is missing"
    for part in (after - before).elements():
        yield f"{part} was added"
    said = fold(translation)
    for term, wanted in terms.items():
        if fold(wanted) not in said:
            yield f"“{term}” must be called “{wanted}”"
    if not is_written_in(_without_fixed_parts(translation), to):
        yield f"it is not in the language {to}"
    if len(translation) > 4 * len(source) + 80:
        yield "it says more than the text"


def terms_in(text: str, glossary: Mapping[str, str]) -> dict[str, str]:
    """Return the terms of a glossary that a text holds as whole words, the longest first."""
    said = fold(text)
    found = [term for term in glossary if re.search(rf"(?<!\w){re.escape(fold(term))}(?!\w)", said)]
    return {term: glossary[term] for term in sorted(found, key=len, reverse=True)[:MAX_TERMS]}


def translation_key(text: str, to: str, terms: Mapping[str, str]) -> bytes:
    """Return the key of a translation: the same text, language and terms give the same one."""
    parts = json.dumps([text, primary(to), sorted(terms.items())], ensure_ascii=False)
    return hashlib.sha256(parts.encode()).digest()


def _fixed_parts(text: str) -> Counter[str]:
    """Return what a translation must keep, each as often as it occurs."""
    bracketed, code = _BRACKETED.findall(text), _CODE.findall(text)
    rest = _BRACKETED.sub(" ", text)
    links, data = list(links_in(rest)), [rest[span.start : span.end] for span in find(rest)]
    for part in sorted((*links, *data), key=len, reverse=True):
        rest = rest.replace(part, " ")
    numbers = [number.rstrip(".,:") for number in _NUMBER.findall(rest.translate(_DIGITS))]
    return Counter([*bracketed, *code, *links, *data, *numbers])


def _without_fixed_parts(text: str) -> str:
    for part in sorted(_fixed_parts(text), key=len, reverse=True):
        text = text.replace(part, " ")
    return text
