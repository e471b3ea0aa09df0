"""Nudges composed from templates: the company's own hint in our words, in English and Arabic, without any network.

A template has three wordings per kind of trouble, so that a second and a third nudge at one place say something new.
"""

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from core.nudges import NudgeAction, NudgeContent, NudgeType
from graph.case import Case
from graph.excerpts import Excerpt
from graph.formats import choose_type, hint_items
from graph.languages import is_written_in, primary, spoken

_FOLDER: Final = Path(__file__).parent / "templates"
_MAX_TITLE: Final = 80
_MAX_BODY: Final = 600
_MAX_LABEL: Final = 40
_MAX_WITH_QUOTE: Final = 400
"""Characters of a body with a quotation: as long as a model's may be."""
_MAX_BEFORE_QUOTE: Final = 240
"""Characters of lead and hint beyond which a quotation would make a tip too long to be read."""
_SAME: Final = 0.6
"""Share of a quotation's words in the hint from which on it says the same."""
_WORD: Final = re.compile(r"\w+")


@lru_cache
def _templates(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(_source(language))
    return loaded


@lru_cache
def _source(language: str) -> bytes:
    return (_FOLDER / f"{language}.json").read_bytes()


@lru_cache
def template_version(language: str) -> str:
    """Return the version of a language's templates, which changes with their text."""
    return f"templates-{language}-{hashlib.sha256(_source(language)).hexdigest()[:8]}"


def language_of(case: Case) -> str:
    """Return the language to compose in: the user's, else the company's, else English."""
    return spoken(case.language, case.config.tone.language)


def compose(case: Case, reason_class: str) -> NudgeContent:
    """Return a nudge for a kind of trouble; an unknown kind takes the general words."""
    tag = language_of(case)
    templates = _templates(primary(tag))
    wordings = templates["classes"].get(reason_class) or templates["classes"]["other"]
    wording = wordings[min(case.tries, len(wordings) - 1)]
    items = [item for item in hint_items(case) if is_written_in(item, tag)]
    form = choose_type(case, items=len(items))
    return NudgeContent(
        nudge_type=form,
        target_element=case.best_element if form is not NudgeType.CHAT else None,
        title=_filled(wording["title"], case, templates)[:_MAX_TITLE],
        body=_body(form, wording, items, case, templates)[:_MAX_BODY],
        actions=_actions(case, templates["actions"]),
        language=tag,
    )


def person_was_told(case: Case) -> NudgeContent:
    """Return the line that tells a user that a person has been called in."""
    tag = language_of(case)
    templates = _templates(primary(tag))
    words = templates["person_told"]
    return NudgeContent(
        nudge_type=NudgeType.CHAT,
        title=words["title"],
        body=_filled(words["body"], case, templates),
        actions=[NudgeAction(label=templates["actions"]["done"], kind="dismiss")],
        language=tag,
    )


def _body(form: NudgeType, wording: dict[str, str], items: list[str], case: Case, templates: dict[str, Any]) -> str:
    lead = _filled(wording["lead"], case, templates)
    if form is NudgeType.CHECKLIST:
        return "\n".join([lead, *(f"- {item}" for item in items)])
    hint, quote = " ".join(items), _new_quote(case, items)
    own = len(lead) + len(hint)
    if quote is None or own > _MAX_BEFORE_QUOTE or own + len(quote) > _MAX_WITH_QUOTE:
        return f"{lead} {hint or wording['plain']}"
    return " ".join(part for part in (lead, hint, quote) if part)


def quoted_excerpt(body: str, case: Case) -> Excerpt | None:
    """Return the excerpt that a body quotes, if it does."""
    return next((one for one in case.excerpts if one.quote and one.quote in body), None)


def reading_action(excerpt: Excerpt, case: Case) -> NudgeAction | None:
    """Return the button to an article: by its title where that is in the user's language, else by our words."""
    if excerpt.url is None:
        return None
    tag = language_of(case)
    labels = _templates(primary(tag))["actions"]
    label = labels["read"].replace("{title}", excerpt.title)
    if not excerpt.title or not is_written_in(excerpt.title, tag):
        label = labels["help"]
    short = label if len(label) <= _MAX_LABEL else f"{label[: _MAX_LABEL - 1]}…"
    return NudgeAction(label=short, kind="link", url=excerpt.url)


def _new_quote(case: Case, items: list[str]) -> str | None:
    """Return the sentence to quote: of the most relevant article, and only what the hint does not say already."""
    quote = case.excerpts[0].quote if case.excerpts else None
    if quote is None:
        return None
    said = set(_WORD.findall(" ".join(items).casefold()))
    words = set(_WORD.findall(quote.casefold()))
    return None if len(words & said) > _SAME * len(words) else quote


def _filled(text: str, case: Case, templates: dict[str, Any]) -> str:
    step = f"“{case.step.title}”" if case.step else templates["this_step"]
    return text.replace("{step}", step)


def _actions(case: Case, labels: dict[str, str]) -> list[NudgeAction]:
    """Return the buttons: an article or the help page when there is one; from the second nudge on also a person and a
    pause."""
    actions = [action for action in (_reading(case), _help(case, labels)) if action][:1]
    if case.tries == 0:
        return [*actions, NudgeAction(label=labels["done"], kind="dismiss")]
    talk = NudgeAction(label=labels["talk"], kind="chat")
    return [*actions, talk, NudgeAction(label=labels["later"], kind="snooze")]


def _reading(case: Case) -> NudgeAction | None:
    return reading_action(case.excerpts[0], case) if case.excerpts else None


def _help(case: Case, labels: dict[str, str]) -> NudgeAction | None:
    url = case.step.help_url if case.step else None
    return NudgeAction(label=labels["help"], kind="link", url=url) if url else None
