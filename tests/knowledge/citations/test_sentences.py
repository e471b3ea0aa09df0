"""Where a sentence ends."""

import pytest

from knowledge.citations import split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Go to Settings. Choose CSV!", ["Go to Settings.", "Choose CSV!"]),
        ("Choose e.g. CSV. It costs 9.99 dollars.", ["Choose e.g. CSV.", "It costs 9.99 dollars."]),
        (
            "Dr. Smith opens at 9 a.m. on Monday. We close at 5 p.m. Then we rest.",
            ["Dr. Smith opens at 9 a.m. on Monday.", "We close at 5 p.m.", "Then we rest."],
        ),
        ("Is it no. 5? The answer is no. Try again.", ["Is it no. 5?", "The answer is no.", "Try again."]),
        ("See https://a.example/x.html?y=1.2. Done", ["See https://a.example/x.html?y=1.2.", "Done"]),
        ("Use node.js here. Version 1.2.3 is out.", ["Use node.js here.", "Version 1.2.3 is out."]),
        ("It ends here.Next begins.", ["It ends here.", "Next begins."]),
        ("He said “Stop.” Then left.", ["He said “Stop.”", "Then left."]),
        ("Wait... Now go on… Done.", ["Wait...", "Now go on…", "Done."]),
        (
            "To connect:\n1. Open it.\n2. Click Save. Wait 3 min.\n- Last",
            ["To connect:", "1. Open it.", "2. Click Save.", "Wait 3 min.", "- Last"],
        ),
        ("# Title\nA line that\nruns on.\n\nAnother", ["# Title", "A line that\nruns on.", "Another"]),
        ("| a | b |\n| x. Y | z |", ["| a | b |", "| x. Y | z |"]),
        (
            "انتقل إلى الإعدادات. هل نجح ذلك؟ نعم! السعر 9.5 دولار.",
            ["انتقل إلى الإعدادات.", "هل نجح ذلك؟", "نعم!", "السعر 9.5 دولار."],
        ),
        ("الملفات والصور إلخ. تُحذف", ["الملفات والصور إلخ.", "تُحذف"]),
        ("", []),
        ("... !!! —", []),
    ],
)
def test_a_text_is_cut_into_sentences(text: str, sentences: list[str]) -> None:
    assert [sentence.text for sentence in split_sentences(text)] == sentences


def test_offsets_put_the_text_together_again() -> None:
    text = "  First one. Second\n- item 1\n\n- item 2. More?  "
    found = split_sentences(text)
    assert all(text[one.start : one.end].strip() == one.text for one in found)
    assert "".join(text[one.start : one.end] for one in found).split() == text.split()


def test_an_endless_text_is_read_in_part() -> None:
    assert len(split_sentences("One more. " * 5000)) == 400
