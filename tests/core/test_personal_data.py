"""What is found of personal data and what is left alone: tables by kind, hostile forms, and no time lost over them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.personal_data import compile_pattern, find


def kinds(text: str) -> list[tuple[str, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find(text)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("call me at 0494 92 82 32 please", "0494 92 82 32"),
        ("They're not answering at 78 651 450", "78 651 450"),
        ("Can someone call me on 9472 7916?", "9472 7916"),
        ("Phone:\n60-56-85-91\n", "60-56-85-91"),
        ("416 60 039 office", "416 60 039"),
        ("(37) 788-063-Office", "(37) 788-063"),
        ("you can call 33 93 31", "33 93 31"),
        ("it is 905-674-3793.", "905-674-3793"),
        ("Desk: (898)666-3621x0135", "(898)666-3621x0135"),
        ("reach us at +46 (0)8 928 571 38", "+46 (0)8 928 571 38"),
        ("01.84.17.61.18", "01.84.17.61.18"),
        ("mobile 5403926876", "5403926876"),
        ("tel:+447700921916", "+447700921916"),
        ("00966501234567", "00966501234567"),
        ("0501234567", "0501234567"),
        ("رقمي ٠٥٠١٢٣٤٥٦٧", "٠٥٠١٢٣٤٥٦٧"),
        ("هاتف:۰۹۱۲۱۲۳۴۵۶۷", "۰۹۱۲۱۲۳۴۵۶۷"),
        ("جوالي0501234567", "0501234567"),
        ("电话13812345678", "13812345678"),
        ("CA 90210 and 0494 92 82 32", "0494 92 82 32"),
        ("my number is\u00a0+1\u2011415\u2011555\u20112671", "+1\u2011415\u2011555\u20112671"),
    ],
)
def test_phone_numbers_are_found_in_many_national_forms(text: str, number: str) -> None:
    assert ("PHONE", number) in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "order number 12345678, call me",
        "invoice 2026-11-21 and 21.11.2026",
        "call us between 08:30-17:00",
        "in 2019-2020 there were 1 000 000 users",
        "it costs 1,234,567.00 USD",
        "ISBN 978-0-306-40615-7",
        "id 0193a2b4-7c1d-7abc-9def-0123456789ab",
        "at 40.7127753 -74.0059728",
        "error 10060 on line 1234567",
        "version 10.0.19041.1",
        "the years 1989 1990 1991",
        "epoch 1763721600000 and 1763721600000000",
        "sha 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "call it 3.14159265",
    ],
)
def test_other_numbers_are_no_phone_numbers(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4111 1111 1111 1111 123 12/27", [("CARD", "4111 1111 1111 1111")]),
        ("12 4111 1111 1111 1111", [("CARD", "4111 1111 1111 1111")]),
        ("4111-1111-1111-1111,378282246310005", [("CARD", "4111-1111-1111-1111"), ("CARD", "378282246310005")]),
        ("no.4111111111111111", [("CARD", "4111111111111111")]),
        ("4111.1111.1111.1111", [("CARD", "4111.1111.1111.1111")]),
        ("Maestro 630427373398", [("CARD", "630427373398")]),
        ("my card is 4111 1111 1111 1112", [("CARD", "4111 1111 1111 1112")]),
        ("بطاقتي ٤١١١ ١١١١ ١١١١ ١١١١", [("CARD", "٤١١١ ١١١١ ١١١١ ١١١١")]),
        ("4111 1111 1111 1112", []),
        ("1234567890123456", []),
        ("DE89370400440532013000 PLEASE", [("IBAN", "DE89370400440532013000")]),
        ("gb82west12345698765432", [("IBAN", "gb82west12345698765432")]),
        ("SA03 8000 0000 6080 1016 7519", [("IBAN", "SA03 8000 0000 6080 1016 7519")]),
        ("GB00 WEST 1234 5698 7654 32", []),
        ("my IBAN: GB00 WEST 1234 5698 7654 32", [("IBAN", "GB00 WEST 1234 5698 7654 32")]),
        ("ssn 460899847", [("SSN", "460899847")]),
        ("My driver's license number is F162823540116", [("ID", "F162823540116")]),
        ("passport no. X1234567", [("ID", "X1234567")]),
        ("رقم الهوية: 1012345678", [("ID", "1012345678")]),
        ("my account number is 00123456789", [("ID", "00123456789")]),
        ("my account has 5 users", []),
    ],
)
def test_cards_accounts_and_documents(text: str, found: list[tuple[str, str]]) -> None:
    assert kinds(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("blocked 86.121.97.248 today", ["86.121.97.248"]),
        ("server 10.0.0.5:8080", ["10.0.0.5"]),
        ("my ip is 1.2.3.4", ["1.2.3.4"]),
        ("6e40:4041:c617:e898:c11:40d2:c669:2eb4", ["6e40:4041:c617:e898:c11:40d2:c669:2eb4"]),
        ("[2001:db8::1]:443", ["2001:db8::1"]),
        ("version 1.2.3.4", []),
        ("upgraded from 1.2.3.4 to 1.2.3.5", []),
        ("section 1.2.3.4", []),
        ("Chrome 120.0.0.0", []),
        ("127.0.0.1 and 0.0.0.0 and ::1", []),
        ("999.1.1.1", []),
        ("at 10:20:30 and std::vector<int> and a::b", []),
        ("1.2.3.4.5", []),
    ],
)
def test_addresses_of_machines(text: str, found: list[str]) -> None:
    assert kinds(text) == [("IP", one) for one in found]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password: hunter2", "hunter2"),
        ("my password is 'Tr0ub4dor&3'", "Tr0ub4dor&3"),
        ("pwd=abc123!", "abc123!"),
        ("api_key=9f8e7d6c5b4a", "9f8e7d6c5b4a"),
        ('"client_secret": "s3cr3tvalue"', "s3cr3tvalue"),
        ("كلمة المرور: Abc12345", "Abc12345"),
        ("https://bob:pa55@host.example/x", "pa55"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow cut off", "MIIEow cut off"),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZDEyMw==", "Basic dXNlcjpwYXNzd29yZDEyMw=="),
    ],
)
def test_secrets(text: str, secret: str) -> None:
    assert any(secret in text[span.start : span.end] for span in find(text))


@pytest.mark.parametrize(
    "text",
    [
        "the password is required",
        "password is incorrect.",
        "I forgot my password and cannot log in",
        "where is the API key?",
        "token 1 of 3",
        "the secret is to click Save",
        "كلمة المرور غير صحيحة",
        "see https://docs.example/password for help",
    ],
)
def test_talk_about_secrets_is_none(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("a@" * 3000, "1 " * 3000, "+1 (" * 1500, "1-" * 3000, "eyJ" * 2000, "DE89 " * 1200, ":" * 5000),
        *("1.2.3." * 1000, "call 1 2 3 4 5 6 7 8 9 0 " * 200, "a.b" * 2000 + "@", "://x:" * 1000, "٠" * 5000),
        *("password is " * 500, "\u200b" * 5000, "a," * 3000, "password=" + "&" * 3000),
    ],
)
def test_hostile_texts_are_read_to_their_end(text: str) -> None:
    for span in find(text):
        assert 0 <= span.start < span.end <= len(text)


@given(st.text(max_size=300))
def test_places_are_in_order_and_do_not_overlap(text: str) -> None:
    spans = find(text, [compile_pattern("AB", "[a-b]{2}")])
    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(text[span.start : span.end] for span in spans)
