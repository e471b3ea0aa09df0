"""Text that people typed, made fit: whatever comes in, nothing unseen stays, and what can be read is kept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plaintext import cleaned, repaired, says_something

NEEDED = {"\u200c", "\u200d", "\u200e", "\u200f", "\u061c"}
ANY_TEXT = st.text(st.characters(categories=None, exclude_categories=[]))


@given(ANY_TEXT)
def test_whatever_comes_in_nothing_unseen_stays(text: str) -> None:
    kept = cleaned(text)
    assert cleaned(kept) == kept
    kept.encode()
    assert "\0" not in kept
    assert not set(kept) & set(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0x200B]))
    assert {char for char in kept if unicodedata.category(char) == "Cc"} <= {"\n", "\t"}


@given(st.text(st.characters(categories=["L", "N", "P", "S", "M"], exclude_characters="\u034f")))
def test_what_can_be_read_is_kept(text: str) -> None:
    broken = {"\ufdd0", "\ufffe", "\uffff"}
    assert cleaned(text) == "".join("\ufffd" if char in broken else char for char in text).strip()


@given(ANY_TEXT)
def test_a_mended_text_can_be_written_and_has_its_length(text: str) -> None:
    mended = repaired(text)
    assert len(mended.encode()) >= len(mended) == len(text)


@pytest.mark.parametrize("mark", sorted(NEEDED))
def test_marks_that_languages_need_stay_but_say_nothing_alone(mark: str) -> None:
    assert cleaned(f"a{mark}b") == f"a{mark}b"
    assert not says_something(mark)


@pytest.mark.parametrize("text", ["a", "7", "?", "ا", "你", "👍", "\ufffd", "€", " . "])
def test_what_says_something(text: str) -> None:
    assert says_something(text)


@pytest.mark.parametrize("text", ["", " \t\n", "\u00a0\u2003", "\u0301\ufe0f", "\u115f\u1160\u3164\uffa0\u2800"])
def test_what_says_nothing(text: str) -> None:
    assert not says_something(text)
