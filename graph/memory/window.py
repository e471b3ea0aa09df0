"""Which messages a reasoner gets to read as they were said, and which as a summary. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graph.talk import Said

RAW_MESSAGES: Final = 10
"""Latest messages that are read as they were said (MISSION B9)."""
WORTH_A_SUMMARY: Final = 6
"""Older messages that must have gathered before a model is asked to summarise them; until then rules do, unstored."""


@dataclass(frozen=True, slots=True)
class Window:
    """A conversation as it is read: `summary` of the oldest, then `to_summarise` of which nothing stands in it, `raw`.

    `until` is the position up to which a summary of all but the raw messages would reach.
    """

    raw: tuple[Said, ...]
    summary: str
    to_summarise: tuple[Said, ...]
    until: int

    @property
    def is_due(self) -> bool:
        """Tell whether it is time to make the summary anew."""
        return len(self.to_summarise) >= WORTH_A_SUMMARY


def window(messages: Sequence[Said], summary: str = "", summary_until: int = 0, *, limit: int = RAW_MESSAGES) -> Window:
    """Return the window on messages that are in order of position; those up to `summary_until` are in the summary."""
    cut = max(len(messages) - limit, 0)
    older = tuple(said for said in messages[:cut] if said.position > summary_until)
    until = older[-1].position if older else summary_until
    return Window(tuple(messages[cut:]), summary, older, until)
