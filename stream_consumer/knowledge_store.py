"""The graph's Knowledge on our stores: a company's documents searched, quoted from, and asked what they support.

A company without live documents pays one small query and wakes no embedding model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from core.passages import Fit, Passage, Scores
from db import knowledge_sources
from db.pool import Database
from graph.context import Backing, Found
from knowledge.citations import (
    CheckedAnswer,
    addresses_model,
    asks_for_secrets,
    check,
    quotable,
    refused,
    to_the_point,
    visible,
)
from knowledge.retrieval.answerability import answerable
from knowledge.retrieval.fitting import fit
from stream_consumer.stores import available

GIVEN: Final = "given"
"""Id of what stands for the texts of the case itself among the passages; it is no chunk and is cited nowhere."""


class Retrieves(Protocol):
    """What finds passages (`knowledge.retrieval.Retriever`)."""

    async def retrieve(
        self, company_id: str, query: str, *, language: str | None = None, k: int | None = None
    ) -> Sequence[Passage]:
        """Return the best passages, best first."""
        ...


class Claims:
    """The part of `graph.context.Knowledge` that needs no store: what passages say, and what they support."""

    def sentences(self, passage: Passage, about: str) -> Sequence[str]:
        """Return the sentences of a passage that can be quoted, those about a matter first."""
        return quotable(passage, passage.understood(about))

    def readable(self, text: str) -> str:
        """Return a title without characters that nobody sees; empty where it speaks to a model or asks for secrets."""
        return "" if addresses_model(text) or asks_for_secrets(text) else visible(text)

    def to_the_point(self, sentences: Sequence[str], said: str, subject: str) -> Sequence[str]:
        """Return those of some sentences that speak of what was said, the closest first."""
        return to_the_point(sentences, said, subject)

    def fit(self, question: str, passage: Passage) -> Fit:
        """Return whether a passage speaks of all that a question is about."""
        return fit(question, passage)

    def refused(self, passage: Passage) -> Sequence[str]:
        """Return why sentences of a passage are kept from every reader, as stable words."""
        return refused(passage)

    def check(
        self, text: str, cited: Sequence[str], passages: Sequence[Passage], given: Sequence[str], *, context: str
    ) -> Backing:
        """Return a text without what neither passages nor the case's own texts support."""
        return _backing(check(text, cited, [*passages, *_given(given)], context=context))


@dataclass(frozen=True)
class KnowledgeStore(Claims):
    """`graph.context.Knowledge` of any company."""

    db: Database
    retriever: Retrieves

    async def search(self, company_id: str, query: str, *, language: str, k: int) -> Found:
        """Return what helps with a query; nothing, and at no cost, where the company has no live documents."""
        async with available():
            async with self.db.transaction(company_id) as connection:
                if not await knowledge_sources.any_live(connection, company_id):
                    return Found()
            passages = tuple(await self.retriever.retrieve(company_id, query, language=language, k=k))
        likely = answerable(query, passages)
        return Found(passages, likely.score, likely.is_answerable)


def _given(texts: Sequence[str]) -> list[Passage]:
    """Return the case's own texts as a passage, one line each, so that no sentence runs from one into the next."""
    said = "\n\n".join(text for text in texts if text.strip())
    return [Passage(GIVEN, "", "", (), said, Scores(1.0))] if said else []


def _backing(checked: CheckedAnswer) -> Backing:
    withheld = tuple(sentence.reason for sentence in checked.withheld)
    cited = tuple(chunk for chunk in checked.cited if chunk != GIVEN)
    is_left = checked.is_grounded or not withheld
    return Backing(checked.text if is_left else "", cited if is_left else (), withheld)
