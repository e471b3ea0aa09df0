"""Phone numbers: international ones by their plan, national ones by how they are grouped or by the words beside them.

A row of seven digits may be anything. It counts as a phone number when it is written as only such numbers are (a
trunk zero and groups, an area code in brackets, 3-3-4), or when a word such as "call" or «هاتف» stands near it.
"""

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers

_CANDIDATE: Final = re.compile(
    r"(?<![A-Za-z0-9_])(?<![\d][.,:/])(?:\+ ?|\((?=[+\d]))?\d(?:[ ]?[().\-/]{0,2}[ ]?\d){5,24}"
    r"(?:\s?(?:x|ext\.?|extension|#|تحويلة)\s?\d{1,6})?(?![A-Za-z0-9_]|[.,:]\d|%)",
    re.IGNORECASE,
)
_EXTENSION: Final = re.compile(r"\s?(?:x|ext\.?|extension|#|تحويلة)\s?\d{1,6}$", re.IGNORECASE)
_SHAPES: Final = (
    re.compile(r"(?:1[ .\-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .\-])\d{3}[ .\-]\d{4}"),  # North America: 3-3-4
    re.compile(r"\(0?\d{1,4}\)[ \-]?\d{2,4}(?:[ \-]\d{2,4}){1,3}"),  # an area code in brackets
    re.compile(r"0[1-9]\d{0,4}(?:[ .\-/]{1,2}\d{2,7}){1,4}"),  # trunk zero, then groups
    re.compile(r"0[1-9]\d{8,9}"),  # trunk zero, all in one
)
_WORD_BEFORE: Final = re.compile(
    r"(?<![A-Za-z\[])(?:(?:tele|smart)?phone|tel(?:\.|:| no| nr)|telefon|téléphone|tel[ée]fono|mobile|mobil|"
    r"móvil|cell|celular|"
    r"handy|portable|landline|hotline|fax|call(?:ed|ing|s)?|dial|ring me|reach (?:me|us|him|her|them)|whats ?app|"
    r"signal|telegram|viber|sms|voicemail|otp|text (?:me|us|him|her|to)|texted|answering|"
    r"contact(?:s| (?:me|us|number|no|info))?|"
    r"messages? (?:to|on|at)|registered(?: number)?|my number|phone number|desk:|office:|home:|work:|"
    r"(?:ph|m|t|f|p)[.:])"
    r"|هاتف|تليفون|تلفون|جوال|موبايل|محمول|نقال|خليوي|واتس|اتصل|اتصال|كلمن|رقمي|رقم التواصل|للتواصل|فاكس|رسال|"
    r"телефон|电话|電話|手机|手機|전화|फ़ोन",
    re.IGNORECASE,
)
_WORD_AFTER: Final = re.compile(
    r"[ \-,(]{0,3}(?:is my (?:number|phone|mobile|cell)|office|fax|mobile|cell|home|work|desk|tel|phone|whats ?app)\b"
    r"|[ \-,(]{0,3}(?:هاتف|جوال|موبايل|رقمي|واتس)",
    re.IGNORECASE,
)
_OTHER_NUMBER: Final = re.compile(
    r"(?:(?<![A-Za-z])(?:order|invoice|ticket|reference|ref|ids?|sku|serial|account|tracking|case|booking|version|isbn|"
    r"build|error|code|row|line|page|part|product|item|model|year|since|in|zip|postcode)"
    r"|طلب|فاتورة|تذكرة|مرجع|كود|رمز|حساب)"
    r"(?:\s?(?:number|no\.?|nr\.?|id|code|is|was|رقم|of))*\s*[:#=]?\s*[A-Za-z\-]{0,4}$"
    r"|[$€£¥₹#]\s?$|(?:USD|EUR|GBP|SAR|AED|EGP)\s?$",
    re.IGNORECASE,
)
_MONEY_AFTER: Final = re.compile(
    r"\s?(?:[$€£¥₹%]|USD|EUR|GBP|SAR|AED|EGP|dollars|euros|people|users|inhabitants|ريال|درهم|جنيه|دولار|ms\b|bytes|km|kg)",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?:\d{1,2}[ .\-/]\d{1,2}[ .\-/](?:19|20)\d\d"
    r"|(?:19|20)\d\d[ .\-/]\d{1,2}[ .\-/]\d{1,2}|(?:1[89]|20)\d\d ?[\-/] ?(?:1[89]|20)\d\d)"
    r"(?!\d)"
)
_NEAR: Final = 48
_MIN_DIGITS: Final = 7
_MOST_CUTS: Final = 5
"""Groups that may stand before or after a number without being of it, such as a postcode."""
_FEWEST: Final = 6
"""Digits of a number in groups that is called one; small countries and towns have such."""
_DECIMAL: Final = re.compile(r"\d+[.,]\d+")
_MAX_DIGITS: Final = 15


def find_phones(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, "PHONE") of the phone numbers of a text."""
    for found in _CANDIDATE.finditer(text):
        start, end = _number_in(text, found)
        if start < end:
            yield start, end, "PHONE"


def _number_in(text: str, found: re.Match[str]) -> tuple[int, int]:
    """Return the part of a candidate that is a number: all of it, or what is left without its first or last groups."""
    is_named = _is_named(text, found.start(), found.end())
    written = found[0]
    cuts = [0, *(space.end() for space in re.finditer(" ", written))][:_MOST_CUTS]
    ends = [len(written), *(space.start() for space in reversed([*re.finditer(" ", written)]))][:_MOST_CUTS]
    for cut in cuts:
        for end in ends:
            if end > cut and _is_phone(written[cut:end], is_named and (cut == 0 or end == len(written))):
                return found.start() + cut, found.start() + end
    return 0, 0


def _is_named(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - _NEAR) : start]
    if _OTHER_NUMBER.search(before[-30:]) or _MONEY_AFTER.match(text, end):
        return False
    return _WORD_BEFORE.search(before) is not None or _WORD_AFTER.match(text, end) is not None


def _is_phone(written: str, is_named: bool) -> bool:
    number = _EXTENSION.sub("", written)
    digits = sum(character.isdigit() for character in number)
    least = _FEWEST if is_named and " " in number else _MIN_DIGITS
    if not least <= digits <= _MAX_DIGITS or _DATE.match(number) or _DECIMAL.fullmatch(number):
        return False
    if number.startswith(("+", "(+", "00")):
        return _is_possible(number)
    return is_named or (any(shape.fullmatch(number) for shape in _SHAPES) and _is_long(number, digits))


def _is_long(number: str, digits: int) -> bool:
    """Tell whether a number with a trunk zero has as many digits as a plan gives it; others need no such proof."""
    return 9 <= digits <= 11 if number.startswith("0") else True


def _is_possible(number: str) -> bool:
    international = "+" + number.lstrip("+(0 ") if number.startswith("00") else number
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(international, None))
    except phonenumbers.NumberParseException:
        return False
