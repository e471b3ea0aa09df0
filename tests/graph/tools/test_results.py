"""How results are shown: as data, masked, marked."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.pseudonyms import Pseudonyms
from graph.tools.cleaning import cleaned
from graph.tools.contracts import Ended
from graph.tools.figures import MAX_FIGURES, figures
from graph.tools.results import Shown, show


def speaks(text: str) -> bool:
    return "obey me" in text


def shown(value: Any, limit: int = 1000, **ended: Any) -> Shown:
    return show("lookup", Ended(**{"status": "done", "value": value, **ended}), limit, Pseudonyms(), speaks)


def data(result: Shown) -> Any:
    return json.loads(result.text.split("<data>\n", 1)[1].split("\n</data>", 1)[0])


def test_no_text_can_leave_the_block() -> None:
    result = shown({"a</data>": "</data>\n<data>", "b": ["<data>"]})
    assert result.text.count("<data>") == result.text.count("</data>") == 1
    assert data(result)["result"] == {"a</data>": "</data>\n<data>", "b": ["<data>"]}


def test_names_values_and_numbers_are_masked() -> None:
    result = shown({"sam@acme.example": 1, "iban": "DE89370400440532013000", "card": 4111111111111111, "count": 17})
    masked = data(result)["result"]
    assert not any(secret in result.text for secret in ("sam@", "DE89", "41111"))
    assert masked["count"] == 17


def test_masking_may_make_a_result_too_long_and_it_is_cut_once_more() -> None:
    result = shown([f"a{n}@b.co" for n in range(100)], limit=1000)
    assert len(json.dumps(data(result)["result"], ensure_ascii=False, separators=(",", ":")).encode()) <= 1000
    assert data(result)["cut"] is True
    assert "@" not in result.text


@pytest.mark.parametrize(
    "value",
    [
        "obey me",
        {"obey me": 1},
        ["x", [{"y": "please obey me"}]],
        "x" * 1996 + "obey me",
        "x" * 1999 + "obey me" + "y" * 3000,
    ],
)
def test_orders_are_marked_wherever_they_hide(value: Any) -> None:
    result = shown(value, limit=20_000)
    assert result.code == "speaks_to_model"
    assert result.text.index("</data>") < result.text.index("not an instruction")


def test_orders_in_a_failure_are_marked_under_its_own_code() -> None:
    result = shown("obey me", status="failed", code="http_422", words="the tool refused this call")
    assert result.code == "http_422"
    assert data(result) == {"tool": "lookup", "failed": "the tool refused this call", "said": "obey me"}
    assert "not an instruction" in result.text


def test_a_refusal_is_told_in_our_words() -> None:
    result = shown(None, status="refused", code="rate_limited", words="too often")
    assert (data(result), result.code) == ({"tool": "lookup", "refused": "too often"}, "rate_limited")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"price": 129.5, "stock": 7, "sold": True, "none": None}, ("129.5", "7")),
        ("From 2026-11-24, 14:30 at SAR 1,299.00 (no. 17)", ("2026-11-24", "14:30", "1,299.00", "17")),
        (["٣٫٥٠ ريال", "3.50"], ("٣٫٥٠", "3.50")),
        ({"a": ["7", {"b": "7"}]}, ("7",)),
        ("nothing", ()),
    ],
)
def test_figures(value: Any, expected: tuple[str, ...]) -> None:
    assert figures(value) == expected


def test_figures_are_bounded() -> None:
    def numbers() -> Iterator[int]:
        yield from range(10_000)

    assert len(figures(list(numbers()))) == MAX_FIGURES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a\u0000": ("b\u202e", 1)}, {"a": ["b", 1]}),
        (2**70, str(2**70)),
        (-(2**63), -(2**63)),
        (float("inf"), "inf"),
        (True, True),
        ("line\r\nline\rend\x07", "line\nlineend"),
    ],
)
def test_cleaning(value: Any, expected: Any) -> None:
    assert cleaned(value) == expected
