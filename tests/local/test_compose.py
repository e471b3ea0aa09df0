"""The compose file, without an engine: every command exists, every setting is known, every health check works."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from local.cli import app
from local.configuration import GROUPS
from local.probe import probe
from local.reference import settings_table

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
KNOWN = {name.upper() for group in GROUPS for name in group.model_fields}


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_of_ours(name: str) -> None:
    program, command, *options = OURS[name]["command"]
    assert program == "onboarding-agent"
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert all(option in result.output for option in options if option.startswith("--"))


@pytest.mark.parametrize("name", OURS)
def test_each_variable_is_a_setting(name: str) -> None:
    assert set(OURS[name]["environment"]) <= KNOWN


@pytest.mark.parametrize("name", sorted(set(COMPOSE["services"]) - {"migrate"}))
def test_each_lasting_service_has_a_health_check(name: str) -> None:
    assert COMPOSE["services"][name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", OURS)
def test_what_a_service_waits_for_is_there(name: str) -> None:
    for other, wish in OURS[name]["depends_on"].items():
        needed = COMPOSE["services"][other]
        assert wish["condition"] == "service_completed_successfully" or "healthcheck" in needed


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "compose.yml").read_text()
    assert "${SECRET_KEY:?" in text
    assert "${POSTGRES_PASSWORD:?" in text
    assert "SECRET_KEY:-" not in text


def test_the_probe_tells_well_from_unwell(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/ok").respond_with_data("ready")
    httpserver.expect_request("/bad").respond_with_data("away", status=503)
    assert (probe(httpserver.url_for("/ok")), probe(httpserver.url_for("/bad"))) == (0, 1)
    assert probe("http://127.0.0.1:9/") == 1


def test_the_reference_of_settings_is_up_to_date() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == settings_table() + "\n", "run `make docs`"
