"""Results are made to fit by bytes, and stay readable."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.tools.fitting import cut, fit, size

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=80), inner, max_size=30),
    max_leaves=60,
)


@given(ANY_JSON, st.integers(256, 4096))
def test_whatever_it_is_it_fits_and_is_json(value: Any, limit: int) -> None:
    kept, was_cut = fit(value, limit)
    assert size(kept) <= limit
    assert was_cut or kept == value
    json.dumps(kept)


@given(st.text(), st.integers(0, 200))
def test_a_text_is_cut_between_characters(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(kept.encode("utf-8", "replace")) <= max(limit, 3)
    assert kept == text or text.encode("utf-8", "replace").decode().startswith(kept.removesuffix("…"))


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [
        ("short", 256, "short"),
        ({"a": 1}, 256, {"a": 1}),
        ("م" * 200, 256, "م" * 126 + "…"),
        ([{"n": n} for n in range(60)], 256, [*({"n": n} for n in range(25)), "… 35 more"]),
        ({"text": "x" * 900, "n": 1}, 600, {"text": "x" * 500 + "…", "n": 1}),
        ({f"k{n}": n for n in range(300)}, 256, {**{f"k{n}": n for n in range(25)}, "…": "275 more"}),
    ],
)
def test_the_beginning_is_kept(value: Any, limit: int, expected: Any) -> None:
    assert fit(value, limit)[0] == expected


def test_what_nests_very_deeply_is_cut() -> None:
    kept, was_cut = fit(deep(900), 4096)
    assert was_cut
    assert json.dumps(kept).count("[") == 24


def test_what_cannot_be_made_small_becomes_a_text() -> None:
    value: Any = "x" * 60
    for _ in range(7):
        value = [value] * 3
    kept, was_cut = fit(value, 300)
    assert was_cut
    assert isinstance(kept, str)
    assert len(kept.encode()) <= 300
