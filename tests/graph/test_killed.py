"""A process killed between any two steps of a turn: the turn runs again elsewhere and pays for no answer twice."""

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from graph.checkpoints import setup
from tests.llm_server import LlmServer

POINTS = ["reserved diagnose", "settled 1", "reserved coach", "settled 2", "saving", "publishing"]


async def run(database_url: str, llm: LlmServer, journal: Path, point: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.graph.doomed_turn",
        database_url,
        llm.base_url,
        str(journal),
        point,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    out, _ = await process.communicate()
    return process.returncode, out.decode().strip()


@pytest.mark.slow
async def test_a_killed_turn_runs_again_and_pays_once(bare_database_url: str, llm: LlmServer, tmp_path: Path) -> None:
    """Killed six times on its way, each time a step further; the seventh run ends it."""
    await setup(bare_database_url)
    journal = tmp_path / "journal.json"
    for point in POINTS:
        code, out = await run(bare_database_url, llm, journal, point)
        assert (code, out) == (-signal.SIGKILL, ""), point
    code, out = await run(bare_database_url, llm, journal, "never")
    assert (code, out) == (0, "nudged")
    assert Counter(request.schema_name for request in llm.requests) == {"DiagnosisAnswer": 1, "NudgeAnswer": 1}
