"""A data directory has one user at a time, and nobody has to clear up after one that was killed."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import SettingsError
from local.occupancy import occupied

HOLD = "import sys; from pathlib import Path; from local.occupancy import occupied\n"
HOLD += "with occupied(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_another_process_is_named_and_a_killed_one_leaves_nothing_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "d")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(SettingsError, match=rf"is in use by process {other.pid};"), occupied(tmp_path / "d"):
            pass
        other.kill()
    with occupied(tmp_path / "d"):
        pass


def test_it_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with occupied(tmp_path), pytest.raises(SettingsError), occupied(tmp_path):
            pass


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="file/d: Not a directory"), occupied(tmp_path / "file" / "d"):
        pass
