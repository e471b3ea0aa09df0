"""The schema that the SDK's types are made of is that of the models, and says what the SDK relies on."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.events import Event
from core.frames import CLIENT_FRAME
from local.cli import app
from local.wire import WIRE, wire_schema

COMMITTED = Path(__file__).resolve().parents[2] / "sdk-js" / "wire.schema.json"


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    found: dict[str, Any] = wire_schema()["$defs"]
    return found


def test_the_committed_schema_is_that_of_the_models() -> None:
    printed = CliRunner().invoke(app, ["wire"])
    assert printed.exit_code == 0
    out_of_date = "run: onboarding-agent wire > sdk-js/wire.schema.json && npm --prefix sdk-js run wire"
    assert json.loads(printed.stdout) == json.loads(COMMITTED.read_text()), out_of_date


def test_every_model_of_the_wire_is_defined(definitions: dict[str, Any]) -> None:
    assert {model.__name__ for model, _ in WIRE} <= definitions.keys()


def test_what_the_server_writes_is_always_there(definitions: dict[str, Any]) -> None:
    for name in ("Nudge", "NudgeAction"):
        assert set(definitions[name]["required"]) == set(definitions[name]["properties"])


def test_what_the_page_may_leave_out_is_optional(definitions: dict[str, Any]) -> None:
    must = {name for name, field in Event.model_fields.items() if field.is_required()}
    assert set(definitions["Event"]["required"]) == must


SENT = ("NudgeAck", "SendMessage", "Feedback", "Stop", "RequestHuman", "Ping")


def test_frames_that_the_sdk_sends_are_frames_that_the_gateway_takes(definitions: dict[str, Any]) -> None:
    taken = set(CLIENT_FRAME.json_schema()["discriminator"]["mapping"])
    sent = {definitions[name]["properties"]["type"]["const"] for name in SENT}
    assert sent <= taken
