"""What must not pass, and what must: masking by tables, and that it never breaks."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redaction import mask, mask_values


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to bob.o'neil+x@mail.example.co.uk now", "write to [email] now"),
        ("card 4111 1111 1111 1111.", "card [card]."),
        ("card 4111-1111-1111-1111", "card [card]"),
        ("amex 378282246310005", "amex [card]"),
        ("iban DE89 3704 0044 0532 0130 00 please", "iban [iban] please"),
        ("call +49 170 1234567 or (415) 555-2671", "call [phone] or [phone]"),
        ("call 0044 20 7946 0958", "call [phone]"),
        ("key sk_4f9sKd93kfKdk39fkdK3", "key [key]"),
        ("key sk-proj-4f9sKd93kfKdk39fkdK3", "key [key]"),
        ("Authorization: Bearer abcdefghijklmnop1234", "Authorization: [key]"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1MSJ9.c2lnbmF0dXJl!", "token [token]"),
        ("postgresql://app:hunter2@db:5432/x", "postgresql://app:[secret]@db:5432/x"),
        ("redis://:hunter2@cache/0", "redis://:[secret]@cache/0"),
    ],
)
def test_personal_data_and_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3.4 of 2026-11-21T10:00:05.120Z",
        "order 1234 5678",
        "4111 1111 1111 1112 fails its checksum",
        "0000 0000 0000 0000",
        "id 0193a2b4-7c1d-7abc-9def-0123456789ab",
        "epoch 1763721600000",
        "https://app.example/connect-crm?step=2#top",
        "GB00 WEST 1234 5698 7654 32 is no IBAN",
        "user@localhost",
        "(2026) was a year",
    ],
)
def test_what_is_neither_stays(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=300))
def test_any_text_passes_through_without_an_error(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked


def test_values_are_masked_wherever_they_sit() -> None:
    value = {"a@b.example": ["x a@b.example", {"deep": ("a@b.example", 7, None, True)}]}
    assert mask_values(value) == {"a@b.example": ["x [email]", {"deep": ["[email]", 7, None, True]}]}
    assert orjson.loads(orjson.dumps(mask_values({"ms": 4111111111111111}))) == {"ms": 4111111111111111}
