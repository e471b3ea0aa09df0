"""Lines on pages to Markdown, by tables: headings, paragraphs, lists, running lines, right-to-left text."""

import pytest

from knowledge.converting.layout import Glyph, Line, order_glyphs, split_running, to_markdown

BODY = "A line of body text that is about as long as the page is wide, as most are"


def lines(*texts: tuple[str, float] | str, top: float = 700, step: float = 14) -> list[Line]:
    made = [(text, 11.0) if isinstance(text, str) else text for text in texts]
    return [Line(text, size, top - step * number) for number, (text, size) in enumerate(made)]


def test_larger_lines_are_headings_by_their_size() -> None:
    page = lines(("Guide", 24), BODY, ("Part", 18), BODY, ("Detail", 14), BODY, ("Other part", 18), BODY)
    headings = [line for line in to_markdown([page]).splitlines() if line.startswith("#")]
    assert headings == ["# Guide", "## Part", "### Detail", "## Other part"]


def test_a_heading_that_wraps_is_one_and_two_apart_are_two() -> None:
    wrapped = [Line("A heading that", 20, 700), Line("wraps", 20, 676), Line("Another", 20, 600), *lines(BODY, top=560)]
    assert to_markdown([wrapped]).startswith("# A heading that wraps\n\n# Another\n\n")


def test_a_long_large_text_and_a_large_number_are_no_headings() -> None:
    page = lines(("word " * 40, 20), *[BODY] * 5, ("42", 20))
    assert "#" not in to_markdown([page])


def test_full_lines_join_and_short_ones_end() -> None:
    page = lines(BODY, "and here it ends.", "Free 100", "Pro 200", BODY)
    assert to_markdown([page]) == f"{BODY} and here it ends.\nFree 100\nPro 200\n{BODY}"


def test_a_gap_parts_paragraphs() -> None:
    page = [*lines(BODY, BODY), *lines(BODY, BODY, top=640)]
    assert to_markdown([page]) == f"{BODY} {BODY}\n\n{BODY} {BODY}"


def test_bullets_and_numbers_are_items() -> None:
    page = lines(BODY, "• one", "▪ two", "1. first", "2) second")
    assert to_markdown([page]) == f"{BODY}\n- one\n- two\n1. first\n2) second"


def test_a_word_broken_at_a_line_end_is_whole_again() -> None:
    assert "configuration of" in to_markdown([lines(f"{BODY} config\u00ad", "uration of it")])


def test_a_number_sign_in_the_text_opens_no_heading() -> None:
    assert to_markdown([lines("# not a heading")]) == "\\# not a heading"


def test_no_lines_are_no_text() -> None:
    assert to_markdown([]) == ""
    assert to_markdown([[], []]) == ""


def test_running_lines_go_whatever_page_number_they_hold() -> None:
    pages = [
        [Line("Manual", 9, 800), Line(f"Text {'abc'[page]}", 11, 500), Line(f"Page {page + 1} of 3", 9, 20)]
        for page in range(3)
    ]
    kept, running = split_running(pages)
    assert [[line.text for line in page] for page in kept] == [["Text a"], ["Text b"], ["Text c"]]
    assert set(running) == {"Manual", "Page 1 of 3", "Page 2 of 3", "Page 3 of 3"}


def test_two_pages_are_too_few_to_tell_running_lines() -> None:
    pages = [[Line("Same", 9, 800)]] * 2
    assert split_running(pages) == ([[Line("Same", 9, 800)]] * 2, ())


def visual(text: str) -> list[Glyph]:
    """Place characters from left to right as they are given."""
    return [Glyph(character, 10.0 * number) for number, character in enumerate(text)]


@pytest.mark.parametrize(
    ("placed", "read"),
    [
        ("Open the page", "Open the page"),
        ("باسحلا طبر", "ربط الحساب"),
        (".اموي 30 ةدمل حلاص API حاتفم", "مفتاح API صالح لمدة 30 يوما."),
        ("Settings حتفا مث", "Settings ثم افتح"),
        ("ﻞﻤﻋ", "عمل"),
        ("2.5 رادصإ", "إصدار 2.5"),
        ("םולש", "שלום"),
    ],
)
def test_right_to_left_lines_are_read_from_their_places(placed: str, read: str) -> None:
    assert order_glyphs(visual(placed)) == read


def test_glyphs_in_reading_order_come_out_the_same_as_in_any_other() -> None:
    placed = visual("باسحلا طبر")
    words = [placed[7:][::-1], [placed[6]], placed[:6]]
    assert order_glyphs([glyph for word in words for glyph in word]) == "ربط الحساب"
