"""Answers cut into sentences while they are written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.conversing.sentences import MAX_SENTENCE, SentenceBuffer


def fed(text: str, pieces: int = 1) -> list[str]:
    buffer = SentenceBuffer()
    parts = [text[start : start + pieces] for start in range(0, len(text), pieces)]
    return [*(sentence for part in parts for sentence in buffer.feed(part)), *buffer.flush()]


CASES = [
    ("Open it. Then save.", ["Open it. ", "Then save."]),
    ("It costs 3.50 a day. Pay now.", ["It costs 3.50 a day. ", "Pay now."]),
    ("Ask Dr. Haddad at 5 p.m. on Monday. Thanks!", ["Ask Dr. Haddad at 5 p.m. on Monday. ", "Thanks!"]),
    ("See https://help.example/a.b?c=1. Then go.", ["See https://help.example/a.b?c=1. ", "Then go."]),
    ("It is so [1]. It is not [2].", ["It is so [1]. ", "It is not [2]."]),
    ("Do this:\n- Open it\n- Save it\n\nDone.", ["Do this:\n", "- Open it\n", "- Save it\n\n", "Done."]),
    ("1. Open it.\n2. Save it.", ["1. Open it.\n", "2. Save it."]),
    ("هل فتحتها؟ نعم. احفظها الآن.", ["هل فتحتها؟ ", "نعم. ", "احفظها الآن."]),
    ("Wirklich?! Ja…  Gut", ["Wirklich?! ", "Ja…  ", "Gut"]),
    ("Use **Save**. Then `exit`.", ["Use **Save**. ", "Then `exit`."]),
    ("What is it? (This / That)\nHow many? (1 / 2)", ["What is it? (This / That)\n", "How many? (1 / 2)"]),
    ("Is it (still) open? Yes.", ["Is it (still) open? ", "Yes."]),
    ("no end", ["no end"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "sentences"), CASES)
@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_a_text_is_cut_the_same_in_whatever_pieces_it_comes(text: str, sentences: list[str], pieces: int) -> None:
    assert [one.strip() for one in fed(text, pieces)] == [one.strip() for one in sentences]


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("It takes 3.5 days. ", True),
        ("Keys have 32 characters [1].", True),
        ("Keys have 32 characters [1]", False),
        ("It takes 3.", False),
        ("See help.example.", False),
        ("Open it at 5 p.m. ", False),
        ("Ask Dr. ", False),
        ("1. ", False),
        ("What is it? ", False),
        ("Save it! ", True),
        ("احفظها الآن. ", True),
        ("He said “yes.” ", True),
    ],
)
def test_a_finished_sentence_leaves_at_once(text: str, finished: bool) -> None:
    assert bool(SentenceBuffer().feed(text)) is finished


def test_what_is_not_certain_leaves_with_the_first_letter_of_the_next() -> None:
    buffer = SentenceBuffer()
    assert buffer.feed("It takes 3.") == []
    assert buffer.feed("5 days") == []
    assert buffer.feed(".") == []
    assert [one.strip() for one in buffer.feed(" T")] == ["It takes 3.5 days."]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("It is so. [1] It is not. [2][3]", ["It is so. [1]", "It is not. [2][3]"]),
        ("It is so.[1] It is not.", ["It is so. [1]", "It is not."]),
    ],
)
def test_markers_after_the_full_stop_belong_to_what_is_before_them(text: str, whole: list[str]) -> None:
    assert [one.strip() for one in fed(text, 1000)] == whole
    bare = [re.sub(r"\s*\[\d\]", "", one) for one in whole]
    assert [re.sub(r"\s*\[\d\]", "", one).strip() for one in fed(text)] == bare


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Keys have 32 characters [1", "]."),
        ("Keys have 32 characters [1]", "."),
        ("Keys have 32 characters.", " Next"),
        ("Keys have 32 characters. [1", "] Next"),
        ("He said “no.”", " Next"),
        ("هل فتحتها؟", " نعم"),
    ],
)
def test_what_is_expected_is_the_sentence_as_it_leaves(text: str, rest: str) -> None:
    buffer = SentenceBuffer()
    buffer.feed(text)
    expected = buffer.expected()
    assert [one.strip() for one in buffer.feed(rest)] == [expected]


@pytest.mark.parametrize(
    "text", ["Keys have 32 characters", "Keys have 32 characters [", "It is so. [1", "[1]", ".", ""]
)
def test_nothing_is_expected_where_no_end_is_in_sight(text: str) -> None:
    buffer = SentenceBuffer()
    for letter in text:
        buffer.feed(letter)
    assert buffer.expected() is None


def test_a_text_without_an_end_is_cut_at_a_blank() -> None:
    sentences = fed("word " * 1000, 50)
    assert max(map(len, sentences)) <= MAX_SENTENCE
    assert "".join(sentences) == "word " * 1000
    assert max(map(len, fed("x" * 5000, 100))) <= MAX_SENTENCE


ALPHABET = st.sampled_from([*"ab.B?! \n[]12-:*،؟أب", ". ", " [1]", "\n- ", "\n\n", "p.m. ", "e.g. "])


@given(st.lists(ALPHABET, max_size=60), st.integers(1, 9))
def test_no_letter_is_lost_and_none_is_added_but_blanks(parts: list[str], pieces: int) -> None:
    text = "".join(parts)
    assert bare("".join(fed(text, pieces))) == bare(text)


def bare(text: str) -> str:
    """Return the letters of a text: markers and their digits may go, if they come late."""
    return re.sub(r"[\s\[\]\d]", "", text)
