"""Texts are cleaned, counted on the safe side, and put into batches that keep to their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.embedding.texts import (
    BatchPolicy,
    approximate_tokens,
    batches,
    clean_text,
    estimate_tokens,
    passage_text,
    shorten,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [(" a\0b ", "a b"), ("lone \ud800 surrogate", "lone ? surrogate"), ("مرحبا", "مرحبا"), ("👩‍👧", "👩‍👧")],
)
def test_a_text_becomes_one_that_any_model_takes(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@pytest.mark.parametrize("text", ["", "  \n\t ", "\0\0"])
def test_nothing_has_no_vector(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        clean_text(text)


def test_headings_come_first() -> None:
    assert passage_text(("Billing", "Refunds"), "Within 14 days.") == "Billing › Refunds\nWithin 14 days."
    assert passage_text((), "Within 14 days.") == "Within 14 days."


def test_other_scripts_count_double() -> None:
    assert approximate_tokens("abcd" * 100) == 101
    assert approximate_tokens("مرحب" * 100) == 201
    assert estimate_tokens(["abcd" * 100]) > 101


@given(st.text(max_size=3000), st.integers(1, 500))
def test_a_shortened_text_is_a_beginning_that_fits(text: str, tokens: int) -> None:
    short = shorten(text, tokens)
    assert text.startswith(short)
    assert short == text or len(short) <= 1 or approximate_tokens(short) <= tokens + 1
    assert not text or short


@given(
    st.lists(st.text(min_size=1, max_size=400), max_size=40), st.integers(1, 8), st.integers(1, 300), st.integers(1, 99)
)
def test_batches_hold_every_text_once_and_no_more_than_they_may(
    texts: list[str], count: int, tokens: int, text_tokens: int
) -> None:
    found = batches(texts, BatchPolicy(count, tokens, text_tokens))
    assert [index for batch in found for index in batch] == list(range(len(texts)))
    for batch in found:
        sizes = [min(approximate_tokens(texts[index]), text_tokens) for index in batch]
        assert 1 <= len(batch) <= count
        assert sum(sizes) <= tokens or len(batch) == 1


def test_batches_are_full() -> None:
    policy = BatchPolicy(texts=2, tokens=100, text_tokens=60)
    assert batches(["a" * 40] * 3, policy) == [[0, 1], [2]]
    assert batches(["a" * 4000] * 2, policy) == [[0], [1]]
