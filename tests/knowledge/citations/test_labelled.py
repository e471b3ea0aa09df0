"""How often the check is right, on sentences labelled by hand.

`labelled.json` holds passages and, for each, sentences that it supports, contradicts, or does not speak of. The
threshold was chosen on every second passage from the first on; what is asserted here is the other half.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from core.passages import Passage, Scores
from knowledge.citations import check

ENTRIES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "labelled.json").read_text(encoding="utf-8"))
LABELS = ("supported", "contradicted", "unsupported")


def is_withheld(entry: dict[str, Any], sentence: str) -> bool:
    """Tell whether the sentence is withheld, with the passage it belongs to and one of another matter before it."""
    others = [other for other in ENTRIES if other is not entry and other["language"] == entry["language"]]
    return bool(check(sentence, [], [as_passage(others[0]), as_passage(entry)]).withheld)


def as_passage(entry: dict[str, Any]) -> Passage:
    return Passage(entry["id"], "s", entry["title"], tuple(entry["headings"]), entry["text"], Scores(1.0))


def rates(entries: list[dict[str, Any]]) -> tuple[float, float]:
    """Return precision and recall of withholding."""
    results = [
        (label != "supported", is_withheld(one, text)) for one in entries for label in LABELS for text in one[label]
    ]
    right = sum(is_bad and was_withheld for is_bad, was_withheld in results)
    withheld, bad = sum(was_withheld for _, was_withheld in results), sum(is_bad for is_bad, _ in results)
    return right / withheld, right / bad


def test_the_set_is_large_and_varied() -> None:
    assert sum(len(entry[label]) for entry in ENTRIES for label in LABELS) >= 150
    assert {entry["language"] for entry in ENTRIES} == {"en", "ar"}
    assert all(len(entry[label]) >= 3 for entry in ENTRIES for label in LABELS)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_passages_do_not_say_is_withheld_and_little_else(language: str) -> None:
    held_out = [entry for entry in ENTRIES[1::2] if entry["language"] == language]
    precision, recall = rates(held_out)
    assert precision >= 0.92
    assert recall >= 0.9
