"""Asks the company's documents what they say about a stuck point, and holds a composed nudge to it.

Knowledge helps a nudge and is never a condition of it: where there is none, or it cannot be reached in time, the turn
goes on without. What was found, used, cited and withheld enters the receipt as ids, scores and codes.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from core.baselines import page_path
from core.errors import Unavailable
from core.nudges import Diagnosis, NudgeContent, NudgeType
from core.passages import Passage
from core.redaction import mask
from graph.case import Case
from graph.checks import given_texts, is_allowed_link
from graph.context import Claims, TurnContext
from graph.excerpts import MAX_EXCERPTS, Excerpt, make_excerpt
from graph.languages import is_written_in, primary
from graph.reasoner import Reasoned
from graph.wording import compose, quoted_excerpt, reading_action

MAX_QUERY: Final = 400
SEARCH_SECONDS: Final = 10.0
"""Bound of one search; the first of a process also loads the embedding model."""
MAX_ACTIONS: Final = 3
_ERRORS: Final = ("message", "error")
_LATEST_ERRORS: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]{2,}")

Outcome = Literal["off", "none", "unavailable", "irrelevant", "found"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Consulted:
    """What the documents had to say. `facts` are for the receipt; empty where the process has no knowledge at all."""

    excerpts: tuple[Excerpt, ...]
    facts: dict[str, Any]
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """A nudge after it was held to the passages, what had to be mended, and what the receipt should say of it."""

    content: NudgeContent
    corrections: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


async def consult(context: TurnContext, case: Case, diagnosis: Diagnosis) -> Consulted:
    """Return the excerpts that help with this case, if there are any."""
    if context.knowledge is None:
        return Consulted((), {})
    if not context.config.knowledge.enabled:
        return _without("off")
    query = knowledge_query(case, diagnosis)
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            found = await context.knowledge.search(
                case.turn.company_id, query, language=primary(case.language), k=MAX_EXCERPTS
            )
    except (Unavailable, TimeoutError) as error:
        _log.warning("no knowledge for this turn", extra={"error": type(error).__name__})
        return _without("unavailable")
    if not found.passages:
        return _without("none")
    facts = {
        "score": round(found.score, 3),
        "passages": [_named(passage) for passage in found.passages],
    }
    least = context.config.knowledge.min_score
    if not (found.is_answerable if least is None else found.score >= least):
        return Consulted((), {"outcome": "irrelevant", **facts})
    about = f"{query} {diagnosis.inferred_reason}"
    excerpts = tuple(_excerpts(context.knowledge, found.passages, about, case))
    facts |= _refused(context.knowledge, found.passages)
    return Consulted(excerpts, {"outcome": "found" if excerpts else "none", **facts}, found.passages)


def knowledge_query(case: Case, diagnosis: Diagnosis) -> str:
    """Return what to look for: the step or page and the errors that the user met; masked and bounded.

    The diagnosis is asked about only where there is neither step nor error: its words ("the form refused the entries
    again and again") are in no article, and bring the likelihood of an answer down from above 0.9 to below 0.4.
    """
    asked = [case.step.title] if case.step else []
    asked += _errors(case)
    parts = asked if asked else [_page_words(case), diagnosis.inferred_reason]
    return mask(" ".join(dict.fromkeys(part.strip() for part in parts if part.strip())))[:MAX_QUERY]


def hold_to_passages(
    answer: Reasoned[NudgeContent],
    passages: Sequence[Passage],
    case: Case,
    diagnosis: Diagnosis,
    knowledge: Claims,
) -> Held:
    """Return the nudge without the sentences that neither passages nor the case support.

    What is left leads to the article that it rests on. A nudge of which nothing is left becomes that of the templates.
    """
    if answer.is_verbatim:
        return _verbatim(answer.value, case)
    content = answer.value
    given = tuple(given_texts(replace(case, excerpts=())))
    product = case.config.tone.product_name
    body = knowledge.check(content.body, answer.cited, passages, given, context=product)
    titles = [excerpt.title for excerpt in case.excerpts]
    title = knowledge.check(content.title, answer.cited, passages, [*given, *titles], context=product)
    template = compose(case, diagnosis.reason_class)
    withheld = (*title.withheld, *body.withheld)
    if not body.text or _is_stump(content, body.text):
        return replace(_verbatim(template, case), corrections=("unsupported",), withheld=withheld)
    kept = content.model_copy(update={"body": body.text, "title": title.text or template.title})
    corrections = ("unsupported",) if withheld else ()
    return Held(_with_reading(kept, case, body.cited), corrections, body.cited, withheld)


def _without(outcome: Outcome) -> Consulted:
    return Consulted((), {"outcome": outcome})


def _excerpts(knowledge: Claims, passages: Sequence[Passage], about: str, case: Case) -> Iterator[Excerpt]:
    said = " ".join(text for text in _errors(case) if is_written_in(text, case.language))
    subject = case.step.title if case.step else ""
    for passage in passages[:MAX_EXCERPTS]:
        title = knowledge.readable(passage.document_title)
        sentences = knowledge.sentences(passage, about)
        quotes = knowledge.to_the_point(sentences, said, subject) if said else sentences
        if excerpt := make_excerpt(passage, title, sentences, case.language, quotes):
            yield excerpt


def _named(passage: Passage) -> dict[str, Any]:
    """Return what a reader of the receipt needs to look a passage up."""
    fused = round(passage.scores.fused, 3)
    return {"chunk_id": passage.chunk_id, "score": fused, "title": passage.document_title, "url": passage.url}


def _refused(knowledge: Claims, passages: Sequence[Passage]) -> dict[str, Any]:
    """Return what the receipt says of sentences that nobody gets to see; nothing where there are none."""
    found = [
        {"chunk_id": passage.chunk_id, "reason": reason}
        for passage in passages[:MAX_EXCERPTS]
        for reason in knowledge.refused(passage)
    ]
    return {"refused": found} if found else {}


def _page_words(case: Case) -> str:
    page = page_path(case.signal.page_url) if case.signal.page_url else case.signal.stuck_point
    return " ".join(_WORD.findall(page))


def _errors(case: Case) -> list[str]:
    said = [str(event.properties[name]) for event in case.events for name in _ERRORS if event.properties.get(name)]
    return [text[:120] for text in list(dict.fromkeys(said))[-_LATEST_ERRORS:]]


def _verbatim(content: NudgeContent, case: Case) -> Held:
    quoted = quoted_excerpt(content.body, case)
    return Held(content, cited=(quoted.chunk_id,) if quoted else ())


def _is_stump(content: NudgeContent, body: str) -> bool:
    """Tell whether a body announces what is no longer there."""
    is_list = content.nudge_type is NudgeType.CHECKLIST and "\n" in content.body
    return body.endswith((":", "：")) or (is_list and "\n" not in body)


def _with_reading(content: NudgeContent, case: Case, cited: tuple[str, ...]) -> NudgeContent:
    """Return the nudge with a button to the article that it rests on, in place of a link that leads nowhere allowed."""
    source = next((one for one in case.excerpts if one.chunk_id in cited and one.url), None)
    action = reading_action(source, case) if source else None
    if action is None or any(is_allowed_link(one.url, case) for one in content.actions if one.kind == "link"):
        return content
    others = [one for one in content.actions if one.kind != "link"]
    return content.model_copy(update={"actions": [action, *others][:MAX_ACTIONS]})
