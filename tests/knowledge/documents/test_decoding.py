"""Text in any usual encoding comes out as it was meant, and always as something that a database can store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.converting.decoding import charset, clean, decode
from knowledge.documents import Unreadable

ARABIC = "كيف أربط حسابي؟ افتح الإعدادات ثم اختر التكاملات واضغط على زر الاتصال."
FRENCH = "Où puis-je réinitialiser mon mot de passe ? Ouvrez les paramètres, puis la sécurité."
GERMAN = "Größe ändern: Öffnen Sie die Einstellungen und wählen Sie „Ansicht“."
RUSSIAN = "Откройте настройки и нажмите кнопку подключения."
ENGLISH = "Open the settings and choose a plan."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((ARABIC, name) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256", "iso8859_6")),
        *((FRENCH, name) for name in ("latin-1", "cp1252", "utf-16-le")),
        *((ENGLISH, name) for name in ("ascii", "utf-16", "utf-16-le", "utf-16-be", "utf-32")),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
    ],
)
@pytest.mark.parametrize("before", ["", "A long beginning in plain letters.\n" * 300])
def test_an_encoding_is_found_wherever_its_letters_begin(text: str, encoding: str, before: str) -> None:
    assert decode((before + text).encode(encoding)) == before + text


def test_a_declared_charset_decides_where_the_bytes_do_not() -> None:
    assert decode("Ĺ".encode("cp1250"), "cp1250") == "Ĺ"
    assert decode("é ".encode(), "cp1251") == "é "


@pytest.mark.parametrize(
    ("declaration", "name"),
    [
        ("text/html; charset=Windows-1256", "cp1256"),
        ('<meta charset="utf-8">', "utf-8"),
        ("charset=no-such-thing", None),
        ("text/plain", None),
        (None, None),
    ],
)
def test_only_charsets_that_exist_are_believed(declaration: str | None, name: str | None) -> None:
    assert charset(declaration) == name


def test_a_few_broken_bytes_cost_no_more_than_themselves() -> None:
    assert decode("é".encode() * 20 + b"\xff" + "ü".encode() * 20) == "é" * 20 + "\ufffd" + "ü" * 20
    assert decode("naïve ".encode("utf-16-le") * 50 + b"\x00").count("\ufffd") <= 1


def test_what_a_database_refuses_is_replaced() -> None:
    text = decode(b"A text with a NUL\x00, a lone surrogate \xed\xa0\x80 and a pair \xed\xa0\xbd\xed\xb8\x80.")
    assert text == "A text with a NUL\ufffd, a lone surrogate \ufffd and a pair \U0001f600."
    assert clean("a\r\nb\rc\x0cd\x1b") == "a\nb\nc\nd\ufffd"


def test_noise_is_refused() -> None:
    with pytest.raises(Unreadable) as refusal:
        decode(bytes(range(1, 32)) * 40)
    assert refusal.value.code == "undecodable"


@given(st.binary(max_size=300))
def test_no_bytes_fail_otherwise_and_the_text_is_storable(content: bytes) -> None:
    try:
        text = decode(content)
    except Unreadable:
        return
    assert "\x00" not in text
    assert text.encode("utf-8").decode("utf-8") == text


@given(st.text(min_size=1, max_size=200))
def test_utf8_comes_back_but_for_what_is_cleaned(text: str) -> None:
    storable = text.encode("utf-8", "replace").decode("utf-8")
    try:
        assert decode(b"\xef\xbb\xbf" + storable.encode()) == clean(storable)
    except Unreadable:
        assert clean(storable).count("\ufffd") * 10 > len(clean(storable))
