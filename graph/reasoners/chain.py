"""A chain of reasoners: the first that answers is taken; one that fails again and again is left alone for a while."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core.breaker import Breaker
from core.errors import BudgetExhausted, ProviderFailed
from core.nudges import Diagnosis, NudgeContent
from graph.case import Case
from graph.journal import Calls
from graph.memory.summary import Unsummarised
from graph.onboarding.values import ConversationContext, Drafts, Questions, Verdicts
from graph.reasoner import AlertDraft, Reasoned, Reasoner
from graph.talk import Reply, Talk, TextSink, ToolSpec

T = TypeVar("T")
_Question = Callable[[Reasoner, Calls], Awaitable[Reasoned[T]]]
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Link:
    """One reasoner of a chain. `pays` is false for rules, which neither fail nor cost anything."""

    name: str
    reasoner: Reasoner
    pays: bool = True
    breaker: Breaker = field(default_factory=Breaker)


class ChainReasoner:
    """Asks its links in order. Kept for the life of a process, since it remembers which of them fail."""

    def __init__(self, links: Sequence[Link], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._links = tuple(links)
        self._monotonic = monotonic

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:
        """Diagnose by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.diagnose(case, means), calls)

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:
        """Coach by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.coach(case, diagnosis, means), calls)

    async def draft_alert(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[AlertDraft]:
        """Word an alert by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.draft_alert(case, diagnosis, means), calls)

    async def converse(self, talk: Talk, tools: Sequence[ToolSpec], calls: Calls, sink: TextSink) -> Reasoned[Reply]:
        """Talk by the first link that can. What a link said before it failed is forgotten: the next begins anew."""

        async def ask(reasoner: Reasoner, means: Calls) -> Reasoned[Reply]:
            await sink.restart()
            return await reasoner.converse(talk, tools, means, sink)

        return await self._first(ask, calls)

    async def summarise(self, older: Unsummarised, calls: Calls) -> Reasoned[str]:
        """Summarise by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.summarise(older, means), calls)

    async def enhance_context(self, talk: Talk, calls: Calls) -> Reasoned[ConversationContext]:
        """Read what is known by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.enhance_context(talk, means), calls)

    async def generate_questions(self, talk: Talk, calls: Calls) -> Reasoned[Questions]:
        """Word questions by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.generate_questions(talk, means), calls)

    async def make_recommendations(self, talk: Talk, calls: Calls) -> Reasoned[Drafts]:
        """Draft recommendations by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.make_recommendations(talk, means), calls)

    async def validate_recommendations(self, talk: Talk, drafts: Drafts, calls: Calls) -> Reasoned[Verdicts]:
        """Judge drafts by the first link that can."""
        return await self._first(lambda reasoner, means: reasoner.validate_recommendations(talk, drafts, means), calls)

    async def translate(self, text: str, to: str, terms: Mapping[str, str], calls: Calls) -> Reasoned[str]:
        """Translate by the first model that can; rules never can, which is no failure of theirs."""
        models = ChainReasoner([link for link in self._links if link.pays], self._monotonic)
        return await models._first(lambda reasoner, means: reasoner.translate(text, to, terms, means), calls)

    async def _first(self, question: _Question[T], calls: Calls) -> Reasoned[T]:
        if recalled := await self._recall(question, calls):
            return recalled
        failure: ProviderFailed | BudgetExhausted | None = None
        for link in self._links:
            if not link.breaker.allows(self._monotonic()):
                continue
            try:
                answer = await question(link.reasoner, calls)
            except (ProviderFailed, BudgetExhausted) as error:
                failure = error
                self._note_failure(link, error)
            else:
                link.breaker = link.breaker.after_success()
                return answer
        raise failure or ProviderFailed("every provider is paused after failures")

    async def _recall(self, question: _Question[T], calls: Calls) -> Reasoned[T] | None:
        """Return an answer that an earlier run of the turn got from a link further down, so as not to pay the first."""
        paying = [link for link in self._links if link.pays]
        if len(paying) < 2:
            return None
        for link in paying:
            try:
                return await question(link.reasoner, replace(calls, recall_only=True))
            except ProviderFailed:
                continue
        return None

    def _note_failure(self, link: Link, error: ProviderFailed | BudgetExhausted) -> None:
        _log.warning("provider gave no answer", extra={"provider": link.name, "code": error.code})
        if isinstance(error, ProviderFailed):
            link.breaker = link.breaker.after_failure(self._monotonic(), error.retry_after)
