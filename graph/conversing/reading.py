"""Asks the company's documents what they say to a user's question. Where they are away, the turn goes on without."""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core.conversations import Role
from core.errors import Unavailable
from core.passages import Passage
from core.pseudonyms import PLACEHOLDER
from graph.consulting import MAX_QUERY, SEARCH_SECONDS
from graph.context import Knowledge, TurnContext
from graph.conversing.followups import may_lean, own_words, points_back, subject_of
from graph.conversing.inquiries import inquiries_of
from graph.excerpts import Excerpt, make_excerpt
from graph.languages import primary
from graph.onboarding.deciding import picked
from graph.onboarding.pleasantries import asks_something, complains, pleasantry
from graph.questions import telling_words
from graph.talk import Inquiry, Talk

MAX_PASSAGES: Final = 4
_WHOLE_ARTICLE: Final = 10
"""Passages among which the other sections of an article are looked for."""
_EACH: Final = 3
"""Passages for each of several questions."""
MAX_TEXT: Final = 700
"""Characters of a passage that a reasoner gets to read."""
PERHAPS: Final = 0.1
"""How likely passages must answer, at least, to be shown with a word of doubt. Of 30 colloquial questions that the
demo's help centre answers, 20 score above the measured threshold of 0.5, and 8 of the others have the right article on
top with 0.1 to 0.5; of 20 that it does not answer one is in that band, two are above it and 17 below 0.08."""
_CLAUSE: Final = re.compile(r"[.!?؟…,،;؛\n]+(?=\s|$)")
_SHORT: Final = 4
"""Words up to which a question hardly stands alone: the one before it is looked for as well."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found: excerpts to read, the passages that prove, and what the receipt says.

    Where it is not sure that they answer the question, an answer says so.
    """

    excerpts: tuple[Excerpt, ...] = ()
    passages: tuple[Passage, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    is_sure: bool = True
    inquiries: tuple[Inquiry, ...] = ()

    def of(self, passages: Sequence[Passage]) -> "Reading":
        """Return what was found in some of the passages."""
        chunks = {one.chunk_id for one in passages}
        excerpts = tuple(one for one in self.excerpts if one.chunk_id in chunks)
        return replace(self, excerpts=excerpts, passages=tuple(passages))


async def read_up(context: TurnContext, talk: Talk) -> Reading:
    """Return what the documents say to the question, to each of several, or to the recommendation that is picked."""
    if chosen := picked(talk):
        return await look_up(context, talk, " ".join(chosen))
    asked = inquiries_of(talk.question)
    if not asked:
        return await _read_single(context, talk)
    befores = ("", *asked)
    readings = [_read_one(context, talk, one, before) for one, before in zip(asked, befores, strict=False)]
    return _together(asked, await asyncio.gather(*readings))


async def _read_single(context: TurnContext, talk: Talk) -> Reading:
    """Return what the documents say to a single question; one that may lean on the one before is looked for where that
    was answered as well."""
    question, before = searchable(talk.question), searchable(subject_of(talk))
    own = held_to(context.knowledge, question, await look_up(context, talk, question))
    stands_alone = bool(own.excerpts and own_words(question)) and own.is_sure and not points_back(question)
    if not before or not may_lean(question) or stands_alone:
        return own
    back = await _read_back(context, talk, before, question)
    return back if back.excerpts and _leads_back(context.knowledge, question, own, back) else own


async def _read_back(context: TurnContext, talk: Talk, before: str, question: str) -> Reading:
    """Return what the article that answers the question before says to this one; what both find, where none does."""
    both = f"{before[: MAX_QUERY // 2]} {question}"
    first = held_to(context.knowledge, before, await look_up(context, talk, before))
    about = question if own_words(question) else both
    found = await look_up(context, talk, both, k=_WHOLE_ARTICLE, about=about)
    if not first.excerpts or context.knowledge is None:
        return held_to(context.knowledge, both, found)
    top = next(one for one in first.passages if one.chunk_id == first.excerpts[0].chunk_id)
    near = [one for one in found.passages if (one.source_id, one.document_title) == (top.source_id, top.document_title)]
    return held_to(context.knowledge, question if own_words(question) else before, found.of(near))


def _leads_back(knowledge: Knowledge | None, question: str, own: Reading, back: Reading) -> bool:
    """Tell whether the earlier article speaks of a question at least as much as any other; of one without words of its
    own it does."""
    if knowledge is None or not own_words(question):
        return True
    of_own, of_back = (
        max((knowledge.fit(question, one).share for one in some.passages), default=0.0) for some in (own, back)
    )
    return of_back > 0 and of_back >= of_own


async def _read_one(context: TurnContext, talk: Talk, asked: str, before: str) -> Reading:
    """Return what the documents say to one of several questions; a brief one may need the words of the one before."""
    found = await _look_up_one(context, talk, searchable(asked))
    if (found.excerpts and found.is_sure) or not before or len(telling_words(asked)) > 1:
        return found
    both = await _look_up_one(context, talk, searchable(f"{before} {asked}"))
    return both if both.excerpts and both.is_sure else found


async def _look_up_one(context: TurnContext, talk: Talk, query: str) -> Reading:
    return held_to(context.knowledge, query, await look_up(context, talk, query, k=_EACH))


def held_to(knowledge: Knowledge | None, question: str, reading: Reading) -> Reading:
    """Return a reading with what speaks of all that was asked first; unsure where nothing does, empty where no word of
    the question is met at all."""
    if knowledge is None or not reading.excerpts:
        return reading
    fits = {passage.chunk_id: knowledge.fit(question, passage) for passage in reading.passages}
    ordered = sorted(reading.excerpts, key=lambda one: not fits[one.chunk_id].is_met or fits[one.chunk_id].is_trouble)
    if not any(fit.share for fit in fits.values()):
        return Reading(facts={**reading.facts, "outcome": "irrelevant"})
    is_sure = reading.is_sure and fits[ordered[0].chunk_id].is_met
    facts = {**reading.facts, "outcome": "found" if is_sure else "perhaps"}
    return replace(reading, excerpts=tuple(ordered), is_sure=is_sure, facts=facts)


def _together(asked: Sequence[str], readings: Sequence[Reading]) -> Reading:
    """Return the readings of several questions as one, which is sure if all are in which anything was found."""
    found = [one for one in readings if one.excerpts]
    excerpts = {excerpt.chunk_id: excerpt for one in found for excerpt in one.excerpts}
    passages = {passage.chunk_id: passage for one in found for passage in one.passages}
    inquiries = (
        Inquiry(text, tuple(excerpt.chunk_id for excerpt in one.excerpts), one.is_sure)
        for text, one in zip(asked, readings, strict=True)
    )
    best = min(readings, key=lambda one: (not one.excerpts, not one.is_sure))
    facts = {**best.facts, "inquiries": [one.facts.get("outcome") for one in readings]}
    is_sure = all(one.is_sure for one in found)
    return Reading(tuple(excerpts.values()), tuple(passages.values()), facts, is_sure, tuple(inquiries))


async def look_up(context: TurnContext, talk: Talk, query: str, k: int = MAX_PASSAGES, about: str = "") -> Reading:
    """Return what the documents say to a query, in the language of the answer; nothing where there are none to ask.

    Sentences about `about` are the most telling; those about the query, unless it is given.
    """
    if context.knowledge is None or not context.config.knowledge.enabled or not query:
        return Reading(facts={"outcome": "off"})
    return await search(context.knowledge, talk, query, k, about)


async def search(knowledge: Knowledge, talk: Talk, query: str, k: int = MAX_PASSAGES, about: str = "") -> Reading:
    """Return what documents say to a query, in the language of the answer; at most `k` passages."""
    if not telling_words(query):
        return Reading(facts={"outcome": "none"})
    language = primary(talk.answer_language)
    try:
        async with asyncio.timeout(SEARCH_SECONDS):
            found = await knowledge.search(talk.turn.company_id, query[:MAX_QUERY], language=language, k=k)
    except (Unavailable, TimeoutError) as error:
        _log.warning("no knowledge for this turn", extra={"error": type(error).__name__})
        return Reading(facts={"outcome": "unavailable"})
    facts = {"score": round(found.score, 3), "passages": [passage.chunk_id for passage in found.passages]}
    least = talk.config.knowledge.min_score
    is_sure = found.is_answerable if least is None else found.score >= least
    if not found.passages or not (is_sure or found.score >= PERHAPS):
        return Reading(facts={"outcome": "irrelevant" if found.passages else "none", **facts})
    excerpts = tuple(_excerpts(knowledge, found.passages, talk, about or query))
    return Reading(excerpts, found.passages, {"outcome": "found" if is_sure else "perhaps", **facts}, is_sure)


def query_of(talk: Talk) -> str:
    """Return what to look for: what the question says, and before a very short one what the user said last."""
    question = searchable(talk.question)
    if len(question.split()) < _SHORT:
        before = next((said.text for said in reversed(talk.messages) if said.role is Role.USER), "")
        question = f"{searchable(before)[: MAX_QUERY // 2]} {question}".strip()
    return question[:MAX_QUERY]


def searchable(text: str) -> str:
    """Return what of a message can be looked for: without small talk, and without data of the user's own.

    “hi, my number is [PHONE_1], how do I import contacts?” is looked for as “how do I import contacts”. Clauses go
    only while others are left; so does a complaint that names nothing.
    """
    clauses = [clause.strip() for clause in _CLAUSE.split(text) if any(letter.isalnum() for letter in clause)]
    said = [clause for clause in clauses if pleasantry(clause) is None and not complains(clause)]
    free = [clause for clause in said if not PLACEHOLDER.search(clause) or asks_something(clause)]
    return " ".join(PLACEHOLDER.sub(" ", ", ".join(free or said or clauses)).split())


def _excerpts(knowledge: Knowledge, passages: tuple[Passage, ...], talk: Talk, about: str) -> Iterator[Excerpt]:
    for passage in passages:
        sentences = knowledge.sentences(passage, about)
        title = knowledge.readable(passage.document_title)
        excerpt = make_excerpt(
            passage, title, sentences, talk.answer_language, limit=MAX_TEXT, readable=knowledge.readable
        )
        if excerpt:
            yield excerpt
