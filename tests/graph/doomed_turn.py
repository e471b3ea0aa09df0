"""Runs one turn in a process of its own, which kills itself at a given point; `tests.nursery` runs it."""

import asyncio
import os
import signal
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from core.budgets import Allowance
from core.nudges import Nudge
from core.turns import Turn
from graph.build import build_graph
from graph.checkpoints import open_saver
from graph.context import SaveResult
from graph.journal import LlmCall, LlmResponse, Usage
from graph.reasoner import Reasoner
from graph.runner import run_turn
from tests.graph.builders import MemoryStores, make_context, make_turn
from tests.graph.reasoners import reasoner_at_url


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class FileJournal:
    """Keeps answers in a file, so that they outlive the process as rows would."""

    path: Path
    point: str

    async def find(self, interaction_id: str) -> LlmResponse | None:
        kept = self._read().get(interaction_id)
        return LlmResponse.model_validate(kept) if kept else None

    async def reserve(self, call: LlmCall, allowance: Allowance) -> None:
        if self.point == f"reserved {call.node}":
            die()

    async def settle(self, interaction_id: str, response: LlmResponse) -> None:
        self.path.write_bytes(orjson.dumps({**self._read(), interaction_id: response.model_dump()}))
        if self.point == f"settled {len(self._read())}":
            die()

    async def fail(self, interaction_id: str, error: str) -> None:
        raise AssertionError(error)

    async def cut_off(self, interaction_id: str, error: str, usage: Usage | None) -> None:
        raise AssertionError(error)

    def _read(self) -> dict[str, Any]:
        return orjson.loads(self.path.read_bytes()) if self.path.exists() else {}


class DoomedStores(MemoryStores):
    """Dies before saving or before publishing."""

    point = "never"

    async def save(self, nudge: Nudge, turn: Turn, now: datetime, *, counts: bool = True) -> SaveResult:
        if self.point == "saving":
            die()
        return await super().save(nudge, turn, now, counts=counts)

    async def publish(self, nudge: Nudge, turn: Turn) -> None:
        if self.point == "publishing":
            die()
        await super().publish(nudge, turn)


def main(database_url: str, base_url: str, journal: str, point: str, outcome: str) -> None:
    """Die at the point (or "never"), or write the result's outcome to a file."""
    Path(outcome).write_text(asyncio.run(run(database_url, base_url, journal, point)))


async def run(database_url: str, base_url: str, journal: str, point: str) -> str:
    stores = DoomedStores()
    stores.point = point
    reasoner: Reasoner = reasoner_at_url(base_url)
    context = make_context(stores, reasoner=reasoner, journal=FileJournal(Path(journal), point))
    async with open_saver(database_url) as saver:
        result = await run_turn(build_graph(saver), make_turn(), context)
    return result.outcome
