"""What a composed nudge may point to, link to and contain; whatever breaks it is mended, the same way each time.

A model may invent a selector, a link, a language or a fact, and a page may try to talk it into doing so. None of that
reaches a user: an unknown element becomes that of the evidence, an unknown link goes, markup goes. A nudge in another
language, under the title of an earlier one, with a number that nobody gave (a small model told a user how long an
account number is), that speaks of a link it does not have, or with nothing left of it, becomes that of the templates.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.links import links_in
from core.nudges import Diagnosis, NudgeAction, NudgeContent, NudgeType
from core.redaction import mask
from graph.case import Case
from graph.casefile import TEXT_PROPERTIES
from graph.languages import is_written_in
from graph.plaintext import plain_text
from graph.wording import compose

_LINK_WORD: Final = re.compile(r"\blinks?\b|رابط", re.IGNORECASE)
REPLACED: Final = frozenset({"empty", "repeated", "language", "invented", "dangling"})
"""Corrections that put the words of the templates in place of the nudge's own."""
_NUMBER: Final = re.compile(r"\d{2,18}")
_THOUSANDS: Final = re.compile(r"(?<=\d)[,.](\d{3})\b")


@dataclass(frozen=True, slots=True)
class Checked:
    """A nudge fit to be shown, and stable words for what had to be mended."""

    content: NudgeContent
    corrections: tuple[str, ...] = ()


def check_content(content: NudgeContent, case: Case, diagnosis: Diagnosis) -> Checked:
    """Return the nudge as a user may see it. The same input always gives the same output."""
    links = case.links | frozenset(links_in(" ".join(_own_words(case))))
    title, body = clean_text(content.title, links), clean_text(content.body, links)
    if not title or not body:
        return Checked(compose(case, diagnosis.reason_class), ("empty",))
    if title.casefold() in {nudge.title.casefold() for nudge in case.past_nudges}:
        return Checked(compose(case, diagnosis.reason_class), ("repeated",))
    if not is_written_in(f"{title} {body}", case.language):
        return Checked(compose(case, diagnosis.reason_class), ("language",))
    if invented_numbers(f"{title} {body}", case):
        return Checked(compose(case, diagnosis.reason_class), ("invented",))
    element = allowed_element(content.target_element, case)
    actions = [action for action in (_checked_action(item, case) for item in content.actions) if action]
    if _LINK_WORD.search(body) and not any(action.kind == "link" for action in actions):
        return Checked(compose(case, diagnosis.reason_class), ("dangling",))
    mended = NudgeContent(
        nudge_type=_possible_type(content.nudge_type, element),
        target_element=element,
        title=title,
        body=body,
        actions=actions,
        language=case.language,
    )
    return Checked(mended, tuple(_differences(content, mended)))


def clean_text(text: str, links: frozenset[str]) -> str:
    """Return plain text: no tags, no Markdown, no link but those given, no personal data."""
    return mask(plain_text(text, links)).strip()


def invented_numbers(text: str, case: Case) -> set[int]:
    """Return the numbers of two digits and more that stand in no text of the case: limits, prices, dates made up."""
    return _numbers(text) - _numbers(" ".join(given_texts(case)))


def given_texts(case: Case) -> Iterator[str]:
    """Yield what a coach may quote: the step's words, and what the pages said."""
    yield from _own_words(case)
    for event in case.events:
        yield from (str(event.properties[name]) for name in TEXT_PROPERTIES if name in event.properties)
    for excerpt in case.excerpts:
        yield from (excerpt.title, excerpt.text, excerpt.quote or "")


def _own_words(case: Case) -> Iterator[str]:
    """Yield what the company says itself; a domain that it names there ("Fieldbook.com") is no link of a stranger."""
    for step in (case.step, case.next_step):
        yield from (step.title, step.hint or "") if step else ()
    yield case.config.tone.product_name


def _numbers(text: str) -> set[int]:
    return {int(digits) for digits in _NUMBER.findall(_THOUSANDS.sub(r"\1", text))}


def allowed_element(element: str | None, case: Case) -> str | None:
    """Return the element if it was seen, else the one that the evidence points to."""
    return element if element in case.seen_elements else case.best_element


def is_allowed_link(url: str | None, case: Case) -> bool:
    """Tell whether a link was given by the company, or leads to a page of the product that occurred."""
    return url is not None and (url in case.links or url in case.paths)


def _checked_action(action: NudgeAction, case: Case) -> NudgeAction | None:
    label = clean_text(action.label, frozenset())
    if not label or not is_written_in(label, case.language):
        return None
    if action.kind != "link":
        return NudgeAction(label=label, kind=action.kind)
    return NudgeAction(label=label, kind="link", url=action.url) if is_allowed_link(action.url, case) else None


def _possible_type(form: NudgeType, element: str | None) -> NudgeType:
    return NudgeType.CHAT if form is NudgeType.TOOLTIP and element is None else form


def _differences(before: NudgeContent, after: NudgeContent) -> Iterator[str]:
    if (before.title.strip(), before.body.strip()) != (after.title, after.body):
        yield "text"
    for name in ("nudge_type", "target_element", "actions", "language"):
        if getattr(before, name) != getattr(after, name):
            yield name
