"""Words for the same thing meet, and opposites never do."""

from itertools import permutations, product

import pytest

from knowledge.citations.lexicon import OPPOSITES
from knowledge.retrieval.analysis import stems
from knowledge.retrieval.near_words import GROUPS, near_words, rewritten, same_words


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_holds_words_that_would_not_meet_without_it_and_no_opposites(group: str) -> None:
    members = stems(group, "en")
    assert len(members) > 1
    opposed = {(one, other) for pair in OPPOSITES for one, other in product(*(stems(" ".join(side)) for side in pair))}
    assert not set(permutations(members, 2)) & opposed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("import", "export"),
        ("upload", "download"),
        ("import", "download"),
        ("enable", "disable"),
        ("add", "remove"),
        ("live", "test"),
        ("account", "workspace"),
        ("change", "delete"),
        ("invite", "remove"),
        ("price", "plan"),
        ("cancel", "delete"),
        ("signin", "signout"),
        ("log", "sign"),  # a change log is nothing to sign: “log in” is read as a whole
        ("استيراد", "تصدير"),
        ("تفعيل", "تعطيل"),
        ("اضافة", "حذف"),
        ("حساب", "مساحة"),
    ],
)
def test_these_are_never_taken_for_each_other(one: str, other: str) -> None:
    (first,), (second,) = stems(one, "en"), stems(other, "en")
    assert second not in same_words().get(first, ())
    assert first not in same_words().get(second, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I log in to it?", "How do I signin to it?"),
        ("how do I sign up?", "how do I signup?"),
        ("Logged out everywhere", "signout everywhere"),
        ("the sign-in page, two-step sign-in", "the signin page, twostep signin"),
        ("Signing back in, login, 2FA", "signin, signin, twostep"),
        ("switch on 2FA, switch the digest off.", "turn on twostep, turn the digest off."),
        ("switch to the plan on Monday", "switch to the plan on Monday"),
        ("get rid of it and get my money back", "delete it and get my refund"),
        ("catalog in PDF, a blog in Arabic, the change log", "catalog in PDF, a blog in Arabic, the change log"),
        ("كيف أسجّل الدخول؟", "كيف أسجّل الدخول؟"),
    ],
)
def test_what_is_said_in_several_words_is_read_as_one(text: str, expected: str) -> None:
    assert rewritten(text) == expected


def test_one_word_is_looked_for_by_the_parts_of_its_phrase() -> None:
    assert near_words()["signin"] >= {"sign", "log", "login"}
    assert near_words()["twostep"] >= {"two", "step", "2fa"}
    assert near_words()["colleagu"] == same_words()["colleagu"] >= {"teammat", "member"}
