"""What a guard says of a sentence on its way out."""

from dataclasses import dataclass

from graph.talk import Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A sentence after a guard: its text, or None where it is withheld, and the verdicts that say why."""

    text: str | None
    verdicts: tuple[Verdict, ...] = ()
