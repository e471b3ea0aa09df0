"""Chunks: along headings, within their sizes, with nothing lost, and stable under edits elsewhere."""

import re
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.chunking import Chunk, ChunkPolicy, chunk
from knowledge.documents import Document
from knowledge.markdown import BlockKind, sections
from knowledge.splitting import sentences
from knowledge.tokens import estimate_tokens

POLICY = ChunkPolicy(size=40, overlap=10, cap=80)
SENTENCE = "The plan is renewed every month unless somebody ends it before."


def cut(markdown: str, policy: ChunkPolicy = POLICY, title: str = "Guide") -> tuple[Chunk, ...]:
    return chunk(Document(title, markdown), policy)


def paths(chunks: tuple[Chunk, ...]) -> list[tuple[str, ...]]:
    return [each.heading_path for each in chunks]


def test_headings_lead_to_each_chunk_from_the_title_on() -> None:
    chunks = cut("Before.\n\n# One\n\nA.\n\n### Deep\n\nB.\n\n## Two\n\nC.\n\nOther\n=====\n\nD.\n\nSub\n---\nE.")
    assert paths(chunks) == [
        ("Guide",),
        ("Guide", "One"),
        ("Guide", "One", "Deep"),
        ("Guide", "One", "Two"),
        ("Guide", "Other"),
        ("Guide", "Other", "Sub"),
    ]
    assert [each.text for each in chunks] == ["Before.", "A.", "B.", "C.", "D.", "E."]
    assert [each.ordinal for each in chunks] == list(range(6))


def test_a_first_heading_that_is_the_title_is_said_once() -> None:
    assert paths(cut("# guide\n\nText.\n\n## Part\n\nMore.")) == [("Guide",), ("Guide", "Part")]
    assert paths(cut("# Part\n\nText.", title="")) == [("Part",)]


@pytest.mark.parametrize("markdown", ["", "\n\n", "---\n\n***\n", "\t \n"])
def test_nothing_makes_no_chunk(markdown: str) -> None:
    assert cut(markdown) == ()


def test_a_heading_alone_is_no_chunk_and_not_lost() -> None:
    chunks = cut("# One\n\nText.\n\n## Empty\n\n## Full\n\nMore.\n\n# Last\n\n## Below")
    assert [each.text for each in chunks] == ["Text.\n\n## Empty", "More.\n\n# Last\n\n## Below"]
    assert cut("# Lonely\n\n## Heading")[0].text == "# Lonely\n\n## Heading"
    assert cut("# Empty\n\n# Full\n\nText.")[0].text == "# Empty\n\nText."


def test_what_looks_like_a_heading_inside_code_is_code() -> None:
    chunks = cut("# One\n\n```sh\n# a comment\n\nls\n```\n\n1. Step\n   ```\n   # another\n   ```\n2. Step")
    assert paths(chunks) == [("Guide", "One")]
    assert "# a comment\n\nls" in chunks[0].text


def test_a_fence_that_is_never_closed_hides_no_heading() -> None:
    assert paths(cut("```\ncode\n\n# One\n\nText.")) == [("Guide",), ("Guide", "One")]


@pytest.mark.parametrize("line", ["#tag", "#", "# ---", "#" * 7 + " seven", "# " + "x" * 201, "    # indented"])
def test_not_every_number_sign_is_a_heading(line: str) -> None:
    assert {each.heading_path for each in cut(f"{line}\n\nText.")} == {("Guide",)}


def test_blocks_are_told_apart() -> None:
    markdown = "Text\nmore\n- a\n  - b\n\n  c\n- d\n\n|h|i|\n|-|-|\n|1|2|\nafter\n\n> quote\n~~~\ncode\n~~~\n1) x\n2) y"
    (section,) = sections(markdown)
    assert [(block.kind, block.text) for block in section.blocks] == [
        (BlockKind.PROSE, "Text\nmore"),
        (BlockKind.LIST, "- a\n  - b\n\n  c\n- d"),
        (BlockKind.TABLE, "|h|i|\n|-|-|\n|1|2|"),
        (BlockKind.PROSE, "after"),
        (BlockKind.PROSE, "> quote"),
        (BlockKind.CODE, "~~~\ncode\n~~~"),
        (BlockKind.LIST, "1) x\n2) y"),
    ]


def test_paragraphs_share_a_chunk_up_to_the_size() -> None:
    chunks = cut("\n\n".join([SENTENCE] * 6), ChunkPolicy(size=40, overlap=0, cap=80))
    assert [each.tokens for each in chunks] == [36, 36]


def test_a_long_paragraph_is_split_at_sentences_and_repeats_the_last() -> None:
    text = " ".join(f"Sentence number {number} says a thing." for number in range(20))
    chunks = cut(text)
    assert len(chunks) > 2
    for before, after in pairwise(chunks):
        repeated = after.text[: after.repeated].strip()
        assert repeated
        assert before.text.endswith(repeated)
        assert estimate_tokens(repeated) <= POLICY.overlap
        assert re.fullmatch(r"(Sentence number \d+ says a thing\. ?)+", after.text)
    assert " ".join(each.text[each.repeated :] for each in chunks) == text


def test_a_wrapped_paragraph_is_split_at_sentences_and_not_at_its_lines() -> None:
    text = "\n".join(["The first sentence goes on", "over two lines. Then the second", "one does the same thing."] * 6)
    assert all(each.text.endswith((".", "lines.")) for each in cut(text, ChunkPolicy(30, 0, 60)))


def test_a_table_stays_whole_up_to_the_cap_and_keeps_its_introduction() -> None:
    table = "| Plan | Price |\n|---|---|\n" + "\n".join(f"| Plan {number} | {number} |" for number in range(6))
    chunks = cut(f"The prices:\n\n{table}\n\n{SENTENCE}\n\n{SENTENCE}")
    assert chunks[0].text == f"The prices:\n\n{table}"
    assert POLICY.size < chunks[0].tokens <= POLICY.cap
    assert len(chunks) == 2


def test_a_large_table_is_split_by_rows_under_its_header() -> None:
    rows = [f"| Plan {number} | {number} |" for number in range(40)]
    chunks = cut("| Plan | Price |\n|---|---|\n" + "\n".join(rows))
    assert len(chunks) > 3
    assert all(each.text.startswith("| Plan | Price |\n|---|---|\n| Plan ") for each in chunks)
    assert [each.repeated for each in chunks] == [0, *[len("| Plan | Price |\n|---|---|\n")] * (len(chunks) - 1)]
    assert [row for each in chunks for row in each.text.split("\n")[2:]] == rows


def test_a_large_code_block_is_split_by_lines_within_its_fences() -> None:
    lines = [f"call({number}, 'text')" for number in range(40)]
    chunks = cut("```py\n" + "\n".join(lines) + "\n```")
    assert len(chunks) > 3
    assert all(each.text.startswith("```py\n") and each.text.endswith("\n```") for each in chunks)
    assert [line for each in chunks for line in each.text.split("\n")[1:-1]] == lines


def test_a_header_as_large_as_the_cap_is_not_repeated() -> None:
    wide = "|" + "|".join(f"column {number}" for number in range(60)) + "|"
    chunks = cut(f"{wide}\n|{'-|' * 60}\n| 1 | 2 |\n| 3 | 4 |")
    assert all(each.tokens <= POLICY.cap for each in chunks)
    assert sum(each.text.count("column 7|") for each in chunks) == 1


def test_a_long_list_is_split_between_its_entries() -> None:
    entries = [f"- Entry {number} of the list\n  goes on below" for number in range(12)]
    chunks = cut("\n".join(entries), ChunkPolicy(40, 0, 80))
    assert len(chunks) > 2
    assert all(each.text.startswith("- Entry") for each in chunks)
    assert "\n".join(each.text for each in chunks) == "\n".join(entries)


def test_a_small_rest_joins_the_chunk_before() -> None:
    chunks = cut("\n\n".join([SENTENCE] * 3 + ["The end."]))
    assert len(chunks) == 1


def test_an_edit_elsewhere_changes_no_hash() -> None:
    parts = [
        f"## Part {part}\n\n" + " ".join(f"Step {number} of part {part} takes a day." for number in range(9))
        for part in range(6)
    ]
    before = cut("\n\n".join(parts))
    parts[2] = parts[2].replace("day", "week")
    parts.insert(0, "## New\n\nA new part.")
    after = {each.content_hash for each in cut("\n\n".join(parts))}
    assert {each.heading_path[-1] for each in before if each.content_hash not in after} == {"Part 2"}
    assert {each.heading_path[-1] for each in before if each.content_hash in after} == {
        *("Part 0", "Part 1", "Part 3", "Part 4", "Part 5")
    }


def test_the_hash_tells_path_and_text_apart() -> None:
    made = [cut("# A\n\nB C"), cut("# A B\n\nC"), cut("# B\n\nB C"), cut("# A\n\nB  C")]
    assert len({each[0].content_hash for each in made}) == 4
    assert cut("# A\n\nB C")[0].content_hash == made[0][0].content_hash


def test_another_counter_sets_the_sizes() -> None:
    chunks = chunk(Document("T", "one two three four five six"), ChunkPolicy(2, 0, 3), lambda text: len(text.split()))
    assert [each.text for each in chunks] == ["one two", "three four", "five six"]


def test_the_cap_holds_for_a_counter_that_charges_for_joins() -> None:
    chunks = chunk(Document("T", "\n\n".join(["abc"] * 30)), ChunkPolicy(20, 0, 21), len)
    assert all(each.tokens <= 21 for each in chunks)
    assert "".join(each.text for each in chunks).count("abc") == 30


@pytest.mark.parametrize(("size", "overlap", "cap"), [(10, 10, 20), (30, 5, 20), (10, -1, 20)])
def test_sizes_that_contradict_each_other_are_refused(size: int, overlap: int, cap: int) -> None:
    with pytest.raises(ValueError, match="overlap < size <= cap"):
        ChunkPolicy(size, overlap, cap)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("word", 1),
        ("internationalisation", 3),
        ("a, b!", 4),
        ("2026-11-21", 5),
        ("الإعدادات", 3),
        ("你好吗", 3),
        ("über", 1),
    ],
)
def test_tokens_are_estimated_by_letters(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens


def test_sentences_end_where_they_do() -> None:
    text = 'Open it. Then "close it." See e.g. this\nwrapped text.\nA line\nكيف؟ افتح. v1.2 costs 3.5 你好。再见！'
    assert sentences(text) == [
        "Open it.",
        'Then "close it."',
        "See e.g. this\nwrapped text.",
        "A line",
        "كيف؟",
        "افتح. v1.2 costs 3.5 你好。",
        "再见！",
    ]


_WORDS = st.text(st.sampled_from("abcdefXYZ01.,!?|#-*`~>é كتب你"), min_size=1, max_size=30)
_LINES = st.one_of(
    st.lists(_WORDS, max_size=30).map(" ".join),
    st.sampled_from(
        ["", "# Head", "## Sub", "```", "~~~", "| a | b |", "|---|---|", "| 1 | 2 |", "- item", "---", "===", "  in"]
    ),
)


@given(st.lists(_LINES, max_size=40).map("\n".join), st.integers(2, 60), st.integers(0, 30), st.integers(0, 60))
def test_whatever_the_text_nothing_is_lost_and_the_cap_holds(text: str, size: int, overlap: int, more: int) -> None:
    policy = ChunkPolicy(size, min(overlap, size - 1), size + more)
    chunks = cut(text, policy, title="T")
    kept = "".join(character for each in chunks for character in "".join(each.heading_path[1:]) + each.text)
    letters = Counter(character for character in text if character.isalnum())
    assert not letters - Counter(kept)
    new = Counter(character for each in chunks for character in each.text[each.repeated :] if character.isalnum())
    assert not new - letters
    assert all(0 < each.tokens == estimate_tokens(each.text) <= policy.cap for each in chunks)
    assert cut(text, policy, title="T") == chunks


@given(
    st.lists(
        st.lists(st.sampled_from(["alpha", "beta", "gamma.", "Delta", "مرحبا"]), min_size=1).map(" ".join), min_size=1
    )
)
def test_prose_comes_back_word_by_word(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    chunks = cut(text, ChunkPolicy(12, 5, 20))
    assert " ".join(each.text[each.repeated :] for each in chunks).split() == text.split()


def test_words_are_packed_within_the_size_by_any_counter() -> None:
    words = [f"w{number}" for number in range(200)]
    chunks = chunk(Document("T", " ".join(words)), ChunkPolicy(30, 0, 30), len)
    assert all(each.tokens <= 30 for each in chunks)
    assert " ".join(each.text for each in chunks).split() == words


def test_an_overlap_gives_way_to_the_cap() -> None:
    text = "Short one. " + "x" * 28 + "\n\n" + "Another. " + "y" * 28
    chunks = chunk(Document("T", text), ChunkPolicy(40, 35, 40), len)
    assert all(each.tokens <= 40 for each in chunks)
    assert [each.repeated for each in chunks] == [0, 0]
