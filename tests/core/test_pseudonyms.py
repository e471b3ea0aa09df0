"""Masking that can be undone: exact for any text, one placeholder per value, nobody's data for one that was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.config import CompanyConfig, ConversationRules, PiiPattern
from core.pseudonyms import Pseudonyms

ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to bob@mail.example or ann@mail.example", "write to [EMAIL_1] or [EMAIL_2]"),
        ("bob@mail.example, again bob@mail.example", "[EMAIL_1], again [EMAIL_1]"),
        ("call +49 170 1234567", "call [PHONE_1]"),
        ("card 4111 1111 1111 1111, cvv 123", "card [CARD_1], cvv 123"),
        ("DE89 3704 0044 0532 0130 00", "[IBAN_1]"),
        ("from 203.0.113.7 and 2001:db8::1428:57ab", "from [IP_1] and [IP_2]"),
        ("my ssn is 460-89-9847", "my ssn is [SSN_1]"),
        ("key sk_4f9sKd93kfKdk39fkdK3", "key [KEY_1]"),
        ("my password is Hunter2!", "my password is [SECRET_1]"),
        ("postgresql://app:hunter2@db:5432/x", "postgresql://app:[SECRET_1]@db:5432/x"),
        ("هاتفي ٠٥٠١٢٣٤٥٦٧ شكرا", "هاتفي [PHONE_1] شكرا"),
        ("اتصل على +٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "اتصل على [PHONE_1]"),
        ("بريدي ahmed@mail.example", "بريدي [EMAIL_1]"),
        (f"4111{ZERO_WIDTH}1111{ZERO_WIDTH}1111{ZERO_WIDTH}1111", "[CARD_1]"),
        (f"bob{ZERO_WIDTH}@mail{ZERO_WIDTH}.example", "[EMAIL_1]"),
        ("４１１１ １１１１ １１１１ １１１１", "[CARD_1]"),
        ("ｂｏｂ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "[EMAIL_1]"),
        ("\u202e4111111111111111\u202c", "\u202e[CARD_1]\u202c"),
        ("nothing here", "nothing here"),
        ("", ""),
    ],
)
def test_a_text_is_masked_and_comes_back_exactly(text: str, masked: str) -> None:
    pseudonyms = Pseudonyms()
    assert pseudonyms.mask(text) == masked
    assert pseudonyms.unmask(masked) == text


def test_a_value_keeps_its_placeholder_in_all_texts_of_a_turn() -> None:
    pseudonyms = Pseudonyms()
    assert pseudonyms.mask("I am bob@mail.example") == "I am [EMAIL_1]"
    assert pseudonyms.mask("ann@mail.example wrote to bob@mail.example") == "[EMAIL_2] wrote to [EMAIL_1]"
    assert pseudonyms.unmask("[EMAIL_2] answers [EMAIL_1]") == "ann@mail.example answers bob@mail.example"


def test_two_objects_share_nothing() -> None:
    first, second = Pseudonyms(), Pseudonyms()
    assert first.mask("bob@mail.example") == second.mask("ann@mail.example") == "[EMAIL_1]"
    assert second.unmask("[EMAIL_1]") == "ann@mail.example"


def test_a_placeholder_that_a_user_types_is_nobody_s_data() -> None:
    pseudonyms = Pseudonyms()
    pseudonyms.mask("bob@mail.example")
    masked = pseudonyms.mask("what is [EMAIL_1]? and \\[email\\_1\\]?")
    assert "EMAIL" not in masked
    assert "email" not in masked
    assert pseudonyms.unmask(masked) == "what is [EMAIL_1]? and \\[email\\_1\\]?"


@pytest.mark.parametrize("made_up", ["[EMAIL_7]", "[CARD_1]", "[NONSENSE_1]", "[1]", "[EMAIL]", "[EMAIL_]"])
def test_a_placeholder_that_a_model_makes_up_stays(made_up: str) -> None:
    pseudonyms = Pseudonyms()
    pseudonyms.mask("bob@mail.example")
    assert pseudonyms.unmask(f"write to {made_up}") == f"write to {made_up}"


@pytest.mark.parametrize("written", ["[EMAIL_1]", "[email_1]", "\\[EMAIL\\_1\\]", "[EMAIL\\_1]", "[EMAIL_01]"])
def test_models_write_placeholders_in_their_own_way(written: str) -> None:
    pseudonyms = Pseudonyms()
    pseudonyms.mask("bob@mail.example")
    assert pseudonyms.unmask(f"write to {written}.") == "write to bob@mail.example."


def test_json_like_values_are_masked_with_their_keys_and_numbers_and_come_back_as_they_were() -> None:
    value = {
        "bob@mail.example": ["x 4111 1111 1111 1111", 5, None, True, 1.5],
        "phone": 491701234567,
        "mobile_number": "780 6326",
        "created_ms": 1763721600000,
        "deep": {"note": ("a@b.example",)},
    }
    pseudonyms = Pseudonyms()
    masked = pseudonyms.mask_values(value)
    text = str(masked)
    assert all(secret not in text for secret in ("bob@", "4111", "491701234567", "780 6326", "a@b.example"))
    assert masked["created_ms"] == 1763721600000
    assert pseudonyms.unmask_values(masked) == value | {"deep": {"note": ["a@b.example"]}}


def test_a_number_and_the_same_text_come_back_as_what_each_was() -> None:
    value = {"a": "4111111111111111", "b": 4111111111111111, "c": -4111111111111111, "d": "4111111111111111"}
    pseudonyms = Pseudonyms()
    masked = pseudonyms.mask_values(value)
    assert "4111" not in str(masked)
    assert pseudonyms.unmask_values(masked) == value
    assert [type(one) for one in pseudonyms.unmask_values(masked).values()] == [str, int, int, str]


def test_arguments_of_a_tool_get_the_real_values_inside_longer_texts_too() -> None:
    pseudonyms = Pseudonyms()
    pseudonyms.mask("I am bob@mail.example, +49 170 1234567")
    arguments = {"query": "orders of [EMAIL_1]", "phones": ["[PHONE_1]"]}
    assert pseudonyms.unmask_values(arguments) == {
        "query": "orders of bob@mail.example",
        "phones": ["+49 170 1234567"],
    }


_NASTY = st.text(
    alphabet=st.sampled_from("[]\\_EMAIL1@.example+49 0123456789٠١٢٣\u200b\u202e-()abcпароль: é＠"), max_size=120
)


@given(st.lists(st.one_of(st.text(max_size=200), _NASTY), max_size=4))
def test_any_texts_come_back_exactly(texts: list[str]) -> None:
    pseudonyms = Pseudonyms()
    masked = [pseudonyms.mask(text) for text in texts]
    assert [pseudonyms.unmask(text) for text in masked] == texts


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30) | _NASTY,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
        max_leaves=8,
    )
)
def test_any_value_comes_back_exactly(value: object) -> None:
    pseudonyms = Pseudonyms()
    assert pseudonyms.unmask_values(pseudonyms.mask_values(value)) == value


def test_patterns_of_the_company_are_masked_by_their_name() -> None:
    pseudonyms = Pseudonyms([PiiPattern(name="CONTRACT", pattern=r"\bCT-\d{6}\b")])
    assert pseudonyms.mask("contract CT-123456 of bob@mail.example") == "contract [CONTRACT_1] of [EMAIL_1]"
    assert pseudonyms.unmask("[CONTRACT_1]") == "CT-123456"


def test_a_pattern_that_cuts_into_another_kind_leaves_nothing_of_it_over() -> None:
    pseudonyms = Pseudonyms([PiiPattern(name="DIGITS", pattern=r"\d{5}")])
    masked = pseudonyms.mask("call +49 170 12345678")
    assert not any(character.isdigit() for character in masked.replace("[DIGITS_1]", "").replace("[PHONE_1]", ""))


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(a)\1", "(", "a*", "", r"x{1000}{1000}", "[z-a]"])
def test_a_pattern_that_cannot_work_is_refused_when_it_is_configured(pattern: str) -> None:
    with pytest.raises(ValidationError):
        CompanyConfig.model_validate({"conversations": {"pii_patterns": [{"name": "X", "pattern": pattern}]}})


def test_a_pattern_that_would_explode_elsewhere_is_run_in_linear_time() -> None:
    rules = ConversationRules(pii_patterns=(PiiPattern(name="BOOM", pattern="(a+)+b"),))
    assert Pseudonyms(rules.pii_patterns).mask("a" * 20_000) == "a" * 20_000
