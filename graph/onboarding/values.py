"""What the four methods of onboarding hand to each other: what is known, what is asked, what is drafted and judged."""

from dataclasses import dataclass

from core.recommendations import DraftVerdict, Recommendation
from graph.talk import Fact


@dataclass(frozen=True, slots=True)
class ConversationContext:
    """What is known of a user by this turn, typed.

    `facts` holds everything by name, `learned` what this turn's messages added to it. `obstacles` are lines of the
    behaviour trace that tell of something that did not work.
    """

    facts: tuple[Fact, ...] = ()
    learned: tuple[Fact, ...] = ()
    goal: str = ""
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as it is put to the user; `name` is that of the playbook's question."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions to put next, most useful first; none when everything is known."""

    items: tuple[AskedQuestion, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafts:
    """Recommendations as they were made, most useful first."""

    items: tuple[Recommendation, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A verdict on each draft, in their order."""

    items: tuple[DraftVerdict, ...] = ()

    @property
    def passing(self) -> int:
        """How many drafts pass."""
        return sum(verdict.passes for verdict in self.items)
