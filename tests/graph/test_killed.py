"""A process killed between any two steps of a turn: the turn runs again elsewhere and pays for no answer twice."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from graph.checkpoints import setup
from tests.llm_server import LlmServer
from tests.nursery import bear

POINTS = ["reserved diagnose", "settled 1", "reserved coach", "settled 2", "saving", "publishing"]


async def run(database_url: str, llm: LlmServer, directory: Path, point: str) -> tuple[int, str]:
    outcome = directory / "outcome"
    arguments = [database_url, llm.base_url, str(directory / "journal.json"), point, str(outcome)]
    process = bear("tests.graph.doomed_turn", arguments, os.environ)
    try:
        code = await asyncio.to_thread(process.wait, 60)
    finally:
        process.kill()
    return code, outcome.read_text() if outcome.exists() else ""


@pytest.mark.slow
async def test_a_killed_turn_runs_again_and_pays_once(bare_database_url: str, llm: LlmServer, tmp_path: Path) -> None:
    """Killed six times on its way, each time a step further; the seventh run ends it."""
    await setup(bare_database_url)
    for point in POINTS:
        code, out = await run(bare_database_url, llm, tmp_path, point)
        assert (code, out) == (-signal.SIGKILL, ""), point
    code, out = await run(bare_database_url, llm, tmp_path, "never")
    assert (code, out) == (0, "nudged")
    assert Counter(request.schema_name for request in llm.requests) == {"DiagnosisAnswer": 1, "NudgeAnswer": 1}
