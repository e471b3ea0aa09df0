"""What text becomes for full text: tables of words, spellings and scripts, and text that is hostile."""

from hashlib import sha256

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.retrieval.analysis import MAX_TERM, VERSION, read, stems, words
from knowledge.retrieval.stopwords import ARABIC, ENGLISH

SAMPLE = """
Connecting the connections: don’t stop sign-in for your e-mail, 1,234.5 users of the U.S. market
and résumés in KB_TOP_K. How do I cancel my subscription, export contacts,
and invite colleagues whose invitations were refused?
كيف ألغي اشتراكي وأدعو فريقي؟ الإعدادات والفواتير، بياناتك المُسْتَخْدِمُونَ في مؤسساتكم،
إلغاؤه وبإلغائها، أربط الحسابات بالنظام.
لا تظهر صفحاتي، أين مدرستنا وعائلتها في الأيام الأخيرة؟ Les réunions d'été · Die Rechnungen der Häuser · 会议记录
"""
DIGESTS = {"2": "72a6030e2e789761"}
"""What each version reads of the sample. Where it differs, raise the version and note the new digest here."""


def test_other_terms_need_another_version() -> None:
    read_by = [stems(SAMPLE, language) for language in ("en", "ar", "de", "fr", None)]
    digest = sha256(repr((sorted(ENGLISH), sorted(ARABIC), read_by)).encode())
    assert {VERSION: digest.hexdigest()[:16]} == DIGESTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Connecting the connections", ("connect",)),
        ("Don’t stop the “Panthers’” line", ("stop", "panther", "line")),
        ("your e-mail", ("e", "mail", "email")),
        ("sign-in", ("sign", "signin")),
        ("email", ("email",)),
        ("1,234.5 and 10,000", ("1234.5", "10000")),
        ("the U.S. market", ("us", "market")),
        ("KB_TOP_K", ("kb", "top", "k")),
        ("ﬁne résumés", ("fine", "resume")),
        ("6½ sacks", ("6", "sack")),
        ("the of and", ()),
        ("", ()),
    ],
)
def test_english(text: str, expected: tuple[str, ...]) -> None:
    assert stems(text, "en") == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الإعدادات", "إعداد"),
        ("المُسْتَخْدِمُونَ", "مستخدم"),
        ("فاتورة", "الفاتورة"),
        ("الفواتير", "وفواتير"),
        ("مدرسة", "مدرسه"),
        ("أحمد", "احمد"),
        ("تسجيـــل", "التسجيل"),
        ("مستشفى", "مستشفي"),
        ("مؤسسة", "المؤسسات"),
        ("أدعو", "دعوة"),
        ("ادعو", "الدعوة"),
        ("أدعوهم", "دعوتك"),
        ("فريقي", "فريقك"),
        ("فريقنا", "الفريق"),
        ("فريقكم", "فريقهم"),
        ("فريقها", "فريقه"),
        ("شركتي", "الشركات"),
        ("بياناتك", "البيانات"),
        ("ألغي", "إلغاء"),
        ("الغي", "الغاء"),
        ("إلغاؤه", "الإلغاء"),
        ("بإلغائها", "بإلغاء"),
        ("وألغي", "إلغائي"),
        ("اشتراكي", "اشتراك"),
        ("اشتراكك", "الاشتراكات"),
        ("أربط", "ربط"),
        ("الصق", "والصقه"),
        ("الأفضل", "افضل"),
        ("أمان", "الأمان"),
        ("أيام", "الأيام"),
        ("أسرة", "الأسرة"),
        ("ٱلكتاب", "كتاب"),
        ("عنوانًا", "العنوان"),
        ("١٢٣", "123"),
        ("١٬٢٣٤", "1,234"),
    ],
)
def test_arabic_spellings_meet(one: str, other: str) -> None:
    assert stems(one, "ar") == stems(other, "ar") != ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كتاب", "مكتب"),
        ("فاتورة", "فترة"),
        ("دفع", "رفع"),
        ("ألغي", "غي"),
        ("إلغاء", "غاء"),
        ("بنك", "بن"),
        ("شركة", "شر"),
        ("تحكم", "تحية"),
        ("اشتراك", "اشتراء"),
        ("مهم", "مهنا"),
        ("بيت", "بيئة"),
        ("ملك", "مل"),
    ],
)
def test_other_arabic_words_stay_apart(one: str, other: str) -> None:
    assert stems(one, "ar") != stems(other, "ar")


def test_arabic_and_english_in_one_text() -> None:
    assert stems("كيف أربط Slack integrations؟", "ar") == ("ربط", "slack", "integr")


def test_arabic_stop_words_go_however_they_are_spelt() -> None:
    assert stems("هل إلى على مِن التي", "ar") == ()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Die Rechnungen", "de", ("die", "rechnung")),
        ("東京タワー", "ja", ("東京", "京タ", "タワ", "ワー")),
        ("हिन्दी में", "hi", None),
        ("Swahili maneno", "sw", ("swahili", "maneno")),
    ],
)
def test_other_languages(text: str, language: str, expected: tuple[str, ...] | None) -> None:
    found = stems(text, language)
    assert found == expected if expected else len(found) == 2


def test_terms_know_where_they_stand() -> None:
    text = "Your e-mail, naïve “user”"
    assert [(term.stem, text[term.start : term.end]) for term in read(text, "en")] == [
        ("e", "e"),
        ("mail", "mail"),
        ("email", "e-mail"),
        ("naiv", "naïve"),
        ("user", "user"),
    ]


def test_words_of_a_chunk_are_a_tsvector() -> None:
    read_ = words(("Billing", "Pay a bill"), "Bills are paid by card", "en")
    assert read_.vector == "'bill':1A,3A,4 'pay':2A 'paid':5 'card':6"
    assert read_.count == 6


def test_a_word_without_end_is_cut() -> None:
    assert [len(stem) for stem in stems("x" * 10_000, None)] == [MAX_TERM]


@given(st.text(max_size=300), st.sampled_from([None, "en", "ar", "de", "fr", "xx"]))
def test_any_text_yields_words_that_need_no_quoting(text: str, language: str | None) -> None:
    for term in read(text, language):
        assert 0 <= term.start < term.end <= len(text)
        assert term.stem
        assert not set(term.stem) & set("'\\ \0")


def test_postgresql_takes_what_hostile_text_becomes(postgres_url: str) -> None:
    hostile = (
        "a'b \\ c & | ! :* ( ) <-> ' \" \0 😀 \ud800 ½ ⁄ ﷽ İI ß ﬀ ʼn " + "ž" * 5000 + " " + "and same word " * 4000
    )
    read_ = words((hostile[:100],), hostile, None)
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT length(%s::tsvector)", (read_.vector,)).fetchone()
    assert row is not None
    assert row[0] > 5
