"""What was said in the chat reaches the coach of nudges: in one line, masked, while it is fresh."""

from datetime import UTC, datetime, timedelta

import pytest

from core.nudges import Diagnosis
from graph.casefile import coaching_file
from graph.facts import UserFacts
from graph.memory.recent import LATELY, said_lately
from tests.graph.builders import make_case

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DIAGNOSIS = Diagnosis(stuck_point="p", inferred_reason="r", evidence=["e"], confidence_score=0.9)


@pytest.mark.parametrize(
    ("summary", "messages", "line"),
    [
        ("", [], ""),
        ("", ["hello", "thanks!"], ""),
        ("", ["The key is refused"], "5 min ago: The key is refused"),
        ("", ["hi", "Where is\nmy key?", "It is  refused"], "5 min ago: Where is my key? / It is refused"),
        ("The user imports contacts.", ["ok"], "before that: The user imports contacts."),
        ("User: contacts\nAgent: CSV", ["And then?"], "5 min ago: And then?; before that: User: contacts Agent: CSV"),
        ("", ["Write to ann@example.com"], "5 min ago: Write to [email]"),
    ],
)
def test_the_line(summary: str, messages: list[str], line: str) -> None:
    assert said_lately(summary, messages, NOW - timedelta(minutes=5), NOW) == line


def test_what_was_said_long_ago_is_left_out() -> None:
    assert said_lately("x", ["The key is refused"], NOW - LATELY - timedelta(seconds=1), NOW) == ""


def test_long_and_personal_texts_are_masked_before_they_are_cut() -> None:
    line = said_lately("s" * 9000, ["a" * 125 + " ann@example.com " + "b" * 500] * 2, NOW, NOW)
    assert len(line) < 500
    assert "example.com" not in line
    assert "ann@" not in line


def test_the_coach_reads_it_and_nobody_else_is_told_of_silence() -> None:
    spoken = make_case(user=UserFacts("u1", said_lately="5 min ago: The key is refused"))
    assert coaching_file(spoken, DIAGNOSIS)["said_in_chat"] == "5 min ago: The key is refused"
    assert "said_in_chat" not in coaching_file(make_case(), DIAGNOSIS)
