"""Tries the prompts of conversations on a real model: how often its answers are valid, and how often they are right.

    LLM_PROVIDER=local LOCAL_BASE_URL=http://127.0.0.1:8977/v1 LOCAL_MODEL=qwen python -m bench.prompts_of_talks

Arguments choose cases by the beginning of their names. Not one of `make bench`: it measures a model as much as the
prompts. Prints one JSON line a case and one with the sums. `valid` was usable at once, `repaired` when asked again,
`dropped` neither; `right` is what the case expects, after all that our own rules take out. What was seen stands in
decision 0005.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.attempts import Attempt
from bench.prompts import Calling, run_trials
from bench.talk_cases import cases
from core.budgets import Allowance
from core.errors import ProductError
from graph.journal import Calls
from graph.reasoner import Reasoner


@dataclass
class Trial:
    """What became of one case."""

    name: str
    outcome: str = "dropped"
    is_right: bool = False
    seconds: float = 0.0
    tokens_out: list[int] = field(default_factory=list)
    said: Any = None
    raw: list[str] = field(default_factory=list)


async def try_case(reasoner: Reasoner, name: str, attempt: Attempt) -> Trial:
    """Put one case to the model."""
    trial, journal, began = Trial(name), Calling(), time.perf_counter()
    try:
        trial.is_right, trial.said = await attempt(reasoner, Calls(journal, name, Allowance(float("inf"))))
        trial.outcome = "valid" if len(journal.answers) == 1 else "repaired"
    except ProductError as error:
        trial.said = error.detail
    trial.seconds = round(time.perf_counter() - began, 1)
    trial.tokens_out = [answer.tokens_out for answer in journal.answers.values()]
    trial.raw = [answer.text for answer in journal.answers.values()]
    return trial


def summary(trials: list[Trial]) -> dict[str, object]:
    """Return the sums by prompt."""
    kinds = dict.fromkeys(trial.name.split("/")[0] for trial in trials)
    of_kind = {kind: [trial for trial in trials if trial.name.startswith(f"{kind}/")] for kind in kinds}
    return {
        kind: {**Counter(one.outcome for one in some), "right": sum(one.is_right for one in some), "of": len(some)}
        for kind, some in of_kind.items()
    }


async def main() -> None:
    """Try all cases, one after the other."""
    await run_trials(((name, partial(try_case, name=name, attempt=attempt)) for name, attempt in cases()), summary)


if __name__ == "__main__":
    asyncio.run(main())
