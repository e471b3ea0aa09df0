"""Numbers that stand for a person or an account: cards, IBANs, and documents by what they are called."""

import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban, luhn

_RUN: Final = re.compile(r"(?<![A-Za-z0-9_])(?<!\d\.)(?<![0-9a-fA-F]{4}-)\d(?:[ \-.]{0,2}\d){11,59}(?![A-Za-z0-9_])")
"""Digits with single separators: one number, or several that follow each other."""
_GROUP: Final = re.compile(r"\d+")
_CARD_LENGTHS: Final = range(12, 20)
_ISSUER: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|095|[689]\d)\d{11,16}"  # Diners
    r"|(?:1800|2131)\d{11}|35\d{14,17}"  # JCB
    r"|(?:5[1-5]|2[2-7])\d{14}"  # Mastercard, Mir
    r"|(?:50|5[6-9]|6\d)\d{10,17}"  # Maestro, Discover, UnionPay, RuPay, Verve
    r"|(?:8[12]|9[2-9])\d{14}"  # RuPay, national schemes
)
"""Prefixes and lengths that issuers use; without them one number in ten passes the checksum by chance."""
_CARD_WORD: Final = re.compile(
    r"(?<![A-Za-z\[])(?:card|credit|debit|visa|master ?card|amex|maestro|pan|mada|tarjeta|carte|karte|карт)"
    r"|بطاق|فيزا|ماستر|مدى|カード|卡",
    re.IGNORECASE,
)
_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]){11,40}")
_IBAN_WORD: Final = re.compile(r"(?<!\[)iban|آيبان|ايبان", re.IGNORECASE)
_IBAN_BODY: Final = re.compile(r"[A-Za-z]{2}\d{2}(?:[ \-]?(?:[A-Z0-9]|[a-z0-9](?![a-z]{3}))){11,30}")
_IBAN_LENGTHS: Final = (*range(15, 35),)
_SSN: Final = re.compile(r"(?<![A-Za-z0-9_\-.])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w\-])")
_DOCUMENT: Final = re.compile(
    r"(?<![A-Za-z\[])(?:ssn|social security|social insurance|tax(?:payer)? (?:id|identification)|passport|"
    r"driv(?:er|ing)['’]?s? licen[cs]e|national (?:id|identity|insurance)|identity card|id card|iqama|emirates id|"
    r"aadhaar|nin|nif|nie|dni|cpf|tin|ein|"
    r"(?:bank )?account)(?:['’]s)?(?: (?:number|no\.?|num|nr\.?|code|card|id))?(?: ?\([A-Za-z]{2,6}\))?"
    r"(?:\s{0,2}(?:is|was|:|#|=|-|number|no\.?)){0,3}\s{0,3}"
    r"([A-Za-z]{0,3}[\- ]?\d[\dA-Za-z]*(?:[ \-./]\d[\dA-Za-z]*){0,5})(?![\w@])",
    re.IGNORECASE,
)
_ARABIC_DOCUMENT: Final = re.compile(
    r"(?:رقم|هوي[ةه]|جواز)\s{0,3}(?:ال)?(?:هوي[ةه]|إقام[ةه]|اقام[ةه]|جواز|سفر|قومي|وطني|"
    r"حساب|ضمان|رخص[ةه]|بطاق[ةه])[\u0621-\u064a ]{0,30}"
    r"[:：]?\s{0,3}([A-Za-z]{0,3}\d[\dA-Za-z]*(?:[ \-./]\d[\dA-Za-z]*){0,5})"
)
_LEAST_DIGITS: Final = 5
_NEAR: Final = 40
"""Characters before a number in which a word tells what it is."""


def find_identifiers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, kind) of IBAN, CARD, SSN, and ID for numbers of documents and accounts."""
    yield from _ibans(text)
    for run in _RUN.finditer(text):
        yield from _cards(text, run)
    for found in _SSN.finditer(text):
        yield (*found.span(), "SSN")
    for pattern in (_DOCUMENT, _ARABIC_DOCUMENT):
        for found in pattern.finditer(text):
            if sum(character.isdigit() for character in found[1]) >= _LEAST_DIGITS:
                yield (*found.span(1), "SSN" if re.match("ssn|social s", found[0], re.IGNORECASE) else "ID")


def _cards(text: str, run: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the cards of a run of digits: of its groups, the longest row that is one, and then of those after it."""
    groups = [(run.start() + found.start(), run.start() + found.end()) for found in _GROUP.finditer(run[0])]
    is_named = _CARD_WORD.search(text, max(0, run.start() - _NEAR), run.start()) is not None
    first = 0
    while first < len(groups):
        last = _longest_card(text, groups, first, is_named)
        if last is not None:
            yield groups[first][0], groups[last][1], "CARD"
        first = first + 1 if last is None else last + 1


def _longest_card(text: str, groups: list[tuple[int, int]], first: int, is_named: bool) -> int | None:
    digits, longest = "", None
    for index in range(first, len(groups)):
        start, end = groups[index]
        digits += text[start:end]
        if len(digits) > _CARD_LENGTHS[-1]:
            break
        if _is_card(digits, [stop - begin for begin, stop in groups[first : index + 1]], is_named):
            longest = index
    return longest


def _is_card(digits: str, lengths: list[int], is_named: bool) -> bool:
    if len(digits) not in _CARD_LENGTHS or len(set(digits)) == 1:
        return False
    if is_named and len(digits) in (15, 16):
        return True
    return luhn.is_valid(digits) and (
        is_named or lengths in ([4, 4, 4, 4], [4, 6, 5]) or _ISSUER.fullmatch(digits) is not None
    )


def _ibans(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _IBAN.finditer(text):
        length = _iban_length(found[0])
        if length is None and _IBAN_WORD.search(text, max(0, found.start() - _NEAR), found.start()):
            mistyped = _IBAN_BODY.match(found[0])
            length = mistyped.end() if mistyped else None
        if length is not None:
            yield found.start(), found.start() + length, "IBAN"


def _iban_length(text: str) -> int | None:
    """Return how many characters of a text, from its beginning, are a valid IBAN; its country tells the length."""
    ends = [index + 1 for index, character in enumerate(text) if character.isalnum()]
    for count in _IBAN_LENGTHS:
        if count > len(ends):
            return None
        end: int = ends[count - 1]
        if iban.is_valid(text[:end]):
            return end
    return None
