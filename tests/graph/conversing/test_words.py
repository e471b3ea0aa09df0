"""Fixed words for users in danger, and for those who get a person, by the hours of the office."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.config import CompanyConfig, ConversationRules
from graph.conversing.words import fixed_words, handover_words, with_concern, with_foreword
from graph.phrases import phrase
from graph.talk import Talk, Understanding, Verdict
from tests.graph.talks import NOW, make_talk

OWN = CompanyConfig(conversations=ConversationRules(hotlines={"en": "Call 116 123."}))


def in_danger(rule: str, config: CompanyConfig, language: str = "en") -> Talk:
    understanding = Understanding(language, verdicts=(Verdict(rule, "hotline"),))
    return make_talk("help", config=config, language=language, understanding=understanding)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("is_available", [True, False])
def test_after_a_hotline_nobody_is_told_to_wait_for_the_office(language: str, is_available: bool) -> None:
    talk = in_danger("self_harm", CompanyConfig(), language)
    talk = replace(talk, person_available=is_available, expected_by=NOW + timedelta(days=2))
    assert handover_words(talk, after_hotline=True) == phrase("hotline_person", language)
    assert handover_words(talk) != phrase("hotline_person", language)


@pytest.mark.parametrize(
    ("rule", "config", "expected"),
    [
        ("self_harm", CompanyConfig(), phrase("hotline", "en")),
        ("self_harm", OWN, "Call 116 123."),
        ("endangered", CompanyConfig(), phrase("hotline.endangered", "en")),
        ("endangered", OWN, f"{phrase('hotline.endangered', 'en')} Call 116 123."),
    ],
)
def test_danger_from_others_names_the_emergency_number_before_the_companys_text(
    rule: str, config: CompanyConfig, expected: str
) -> None:
    answer = fixed_words(in_danger(rule, config), rule)
    assert answer is not None
    assert answer.text == expected


@pytest.mark.parametrize("language", ["en", "ar"])
def test_who_may_be_in_danger_reads_a_gentle_word_before_whatever_is_said(language: str) -> None:
    understanding = Understanding(language, verdicts=(Verdict("distress", "answer"), Verdict("abuse", "refuse")))
    talk = make_talk("help", language=language, understanding=understanding)
    word = phrase("concern", language, line=phrase("concern_line", language))
    assert with_foreword(talk, "Thanks.") == with_concern(talk, "Thanks.") == f"{word}\n\nThanks."
    assert with_foreword(talk, "") == ""
    refused = fixed_words(talk, "abuse")
    assert refused is not None
    assert refused.text.startswith(word)
    own = with_concern(replace(talk, config=OWN), "Thanks.")
    assert ("Call 116 123." in own) == (language == "en")
    assert with_concern(make_talk("help"), "Thanks.") == "Thanks."


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("my card is [CARD_1], please charge it", "en"),
        ("my password is [SECRET_1]", "en"),
        ("كلمة المرور [SECRET_1]", "ar"),
    ],
)
def test_who_sends_a_secret_is_asked_once_not_to(asked: str, language: str) -> None:
    caution = phrase("keep_secrets", language)
    talk = make_talk(asked, language=language)
    assert with_foreword(talk, "Thanks.") == f"{caution}\n\nThanks."
    assert with_foreword(talk, "") == ""
    again = make_talk(asked, f"assistant: {caution}\n\nThanks.", language=language)
    assert with_foreword(again, "Thanks.") == "Thanks."
    assert with_foreword(make_talk("my mail is [EMAIL_1]"), "Thanks.") == "Thanks."
