"""Tries the prompts on a real model over 50 sessions: how often its answers are valid, and what had to be mended.

    LLM_PROVIDER=local LOCAL_BASE_URL=http://127.0.0.1:8977/v1 LOCAL_MODEL=qwen python -m bench.prompts

With `ARTICLES=1` the coach also gets help articles of the product, and its nudge is held to them.

Not one of `make bench`: it measures a model as much as the prompts, and takes minutes to an hour. Prints one JSON line
a session and one with the sums at the end.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from bench.articles import articles_of
from bench.sessions import Session, make_sessions
from core.budgets import Allowance
from core.errors import ProductError
from core.nudges import Diagnosis
from core.passages import Passage
from core.settings import LlmSettings, load
from graph.case import Case
from graph.checks import check_content
from graph.consulting import Held, hold_to_passages, knowledge_query
from graph.excerpts import make_excerpt
from graph.journal import Calls, LlmCall, LlmResponse, Usage
from graph.languages import primary
from graph.reasoner import NOT_STUCK, Reasoner
from graph.reasoners.wiring import build_reasoner
from stream_consumer.knowledge_store import Claims

SHELF = Claims()
TrialT = TypeVar("TrialT", bound=Any)


@dataclass
class Calling:
    """A journal that keeps nothing across sessions: it counts what was asked."""

    answers: dict[str, LlmResponse] = field(default_factory=dict)

    async def find(self, interaction_id: str) -> LlmResponse | None:  # noqa: ARG002 - Protocol
        """Return None: every session is new."""
        return None

    async def reserve(self, call: LlmCall, allowance: Allowance) -> None:
        """Allow every call."""

    async def settle(self, interaction_id: str, response: LlmResponse) -> None:
        """Keep the answer, to count it."""
        self.answers[interaction_id] = response

    async def fail(self, interaction_id: str, error: str) -> None:
        """Do nothing: the trial notes failures itself."""

    async def cut_off(self, interaction_id: str, error: str, usage: Usage | None) -> None:
        """Do nothing: no answer of a trial is streamed."""


@dataclass
class Trial:
    """What became of one session."""

    name: str
    expected_stuck: bool
    stuck: bool | None = None
    reason_class: str | None = None
    confidence: float | None = None
    diagnose: str = "dropped"
    coach: str = "not asked"
    corrections: tuple[str, ...] = ()
    error: str | None = None
    seconds: float = 0.0
    tokens_out: list[int] = field(default_factory=list)
    cited: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    written: str | None = None
    title: str | None = None
    body: str | None = None


async def try_session(reasoner: Reasoner, session: Session) -> Trial:
    """Diagnose one session and, where the model sees somebody stuck, coach."""
    trial = Trial(session.name, session.stuck)
    began = time.perf_counter()
    try:
        await _think(reasoner, session, trial)
    except ProductError as error:
        trial.error = error.detail
    trial.seconds = round(time.perf_counter() - began, 1)
    return trial


async def _think(reasoner: Reasoner, session: Session, trial: Trial) -> None:
    journal = Calling()
    calls = Calls(journal, session.name, Allowance(float("inf")))
    diagnosis = (await reasoner.diagnose(session.case, calls)).value
    trial.diagnose = "valid" if len(journal.answers) == 1 else "repaired"
    trial.stuck = diagnosis.reason_class != NOT_STUCK
    trial.reason_class, trial.confidence = diagnosis.reason_class, diagnosis.confidence_score
    asked = len(journal.answers)
    if trial.stuck:
        trial.coach = "dropped"
        case = _with_articles(session.case, diagnosis)
        answer = await reasoner.coach(case, diagnosis, calls)
        trial.coach = "valid" if len(journal.answers) == asked + 1 else "repaired"
        held = (
            hold_to_passages(answer, _articles(case), case, diagnosis, SHELF) if case.excerpts else Held(answer.value)
        )
        checked = check_content(held.content, case, diagnosis)
        trial.corrections = (*held.corrections, *checked.corrections)
        trial.cited, trial.withheld, trial.written = held.cited, held.withheld, answer.value.body
        trial.title, trial.body = checked.content.title, checked.content.body
    trial.tokens_out = [answer.tokens_out for answer in journal.answers.values()]


def _articles(case: Case) -> tuple[Passage, ...]:
    return articles_of(case.config.tone.product_name, primary(case.language))


def _with_articles(case: Case, diagnosis: Diagnosis) -> Case:
    if not os.environ.get("ARTICLES"):
        return case
    query = knowledge_query(case, diagnosis)
    made = (
        make_excerpt(one, one.document_title, SHELF.sentences(one, query), case.language) for one in _articles(case)
    )
    return replace(case, excerpts=tuple(excerpt for excerpt in made if excerpt))


def summary(trials: list[Trial]) -> dict[str, object]:
    """Return the sums over all sessions."""
    stuck = [trial for trial in trials if trial.expected_stuck]
    healthy = [trial for trial in trials if not trial.expected_stuck]
    return {
        "sessions": len(trials),
        "diagnose": Counter(trial.diagnose for trial in trials),
        "coach": Counter(trial.coach for trial in trials),
        "corrections": Counter(word for trial in trials for word in trial.corrections),
        "cited": sum(bool(trial.cited) for trial in trials),
        "withheld": Counter(word for trial in trials for word in trial.withheld),
        "stuck_found": f"{sum(trial.stuck is True for trial in stuck)}/{len(stuck)}",
        "healthy_called_stuck": f"{sum(trial.stuck is True for trial in healthy)}/{len(healthy)}",
        "healthy_over_threshold": sum(trial.stuck is True and (trial.confidence or 0) >= 0.6 for trial in healthy),
        "seconds_median": statistics.median(trial.seconds for trial in trials),
        "tokens_out_max": max((tokens for trial in trials for tokens in trial.tokens_out), default=0),
    }


async def run_trials(
    tries: Iterable[tuple[str, Callable[[Reasoner], Awaitable[TrialT]]]],
    summary: Callable[[list[TrialT]], dict[str, object]],
) -> None:
    """Run named trials on the model of the environment, one after the other; arguments choose some by the beginning of
    their names. Prints a JSON line for each, and one with the sums."""
    if not os.environ.get("LLM_PROVIDER"):
        sys.exit("set LLM_PROVIDER and its settings: this trial wants a real model")
    reasoner, trials = build_reasoner(load(LlmSettings)), list[TrialT]()
    chosen = tuple(sys.argv[1:]) or ("",)
    for _, attempt in (each for each in tries if each[0].startswith(chosen)):
        trials.append(await attempt(reasoner))
        print(json.dumps(asdict(trials[-1]), ensure_ascii=False), flush=True)
    print(json.dumps(summary(trials), ensure_ascii=False))


async def main() -> None:
    """Try all sessions."""
    await run_trials(((each.name, partial(try_session, session=each)) for each in make_sessions()), summary)


if __name__ == "__main__":
    asyncio.run(main())
