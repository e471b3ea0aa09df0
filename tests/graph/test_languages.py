"""Which language a conversation is held in: it follows the user, and no single word moves it."""

import pytest

from graph.languages import follow_language, wished_language

ENGLISH, ARABIC = "How do I connect my CRM to this workspace?", "كيف أربط نظام العملاء بهذه المساحة؟"


@pytest.mark.parametrize(
    ("text", "before", "language"),
    [
        (ENGLISH, None, "en"),
        (ARABIC, None, "ar"),
        (ARABIC, "en", "ar"),
        (ENGLISH, "ar", "en"),
        ("كيف؟", "en", "ar"),
        ("لا", "en", "ar"),
        ("اضغط Save ثم Settings؟", "en", "ar"),
        ("ok", "ar", "ar"),
        ("Salesforce", "ar", "ar"),
        ("CRM API", "ar", "ar"),
        ("yes", None, "en"),
        ("", "ar", "ar"),
        ("", None, "en"),
        ("12345 ???", "ar", "ar"),
        ("bob@mail.example https://app.example/very/long/path/to/somewhere", "ar", "ar"),
        ("[EMAIL_1] [PHONE_12]", "ar", "ar"),
        ("My e-mail is [EMAIL_1] and I cannot log in", "ar", "en"),
        ("Wie verbinde ich mein CRM mit diesem Arbeitsbereich?", "en", "en"),
        ("Wie verbinde ich mein CRM mit diesem Arbeitsbereich?", "ar", "ar"),
        ("چگونه می‌توانم رمز عبور خود را تغییر دهم؟", "en", "en"),
        ("please answer in Arabic", "en", "ar"),
        ("بالإنجليزي لو سمحت", "ar", "en"),
        ("in English please", "ar", "en"),
        ("ممكن بالعربي؟", "en", "ar"),
    ],
)
def test_the_conversation_follows_the_user(text: str, before: str | None, language: str) -> None:
    assert follow_language(text, language=before, offered=("en", "ar")) == language


def test_only_languages_on_offer_are_taken_up() -> None:
    assert follow_language(ARABIC, language="en", offered=("en",)) == "en"
    assert follow_language("please answer in Arabic", language="en", offered=("en",)) == "en"
    german = "Wie verbinde ich mein CRM mit diesem Arbeitsbereich?"
    assert follow_language(german, language="en", offered=("en", "de")) == "de"
    assert follow_language("ok", language="de", offered=("en", "de")) == "de"
    assert follow_language("x", language=None, offered=()) == "en"


def test_a_region_stays_with_its_language() -> None:
    assert follow_language(ARABIC, language="ar-EG", offered=("en", "ar")) == "ar-EG"
    assert follow_language(ENGLISH, language="en-GB", offered=("en", "ar")) == "en-GB"


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("In English, please", "en"),
        ("can you write in arabic?", "ar"),
        ("switch to English", "en"),
        ("باللغة العربية من فضلك", "ar"),
        ("تكلم بالعربي", "ar"),
        ("ممكن بالانجليزية", "en"),
        ("where is the English version?", None),
        ("is the product available in Arabic text fields?", None),
        ("the English teacher plan", None),
        ("is the dashboard available in Arabic?", None),
        ("how do I switch the report to the Arabic template?", None),
        ("please explain it to me in Arabic", "ar"),
        ("English please", "en"),
        ("Arabic", "ar"),
        ("", None),
    ],
)
def test_a_wish_for_a_language_is_heard(text: str, wish: str | None) -> None:
    assert wished_language(text) == wish
