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
    ("It is so. [1] It is not. [2][3]", ["It is so. [1] ", "It is not. [2][3]"]),
    ("It is so.[1] It is not.", ["It is so. [1] ", "It is not."]),
    ("Do this:\n- Open it\n- Save it\n\nDone.", ["Do this:\n", "- Open it\n", "- Save it\n\n", "Done."]),
    ("1. Open it.\n2. Save it.", ["1. Open it.\n", "2. Save it."]),
    ("هل فتحتها؟ نعم. احفظها الآن.", ["هل فتحتها؟ ", "نعم. ", "احفظها الآن."]),
    ("Wirklich?! Ja…  Gut", ["Wirklich?! ", "Ja…  ", "Gut"]),
    ("Use **Save**. Then `exit`.", ["Use **Save**. ", "Then `exit`."]),
    ("What is it? (This / That)\nHow many? (1 / 2)", ["What is it? (This / That)\n", "How many? (1 / 2)"]),
    ("Open it. (It is blue.) Then go.", ["Open it. (It is blue.) ", "Then go."]),
    ("Is it (still) open? Yes.", ["Is it (still) open? ", "Yes."]),
    ("no end", ["no end"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "sentences"), CASES)
@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_a_text_is_cut_the_same_in_whatever_pieces_it_comes(text: str, sentences: list[str], pieces: int) -> None:
    assert [one.strip() for one in fed(text, pieces)] == [one.strip() for one in sentences]


def test_a_sentence_leaves_with_the_first_letter_of_the_next() -> None:
    buffer = SentenceBuffer()
    assert buffer.feed("It takes 3.") == []
    assert buffer.feed("5 days.") == []
    assert buffer.feed(" ") == []
    assert [one.strip() for one in buffer.feed("T")] == ["It takes 3.5 days."]


def test_a_marker_that_has_begun_is_waited_for() -> None:
    buffer = SentenceBuffer()
    assert buffer.feed("It is so. ") == []
    assert buffer.feed("[") == []
    assert buffer.feed("1") == []
    assert buffer.feed("] ") == []
    assert [one.strip() for one in buffer.feed("It")] == ["It is so. [1]"]


def test_a_text_without_an_end_is_cut_at_a_blank() -> None:
    sentences = fed("word " * 1000, 50)
    assert max(map(len, sentences)) <= MAX_SENTENCE
    assert "".join(sentences) == "word " * 1000
    assert max(map(len, fed("x" * 5000, 100))) <= MAX_SENTENCE


ALPHABET = st.sampled_from([*"ab.B?! \n[]12-:*،؟أب", ". ", " [1]", "\n- ", "\n\n", "p.m. ", "e.g. "])


@given(st.lists(ALPHABET, max_size=60), st.integers(1, 9))
def test_no_letter_is_lost_and_none_is_added_but_blanks(parts: list[str], pieces: int) -> None:
    text = "".join(parts)
    assert re.sub(r"\s", "", "".join(fed(text, pieces))) == re.sub(r"\s", "", text)
