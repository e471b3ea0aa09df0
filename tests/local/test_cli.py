"""What the command says of itself, and that what it loads speaks of nothing else."""

import subprocess
import sys
from importlib.metadata import version

from typer.testing import CliRunner

from local.cli import app


def test_the_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"onboarding-agent {version('onboarding-agent')}\n")


def test_without_a_command_it_shows_help() -> None:
    result = CliRunner().invoke(app, [])
    assert "Run everything on this machine." in result.output


def test_the_embedded_database_is_loaded_without_a_warning() -> None:
    loading = [sys.executable, "-W", "default", "-c", "import local.postgres"]
    told = subprocess.run(loading, capture_output=True, text=True, check=True, env={"PATH": "", "HOME": "/nonexistent"})
    assert told.stderr == ""
