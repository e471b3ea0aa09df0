"""Ends an onboarding in recommendations: read up on what the user wants, draft, check each draft, show those that pass.

Drafts that do not pass are kept with the reason. Nothing is applied here: a person approves first.
"""

from dataclasses import dataclass, replace
from typing import Final

from core.passages import Passage
from graph.context import TurnContext
from graph.conversing.guarding import given_texts
from graph.conversing.reading import look_up
from graph.excerpts import Excerpt
from graph.onboarding.checking import hold_to_passages
from graph.onboarding.rules import advice_queries
from graph.onboarding.showing import as_numbered, passing, recommendations_answer
from graph.reasoners.choice import reasoner_for
from graph.talk import Answer, Talk

MAX_QUERIES: Final = 4
"""Things that are looked up for one set of recommendations."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """What came of it: the answer with every draft and its verdict, and who made them."""

    answer: Answer
    provider: str
    version: str


async def recommend(context: TurnContext, talk: Talk) -> Recommended:
    """Return the recommendations of this turn.

    Raises:
        ProviderFailed: no provider made or judged any.
        BudgetExhausted: no more may be spent.
    """
    reasoner, calls = reasoner_for(context), context.calls(talk.turn)
    known = await reasoner.enhance_context(talk, calls)
    talk = replace(talk, facts=known.value.facts)
    talk, passages = await _read_up(context, talk)
    drafts = await reasoner.make_recommendations(talk, calls)
    verdicts = (await reasoner.validate_recommendations(talk, drafts.value, calls)).value
    if context.knowledge is not None:
        given, product = tuple(given_texts(talk, passages)), talk.config.tone.product_name
        verdicts = hold_to_passages(drafts.value, verdicts, context.knowledge, passages, given, product)
    shown = recommendations_answer(passing(drafts.value, verdicts), talk.answer_language)
    judged = as_numbered(drafts.value, verdicts, shown)
    return Recommended(replace(shown, recommendations=judged), drafts.provider, drafts.version)


async def _read_up(context: TurnContext, talk: Talk) -> tuple[Talk, tuple[Passage, ...]]:
    """Return the talk with what the documents say to each thing that may be recommended."""
    excerpts: dict[str, Excerpt] = {}
    passages: dict[str, Passage] = {}
    for query in advice_queries(talk)[:MAX_QUERIES]:
        found = await look_up(context, talk, query)
        if not found.is_sure:
            continue
        excerpts |= {one.chunk_id: one for one in found.excerpts if one.chunk_id not in excerpts}
        passages |= {one.chunk_id: one for one in found.passages}
    return replace(talk, excerpts=tuple(excerpts.values())), tuple(passages.values())
