"""Logs: one object a line, the bound fields on each, nothing secret in any."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from core import logs


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_a_line_carries_its_fields_and_the_bound_ones(output: io.StringIO) -> None:
    logs.configure("api", stream=output)
    with logs.bind(trace_id="t1"), logs.bind(company_id="c1"):
        logging.getLogger("x").info("batch accepted", extra={"events": 3})
    logging.getLogger("x").warning("after")
    first, second = lines(output)
    assert first.items() >= {"event": "batch accepted", "events": 3, "trace_id": "t1", "company_id": "c1"}.items()
    assert first.items() >= {"level": "info", "process": "api", "logger": "x"}.items()
    assert "trace_id" not in second


def test_secrets_and_personal_data_are_masked_in_messages_fields_and_exceptions(output: io.StringIO) -> None:
    logs.configure("api", stream=output)
    try:
        raise ValueError("bad row of bob@mail.example")
    except ValueError:
        logging.getLogger("x").exception("failed for bob@mail.example", extra={"key": "sk_" + "a" * 24, "odd": {1, 2}})
    (line,) = lines(output)
    text = json.dumps(line)
    assert "bob@" not in text
    assert "sk_a" not in text
    assert "ValueError" in str(line["exception"])


QUOTING = [
    (
        "1 validation error for Message\ntext\n  String should have at most 3 characters [type=string_too_long, "
        "input_value='my cat\\nTiddles', input_type=str]",
        "input_value=…, input_type=str]",
    ),
    (
        "new row violates check constraint\nDETAIL:  Failing row contains (1, my cat\n\nTiddles).",
        "DETAIL:…",
    ),
]


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(("said", "left"), QUOTING)
def test_what_errors_quote_of_users_is_left_out(output: io.StringIO, form: str, said: str, left: str) -> None:
    logs.configure("api", stream=output, form=form)
    try:
        try:
            raise ValueError(said)
        except ValueError as error:
            raise RuntimeError("the turn failed") from error
    except RuntimeError:
        logging.getLogger("x").exception("failed")
    text = output.getvalue()
    assert "Tiddles" not in text
    assert "cat" not in text
    assert left in text
    assert "the turn failed" in text


def test_people_get_readable_lines(output: io.StringIO) -> None:
    logs.configure("api", level="DEBUG", form="console", stream=output)
    with logs.bind(trace_id="t1"):
        logging.getLogger("x").debug("hello", extra={"n": 1})
    assert output.getvalue().rstrip().endswith("debug   api: hello trace_id=t1 n=1")


def test_lines_below_the_level_and_chatty_libraries_stay_out(output: io.StringIO) -> None:
    logs.configure("api", level="INFO", stream=output)
    logging.getLogger("x").debug("no")
    logging.getLogger("httpx2").info("no")
    assert output.getvalue() == ""
