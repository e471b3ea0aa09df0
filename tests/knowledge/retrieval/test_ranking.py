"""Scores, their fusion, the words that select, repetitions and highlights: tables of values."""

import math

import pytest

from core.passages import Scores
from knowledge.embedding.embedder import Space
from knowledge.retrieval.bm25 import Corpus, highest, weigh
from knowledge.retrieval.distinct import choose_distinct
from knowledge.retrieval.fusion import Candidate, Question, Weights, rank
from knowledge.retrieval.highlights import find_highlights
from knowledge.retrieval.meaning import reading_of
from knowledge.retrieval.remembered import Remembered
from knowledge.retrieval.selection import STEMS, choose_selecting, read_question

CORPUS = Corpus(100, 10.0, {"rare": 1, "common": 90})
QUESTION = Question({"en": ("rare", "common")})


def test_bm25_of_a_known_case() -> None:
    """By hand: idf = ln(1 + 99.5/1.5), length as the average, so tf = 2·1.9 / (2 + 0.9)."""
    assert weigh(("rare",), {"rare": 2}, 10, CORPUS) == pytest.approx(math.log(1 + 99.5 / 1.5) * 3.8 / 2.9)


def test_rare_words_and_short_chunks_count_more() -> None:
    rare, common = (weigh((word,), {word: 1}, 10, CORPUS) for word in ("rare", "common"))
    assert rare > 10 * common > 0
    assert weigh(("rare",), {"rare": 1}, 5, CORPUS) > rare > weigh(("rare",), {"rare": 1}, 50, CORPUS)
    assert weigh(("rare",), {"rare": 9}, 10, CORPUS) < highest(("rare",), CORPUS)


def test_an_unknown_word_is_the_rarest_of_all() -> None:
    assert CORPUS.rarity("unheard") > CORPUS.rarity("rare")
    assert Corpus(0, 0.0).rarity("any") > 0


def candidate(name: str, similarity: float | None = None, **counts: int) -> Candidate:
    return Candidate(name, "en", 10, counts, similarity)


def order(*candidates: Candidate, question: Question = QUESTION, floor: float = 0.0) -> list[str]:
    return [each.candidate.chunk_id for each in rank(question, candidates, CORPUS, floor=floor)]


def test_both_kinds_of_evidence_beat_either() -> None:
    assert order(
        candidate("words", 0.1, rare=1),
        candidate("meaning", 0.6),
        candidate("both", 0.5, rare=1),
        candidate("none", 0.1),
    ) == ["both", "meaning", "words", "none"]


def test_without_vectors_words_decide_alone() -> None:
    ranked = rank(QUESTION, [candidate("b", None, common=1), candidate("a", None, rare=1)], CORPUS)
    assert [each.candidate.chunk_id for each in ranked] == ["a", "b"]
    for each in ranked:
        assert each.scores == Scores(each.scores.lexical or 0.0, None, each.scores.fused)


def test_without_a_word_to_look_up_meaning_decides_alone() -> None:
    [best, _] = rank(Question({"en": ()}), [candidate("far", 0.2), candidate("near", 0.7)], CORPUS)
    assert (best.candidate.chunk_id, best.scores) == ("near", Scores(0.7, 0.7, None))


def test_a_chunk_without_a_vector_is_no_nearer_than_the_farthest_known() -> None:
    assert order(
        candidate("found", 0.5, rare=1), candidate("lexical", None, rare=1), candidate("far", 0.2, rare=1)
    ) == [
        "found",
        "far",
        "lexical",
    ]


def test_a_word_near_to_one_of_the_question_counts_as_it() -> None:
    near = Question({"en": ("rare",)}, {"rare": frozenset({"seldom"})})
    asked = Question({"en": ("rare",)})
    said, other = candidate("near", None, seldom=2), candidate("own", None, rare=1)
    assert near.all_stems == ("rare", "seldom")
    assert rank(asked, [said], CORPUS)[0].scores.lexical is None
    assert order(said, other, question=near) == ["near", "own"]
    frequent = near.corpus(Corpus(100, 10.0, {"rare": 0, "seldom": 90}))
    assert frequent.rarity("rare") == frequent.rarity("seldom"), "an unknown word is as frequent as what is near to it"


def test_equal_scores_go_by_id() -> None:
    assert order(candidate("b", 0.5), candidate("a", 0.5), candidate("c", 0.5)) == ["a", "b", "c"]


def test_a_chunk_is_compared_in_its_own_language() -> None:
    question = Question({"en": ("rare",), "de": ("common",)})
    german = Candidate("german", "de", 10, {"rare": 1})
    assert rank(question, [german], CORPUS)[0].scores.fused == 0


def test_scores_are_shares() -> None:
    [ranked] = rank(QUESTION, [candidate("all", 1.0, rare=1000, common=1000)], CORPUS)
    assert 0.95 < ranked.scores.fused <= 1
    assert order() == []


def test_a_floor_stretches_what_is_above_it() -> None:
    question = Question({"en": ("rare",)})
    near, worded = candidate("near", 0.95), candidate("worded", 0.75, rare=1)
    assert order(near, worded, question=question) == ["worded", "near"]
    assert order(near, worded, question=question, floor=0.7) == ["near", "worded"]


def test_weights_may_be_given() -> None:
    pair = [candidate("near", 0.9), candidate("worded", 0.1, rare=3, common=3)]
    assert rank(QUESTION, pair, CORPUS, weights=Weights(0.9, 0.1))[0].candidate.chunk_id == "worded"


@pytest.mark.parametrize(
    ("frequencies", "scanned", "expected"),
    [
        ({}, 100, []),
        ({"a": 0}, 100, []),
        ({"a": 5, "b": 50, "c": 60}, 100, ["a", "b"]),
        ({"a": 500, "b": 600}, 100, ["a"]),
        ({"a": 60, "b": 40}, 100, ["b", "a"]),
    ],
)
def test_rare_words_select(frequencies: dict[str, int], scanned: int, expected: list[str]) -> None:
    assert choose_selecting(frequencies, Corpus(1000, 10, frequencies), scanned) == expected


def test_a_long_question_is_read_by_its_first_words() -> None:
    question = read_question(" ".join(f"word{number}" for number in range(5000)), ("en", "ar", None))
    assert {len(stems) for stems in question.stems.values()} == {STEMS}
    assert len(read_question("word", [f"x{number}" for number in range(100)]).stems) < 10


def test_repetitions_are_left_out() -> None:
    text = "One two three four five six seven eight nine ten eleven twelve."
    other = "Something else entirely that nobody has said before in this result."
    overlap = text + " And a tail that is new but for the whole of the other text before it, which is long enough."
    assert list(choose_distinct([text, text.upper(), other, overlap, "", "short", "short"])) == [0, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("Reset your password here", ("password",), ["password"]),
        ("Reset passwords now", ("reset", "password"), ["Reset passwords"]),
        ("Send an e-mail today", ("email",), ["e-mail"]),
        ("Send an e-mail today", ("mail", "email"), ["e-mail"]),
        ("nothing", ("password",), []),
        ("a password. A Password", ("password",), ["password", "Password"]),
    ],
)
def test_highlights(text: str, asked: tuple[str, ...], expected: list[str]) -> None:
    assert [text[start:end] for start, end in find_highlights(text, asked, "en")] == expected


def test_highlights_are_few_and_in_order() -> None:
    found = find_highlights("key, " * 500, ("key",), "en", most=7)
    assert len(found) == 7
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("model", "query", "expected"),
    [
        ("minilm-l6-v2-int8", "how to reset", True),
        ("minilm-l6-v2-int8", "كيف أعيد تعيين كلمة المرور", False),
        ("minilm-l6-v2-int8", "إعداد Slack integration webhooks", True),
        ("minilm-l6-v2-int8", "12345", True),
        ("multilingual-e5-small-q4", "كيف أعيد تعيين كلمة المرور", True),
        ("text-embedding-3-small", "كيف", True),
    ],
)
def test_which_model_reads_what(model: str, query: str, expected: bool) -> None:
    assert reading_of(Space(model, 8)).understands(query) is expected


def test_what_was_used_last_is_kept() -> None:
    memory: Remembered[str, int] = Remembered(2)
    memory.put("a", 1), memory.put("b", 2)
    assert memory.get("a") == 1
    memory.put("c", 3)
    assert [memory.get(key) for key in "abc"] == [1, None, 3]


def test_each_model_counts_for_what_it_is_worth() -> None:
    strong, light = (reading_of(Space(model, 8)).weights for model in ("minilm-l6-v2-int8", "wordllama-l2-supercat"))
    assert strong.meaning > light.meaning
    assert strong.words + strong.meaning == light.words + light.meaning == pytest.approx(1)
