"""Results as lines, and sentences of another script that are held against them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.tools.anchoring import is_anchored
from graph.tools.statements import MAX_LINE, MAX_LINES, statements
from tests.graph.shelf import Shelf

ORDER = {
    "orderNo": "A-17",
    "status": "shipped",
    "price": "129.50 SAR",
    "arrives_on": "2026-11-24",
    "gift": False,
    "insured": True,
    "note": None,
    "customer": {"first_name": "Layla"},
    "sizes": ["S", "M"],
    "items": [
        {"sku": "X1", "unit": {"price": 30, "currency": "SAR"}},
        {"sku": "Y2", "unit": {"price": 12.5, "currency": "SAR"}},
    ],
}
OWN = (
    "order number A-17, status shipped, price 129.50 SAR, arrives on 2026-11-24 (24 November 2026, 24 نوفمبر 2026), "
    "insured, customer first name Layla, sizes S, M"
)


def test_a_record_is_a_line_and_so_is_each_of_its_own() -> None:
    first, *rest = statements(ORDER)
    assert first == f"{OWN}; not gift"
    assert [line[-45:] for line in rest] == [
        f"{OWN[:200]}, items, sku X1, unit price 30, unit currency SAR"[-45:],
        f"{OWN[:200]}, items, sku Y2, unit price 12.5, unit currency SAR"[-45:],
    ]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("one. two\nthree 2026-02-30", ("one. two", "three 2026-02-30")),
        ("2026-01-02T10:15:00.5+03:00", ("2026-01-02 (2 January 2026, 2 يناير 2026) 10:15",)),
        (
            {"due": "03/04/2026 14:30"},
            ("due 03/04/2026 (3 April 2026, 3 أبريل 2026, 4 March 2026, 4 مارس 2026) 14:30",),
        ),
        ([1, 2.5], ("1, 2.5",)),
        ([[1, 2], [3]], ("1, 2", "3")),
        ([{"a": 1}, {"a": 1}, {"a": 2}], ("a 1", "a 2")),
        ({"a": {"b": {"c": [{"d": 1}]}}}, ("a b c, d 1",)),
        (7, ("7",)),
        ([], ()),
        ({}, ()),
        (None, ()),
    ],
)
def test_lines(value: Any, lines: tuple[str, ...]) -> None:
    assert statements(value) == lines


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=50),
        lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=20), inner, max_size=10),
        max_leaves=60,
    )
)
def test_whatever_it_is_its_lines_are_bounded(value: Any) -> None:
    found = statements(value)
    assert len(found) <= MAX_LINES
    assert all(0 < len(line) <= MAX_LINE for line in found)


def test_what_nests_without_end_comes_to_one() -> None:
    value: Any = {"a": 1}
    for _ in range(500):
        value = [value]
    assert statements(value) == ()


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("The price is 129.50 SAR.", True),
        ("Your order A-17 was shipped.", True),
        ("It arrives on November 24, 2026.", True),
        ("Item X1 costs 30 SAR.", True),
        ("Item X1 costs 12.5 SAR.", False),
        ("Your order A-17 was cancelled.", False),
        ("The order A-17 is free of charge.", False),
        ("It is not a gift.", True),
    ],
)
def test_an_answer_is_held_against_them(sentence: str, holds: bool) -> None:
    backing = Shelf(passages=()).check(sentence, (), (), statements(ORDER), context="")
    assert bool(backing.text) is holds


@pytest.mark.parametrize(
    ("sentence", "language", "holds"),
    [
        ("طلبك A-17 في الطريق ويصل في 24 نوفمبر 2026.", "ar", True),
        ("سعر الطلب ١٢٩٫٥ ريال.", "ar", True),
        ("سعر الصنف X1 هو 30 ريال.", "ar", True),
        ("سعر الصنف X1 هو 12.5 ريال.", "ar", False),
        ("سعر الطلب 500 ريال.", "ar", False),
        ("تم شحن طلبك B-99.", "ar", False),
        ("تم إلغاء طلبك.", "ar", False),
        ("Item X1 costs 30 SAR.", "en", False),
        ("Item X1 costs 30 SAR.", "ar", False),
        ("البريد [EMAIL_1].", "ar", False),
    ],
)
def test_a_sentence_in_another_script_needs_signs_that_both_share(sentence: str, language: str, holds: bool) -> None:
    assert is_anchored(sentence, statements(ORDER), language) is holds


def test_a_placeholder_is_such_a_sign() -> None:
    assert is_anchored("بريد المتجر هو [EMAIL_1].", statements({"shop": "Souq", "mail": "[EMAIL_1]"}), "ar")
    assert not is_anchored("بريد المتجر هو [EMAIL_2].", statements({"shop": "Souq", "mail": "[EMAIL_1]"}), "ar")


def test_an_english_sentence_may_rest_on_arabic_records() -> None:
    assert is_anchored("Part X1 costs 30.", statements({"القطعة": "X1", "السعر": 30}), "en")
    assert not is_anchored("Part X1 costs 40.", statements({"القطعة": "X1", "السعر": 30}), "en")
    assert not is_anchored("It is cheap.", statements({"القطعة": "X1", "السعر": 30}), "en")
