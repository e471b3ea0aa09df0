"""Masking of personal data and secrets, before text reaches an LLM or a log.

The structured kinds that can be recognised by shape and checksum: e-mail, card, IBAN, phone, API keys, JWTs. A mask
names its kind, so that a reader still understands the sentence.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import phonenumbers
from stdnum import iban, luhn

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}")
_JWT: Final = re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*")
_KEY: Final = re.compile(
    r"\b(?:sk|pk|ids|rk|whsec|xox[abprs]|gh[pousr]|AKIA)[_\-]?[A-Za-z0-9_\-/+=]{16,}|\bBearer\s+[A-Za-z0-9._~+/\-]{16,}=*"
)
_CREDENTIAL_URL: Final = re.compile(r"(\b[a-z][a-z0-9+.\-]{1,20}://[^\s:/@]{0,64}:)[^\s@/]{1,256}(@)")
_CARD: Final = re.compile(r"(?<![\w.\-])\d(?:[ \-]?\d){13,18}(?![\w\-])")
_IBAN: Final = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_PHONE_HINT: Final = re.compile(r"(?<![\w.\-/])(?:\+|00|\()\d[\d ()./\-]{6,18}\d(?![\w\-])")


def mask(text: str) -> str:
    """Return the text with personal data and secrets replaced by `[kind]`; never raises, never grows without bound."""
    if "://" in text:
        text = _CREDENTIAL_URL.sub(r"\1[secret]\2", text)
    text = _JWT.sub("[token]", text)
    text = _KEY.sub("[key]", text)
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    text = _IBAN.sub(_when(iban.is_valid, "[iban]"), text)
    text = _CARD.sub(_when(_is_card, "[card]"), text)
    return _PHONE_HINT.sub(_when(_is_phone, "[phone]"), text)


def mask_values(value: Any) -> Any:
    """Return a JSON-like value with every string in it masked; keys and numbers stay."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {key: mask_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_values(item) for item in value]
    return value


def _when(is_kind: Callable[[str], bool], label: str) -> Callable[[re.Match[str]], str]:
    return lambda match: label if is_kind(match[0]) else match[0]


def _is_card(text: str) -> bool:
    return luhn.is_valid(re.sub(r"[ \-]", "", text)) and len(set(text) - {" ", "-"}) > 1


def _is_phone(text: str) -> bool:
    number = "+" + text[2:] if text.startswith("00") else text
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, "US"))
    except phonenumbers.NumberParseException:
        return False
