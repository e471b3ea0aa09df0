"""The Reasoner: who thinks. One Protocol, so that a model, rules without any network, or a chain of both can do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from core.nudges import Diagnosis, NudgeContent
from graph.case import Case
from graph.journal import Calls
from graph.memory.summary import Unsummarised
from graph.onboarding.values import ConversationContext, Drafts, Questions, Verdicts
from graph.talk import Reply, Talk, TextSink, ToolSpec

NOT_STUCK = "not_stuck"
"""The `reason_class` of a diagnosis that finds nothing wrong."""

T = TypeVar("T")


class AlertDraft(BaseModel):
    """The words of an alert to a person; its facts are ours to fill in."""

    model_config = ConfigDict(frozen=True)

    headline: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    why: Annotated[str, StringConstraints(min_length=1, max_length=600)]
    suggestion: Annotated[str, StringConstraints(min_length=1, max_length=400)]


@dataclass(frozen=True, slots=True)
class Reasoned(Generic[T]):
    """An answer with its origin: the provider's name (`rules`, `openai`, …) and the version of prompt or templates.

    `cited` are chunk ids that the answer names as its sources. `is_verbatim` says that its words are our templates and
    sentences quoted as they stand, so that there is nothing to hold against the passages.
    """

    value: T
    provider: str
    version: str
    cited: tuple[str, ...] = ()
    is_verbatim: bool = False


class Reasoner(Protocol):
    """Thinks about a case.

    Every method raises `core.errors.ProviderFailed` (or its `ProviderTimeout`) when no valid answer was to be had,
    `BudgetExhausted` when the company may spend no more today, and `Unavailable` when the journal is away.
    """

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:
        """Say why the user is stuck, or that they are not (`reason_class` NOT_STUCK)."""
        ...

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:
        """Compose what may help; within what `graph.checks` allows."""
        ...

    async def draft_alert(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[AlertDraft]:
        """Word the alert by which a person is called in."""
        ...

    async def converse(self, talk: Talk, tools: Sequence[ToolSpec], calls: Calls, sink: TextSink) -> Reasoned[Reply]:
        """Answer what the user asked, or ask for tools first; one round (`Calls.round`).

        Text goes into the sink while it is written. Who has it all at once may leave the sink alone: the text of the
        reply is said then.

        Raises:
            Stopped: by the sink; the user wants no more.
        """
        ...

    async def enhance_context(self, talk: Talk, calls: Calls) -> Reasoned[ConversationContext]:
        """Say what is known of the user by this turn, with what their messages tell."""
        ...

    async def generate_questions(self, talk: Talk, calls: Calls) -> Reasoned[Questions]:
        """Word the questions to put next; none where everything is known."""
        ...

    async def make_recommendations(self, talk: Talk, calls: Calls) -> Reasoned[Drafts]:
        """Draft recommendations from what is known and what the documents say."""
        ...

    async def validate_recommendations(self, talk: Talk, drafts: Drafts, calls: Calls) -> Reasoned[Verdicts]:
        """Judge each draft."""
        ...

    async def summarise(self, older: Unsummarised, calls: Calls) -> Reasoned[str]:
        """Summarise what is too long ago to be read as it was said."""
        ...

    async def translate(self, text: str, to: str, terms: Mapping[str, str], calls: Calls) -> Reasoned[str]:
        """Translate a text into a language (a primary tag), with `terms` called as they say; faithfully or not at all.

        Rules cannot, and raise ProviderFailed. Whoever wants a translation asks `graph.translation.translate`, which
        pays for each once.
        """
        ...
